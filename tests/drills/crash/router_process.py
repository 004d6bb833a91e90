"""A router process of the drill: it waits until it is needed, and may be told where to die.

It reads one line of JSON from standard input: settings, faults, the guard to remove, the poisonous word. It
answers `READY port`, and `HIT action boundary` just before a fault. It ends when standard input does.
"""

import asyncio
import json
import logging
import os
import sys

import structlog
import uvloop

from services.chassis.logging import configure_logging
from services.chassis.server import ServiceServer
from services.chassis.tracing import configure_tracing
from services.router.app import build
from services.router.config import RouterSettings
from tests.drills.crash.boundaries import Fault, Striker
from tests.drills.crash.guards import GUARDS

_log = structlog.get_logger(__name__)


def say(line: str) -> None:
    """Tells the drill something at once."""
    os.write(1, line.encode() + b"\n")


async def _serve(order: dict[str, object]) -> None:
    settings = RouterSettings(_env_file=None, **order["settings"])  # type: ignore[arg-type, call-arg]
    faults = [Fault(**fault) for fault in order["faults"]]  # type: ignore[attr-defined]
    striker = Striker(faults, say)
    if order["without"]:
        GUARDS[str(order["without"])].remove(striker)
    striker.install()
    striker.watch_renewals(settings.lease_seconds)
    if order["poison"]:
        striker.poison(str(order["poison"]))
    server = await build(settings)
    await server.start()
    say(f"READY {server.port}")
    await _until_orphaned()
    await server.stop(at_once=True)


async def _until_orphaned() -> None:
    """Waits for the end of standard input: no router outlives the drill."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


def main() -> None:
    """Waits for its order, then serves."""
    configure_tracing("router")
    # Loaded before it is needed: a start costs a second, most of it imports.
    assert ServiceServer is not None
    say("SPARE")
    line = sys.stdin.readline()
    if not line:
        return
    order = json.loads(line)
    configure_logging("router", "INFO")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(order))


if __name__ == "__main__":
    main()
