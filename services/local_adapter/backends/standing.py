"""How a backend stands, for those who ask and for those who wait for it to change."""

from __future__ import annotations

import asyncio

from services.local_adapter.backends.protocol import Standing


class StandingBoard:
    """Holds the present standing.

    Args:
        first: What is said until the first change.
    """

    def __init__(self, first: Standing) -> None:
        self._current = first
        self._changed = asyncio.Event()

    @property
    def current(self) -> Standing:
        """The present standing."""
        return self._current

    def set(self, standing: Standing) -> None:
        """Changes it and wakes everybody who waits."""
        self._current = standing
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def after(self, seen: Standing) -> Standing:
        """Waits until the standing is another one than `seen`, and returns it."""
        while self._current == seen:
            await self._changed.wait()
        return self._current

    async def news(self) -> None:
        """Waits for the next `set`, whatever it says."""
        await self._changed.wait()
