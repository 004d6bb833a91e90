"""Events on their way to who pulls them: leased, then deleted when acknowledged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from animathic.v1 import animation_pb2, events_pb2
from services.chassis.database import Database
from services.router.store.records import timestamp
from services.router.store.statements import count_changed
from services.router.store.tables import events

_BATCH_BYTES = 4 * 1024 * 1024
"""Half of what a gRPC message may hold here."""


class Outbox:
    """Hands out events, at least once each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pull(self, limit: int, lease_seconds: float) -> list[events_pb2.Event]:
        """Leases a batch, oldest first. What is not acknowledged in time comes again.

        Raises:
            MeshError: UNAVAILABLE `DATABASE_UNAVAILABLE`.
        """
        now = self._database.now
        waiting = (
            sa.select(events.c.sequence, sa.func.length(events.c.payload))
            .where(events.c.lease_until <= now)
            .order_by(events.c.sequence)
            .limit(limit)
        )
        async with self._database.session() as session:
            if (await session.execute(waiting.limit(1))).one_or_none() is None:
                return []
        async with self._database.transaction() as session:
            found = (await session.execute(waiting.with_for_update(skip_locked=True))).all()
            chosen = fitting([(int(sequence), int(size)) for sequence, size in found])
            leased = (
                sa.update(events)
                .where(events.c.sequence.in_(chosen))
                .values(lease_until=now + lease_seconds)
                .returning(events)
            )
            rows = (await session.execute(leased)).mappings().all()
        return [_event(row) for row in sorted(rows, key=lambda row: int(row["sequence"]))]

    async def acknowledge(self, ids: Sequence[str]) -> int:
        """Deletes events that the caller has stored.

        Returns:
            How many there were.

        Raises:
            MeshError: UNAVAILABLE `DATABASE_UNAVAILABLE`.
        """
        async with self._database.transaction() as session:
            return await count_changed(session, sa.delete(events).where(events.c.id.in_(ids)))


def fitting(sizes: Sequence[tuple[int, int]]) -> list[int]:
    """As many events from the front as one message carries, at least one."""
    chosen: list[int] = []
    room = _BATCH_BYTES
    for sequence, size in sizes:
        room -= size
        if chosen and room < 0:
            break
        chosen.append(sequence)
    return chosen


def _event(row: Mapping[Any, Any]) -> events_pb2.Event:
    return events_pb2.Event(
        id=row["id"],
        kind=row["kind"],
        animation_name=f"animations/{row['animation']}",
        tenant=row["tenant"],
        animation=animation_pb2.Animation.FromString(row["payload"]),
        create_time=timestamp(row["create_time"]),
    )
