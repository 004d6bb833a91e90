"""The end of an animation: one transaction for the final row, its attempts and its events."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from google.rpc import status_pb2
from sqlalchemy.ext.asyncio import AsyncSession

from animathic.v1 import animation_pb2, events_pb2
from services.chassis.database import Database
from services.router.store.records import (
    CANCELLED,
    FAILED,
    SUCCEEDED,
    Lease,
    Record,
    packed,
    to_animation,
)
from services.router.store.statements import (
    close_attempts,
    fence,
    has_render,
    insert_events,
    read_attempts,
    write_fenced,
)
from services.router.store.tables import animations


@dataclass(frozen=True)
class Ending:
    """How an animation ends.

    Attributes:
        state: SUCCEEDED, FAILED or CANCELLED.
        progress: The last words on it.
        error: Why it failed; only with FAILED.
        open_attempts: What becomes of attempts that are still STARTED.
    """

    state: int
    progress: animation_pb2.Progress
    error: status_pb2.Status | None = None
    open_attempts: int = animation_pb2.ATTEMPT_OUTCOME_ABANDONED


def succeeded() -> Ending:
    """The end of an animation that has its video."""
    return Ending(SUCCEEDED, animation_pb2.Progress(fraction=1.0, message="done"))


def failed(error: status_pb2.Status) -> Ending:
    """The end of an animation that has no video."""
    return Ending(FAILED, animation_pb2.Progress(fraction=1.0, message=error.message), error)


def cancelled() -> Ending:
    """The end of an animation that somebody cancelled."""
    return Ending(
        CANCELLED,
        animation_pb2.Progress(fraction=1.0, message="cancelled"),
        open_attempts=animation_pb2.ATTEMPT_OUTCOME_CANCELLED,
    )


class Endings:
    """Writes ends.

    Args:
        database: Where.
        release_delay: Seconds after which render is asked to let go of what a failed or cancelled animation
            holds. At least a lease: an owner that lost its lease may still have a rendering under way.
    """

    def __init__(self, database: Database, *, release_delay: float) -> None:
        self._database = database
        self._release_delay = release_delay

    async def finish(self, lease: Lease, ending: Ending) -> animation_pb2.Animation:
        """Writes the one final state that the animation ever has.

        Returns:
            The animation as it is now, which is what the event says.

        Raises:
            LeaseLostError: The lease is lost, or the animation has ended: nothing was written.
            MeshError: UNAVAILABLE `DATABASE_UNAVAILABLE`.
        """
        async with self._database.transaction() as session:
            if ending.state != CANCELLED and await self._is_cancelled(session, lease):
                # A cancellation that was answered before the end is kept, however close it was.
                ending = cancelled()
            record = await self._write_row(session, lease, ending)
            await close_attempts(session, record.id, ending.open_attempts)
            attempts = await read_attempts(session, record.id)
            if ending.state != SUCCEEDED and has_render(attempts):
                record = await self._write_release(session, record)
            animation = to_animation(record, attempts)
            await insert_events(
                session, self._database.now, [events_pb2.EVENT_KIND_ANIMATION_ENDED], animation
            )
        return animation

    async def _is_cancelled(self, session: AsyncSession, lease: Lease) -> bool:
        wanted = sa.select(animations.c.cancel_requested).where(fence(lease)).with_for_update()
        return bool((await session.execute(wanted)).scalar_one_or_none())

    async def _write_row(self, session: AsyncSession, lease: Lease, ending: Ending) -> Record:
        now = self._database.now
        return await write_fenced(
            session,
            lease,
            now,
            state=ending.state,
            progress=packed(ending.progress),
            error=packed(ending.error),
            kept=None,
            end_time=now,
            lease_owner=None,
            lease_until=0.0,
            # With the epoch raised, whoever still believes in the old lease can write nothing.
            epoch=animations.c.epoch + 1,
            generation=animations.c.generation + 1,
        )

    async def _write_release(self, session: AsyncSession, record: Record) -> Record:
        now = self._database.now
        return await write_fenced(session, record.lease, now, release_due=now + self._release_delay)
