"""Progress on its way to the row: at most one write a second."""

from __future__ import annotations

import time

import structlog

from animathic.v1 import animation_pb2
from services.chassis.errors import MeshError
from services.router.store.records import Lease
from services.router.store.work import Work

_log = structlog.get_logger(__name__)


class ProgressWriter:
    """Writes how far an animation has come, the newest only.

    Args:
        work: Where to.
        lease: Our lease.
        every_seconds: The least time between two writes.
    """

    def __init__(self, work: Work, lease: Lease, *, every_seconds: float) -> None:
        self._work = work
        self._lease = lease
        self._every = every_seconds
        self._next = 0.0

    async def report(
        self, progress: animation_pb2.Progress, preview: animation_pb2.Image | None = None
    ) -> None:
        """Writes, unless a write was made just before. A preview is always written.

        Raises:
            LeaseLostError: The lease is lost.
        """
        now = time.monotonic()
        if preview is None and now < self._next:
            return
        self._next = now + self._every
        try:
            await self._work.progress(self._lease, progress, preview)
        except MeshError as error:
            # Progress is for looking at: the work goes on without it.
            _log.warning("progress not stored", animation=self._lease.animation, reason=error.reason)
