"""Who may use the model now, who waits, and who is told to come back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.chassis.errors import Code, MeshError

_FIRST_GUESS_SECONDS = 2.0
_WEIGHT = 0.2


class Slots:
    """A fixed number of places at the model, and a short queue before them.

    Args:
        places: Answers at a time.
        queue: Calls that may wait; one more is refused at once, since it would only wait for its deadline.
    """

    def __init__(self, places: int, queue: int) -> None:
        self.places = places
        self._queue = queue
        self._free = asyncio.Semaphore(places)
        self._busy = 0
        self._waiting = 0
        self._typical_seconds = _FIRST_GUESS_SECONDS

    @property
    def busy(self) -> int:
        """Places taken."""
        return self._busy

    @property
    def waiting(self) -> int:
        """Calls in the queue."""
        return self._waiting

    @asynccontextmanager
    async def place(self, seconds: float) -> AsyncIterator[None]:
        """Holds a place for the length of the context.

        Args:
            seconds: How long to wait for one.

        Raises:
            MeshError: RESOURCE_EXHAUSTED `SLOTS_TAKEN`: the queue is full, or the wait was too long.
        """
        if self._busy + self._waiting >= self.places + self._queue:
            raise self._taken()
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._free.acquire()
        except TimeoutError:
            raise self._taken() from None
        finally:
            self._waiting -= 1
        self._busy += 1
        began = time.monotonic()
        try:
            yield
        finally:
            self._busy -= 1
            self._free.release()
            self._typical_seconds += _WEIGHT * (time.monotonic() - began - self._typical_seconds)

    def _taken(self) -> MeshError:
        ahead = (self._busy + self._waiting) / self.places
        return MeshError(
            Code.RESOURCE_EXHAUSTED,
            "SLOTS_TAKEN",
            f"all {self.places} slots of this replica are taken and {self._waiting} calls wait;"
            " retry later or on another replica",
            retry_after=round(max(0.5, ahead * self._typical_seconds), 1),
        )
