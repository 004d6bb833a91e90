"""From a prompt to a valid scene: ask, repair once, then the next model in line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from animathic.v1 import animation_pb2, model_adapter_service_pb2, quality_pb2
from services.chassis.errors import Code, MeshError
from services.router.lifecycle.durable import durably
from services.router.lifecycle.grip import Grip, HandBackError
from services.router.lifecycle.plan import TRANSIENT_REASONS, Failure, History, RepairStep, history_of
from services.router.lifecycle.progress import ProgressWriter
from services.router.routing.features import features_of
from services.router.routing.models import ModelRegistry
from services.router.routing.policy import RoutingPolicy, Wish
from services.router.scenes import SceneLanguage
from services.router.store.records import AttemptRecord, Record
from services.router.store.work import Checkpoint, Work
from services.router.telemetry import Telemetry

_FRACTION_BEFORE, _FRACTION_AFTER = 0.05, 0.3
_TYPICAL_TOKENS = 200


@dataclass(frozen=True)
class GenerationLimits:
    """What one animation may cost.

    Attributes:
        calls: Calls to models in all.
        call_seconds: The longest call.
        wait_seconds: How long to wait for a model that is away only for now.
    """

    calls: int = 6
    call_seconds: float = 120.0
    wait_seconds: float = 60.0


@dataclass(frozen=True)
class Generated:
    """A row that has its scene, and its attempts."""

    record: Record
    attempts: list[AttemptRecord]


class GiveUpError(Exception):
    """No way is left: the animation fails with this error."""

    def __init__(self, error: MeshError) -> None:
        super().__init__(str(error))
        self.error = error


class Generation:
    """Gets scenes from models."""

    def __init__(
        self,
        work: Work,
        models: ModelRegistry,
        policy: RoutingPolicy,
        language: SceneLanguage,
        telemetry: Telemetry,
        limits: GenerationLimits,
        *,
        progress_seconds: float,
    ) -> None:
        self._work = work
        self._models = models
        self._policy = policy
        self._language = language
        self._telemetry = telemetry
        self._limits = limits
        self._progress_seconds = progress_seconds

    async def run(self, grip: Grip, record: Record, attempts: list[AttemptRecord]) -> Generated:
        """Asks models until one has written a valid scene, which is then checkpointed.

        Args:
            grip: Our hold.
            record: The row; it has a prompt and no scene.
            attempts: Its attempts so far, also of earlier owners.

        Raises:
            GiveUpError: No model delivered.
            HandBackError: The models are busy or away for now.
            LeaseLostError: The lease is lost.
        """
        while True:
            history = history_of(attempts)
            if history.model_calls >= self._limits.calls:
                raise GiveUpError(failure_of(history, f"{history.model_calls} model calls are the limit."))
            model, repair, record = await self._next(grip, record, history)
            stage = animation_pb2.ATTEMPT_STAGE_REPAIR if repair else animation_pb2.ATTEMPT_STAGE_GENERATE
            number = attempts[-1].number + 1 if attempts else 1
            await durably(self._work.start_attempt, grip.lease, number, stage, model)
            try:
                result = await self._ask(grip, record, model, repair)
            except MeshError as error:
                if error.reason == "SLOTS_TAKEN":
                    await durably(self._work.withdraw_attempt, grip.lease, number)
                    raise HandBackError(
                        error.retry_after or 1.0, f"waits for a free slot of {model}"
                    ) from error
                outcome, detail, checkpoint = _failed(error), _error_detail(error), None
            else:
                outcome, detail, checkpoint = await asyncio.to_thread(self._judge, model, result)
            record, closed = await durably(
                self._work.finish_attempt,
                grip.lease,
                number,
                outcome,
                detail,
                checkpoint=checkpoint,
            )
            self._telemetry.attempt_ended(closed)
            attempts = [*attempts, closed]
            grip.pause_if_draining()
            if checkpoint is not None:
                return Generated(record, attempts)

    async def _next(
        self, grip: Grip, record: Record, history: History
    ) -> tuple[str, RepairStep | None, Record]:
        """Picks the model to ask next, and stores the decision where it is a new one."""
        started = time.monotonic()
        views = self._models.views()
        available = {view.name for view in views if view.available}
        repair = history.repair
        if repair is not None and repair.model in available and repair.model not in history.stumbled:
            return repair.model, repair, record
        wish = wish_of(record.options)
        features = features_of(record.prompt, refine=record.parent is not None)
        passed_over = (repair.model,) if repair is not None else ()
        # First those that have not failed at all; then those that failed only on the way.
        for tried in ((*history.tried, *history.stumbled, *passed_over), history.tried):
            decision = self._policy.decide(features, views, wish, tried=tried, why=history.why)
            if decision.model:
                break
        else:
            if self._policy.may_still_serve(views, wish, history.tried, self._limits.wait_seconds):
                raise HandBackError(2.0, "waits for a model")
            raise GiveUpError(failure_of(history, decision.explanation))
        if repair is not None and decision.model != repair.model:
            repair = None
        current = record.decision
        if current is not None and current.model == decision.model:
            return decision.model, repair, record
        decision.decide_time.GetCurrentTime()
        seconds = time.monotonic() - started
        record = await durably(self._work.decide, grip.lease, decision, seconds)
        self._telemetry.decided(decision)
        return decision.model, repair, record

    async def _ask(
        self, grip: Grip, record: Record, model: str, repair: RepairStep | None
    ) -> model_adapter_service_pb2.GenerationResult:
        """Makes one call to a model.

        Raises:
            MeshError: It failed.
        """
        request = model_adapter_service_pb2.GenerateSceneRequest(
            prompt=record.prompt, parent_storyboard=record.parent_storyboard or ""
        )
        if repair is not None:
            request.repair.storyboard = repair.storyboard
            request.repair.issues.extend(repair.issues[:100])
        progress = ProgressWriter(self._work, grip.lease, every_seconds=self._progress_seconds)
        stream = self._models.port(model).generate(
            request, tenant=record.tenant, timeout=self._limits.call_seconds
        )
        self._models.begun(model)
        reached = True
        try:
            async with aclosing(stream) as responses:  # type: ignore[type-var]
                return await self._follow(model, responses, progress)
        except MeshError as error:
            reached = error.reason not in TRANSIENT_REASONS and error.code is not Code.DEADLINE_EXCEEDED
            raise
        except asyncio.CancelledError:
            reached = True
            raise
        finally:
            self._models.ended(model, reached=reached)

    async def _follow(
        self,
        model: str,
        responses: AsyncIterator[model_adapter_service_pb2.GenerateSceneResponse],
        progress: ProgressWriter,
    ) -> model_adapter_service_pb2.GenerationResult:
        async for response in responses:
            if response.HasField("result"):
                return response.result
            if response.HasField("progress"):
                tokens = response.progress.output_tokens
                share = min(1.0, tokens / _TYPICAL_TOKENS)
                await progress.report(
                    animation_pb2.Progress(
                        fraction=_FRACTION_BEFORE + share * (_FRACTION_AFTER - _FRACTION_BEFORE),
                        tokens=tokens,
                        message=f"{model} writes the scene",
                    )
                )
        raise MeshError(Code.UNAVAILABLE, "UPSTREAM_UNAVAILABLE", f"{model} broke off without a result")

    def _judge(
        self, model: str, result: model_adapter_service_pb2.GenerationResult
    ) -> tuple[int, animation_pb2.Attempt, Checkpoint | None]:
        """What an answer is worth. A scene is checked here again: nothing invalid is ever stored."""
        detail = animation_pb2.Attempt(
            model_version=result.model_version,
            usage=result.usage,
            cost_usd=result.cost_usd,
            storyboard=result.storyboard[:100_000],
            issues=result.issues[:100],
        )
        if result.HasField("confidence"):
            detail.confidence = result.confidence
        outcome = result.WhichOneof("outcome")
        if outcome == "declined":
            detail.reason, detail.message = "MODEL_DECLINED", result.declined.reason
            return animation_pb2.ATTEMPT_OUTCOME_DECLINED, detail, None
        if outcome == "scene":
            reading = self._language.check(result.scene)
            if reading.valid:
                return (
                    animation_pb2.ATTEMPT_OUTCOME_SUCCEEDED,
                    detail,
                    Checkpoint(result.scene, reading.storyboard, model),
                )
            detail.ClearField("issues")
            detail.issues.extend(reading.issues[:100])
        errors = sum(issue.severity == quality_pb2.SEVERITY_ERROR for issue in detail.issues)
        detail.reason = "MODEL_ANSWER_INVALID"
        detail.message = f"the scene has {errors} errors" if errors != 1 else "the scene has one error"
        return animation_pb2.ATTEMPT_OUTCOME_INVALID, detail, None


def wish_of(options: animation_pb2.AnimationOptions) -> Wish:
    """What a request says of models."""
    return Wish(options.model, options.strict)


def failure_of(history: History, explanation: str) -> MeshError:
    """The error of an animation for which no model delivered: what was tried, and what to do."""
    if not history.failures and history.model_calls:
        return MeshError(
            Code.INTERNAL,
            "MODEL_FAILED",
            f"No model call came to its end. {explanation} Try again later, or send a scene.",
        )
    if not history.failures:
        return MeshError(
            Code.UNAVAILABLE,
            "NO_MODEL_AVAILABLE",
            f"No model can be asked. {explanation}",
        )
    tried = "; ".join(f"{failure.model} {failure.said}" for failure in _last_of_each(history))
    reason = history.failures[-1].reason
    codes = {
        "MODEL_DECLINED": Code.FAILED_PRECONDITION,
        "MODEL_ANSWER_INVALID": Code.FAILED_PRECONDITION,
        "MODEL_TIMEOUT": Code.DEADLINE_EXCEEDED,
        "UPSTREAM_UNAVAILABLE": Code.UNAVAILABLE,
        "SHUTTING_DOWN": Code.UNAVAILABLE,
    }
    advice = {
        "MODEL_DECLINED": "Say it in simpler words, or send a scene.",
        "MODEL_ANSWER_INVALID": "Say it in other words, name fewer things, or send a scene.",
    }.get(reason, "Try again later, or name another model.")
    rest = explanation
    for failure in history.failures:
        # What was tried is said once.
        rest = rest.replace(f"{failure.model} {failure.said}.", "").strip()
    message = " ".join(part for part in (f"No model delivered: {tried}.", rest, advice) if part)
    return MeshError(codes.get(reason, Code.INTERNAL), reason, message)


def _last_of_each(history: History) -> list[Failure]:
    last = {failure.model: failure for failure in history.failures}
    return list(last.values())


def _failed(error: MeshError) -> int:
    if error.reason == "MODEL_DECLINED":
        return animation_pb2.ATTEMPT_OUTCOME_DECLINED
    return animation_pb2.ATTEMPT_OUTCOME_FAILED


def _error_detail(error: MeshError) -> animation_pb2.Attempt:
    reason = error.reason
    if error.code is Code.DEADLINE_EXCEEDED:
        reason = "MODEL_TIMEOUT"
    elif reason in ("INTERNAL", "FIELD_INVALID", "NOT_IMPLEMENTED"):
        reason = "MODEL_FAILED"
    return animation_pb2.Attempt(reason=reason, message=error.message)
