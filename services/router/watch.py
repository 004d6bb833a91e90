"""Watching: one polling statement per replica for all its watchers and for the animations it works on."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping

from animathic.v1 import animation_pb2
from services.router.lifecycle.grip import Grip
from services.router.lifecycle.loops import forever
from services.router.store.reading import Mark, Reader, animation_not_found
from services.router.store.records import FINAL_STATES, to_animation
from services.router.telemetry import Telemetry


class _Watcher:
    """One open watch: the newest snapshot that it has not sent yet."""

    def __init__(self, tenant: str, revision: int) -> None:
        self.tenant = tenant
        self.revision = revision
        self.changed = asyncio.Event()
        self.snapshot: animation_pb2.Animation | None = None
        self.gone = False


class WatchHub:
    """Serves all watches of this replica.

    Args:
        reader: Where snapshots come from.
        telemetry: What counts.
        poll_seconds: Seconds between two statements.
        working: The animations that this replica works on.
        notice: Told what the poll says of them.
    """

    def __init__(
        self,
        reader: Reader,
        telemetry: Telemetry,
        *,
        poll_seconds: float,
        working: Callable[[], Mapping[str, Grip]],
        notice: Callable[[Mapping[str, Grip], Mapping[str, Mark]], None],
    ) -> None:
        self._reader = reader
        self._telemetry = telemetry
        self._poll_seconds = poll_seconds
        self._working = working
        self._notice = notice
        self._watchers: dict[str, set[_Watcher]] = defaultdict(set)

    async def watch(
        self, tenant: str, animation: str, after_revision: int
    ) -> AsyncGenerator[animation_pb2.Animation, None]:
        """The current snapshot, then every newer one, until the animation has ended.

        Raises:
            MeshError: NOT_FOUND `ANIMATION_NOT_FOUND`, also when it is deleted meanwhile; UNAVAILABLE.
        """
        watcher = _Watcher(tenant, after_revision)
        # Listening begins before the first look: nothing can fall between the two.
        self._watchers[animation].add(watcher)
        self._telemetry.watching(self._count())
        try:
            record, attempts = await self._reader.get(tenant, animation)
            # A revision from elsewhere, of another animation say, must not silence the watch.
            watcher.revision = min(after_revision, record.revision)
            if record.revision > after_revision:
                watcher.revision = record.revision
                yield to_animation(record, attempts)
            if record.is_final:
                return
            while True:
                await watcher.changed.wait()
                watcher.changed.clear()
                if watcher.gone:
                    raise animation_not_found(animation)
                snapshot = watcher.snapshot
                if snapshot is None or snapshot.revision <= watcher.revision:
                    continue
                watcher.revision = snapshot.revision
                yield snapshot
                if snapshot.state in FINAL_STATES:
                    return
        finally:
            self._watchers[animation].discard(watcher)
            if not self._watchers[animation]:
                del self._watchers[animation]
            self._telemetry.watching(self._count())

    async def poll_forever(self) -> None:
        """Polls, whatever happens to the database."""
        await forever("watch", self.poll, self._poll_seconds)

    async def poll(self) -> None:
        """Looks once, and tells everybody what is new."""
        watched = {animation: tuple(watchers) for animation, watchers in self._watchers.items()}
        working = dict(self._working())
        if not watched and not working:
            return
        marks = await self._reader.marks({*watched, *working})
        self._notice(working, marks)
        changed = []
        for animation, watchers in watched.items():
            mark = marks.get(animation)
            if mark is None:
                for watcher in watchers:
                    # A watcher of a row that is not there, or was deleted, learns it here.
                    watcher.gone = True
                    watcher.changed.set()
            elif any(watcher.revision < mark.revision for watcher in watchers):
                changed.append(animation)
        for animation, (record, attempts) in (await self._reader.snapshots(changed)).items():
            for watcher in watched[animation]:
                if watcher.tenant == record.tenant:
                    watcher.snapshot = to_animation(record, attempts)
                    watcher.changed.set()

    def _count(self) -> int:
        return sum(map(len, self._watchers.values()))
