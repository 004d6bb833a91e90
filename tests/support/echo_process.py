"""The echo service as a process of its own: `python -m tests.support.echo_process`.

`Unary` answers after as many seconds as the request says. It prints its ports as its first line.
"""

import asyncio
import sys
from typing import Any

from services.chassis.config import ServiceSettings
from services.chassis.entry import run_service
from services.chassis.identity import read_mesh_keys, signer_and_verifier
from services.chassis.metrics import Metrics
from services.chassis.server import ServiceServer
from tests.support.echo_service import SERVICE, add_echo


class EchoSettings(ServiceSettings):
    """Adds what the tests of the process need."""

    start_seconds: float = 0
    drain_hook_seconds: float = 0
    fail_at_start: bool = False


async def build(settings: EchoSettings) -> ServiceServer:
    """Wires the process."""
    _, verifier = signer_and_verifier(read_mesh_keys(settings.mesh_key_file), "echo")
    server = ServiceServer(settings, name="echo", metrics=Metrics(), verifier=verifier)

    async def slow(request: Any, _context: Any) -> Any:
        await asyncio.sleep(float(request.value))
        return request

    async def start() -> None:
        if settings.fail_at_start:
            raise RuntimeError("no database")
        await asyncio.sleep(settings.start_seconds)

    async def announce() -> None:
        while not server.health.ready:  # noqa: ASYNC110 - a test's patience
            await asyncio.sleep(0.01)
        sys.stdout.write(f"{server.port} {server.admin_port}\n")
        sys.stdout.flush()

    announcing = asyncio.create_task(announce())

    async def said(what: str) -> None:
        announcing.cancel()
        sys.stdout.write(f"{what}\n")
        sys.stdout.flush()

    async def drain() -> None:
        sys.stdout.write("draining\n")
        sys.stdout.flush()
        await asyncio.sleep(settings.drain_hook_seconds)
        await said("drained")

    server.add(add_echo, {"Unary": slow}, SERVICE)
    server.on_start(start)
    server.on_drain(drain)
    server.on_stop(lambda: said("stopped"))
    return server


if __name__ == "__main__":
    sys.exit(run_service("echo", EchoSettings, build))
