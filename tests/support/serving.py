"""Running a `ServiceServer` inside a test, and calling it over a real socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from services.chassis.channels import MeshChannel, open_channel
from services.chassis.config import ServiceSettings
from services.chassis.identity import IdentitySigner
from services.chassis.server import ServiceServer


def settings_for_tests(**changes: Any) -> ServiceSettings:
    """Settings with free ports and no waiting, whatever the environment says."""
    values: dict[str, Any] = {
        "grpc_listen": "127.0.0.1:0",
        "admin_listen": "127.0.0.1:0",
        "endpoint_seconds": 0,
        "drain_seconds": 2,
    }
    return ServiceSettings(_env_file=None, **(values | changes))


@asynccontextmanager
async def running(server: ServiceServer) -> AsyncIterator[ServiceServer]:
    """Starts a server and stops it at the end, cancelling what still runs."""
    try:
        await server.start()
        yield server
    finally:
        await server.stop(at_once=True)


@asynccontextmanager
async def channel_to(
    server: ServiceServer, signer: IdentitySigner, **options: Any
) -> AsyncIterator[MeshChannel]:
    """A mesh channel to a running server."""
    async with open_channel(f"127.0.0.1:{server.port}", signer=signer, **options) as channel:
        yield channel
