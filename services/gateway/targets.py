"""Channels to the services behind the gateway, by the service that an rpc belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import grpc.aio

from services.chassis.errors import Code, MeshError
from services.gateway.transcoding.methods import Method


@dataclass(frozen=True)
class Target:
    """Where a service of the contracts is found.

    Attributes:
        setting: The variable that names it, for the advice when it is empty.
        channel: The channel; None where the setting is empty.
    """

    setting: str
    channel: grpc.aio.Channel | None


class Targets:
    """Finds the channel of a method."""

    def __init__(self, by_service: Mapping[str, Target]) -> None:
        """Takes targets by the full name of the service."""
        self._by_service = dict(by_service)

    def channel(self, method: Method) -> grpc.aio.Channel:
        """The channel to the service of a method.

        Raises:
            MeshError: UNIMPLEMENTED `SERVICE_NOT_CONFIGURED`.
        """
        target = self._by_service.get(method.service)
        if target is not None and target.channel is not None:
            return target.channel
        name = method.service.rpartition(".")[2]
        advice = (
            f"its operator enables it with {target.setting}" if target else "its version has no place for it"
        )
        raise MeshError(
            Code.UNIMPLEMENTED,
            "SERVICE_NOT_CONFIGURED",
            f"This mesh does not run {name}: {advice}.",
            metadata={"service": method.service},
        )

    def configured(self, service: str) -> bool:
        """Whether there is a channel to the service."""
        target = self._by_service.get(service)
        return target is not None and target.channel is not None
