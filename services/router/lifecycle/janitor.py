"""What is left to do after an end: artifacts to let go of, tombstones and expired animations to sweep."""

from __future__ import annotations

import structlog

from services.chassis.errors import MeshError
from services.router.lifecycle.loops import forever
from services.router.ports import ArtifactPort
from services.router.store.reading import Reader
from services.router.store.removals import Release, Removals
from services.router.telemetry import Telemetry

_log = structlog.get_logger(__name__)


class Janitor:
    """Sweeps, again and again.

    Args:
        removals: What is due.
        artifacts: Who holds the files.
        reader: What the queue looks like.
        telemetry: Where that is shown.
        every_seconds: Between two rounds.
    """

    def __init__(
        self,
        removals: Removals,
        artifacts: ArtifactPort,
        reader: Reader,
        telemetry: Telemetry,
        *,
        every_seconds: float,
    ) -> None:
        self._removals = removals
        self._artifacts = artifacts
        self._reader = reader
        self._telemetry = telemetry
        self._every = every_seconds

    async def run_forever(self) -> None:
        """Sweeps, whatever happens to the database."""
        await forever("sweep", self.sweep, self._every)

    async def sweep(self) -> None:
        """One round.

        Raises:
            MeshError: UNAVAILABLE `DATABASE_UNAVAILABLE`.
        """
        self._telemetry.queue(await self._reader.queue())
        await self._removals.delete_expired()
        for release in await self._removals.due_releases():
            await self._release(release)

    async def _release(self, release: Release) -> None:
        try:
            await self._artifacts.release(f"animations/{release.animation}", tenant=release.tenant)
        except MeshError as error:
            # It comes up again: the row says so until render has answered.
            _log.warning("artifacts not released", animation=release.animation, reason=error.reason)
            return
        await self._removals.released(release)
