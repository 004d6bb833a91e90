"""Cancelling and deleting, and what remains to be done after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from animathic.v1 import animation_pb2, events_pb2
from services.chassis.database import Database
from services.chassis.errors import Code, MeshError
from services.router.store.reading import animation_not_found
from services.router.store.records import (
    CANCELLED,
    AttemptRecord,
    Record,
    packed,
    state_name,
    to_animation,
    without_content,
)
from services.router.store.statements import count_changed, insert_events, read_attempts
from services.router.store.tables import animations, attempts, events


@dataclass(frozen=True)
class Release:
    """Artifacts to let go of: render is asked until it answers."""

    animation: str
    tenant: str
    due: float


class Removals:
    """Cancels, deletes and sweeps.

    Args:
        database: Where.
        release_delay: Seconds between the end of running work and the first call to render (see Endings).
        release_retry: Seconds between calls that were not answered.
        tombstone_life: Seconds for which a deleted row stays, so that its request_id stays known.
    """

    def __init__(
        self, database: Database, *, release_delay: float, release_retry: float, tombstone_life: float
    ) -> None:
        self._database = database
        self._release_delay = release_delay
        self._release_retry = release_retry
        self._tombstone_life = tombstone_life

    async def cancel(self, tenant: str, animation: str, etag: str) -> tuple[Record, Sequence[AttemptRecord]]:
        """Asks for an end; the owner, or the next claimant, writes it.

        Raises:
            MeshError: NOT_FOUND, FAILED_PRECONDITION `ANIMATION_ENDED`, ABORTED `ETAG_MISMATCH`, UNAVAILABLE.
        """
        async with self._database.transaction() as session:
            record = await self._locked(session, tenant, animation, etag)
            if record.is_final:
                state = state_name(record.state)
                raise MeshError(
                    Code.FAILED_PRECONDITION,
                    "ANIMATION_ENDED",
                    f"{record.name} has ended ({state}): there is nothing to cancel; delete it to remove it",
                    metadata={"state": state},
                )
            if not record.cancel_requested:
                record = await self._update(
                    session, record, cancel_requested=True, generation=animations.c.generation + 1
                )
            return record, await read_attempts(session, record.id)

    async def delete(self, tenant: str, animation: str, etag: str) -> None:
        """Ends the animation if need be, removes its content, and leaves a tombstone.

        Raises:
            MeshError: NOT_FOUND, ABORTED `ETAG_MISMATCH`, UNAVAILABLE `DATABASE_UNAVAILABLE`.
        """
        async with self._database.transaction() as session:
            record = await self._locked(session, tenant, animation, etag)
            await self._bury(session, record)

    async def delete_expired(self, limit: int = 50) -> int:
        """Deletes what has outlived its retention.

        Returns:
            How many were deleted.
        """
        expired = (
            sa.select(animations)
            .where(animations.c.expire_time <= self._database.now, animations.c.deleted_at.is_(None))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        async with self._database.transaction() as session:
            found = [Record.from_row(row) for row in (await session.execute(expired)).mappings()]
            for record in found:
                await self._bury(session, record)
        return len(found)

    async def due_releases(self, limit: int = 50) -> list[Release]:
        """Takes artifacts to let go of; unless `released` follows, they come up again."""
        now = self._database.now
        due = (
            sa.select(animations.c.id)
            .where(animations.c.release_due <= now)
            .order_by(animations.c.release_due)
            .limit(limit)
        )
        async with self._database.session() as session:
            if not (await session.execute(due)).all():
                return []
        async with self._database.transaction() as session:
            ids = (await session.execute(due.with_for_update(skip_locked=True))).scalars().all()
            taken = (
                sa.update(animations)
                .where(animations.c.id.in_(ids))
                .values(release_due=now + self._release_retry)
                .returning(animations.c.id, animations.c.tenant, animations.c.release_due)
            )
            rows = (await session.execute(taken)).all()
        return [Release(row.id, row.tenant, row.release_due) for row in rows]

    async def released(self, release: Release) -> None:
        """Notes that render has let go.

        A tombstone is asked for once more at the end of its life, for a rendering that came in late, and
        then removed.
        """
        now = self._database.now
        same = sa.and_(animations.c.id == release.animation, animations.c.release_due == release.due)
        end_of_life = animations.c.deleted_at + self._tombstone_life
        async with self._database.transaction() as session:
            removed = sa.delete(animations).where(same, end_of_life <= now)
            if await count_changed(session, removed) == 0:
                # For an animation that is not deleted the sum is NULL: nothing more to ask.
                await session.execute(sa.update(animations).where(same).values(release_due=end_of_life))

    async def _locked(self, session: AsyncSession, tenant: str, animation: str, etag: str) -> Record:
        statement = (
            sa.select(animations)
            .where(
                animations.c.id == animation,
                animations.c.tenant == tenant,
                animations.c.deleted_at.is_(None),
            )
            .with_for_update()
        )
        row = (await session.execute(statement)).mappings().one_or_none()
        if row is None:
            raise animation_not_found(animation)
        record = Record.from_row(row)
        if etag and etag != record.etag:
            raise MeshError(
                Code.ABORTED,
                "ETAG_MISMATCH",
                f"{record.name} has changed since you read it: read it again, then decide",
                metadata={"etag": record.etag},
            )
        return record

    async def _bury(self, session: AsyncSession, record: Record) -> None:
        now = self._database.now
        values: dict[str, object] = {
            "prompt": "",
            "deleted_at": now,
            "release_due": now + (0.0 if record.is_final else self._release_delay),
            "cancel_requested": True,
            "generation": animations.c.generation + 1,
        }
        values |= dict.fromkeys(_CONTENT)
        kinds = [events_pb2.EVENT_KIND_ANIMATION_DELETED]
        if not record.is_final:
            # Deleting is an end like any other; the raised epoch stops whoever works on it.
            values |= {
                "state": CANCELLED,
                "end_time": now,
                "lease_owner": None,
                "lease_until": 0.0,
                "epoch": animations.c.epoch + 1,
            }
            kinds.insert(0, events_pb2.EVENT_KIND_ANIMATION_ENDED)
        buried = await self._update(session, record, **values)
        await session.execute(sa.delete(attempts).where(attempts.c.animation == record.id))
        await self._strip_events(session, record.id)
        await insert_events(session, now, kinds, without_content(to_animation(buried, [])))

    async def _strip_events(self, session: AsyncSession, animation: str) -> None:
        """Removes content from events that nobody has pulled yet."""
        waiting = sa.select(events.c.sequence, events.c.payload).where(events.c.animation == animation)
        for row in (await session.execute(waiting)).all():
            bare = without_content(animation_pb2.Animation.FromString(row.payload))
            await session.execute(
                sa.update(events).where(events.c.sequence == row.sequence).values(payload=packed(bare))
            )

    async def _update(self, session: AsyncSession, record: Record, **values: object) -> Record:
        statement = (
            sa.update(animations)
            .where(animations.c.id == record.id)
            .values(revision=animations.c.revision + 1, update_time=self._database.now, **values)
            .returning(animations)
        )
        return Record.from_row((await session.execute(statement)).mappings().one())


_CONTENT = (
    "source_scene",
    "source_storyboard",
    "parent_storyboard",
    "progress",
    "decision",
    "scene",
    "storyboard",
    "scene_model",
    "video",
    "preview",
    "quality",
    "kept",
    "error",
    "traceparent",
)
