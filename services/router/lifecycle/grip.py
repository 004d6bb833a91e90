"""The hold of this process on one animation, and why it may have to let go."""

from __future__ import annotations

import asyncio
from enum import Enum

from services.router.store.records import Lease


class Stop(Enum):
    """Why work on an animation stops before its end."""

    LOST = "another replica owns it, or it was deleted"
    CANCELLED = "somebody cancelled it"
    DRAINED = "this replica shuts down"


class HandBackError(Exception):
    """Nothing can be done for now: give the animation back to the queue."""

    def __init__(self, after_seconds: float, message: str) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds
        self.message = message


class Grip:
    """One lease in this process.

    Attributes:
        lease: What is held.
        draining: Whether to hand the animation back at the next checkpoint.
        closing: Whether the last write under the lease is being made. It ends the lease itself: a poll
            that finds it ended says nothing; the fence decides.
    """

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.draining = False
        self.closing = False
        self.task: asyncio.Task[None] | None = None
        self._stopped: asyncio.Future[Stop] = asyncio.get_running_loop().create_future()

    def stop(self, why: Stop) -> None:
        """Asks the work to stop at once; the first reason counts."""
        if not self._stopped.done():
            self._stopped.set_result(why)

    @property
    def stopped(self) -> asyncio.Future[Stop]:
        """Done when the work has to stop."""
        return self._stopped

    def pause_if_draining(self) -> None:
        """Called where stopping costs nothing.

        Raises:
            HandBackError: This replica shuts down.
        """
        if self.draining:
            raise HandBackError(0.0, "")
