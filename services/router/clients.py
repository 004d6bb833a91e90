"""The services that the router calls, over gRPC, as the domain's ports."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import grpc

from animathic.v1 import (
    artifact_pb2,
    artifact_service_pb2,
    artifact_service_pb2_grpc,
    model_adapter_service_pb2,
    model_adapter_service_pb2_grpc,
    render_service_pb2,
    render_service_pb2_grpc,
)
from services.chassis.channels import as_principal
from services.chassis.identity import IdentitySigner, Principal
from services.chassis.rpc_errors import mesh_error

_T = TypeVar("_T")
_DESCRIBE_SECONDS = 2.0
_RELEASE_SECONDS = 10.0
_READ_SECONDS = 600.0
_END_SECONDS = 1.0
_REPLICAS_FOR_SECONDS = 5.0


def _for_tenant(signer: IdentitySigner, tenant: str) -> tuple[tuple[str, str], ...]:
    """Our own identity, naming the tenant whose work it is."""
    own = signer.principal
    return as_principal(signer, Principal(tenant, own.subject, own.scopes, own.kind))


async def _streamed(call: Any, *, last: str = "") -> AsyncIterator[Any]:
    """The messages of a stream; the call is cancelled when the reader leaves.

    Args:
        call: The call.
        last: The event after which the server ends the stream. That end is awaited for a moment: if
            cancelled, the call would count as a failure at the server although it delivered.
    """
    try:
        async for message in call:
            if last and message.WhichOneof("event") == last:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_END_SECONDS):
                        await call.code()
            yield message
    except grpc.aio.AioRpcError as error:
        raise mesh_error(error) from error
    finally:
        call.cancel()


class ModelClient:
    """An adapter behind its channel."""

    def __init__(self, channel: grpc.aio.Channel, signer: IdentitySigner) -> None:
        self._stub = model_adapter_service_pb2_grpc.ModelAdapterServiceStub(channel)
        self._signer = signer

    def generate(
        self, request: model_adapter_service_pb2.GenerateSceneRequest, *, tenant: str, timeout: float
    ) -> AsyncIterator[model_adapter_service_pb2.GenerateSceneResponse]:
        """Asks the model. MeshError as the adapter raised it."""
        call = self._stub.GenerateScene(request, timeout=timeout, metadata=_for_tenant(self._signer, tenant))
        return _streamed(call, last="result")

    async def describe(self) -> model_adapter_service_pb2.DescribeModelResponse:
        """What the model is and whether it serves. MeshError where the adapter is away."""
        try:
            return await self._stub.DescribeModel(
                model_adapter_service_pb2.DescribeModelRequest(), timeout=_DESCRIBE_SECONDS
            )
        except grpc.aio.AioRpcError as error:
            raise mesh_error(error) from error


class RenderClient:
    """Render behind its channel."""

    def __init__(self, channel: grpc.aio.Channel, signer: IdentitySigner, target: str) -> None:
        self._render = render_service_pb2_grpc.RenderServiceStub(channel)
        self._artifacts = artifact_service_pb2_grpc.ArtifactServiceStub(channel)
        self._signer = signer
        self._target = target
        self._replicas = 1
        self._replicas_until = 0.0

    def render(
        self, request: render_service_pb2.RenderSceneRequest, *, tenant: str, timeout: float
    ) -> AsyncIterator[render_service_pb2.RenderSceneResponse]:
        """Renders a scene. MeshError as render raised it."""
        call = self._render.RenderScene(request, timeout=timeout, metadata=_for_tenant(self._signer, tenant))
        return _streamed(call, last="done")

    async def replicas(self) -> int:
        """How many addresses the target has, looked up now and then."""
        now = time.monotonic()
        if now >= self._replicas_until:
            self._replicas_until = now + _REPLICAS_FOR_SECONDS
            self._replicas = await _count_addresses(self._target)
        return self._replicas

    async def release(self, holder: str, *, tenant: str) -> None:
        """Lets go of what a holder holds. MeshError where render did not answer."""
        try:
            await self._artifacts.ReleaseArtifact(
                artifact_service_pb2.ReleaseArtifactRequest(holder=holder),
                timeout=_RELEASE_SECONDS,
                metadata=_for_tenant(self._signer, tenant),
            )
        except grpc.aio.AioRpcError as error:
            raise mesh_error(error) from error

    def read(
        self, key: str, *, tenant: str, offset: int, limit: int
    ) -> AsyncIterator[artifact_pb2.DownloadResponse]:
        """Streams an artifact. MeshError as render raised it."""
        request = artifact_service_pb2.ReadArtifactRequest(key=key, read_offset=offset, read_limit=limit)
        return _streamed(
            self._artifacts.ReadArtifact(
                request, timeout=_READ_SECONDS, metadata=_for_tenant(self._signer, tenant)
            )
        )


async def _count_addresses(target: str) -> int:
    """How many replicas a gRPC target names: a list counts itself, a name is looked up."""
    scheme, separator, rest = target.partition(":")
    if separator and scheme in ("ipv4", "ipv6", "unix"):
        return rest.count(",") + 1
    host = target.removeprefix("dns:").lstrip("/").rpartition(":")[0].strip("[]")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except OSError:
        return 1
    return max(1, len({address[4][0] for address in found}))
