"""From a scene to a video: a free renderer, another one where it breaks off, and patience."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from animathic.v1 import animation_pb2, quality_pb2, render_service_pb2
from services.chassis.errors import Code, MeshError
from services.router.lifecycle.durable import durably
from services.router.lifecycle.generation import Generated, GiveUpError
from services.router.lifecycle.grip import Grip, HandBackError
from services.router.lifecycle.plan import SCENE_REASONS, TRANSIENT_REASONS, history_of
from services.router.lifecycle.progress import ProgressWriter
from services.router.ports import RenderPort
from services.router.store.records import AttemptRecord, Record
from services.router.store.work import Result, Work
from services.router.telemetry import Telemetry

_FRACTION_BEFORE, _FRACTION_AFTER = 0.3, 0.98


@dataclass(frozen=True)
class RenderLimits:
    """What one rendering may cost.

    Attributes:
        call_seconds: The longest call.
        breaks: Renderings of one scene that may break off on the way.
        wait_seconds: How long to wait for a renderer when none can be reached.
    """

    call_seconds: float = 900.0
    breaks: int = 4
    wait_seconds: float = 3600.0


class UnrenderableError(Exception):
    """The scene is valid, but cannot be rendered: the model may mend it."""

    def __init__(self, error: MeshError, attempts: list[AttemptRecord]) -> None:
        super().__init__(str(error))
        self.error = error
        self.attempts = attempts


class Rendering:
    """Gets videos from render."""

    def __init__(
        self,
        work: Work,
        render: RenderPort,
        telemetry: Telemetry,
        limits: RenderLimits,
        *,
        progress_seconds: float,
        judge_quality: bool,
    ) -> None:
        self._work = work
        self._render = render
        self._telemetry = telemetry
        self._limits = limits
        self._progress_seconds = progress_seconds
        self._judge_quality = judge_quality

    async def run(self, grip: Grip, record: Record, attempts: list[AttemptRecord]) -> Generated:
        """Renders the scene of a row.

        Raises:
            UnrenderableError: The scene cannot be rendered.
            GiveUpError: Rendering failed for good.
            HandBackError: All renderers are busy or away for now.
            LeaseLostError: The lease is lost.
        """
        refusals = 0
        while True:
            number = attempts[-1].number + 1 if attempts else 1
            stage = animation_pb2.ATTEMPT_STAGE_RENDER
            await durably(self._work.start_attempt, grip.lease, number, stage, "")
            call = _Call()
            try:
                done = await self._call(grip, record, call)
            except MeshError as error:
                if not call.accepted and error.reason in ("SLOTS_TAKEN", *TRANSIENT_REASONS):
                    await durably(self._work.withdraw_attempt, grip.lease, number)
                    refusals += 1
                    await self._after_refusal(record, error, refusals)
                    continue
                attempts = await self._failed(grip, attempts, number, error)
                continue
            quality = done.quality if self._judge_quality and done.HasField("quality") else None
            detail = animation_pb2.Attempt(issues=done.notes[:100])
            if quality is not None:
                detail.quality.CopyFrom(quality)
            preview = done.preview if done.HasField("preview") else None
            result = Result(done.video, preview, quality)
            outcome = animation_pb2.ATTEMPT_OUTCOME_SUCCEEDED
            record, closed = await durably(
                self._work.finish_attempt,
                grip.lease,
                number,
                outcome,
                detail,
                result=result,
            )
            self._telemetry.attempt_ended(closed)
            return Generated(record, [*attempts, closed])

    async def _after_refusal(self, record: Record, error: MeshError, refusals: int) -> None:
        """Another replica may have room: the channel goes round. When all refused, wait outside."""
        if error.reason == "SLOTS_TAKEN":
            if refusals < await self._render.replicas():
                return
            raise HandBackError(error.retry_after or 1.0, "waits for a free renderer") from error
        waited = record.update_time - (record.claim_time or record.create_time)
        if waited >= self._limits.wait_seconds:
            raise GiveUpError(error) from error
        raise HandBackError(error.retry_after or 2.0, "waits for a renderer") from error

    async def _failed(
        self,
        grip: Grip,
        attempts: list[AttemptRecord],
        number: int,
        error: MeshError,
    ) -> list[AttemptRecord]:
        """Closes a failed rendering, and returns the attempts where it is worth another try."""
        reason = _reason(error)
        detail = animation_pb2.Attempt(reason=reason, message=error.message, issues=_issues(error))
        outcome = animation_pb2.ATTEMPT_OUTCOME_FAILED
        _, closed = await durably(self._work.finish_attempt, grip.lease, number, outcome, detail)
        self._telemetry.attempt_ended(closed)
        attempts = [*attempts, closed]
        if reason in SCENE_REASONS:
            raise UnrenderableError(error, attempts) from error
        history = history_of(attempts)
        if reason in TRANSIENT_REASONS and history.render_failures <= self._limits.breaks:
            grip.pause_if_draining()
            return attempts
        raise GiveUpError(MeshError(error.code, reason, f"Rendering failed: {error.message}")) from error

    async def _call(self, grip: Grip, record: Record, call: _Call) -> render_service_pb2.RenderDone:
        request = render_service_pb2.RenderSceneRequest(
            scene=record.scene, options=record.options, holder=record.name, prompt=record.prompt
        )
        progress = ProgressWriter(self._work, grip.lease, every_seconds=self._progress_seconds)
        stream = self._render.render(request, tenant=record.tenant, timeout=self._limits.call_seconds)
        async with aclosing(stream) as responses:  # type: ignore[type-var]
            return await self._follow(responses, progress, call)

    async def _follow(
        self,
        responses: AsyncIterator[render_service_pb2.RenderSceneResponse],
        progress: ProgressWriter,
        call: _Call,
    ) -> render_service_pb2.RenderDone:
        state = animation_pb2.Progress(fraction=_FRACTION_BEFORE, message="the scene is rendered")
        async for response in responses:
            call.accepted = True
            kind = response.WhichOneof("event")
            if kind == "done":
                return response.done
            preview = None
            if kind == "started":
                state.frames_total = response.started.frames_total
            elif kind == "progress":
                state.frames_done = response.progress.frames_done
                state.frames_total = response.progress.frames_total or state.frames_total
                share = min(1.0, state.frames_done / state.frames_total) if state.frames_total else 0.0
                state.fraction = _FRACTION_BEFORE + share * (_FRACTION_AFTER - _FRACTION_BEFORE)
            elif kind == "preview":
                preview = response.preview
            await progress.report(state, preview)
        raise MeshError(Code.UNAVAILABLE, "UPSTREAM_UNAVAILABLE", "the renderer broke off without a result")


@dataclass
class _Call:
    """What became of a call: whether a renderer took it at all."""

    accepted: bool = False


def _reason(error: MeshError) -> str:
    if error.code is Code.DEADLINE_EXCEEDED:
        return "RENDER_TIMEOUT"
    if error.reason in ("INTERNAL", "FIELD_INVALID", "NOT_IMPLEMENTED"):
        return "RENDER_FAILED"
    return error.reason


def _issues(error: MeshError) -> list[quality_pb2.SceneIssue]:
    return [
        quality_pb2.SceneIssue(
            severity=quality_pb2.SEVERITY_ERROR,
            code=violation.reason.lower(),
            field_path=violation.field,
            message=violation.description,
        )
        for violation in error.violations
    ]
