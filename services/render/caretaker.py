"""What goes on beside the calls: sweeping, and showing in health what can be served."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from services.chassis.errors import MeshError
from services.render.fork_server import ForkServerClient
from services.render.shelf import Shelf

__all__ = ["Caretaker"]

_LOOK_SECONDS = 0.5
_log = structlog.get_logger(__name__)


class Caretaker:
    """Sweeps the shelf and mirrors the fork server's state.

    Args:
        shelf: What is swept.
        server: What is looked at.
        set_serving: Says whether renders are served.
        sweep_seconds: Time between sweeps.
        confined: Whether children may run at all.
    """

    def __init__(
        self,
        shelf: Shelf,
        server: ForkServerClient,
        set_serving: Callable[[bool], None],
        *,
        sweep_seconds: float,
        confined: bool,
    ) -> None:
        self._shelf = shelf
        self._server = server
        self._set_serving = set_serving
        self._sweep_seconds = sweep_seconds
        self._confined = confined
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begins."""
        self._set_serving(self._confined and self._server.is_ready)
        self._tasks = [
            asyncio.create_task(self._mirror(), name="fork-server-health"),
            asyncio.create_task(self._sweep(), name="sweep"),
        ]

    async def stop(self) -> None:
        """Ends."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _mirror(self) -> None:
        known: bool | None = None
        while True:
            now = self._confined and self._server.is_ready
            if now != known:
                self._set_serving(now)
                known = now
            await asyncio.sleep(_LOOK_SECONDS)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._sweep_seconds)
            try:
                swept = await self._shelf.sweep()
            except MeshError as error:
                _log.warning("the sweep failed and is tried again", reason=error.reason)
                continue
            except Exception:  # noqa: BLE001 (one bad sweep must not be the last)
                _log.exception("the sweep failed and is tried again")
                continue
            if swept:
                _log.info("swept", units=swept)
