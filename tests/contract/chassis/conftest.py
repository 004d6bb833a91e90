"""A server with the echo service, started by each test with its own behaviours."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from services.chassis.channels import MeshChannel, as_principal
from services.chassis.identity import IdentitySigner, IdentityVerifier, Principal
from services.chassis.metrics import Metrics
from services.chassis.server import ServiceServer
from tests.support.echo_service import READ, SERVICE, EchoStub, add_echo
from tests.support.serving import channel_to, running, settings_for_tests


@dataclass(frozen=True)
class Echo:
    """A running server and a client of it."""

    server: ServiceServer
    channel: MeshChannel
    stub: EchoStub
    metrics: Metrics
    client_metrics: Metrics
    as_user: tuple[tuple[str, str], ...]


@pytest.fixture
def serve_echo(signer: IdentitySigner, verifier: IdentityVerifier) -> Callable[..., Any]:
    """`async with serve_echo({"Unary": behaviour}, **server_options) as echo`."""

    @asynccontextmanager
    async def serve(
        behaviours: dict[str, Callable[..., Any]],
        *,
        settings: dict[str, Any] | None = None,
        channel: dict[str, Any] | None = None,
        before: Callable[[ServiceServer], None] | None = None,
        **options: Any,
    ) -> AsyncIterator[Echo]:
        metrics, client_metrics = Metrics(), Metrics()
        options.setdefault("verifier", verifier)
        server = ServiceServer(
            settings_for_tests(**(settings or {})), name="echo", metrics=metrics, **options
        )
        server.add(add_echo, behaviours, SERVICE)
        if before is not None:
            before(server)
        user = Principal("acme", "ann", frozenset({READ}), "user")
        async with (
            running(server),
            channel_to(server, signer, metrics=client_metrics, **(channel or {})) as opened,
        ):
            yield Echo(server, opened, EchoStub(opened), metrics, client_metrics, as_principal(signer, user))

    return serve
