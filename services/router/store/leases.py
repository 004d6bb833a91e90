"""Who works on which animation: claim, renew, hand back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from animathic.v1 import animation_pb2
from services.chassis.database import Database
from services.router.store.records import AttemptRecord, Lease, Record, packed
from services.router.store.statements import active, close_attempts, read_attempts, write_fenced
from services.router.store.tables import animations


@dataclass(frozen=True)
class Claim:
    """An animation that is ours now, with what was tried before."""

    record: Record
    attempts: list[AttemptRecord]


@dataclass(frozen=True)
class Held:
    """What a renewal or a poll says of a row that is ours."""

    epoch: int
    cancel_requested: bool


class Leases:
    """Hands animations to this replica.

    Args:
        database: Where.
        owner: The name of this process; no other process, earlier ones included, has it.
        lease_seconds: How long a lease lasts without renewal.
    """

    def __init__(self, database: Database, *, owner: str, lease_seconds: float) -> None:
        self._database = database
        self._owner = owner
        self._lease_seconds = lease_seconds

    def claimable(self) -> sa.ColumnElement[bool]:
        """Rows that have not ended, nobody works on, and whose time has come."""
        now = self._database.now
        return sa.and_(
            active(),
            animations.c.lease_until <= now,
            sa.or_(animations.c.not_before <= now, animations.c.cancel_requested),
        )

    async def claim(self, *, cancelled_only: bool = False) -> Claim | None:
        """Takes the oldest claimable animation of the highest priority.

        A claim that follows an expired lease counts a crash. Attempts that an earlier owner left
        STARTED are closed as ABANDONED.

        Args:
            cancelled_only: Take only what somebody cancelled: that needs no slot.

        Returns:
            The animation, or None where there is nothing to do.

        Raises:
            MeshError: UNAVAILABLE `DATABASE_UNAVAILABLE`.
        """
        now = self._database.now
        choice = (
            sa.select(animations.c.id)
            .where(self.claimable())
            .order_by(animations.c.priority.desc(), animations.c.create_time)
            .limit(1)
        )
        if cancelled_only:
            choice = choice.where(animations.c.cancel_requested)
        # A look before the claim: an idle replica shall not take SQLite's only write lock all the time.
        async with self._database.session() as session:
            if (await session.execute(choice)).one_or_none() is None:
                return None
        async with self._database.transaction() as session:
            chosen = (await session.execute(choice.with_for_update(skip_locked=True))).scalar_one_or_none()
            if chosen is None:
                return None
            statement = (
                sa.update(animations)
                .where(animations.c.id == chosen)
                .values(
                    lease_owner=self._owner,
                    lease_until=now + self._lease_seconds,
                    epoch=animations.c.epoch + 1,
                    crashes=animations.c.crashes + self.crash_counted(),
                    claim_time=sa.func.coalesce(animations.c.claim_time, now),
                    not_before=0.0,
                    revision=animations.c.revision + 1,
                    update_time=now,
                )
                .returning(animations)
            )
            record = Record.from_row((await session.execute(statement)).mappings().one())
            await close_attempts(
                session,
                record.id,
                animation_pb2.ATTEMPT_OUTCOME_ABANDONED,
                below_epoch=record.epoch,
            )
            attempts = await read_attempts(session, record.id)
        return Claim(record, attempts)

    def crash_counted(self) -> sa.ColumnElement[int]:
        """One where the row still names an owner: who hands a row back takes the name off."""
        return sa.case((animations.c.lease_owner.is_not(None), 1), else_=0)

    async def renew(self, ids: Collection[str]) -> dict[str, Held]:
        """Prolongs the leases of the named animations, as far as they are ours.

        Returns:
            Those that are ours, by id; the caller compares epochs.

        Raises:
            MeshError: UNAVAILABLE `DATABASE_UNAVAILABLE`.
        """
        if not ids:
            return {}
        statement = (
            sa.update(animations)
            .where(animations.c.lease_owner == self._owner, animations.c.id.in_(list(ids)))
            .values(lease_until=self._database.now + self._lease_seconds)
            .returning(animations.c.id, animations.c.epoch, animations.c.cancel_requested)
        )
        async with self._database.transaction() as session:
            rows = (await session.execute(statement)).all()
        return {row.id: Held(row.epoch, row.cancel_requested) for row in rows}

    async def hand_back(
        self,
        lease: Lease,
        *,
        after_seconds: float = 0.0,
        crashed: bool = False,
        progress: animation_pb2.Progress | None = None,
    ) -> None:
        """Gives an animation back to the queue.

        Args:
            lease: Our lease, which ends.
            after_seconds: How long nobody shall claim it.
            crashed: Count it as a crash, although the process lives.
            progress: What to tell people meanwhile; None leaves what is there.

        Raises:
            LeaseLostError: It was not ours any more.
            MeshError: UNAVAILABLE `DATABASE_UNAVAILABLE`.
        """
        now = self._database.now
        values: dict[str, object] = {
            "lease_owner": None,
            "lease_until": 0.0,
            "not_before": now + after_seconds if after_seconds else 0.0,
        }
        if crashed:
            values["crashes"] = animations.c.crashes + 1
        if progress is not None:
            values["progress"] = packed(progress)
        async with self._database.transaction() as session:
            # The epoch rises with the end of the lease too: nothing may be written under it any more.
            await write_fenced(session, lease, now, epoch=animations.c.epoch + 1, **values)
            await close_attempts(session, lease.animation, animation_pb2.ATTEMPT_OUTCOME_CANCELLED)
