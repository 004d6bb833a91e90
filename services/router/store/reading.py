"""Reading animations, and what the queue looks like."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from animathic.v1 import events_pb2
from services.chassis.database import Database
from services.chassis.errors import Code, MeshError
from services.router.store.records import AttemptRecord, Record
from services.router.store.statements import active, read_attempts
from services.router.store.tables import animations, attempts, events


@dataclass(frozen=True)
class Mark:
    """What a poll says of one row."""

    revision: int
    epoch: int
    cancel_requested: bool


@dataclass(frozen=True)
class QueueStats:
    """What waits.

    Attributes:
        depth: How many animations are in which state that is not final.
        oldest_seconds: How long the oldest unclaimed one waits.
        events: How many events wait, by kind (ended, deleted).
        events_oldest: How long the oldest of them waits, in seconds.
    """

    depth: Mapping[int, int]
    oldest_seconds: float
    events: Mapping[str, int]
    events_oldest: Mapping[str, float]


def animation_not_found(animation: str) -> MeshError:
    """The answer for an id that is not there, or is somebody else's."""
    return MeshError(
        Code.NOT_FOUND,
        "ANIMATION_NOT_FOUND",
        f"there is no animation animations/{animation}: check the name that CreateAnimation returned",
    )


class Reader:
    """Reads rows of any replica."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, tenant: str, animation: str) -> tuple[Record, Sequence[AttemptRecord]]:
        """Reads one animation.

        Raises:
            MeshError: NOT_FOUND `ANIMATION_NOT_FOUND`, also for another tenant's; UNAVAILABLE.
        """
        statement = sa.select(animations).where(
            animations.c.id == animation,
            animations.c.tenant == tenant,
            animations.c.deleted_at.is_(None),
        )
        async with self._database.session() as session:
            row = (await session.execute(statement)).mappings().one_or_none()
            if row is None:
                raise animation_not_found(animation)
            return Record.from_row(row), await read_attempts(session, animation)

    async def marks(self, ids: Collection[str]) -> dict[str, Mark]:
        """One statement for all that are watched or worked on; deleted rows are left out."""
        if not ids:
            return {}
        statement = sa.select(
            animations.c.id, animations.c.revision, animations.c.epoch, animations.c.cancel_requested
        ).where(animations.c.id.in_(list(ids)), animations.c.deleted_at.is_(None))
        async with self._database.session() as session:
            rows = (await session.execute(statement)).all()
        return {row.id: Mark(row.revision, row.epoch, row.cancel_requested) for row in rows}

    async def snapshots(self, ids: Collection[str]) -> dict[str, tuple[Record, Sequence[AttemptRecord]]]:
        """Reads many animations with two statements; deleted ones are left out."""
        if not ids:
            return {}
        wanted = list(ids)
        rows = sa.select(animations).where(animations.c.id.in_(wanted), animations.c.deleted_at.is_(None))
        tried = sa.select(attempts).where(attempts.c.animation.in_(wanted)).order_by(attempts.c.number)
        async with self._database.session() as session:
            records = [Record.from_row(row) for row in (await session.execute(rows)).mappings()]
            by_animation: dict[str, list[AttemptRecord]] = defaultdict(list)
            for row in (await session.execute(tried)).mappings():
                by_animation[row["animation"]].append(AttemptRecord.from_row(row))
        return {record.id: (record, by_animation[record.id]) for record in records}

    async def queue(self) -> QueueStats:
        """What the queue looks like."""
        depth = sa.select(animations.c.state, sa.func.count()).where(active()).group_by(animations.c.state)
        oldest = sa.select(self._database.now - sa.func.min(animations.c.create_time)).where(
            active(), animations.c.claim_time.is_(None)
        )
        waiting = sa.select(
            events.c.kind, sa.func.count(), self._database.now - sa.func.min(events.c.create_time)
        ).group_by(events.c.kind)
        async with self._database.session() as session:
            by_state = {int(state): int(count) for state, count in (await session.execute(depth)).all()}
            age = (await session.execute(oldest)).scalar_one_or_none()
            outbox = (await session.execute(waiting)).all()
        return QueueStats(
            by_state,
            float(age or 0.0),
            {_EVENT_KINDS[kind]: int(count) for kind, count, _ in outbox},
            {_EVENT_KINDS[kind]: float(seconds) for kind, _, seconds in outbox},
        )


_EVENT_KINDS = {
    int(events_pb2.EVENT_KIND_ANIMATION_ENDED): "ended",
    int(events_pb2.EVENT_KIND_ANIMATION_DELETED): "deleted",
}
