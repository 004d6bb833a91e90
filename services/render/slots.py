"""How many renders run at a time. One more is refused at once: another replica may be free."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from services.chassis.metrics import Metrics
from services.render import failures

__all__ = ["Slots"]

_WEIGHT = 0.3
_FIRST_GUESS_SECONDS = 3.0


class Slots:
    """A fixed number of places.

    Args:
        places: How many.
        metrics: Where use is shown.
    """

    def __init__(self, places: int, metrics: Metrics) -> None:
        self._places = places
        self._metrics = metrics
        self._starts: list[float] = []
        self._typical_seconds = _FIRST_GUESS_SECONDS
        self._show()

    @property
    def busy(self) -> int:
        """Places taken."""
        return len(self._starts)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Holds a place for the length of the context.

        Raises:
            MeshError: RESOURCE_EXHAUSTED `SLOTS_TAKEN`, with the time after which one may be free.
        """
        if self.busy >= self._places:
            oldest = time.monotonic() - min(self._starts)
            raise failures.slots_taken(self._places, max(0.5, self._typical_seconds - oldest))
        start = time.monotonic()
        self._starts.append(start)
        self._show()
        try:
            yield
        finally:
            self._starts.remove(start)
            took = time.monotonic() - start
            self._typical_seconds += _WEIGHT * (took - self._typical_seconds)
            self._show()

    def _show(self) -> None:
        self._metrics.render_slots.labels("busy").set(self.busy)
        self._metrics.render_slots.labels("free").set(self._places - self.busy)
