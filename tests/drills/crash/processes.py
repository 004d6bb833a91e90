"""Router processes: spares that wait with everything imported, and replicas that may die."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.drills.crash.boundaries import Fault

_START_SECONDS = 60.0


class Replica:
    """One router process, from its order to its death."""

    def __init__(self, process: asyncio.subprocess.Process, on_hit: Callable[["Replica", str], None]) -> None:
        self.process = process
        self.port = 0
        self.frozen = False
        self._on_hit = on_hit
        self._ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._listening = asyncio.create_task(self._listen())

    def __str__(self) -> str:
        state = "alive" if self.alive else f"dead ({self.process.returncode})"
        return f"{self.process.pid} {state} port={self.port} frozen={self.frozen}"

    @property
    def alive(self) -> bool:
        """Whether the process runs (frozen counts)."""
        return self.process.returncode is None

    @property
    def answers(self) -> bool:
        """Whether calls to it make sense."""
        return self.alive and not self.frozen and self.port != 0

    async def serve(self, order: dict[str, Any]) -> None:
        """Gives it its order, and waits until it serves, or dies on the way."""
        assert self.process.stdin is not None
        # A process that died meanwhile is noticed by its end.
        with contextlib.suppress(ConnectionError):
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            await self.process.stdin.drain()
        async with asyncio.timeout(_START_SECONDS):
            self.port = await self._ready

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            line = raw.decode().strip()
            if line.startswith("READY"):
                # Whoever waited for it may have left.
                if not self._ready.done():
                    self._ready.set_result(int(line.split()[1]))
            elif line.startswith("HIT"):
                self.frozen = self.frozen or line.split()[1] == "freeze"
                self._on_hit(self, line.removeprefix("HIT "))
        await self.process.wait()
        if not self._ready.done():
            self._ready.set_result(0)

    def thaw(self) -> None:
        """Lets a frozen process go on, with its old ideas."""
        if self.alive and self.frozen:
            self.frozen = False
            os.kill(self.process.pid, signal.SIGCONT)

    async def kill(self) -> None:
        """Ends it."""
        if self.alive:
            self.process.kill()
        await self._listening


class Spares:
    """Keeps processes ready: a start costs a second, and so it is paid in advance."""

    def __init__(self, count: int, log: Path) -> None:
        self._count = count
        self._log = log
        self._waiting: list[asyncio.subprocess.Process] = []

    async def take(self) -> asyncio.subprocess.Process:
        """A process that waits for its order; another one is started in its place."""
        await self.fill()
        process = self._waiting.pop(0)
        await self.fill()
        return process

    async def fill(self) -> None:
        """Starts what is missing."""
        while len(self._waiting) < self._count:
            with self._log.open("ab") as log:
                self._waiting.append(
                    await asyncio.create_subprocess_exec(
                        sys.executable,
                        "-m",
                        "tests.drills.crash.router_process",
                        stdin=asyncio.subprocess.PIPE,
                        stdout=asyncio.subprocess.PIPE,
                        stderr=log,
                        env={**os.environ, "GRPC_VERBOSITY": "NONE", "OTEL_EXPORTER_OTLP_ENDPOINT": ""},
                    )
                )

    async def stop(self) -> None:
        """Ends those that were never needed."""
        for process in self._waiting:
            process.kill()
            await process.wait()


def order_of(
    settings: dict[str, Any], faults: list[Fault], without: str = "", poison: str = ""
) -> dict[str, Any]:
    """The order for a router process."""
    return {
        "settings": settings,
        "faults": [asdict(fault) for fault in faults],
        "without": without,
        "poison": poison,
    }
