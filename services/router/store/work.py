"""What an owner writes while it works: the decision, attempts, the checkpoint, progress."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from animathic.v1 import animation_pb2, quality_pb2, scene_pb2
from services.chassis.database import Database
from services.router.store.records import GENERATING, RENDERING, AttemptRecord, Lease, Record, packed
from services.router.store.statements import LeaseLostError, count_changed, fence, write_fenced
from services.router.store.tables import animations, attempts


@dataclass(frozen=True)
class Checkpoint:
    """A valid scene: from here a resumed animation goes on."""

    scene: scene_pb2.Scene
    storyboard: str
    model: str


@dataclass(frozen=True)
class Result:
    """What a rendering delivered."""

    video: animation_pb2.Video
    preview: animation_pb2.Image | None
    quality: quality_pb2.Quality | None


class Work:
    """Writes of an owner. Every method raises LeaseLostError and writes nothing where the lease is lost,
    and MeshError UNAVAILABLE `DATABASE_UNAVAILABLE` where the database is away.
    """  # noqa: D205

    def __init__(self, database: Database) -> None:
        self._database = database

    async def decide(self, lease: Lease, decision: animation_pb2.Decision, seconds: float) -> Record:
        """Stores which model is asked next and why; the animation is GENERATING from here."""
        return await self._write(
            lease,
            decision=packed(decision),
            decide_seconds=animations.c.decide_seconds + seconds,
            **self._state(GENERATING),
        )

    async def start_attempt(self, lease: Lease, number: int, stage: int, model: str) -> AttemptRecord:
        """Records a call before it is made. This is also the check of the fence before a model is paid.

        Repeating it with the same number is safe: a commit whose answer was lost is found again.
        """
        now = self._database.now
        async with self._database.transaction() as session:
            await write_fenced(session, lease, now)
            mine = sa.and_(attempts.c.animation == lease.animation, attempts.c.number == number)
            row = (await session.execute(sa.select(attempts).where(mine))).mappings().one_or_none()
            if row is None:
                statement = (
                    sa.insert(attempts)
                    .values(
                        animation=lease.animation,
                        number=number,
                        epoch=lease.epoch,
                        stage=stage,
                        model=model,
                        outcome=animation_pb2.ATTEMPT_OUTCOME_STARTED,
                        start_time=now,
                        detail=b"",
                    )
                    .returning(attempts)
                )
                row = (await session.execute(statement)).mappings().one()
            return AttemptRecord.from_row(row)

    async def finish_attempt(
        self,
        lease: Lease,
        number: int,
        outcome: int,
        detail: animation_pb2.Attempt,
        *,
        checkpoint: Checkpoint | None = None,
        result: Result | None = None,
    ) -> tuple[Record, AttemptRecord]:
        """Closes an attempt, together with what it brought, in one transaction.

        Args:
            lease: Our lease.
            number: Which attempt.
            outcome: How it ended.
            detail: Version, reason, issues, tokens, cost, storyboard.
            checkpoint: The valid scene that a model wrote.
            result: What a rendering delivered.

        Returns:
            The row and the attempt as they are now.
        """
        now = self._database.now
        values: dict[str, object] = {}
        if checkpoint is not None:
            values |= self.checkpointed(checkpoint)
        if result is not None:
            values |= {
                "video": packed(result.video),
                "preview": packed(result.preview),
                "quality": packed(result.quality),
            }
        async with self._database.transaction() as session:
            record = await write_fenced(session, lease, now, **values)
            statement = (
                sa.update(attempts)
                .where(attempts.c.animation == lease.animation, attempts.c.number == number)
                .values(outcome=outcome, detail=packed(detail), end_time=now)
                .returning(attempts)
            )
            row = (await session.execute(statement)).mappings().one()
        return record, AttemptRecord.from_row(row)

    async def withdraw_attempt(self, lease: Lease, number: int) -> None:
        """Takes an attempt back that was refused for want of a slot: nothing was done or paid."""
        async with self._database.transaction() as session:
            await write_fenced(session, lease, self._database.now)
            await session.execute(
                sa.delete(attempts).where(
                    attempts.c.animation == lease.animation, attempts.c.number == number
                )
            )

    async def checkpoint(
        self, lease: Lease, checkpoint: Checkpoint, decision: animation_pb2.Decision
    ) -> Record:
        """Stores a scene that needed no model, and goes on to RENDERING."""
        return await self._write(lease, decision=packed(decision), **self.checkpointed(checkpoint))

    async def rendering(self, lease: Lease) -> Record:
        """Goes on to RENDERING with the scene that is there."""
        return await self._write(lease, **self._state(RENDERING))

    async def escalate(self, lease: Lease, kept: animation_pb2.Animation) -> Record:
        """Puts the result aside and goes back to GENERATING, for a stronger model to try.

        Args:
            lease: Our lease.
            kept: Scene, storyboard, decision, video, preview and quality of the result so far.
        """
        return await self._write(
            lease,
            kept=packed(kept),
            **self._without_scene(),
        )

    async def discard_scene(self, lease: Lease) -> Record:
        """Takes back a scene that cannot be rendered, and goes back to GENERATING."""
        return await self._write(lease, **self._without_scene())

    async def restore(self, lease: Lease, kept: animation_pb2.Animation) -> Record:
        """Puts the kept result back in place, with the decision that led to it: it is the better one."""
        return await self._write(
            lease,
            scene=packed(kept.scene),
            storyboard=kept.storyboard,
            scene_model=kept.decision.model,
            decision=packed(kept.decision),
            video=packed(kept.video),
            preview=packed(kept.preview) if kept.HasField("preview") else None,
            quality=packed(kept.quality) if kept.HasField("quality") else None,
            kept=None,
        )

    async def progress(
        self, lease: Lease, progress: animation_pb2.Progress, preview: animation_pb2.Image | None = None
    ) -> None:
        """Stores how far it has come, and a still picture where there is one."""
        values: dict[str, object] = {"progress": packed(progress)}
        if preview is not None:
            values["preview"] = packed(preview)
        statement = (
            sa.update(animations)
            .where(fence(lease))
            .values(revision=animations.c.revision + 1, update_time=self._database.now, **values)
        )
        async with self._database.transaction() as session:
            if await count_changed(session, statement) == 0:
                raise LeaseLostError(lease.animation)

    def checkpointed(self, checkpoint: Checkpoint) -> dict[str, object]:
        """The values that a checkpoint writes."""
        return {
            "scene": packed(checkpoint.scene),
            "storyboard": checkpoint.storyboard,
            "scene_model": checkpoint.model,
            **self._state(RENDERING),
        }

    def _without_scene(self) -> dict[str, object]:
        return {
            "scene": None,
            "storyboard": None,
            "scene_model": None,
            "video": None,
            "preview": None,
            "quality": None,
            **self._state(GENERATING),
        }

    def _state(self, state: int) -> dict[str, object]:
        # The etag changes with the state, and only with it.
        changed = sa.case((animations.c.state == state, 0), else_=1)
        return {"state": state, "generation": animations.c.generation + changed}

    async def _write(self, lease: Lease, **values: object) -> Record:
        async with self._database.transaction() as session:
            return await write_fenced(session, lease, self._database.now, **values)
