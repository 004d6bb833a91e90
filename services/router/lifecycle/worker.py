"""Drives one animation from its claim to its end, or to where another replica goes on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import structlog

from animathic.v1 import animation_pb2
from services.chassis.errors import Code, MeshError, to_status
from services.chassis.logging import about
from services.chassis.tracing import span
from services.router.lifecycle.durable import durably
from services.router.lifecycle.generation import Generation, GiveUpError, wish_of
from services.router.lifecycle.grip import Grip, HandBackError, Stop
from services.router.lifecycle.plan import history_of
from services.router.lifecycle.rendering import Rendering, UnrenderableError
from services.router.routing.features import features_of
from services.router.routing.models import ModelRegistry
from services.router.routing.policy import RoutingPolicy, scene_given
from services.router.scenes import SceneLanguage
from services.router.store import endings
from services.router.store.endings import Ending, Endings
from services.router.store.leases import Claim, Leases
from services.router.store.records import CANCELLED, AttemptRecord, Record, state_name
from services.router.store.statements import LeaseLostError
from services.router.store.work import Checkpoint, Work
from services.router.telemetry import Telemetry

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class WorkerLimits:
    """When a worker gives up or tries again.

    Attributes:
        crashes: So many crashes end an animation.
        poor_quality: Below this score a stronger model is asked.
        model_calls: Calls to models in all; escalation needs two left (an answer and its repair).
        crash_pause: Seconds before an animation that met a defect of ours is tried again, per crash.
    """

    crashes: int = 5
    poor_quality: float = 0.5
    model_calls: int = 6
    crash_pause: float = 1.0


class Worker:
    """Does the work of one claim at a time; several run side by side."""

    def __init__(
        self,
        leases: Leases,
        work: Work,
        ends: Endings,
        generation: Generation,
        rendering: Rendering,
        models: ModelRegistry,
        policy: RoutingPolicy,
        language: SceneLanguage,
        telemetry: Telemetry,
        limits: WorkerLimits,
    ) -> None:
        self._leases = leases
        self._work = work
        self._ends = ends
        self._generation = generation
        self._rendering = rendering
        self._models = models
        self._policy = policy
        self._language = language
        self._telemetry = telemetry
        self._limits = limits

    async def run(self, grip: Grip, claim: Claim) -> None:
        """Works on a claimed animation until it has ended, is handed back, or is lost."""
        record = claim.record
        with about(record.name), span("animation", traceparent=record.traceparent or ""):
            task = asyncio.create_task(self._drive(grip, claim))
            try:
                waiting: set[asyncio.Future[Any]] = {task, grip.stopped}
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if task.done():
                    await task
                    return
                await _cancel(task)
                await self._stopped(grip, grip.stopped.result())
            except LeaseLostError:
                self._telemetry.lease_lost("write")
                _log.info("lease lost")
            except Exception as error:  # noqa: BLE001  whatever it is, the queue must go on
                await self._crashed(grip, record, error)
            finally:
                await _cancel(task)

    async def _stopped(self, grip: Grip, why: Stop) -> None:
        """The work was stopped from outside: its calls are cancelled by now."""
        if why is Stop.LOST:
            self._telemetry.lease_lost("poll")
            _log.info("lease lost")
        elif why is Stop.CANCELLED:
            await self._finish(grip, endings.cancelled(), "CANCELLED")
        else:
            await durably(self._leases.hand_back, grip.lease)
            _log.info("handed back")

    async def _crashed(self, grip: Grip, record: Record, error: Exception) -> None:
        """A defect of ours: count it as a crash, so that the animation cannot do it for ever."""
        _log.error("work failed unexpectedly", exc_info=error)
        pause = self._limits.crash_pause * (record.crashes + 1)
        try:
            await durably(self._leases.hand_back, grip.lease, after_seconds=pause, crashed=True)
        except LeaseLostError:
            self._telemetry.lease_lost("write")

    async def _drive(self, grip: Grip, claim: Claim) -> None:
        record = claim.record
        try:
            if record.cancel_requested:
                await self._finish(grip, endings.cancelled(), "CANCELLED")
            elif record.crashes >= self._limits.crashes:
                raise GiveUpError(_poison(record))
            else:
                await self._to_video(grip, record, claim.attempts)
                await self._finish(grip, endings.succeeded(), "")
        except GiveUpError as failure:
            error = failure.error
            await self._finish(grip, endings.failed(to_status(error)), error.reason)
        except HandBackError as pause:
            progress = None
            if pause.message:
                progress = animation_pb2.Progress(message=pause.message)
                progress.fraction = record.progress.fraction if record.progress is not None else 0.0
            after = pause.after_seconds
            grip.closing = True
            await durably(self._leases.hand_back, grip.lease, after_seconds=after, progress=progress)
            _log.info("handed back", why=pause.message, after_seconds=after)

    async def _finish(self, grip: Grip, ending: Ending, reason: str) -> None:
        grip.closing = True
        animation = await durably(self._ends.finish, grip.lease, ending)
        if animation.state == CANCELLED:
            reason = "CANCELLED"
        self._telemetry.finished(animation, reason)
        _log.info("ended", state=state_name(animation.state), reason=reason)

    async def _to_video(self, grip: Grip, record: Record, attempts: list[AttemptRecord]) -> None:
        """Goes from wherever the row is to a row with the best video that was had."""
        while True:
            try:
                if record.scene is None:
                    record, attempts = await self._to_scene(grip, record, attempts)
                grip.pause_if_draining()
                if record.video is None:
                    done = await self._rendering.run(grip, record, attempts)
                    record, attempts = done.record, done.attempts
            except UnrenderableError as problem:
                attempts = problem.attempts
                if not record.scene_model:
                    raise GiveUpError(problem.error) from problem
                record = await durably(self._work.discard_scene, grip.lease)
                continue
            except GiveUpError:
                # A stronger model could not do it: what was there before is the result.
                if record.kept is None:
                    raise
                await self._restore(grip, record)
                return
            if record.kept is not None:
                if _score(record.kept) > _score(record):
                    await self._restore(grip, record)
                return
            stronger = self._stronger_for(record, attempts)
            if stronger is None:
                return
            self._telemetry.escalated(stronger, "quality")
            kept = _kept(record)
            record = await durably(self._work.escalate, grip.lease, kept)

    async def _to_scene(
        self, grip: Grip, record: Record, attempts: list[AttemptRecord]
    ) -> tuple[Record, list[AttemptRecord]]:
        given = None
        if record.source_scene is not None:
            given = await asyncio.to_thread(self._language.check, record.source_scene)
        elif record.source_storyboard is not None:
            given = await asyncio.to_thread(self._language.read, record.source_storyboard)
        if given is None:
            generated = await self._generation.run(grip, record, attempts)
            return generated.record, generated.attempts
        if given.scene is None or not given.valid:
            raise GiveUpError(given.error("source_scene"))
        checkpoint = Checkpoint(given.scene, given.storyboard, "")
        decision = scene_given()
        decision.decide_time.GetCurrentTime()
        return await durably(self._work.checkpoint, grip.lease, checkpoint, decision), attempts

    def _stronger_for(self, record: Record, attempts: list[AttemptRecord]) -> str | None:
        """The model to escalate to, where the result is poor and there is budget left."""
        if record.quality is None or not record.scene_model:
            return None
        history = history_of(attempts)
        if record.quality.score >= self._limits.poor_quality:
            return None
        if history.model_calls + 2 > self._limits.model_calls:
            return None
        features = features_of(record.prompt, refine=record.parent is not None)
        wish = wish_of(record.options)
        return self._policy.stronger(features, self._models.views(), wish, history.tried)

    async def _restore(self, grip: Grip, record: Record) -> None:
        kept = record.kept
        if kept is None:
            raise AssertionError("nothing was kept")
        await durably(self._work.restore, grip.lease, kept)


async def _cancel(task: asyncio.Task[None]) -> None:
    """Cancels a task and waits until it has let go of its calls."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
    if (
        not task.cancelled()
        and task.exception() is not None
        and not isinstance(task.exception(), LeaseLostError)
    ):
        _log.debug("ended while it was stopped", error=str(task.exception()))


def _poison(record: Record) -> MeshError:
    return MeshError(
        Code.INTERNAL,
        "POISON_JOB",
        f"The animation was given up: its worker died {record.crashes} times. Say it in other words, or send "
        "a scene; if it happens again, report the name of the animation.",
    )


def _score(result: Record | animation_pb2.Animation) -> float:
    return result.quality.score if result.quality is not None else 0.0


def _kept(record: Record) -> animation_pb2.Animation:
    """The result so far, in the form in which it is put aside."""
    kept = animation_pb2.Animation(
        scene=record.scene, storyboard=record.storyboard or "", video=record.video, quality=record.quality
    )
    if record.decision is not None:
        kept.decision.CopyFrom(record.decision)
    kept.decision.model = record.scene_model or ""
    if record.preview is not None:
        kept.preview.CopyFrom(record.preview)
    return kept
