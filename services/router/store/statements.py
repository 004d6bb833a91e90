"""Parts of statements that several stores share."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from animathic.v1 import animation_pb2
from services.router.store import records
from services.router.store.records import AttemptRecord, Lease, Record
from services.router.store.tables import ACTIVE_STATES, animations, attempts, events


class LeaseLostError(Exception):
    """Somebody else owns the animation now, or it has ended: stop and write nothing."""


def active() -> sa.ColumnElement[bool]:
    """Rows that have not ended, written so that the partial indexes apply."""
    # Literal, because a planner cannot match a bound parameter with an index's condition.
    states: sa.BindParameter[Any] = sa.bindparam(None, ACTIVE_STATES, expanding=True, literal_execute=True)
    return animations.c.state.in_(states)


def fence(lease: Lease) -> sa.ColumnElement[bool]:
    """The condition that every write of an owner carries."""
    return sa.and_(animations.c.id == lease.animation, animations.c.epoch == lease.epoch)


async def write_fenced(
    session: AsyncSession, lease: Lease, now: sa.ColumnElement[float], **values: Any
) -> Record:
    """Writes to the leased row, and raises its revision.

    Raises:
        LeaseLostError: The row has another epoch: nothing was written.
    """
    statement = (
        sa.update(animations)
        .where(fence(lease))
        .values(revision=animations.c.revision + 1, update_time=now, **values)
        .returning(animations)
    )
    row = (await session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise LeaseLostError(lease.animation)
    return Record.from_row(row)


async def read_attempts(session: AsyncSession, animation: str) -> list[AttemptRecord]:
    """The attempts of one animation, in order."""
    statement = sa.select(attempts).where(attempts.c.animation == animation).order_by(attempts.c.number)
    return [AttemptRecord.from_row(row) for row in (await session.execute(statement)).mappings()]


async def insert_events(
    session: AsyncSession,
    now: sa.ColumnElement[float],
    kinds: Iterable[int],
    animation: animation_pb2.Animation,
) -> None:
    """Adds events to the outbox, in the transaction of what they tell of."""
    payload = records.packed(animation)
    for kind in kinds:
        await session.execute(
            sa.insert(events).values(
                id=uuid.uuid4().hex,
                animation=animation.name.removeprefix("animations/"),
                tenant=animation.tenant,
                kind=kind,
                payload=payload,
                create_time=now,
                lease_until=0.0,
            )
        )


async def close_attempts(
    session: AsyncSession, animation: str, outcome: int, *, below_epoch: int | None = None
) -> None:
    """Closes attempts that are still STARTED; when they really ended is not known."""
    statement = sa.update(attempts).where(
        attempts.c.animation == animation,
        attempts.c.outcome == animation_pb2.ATTEMPT_OUTCOME_STARTED,
    )
    if below_epoch is not None:
        statement = statement.where(attempts.c.epoch < below_epoch)
    await session.execute(statement.values(outcome=outcome))


async def count_changed(session: AsyncSession, statement: sa.Update | sa.Delete) -> int:
    """Runs a statement, and says how many rows it changed."""
    result = await session.execute(statement)
    # Only a DML statement has the count; the type of `execute` does not tell them apart.
    return cast("sa.CursorResult[Any]", result).rowcount


def has_render(found: Sequence[AttemptRecord]) -> bool:
    """Whether render was ever asked, and so may hold an artifact."""
    return any(attempt.stage == animation_pb2.ATTEMPT_STAGE_RENDER for attempt in found)
