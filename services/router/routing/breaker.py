"""A breaker: after failures in a row it keeps calls away, then lets single ones through as a probe."""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Counts failures in a row of one callee.

    Args:
        threshold: Failures in a row that open it.
        first_pause: Seconds that it stays open the first time; each further failure doubles them.
        longest_pause: Their limit.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        *,
        threshold: int = 3,
        first_pause: float = 2.0,
        longest_pause: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold = threshold
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0
        self._probing = False

    def lets_through(self) -> bool:
        """Whether a call may be made now."""
        if self._failures < self._threshold:
            return True
        return not self._probing and self._clock() >= self._open_until

    def begin(self) -> None:
        """A call begins; while half open it is the only one."""
        if self._failures >= self._threshold:
            self._probing = True

    def succeeded(self) -> None:
        """The callee answered: calls flow again."""
        self._failures = 0
        self._probing = False

    def failed(self) -> None:
        """The callee could not be reached, or broke off."""
        self._failures += 1
        self._probing = False
        if self._failures >= self._threshold:
            doublings = min(self._failures - self._threshold, 16)
            self._open_until = self._clock() + min(self._longest_pause, self._first_pause * 2**doublings)
