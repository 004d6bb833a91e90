"""What was tried so far, read from the attempts alone: so a resumed animation goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from animathic.v1 import animation_pb2, quality_pb2
from services.router.store.records import AttemptRecord

_GENERATE = animation_pb2.ATTEMPT_STAGE_GENERATE
_REPAIR = animation_pb2.ATTEMPT_STAGE_REPAIR
_RENDER = animation_pb2.ATTEMPT_STAGE_RENDER
_SUCCEEDED = animation_pb2.ATTEMPT_OUTCOME_SUCCEEDED
_INVALID = animation_pb2.ATTEMPT_OUTCOME_INVALID
_DECLINED = animation_pb2.ATTEMPT_OUTCOME_DECLINED
_FAILED = animation_pb2.ATTEMPT_OUTCOME_FAILED

#: Failures of the way to a service rather than of the service: worth another try on the same model.
TRANSIENT_REASONS = frozenset({"UPSTREAM_UNAVAILABLE", "SHUTTING_DOWN"})

#: Failures of rendering that are the scene's, and so the model's to mend.
SCENE_REASONS = frozenset({"SCENE_UNRENDERABLE", "SCENE_INVALID"})


@dataclass(frozen=True)
class RepairStep:
    """A model that may mend its answer once."""

    model: str
    storyboard: str
    issues: tuple[quality_pb2.SceneIssue, ...]


@dataclass(frozen=True)
class Failure:
    """Why a model did not deliver.

    Attributes:
        model: Which.
        reason: As in `Reason`.
        said: The end of a sentence that begins with the model's name.
        issues: What was wrong with its scene.
    """

    model: str
    reason: str
    said: str
    issues: tuple[quality_pb2.SceneIssue, ...] = ()


@dataclass(frozen=True)
class History:
    """What the attempts say.

    Attributes:
        model_calls: Calls to models that were begun, whatever became of them.
        render_failures: Renderings that failed on the way, since the last scene.
        tried: Models that are through, in order.
        stumbled: Models whose last call failed on the way: others go first, but they may be asked again.
        repair: The repair that is due.
        failures: Why models did not deliver, in order.
    """

    model_calls: int = 0
    render_failures: int = 0
    tried: tuple[str, ...] = ()
    stumbled: tuple[str, ...] = ()
    repair: RepairStep | None = None
    failures: tuple[Failure, ...] = field(default=())

    @property
    def why(self) -> str:
        """The end of a sentence on the last model that did not deliver."""
        return self.failures[-1].said if self.failures else ""


def history_of(attempts: Sequence[AttemptRecord]) -> History:
    """Reads the attempts of an animation, in order.

    Attempts that were abandoned, cancelled or still run say nothing of a model; they only count as calls.
    """
    calls = render_failures = 0
    tried: list[str] = []
    stumbled: list[str] = []
    repair: RepairStep | None = None
    failures: list[Failure] = []
    last_scene: AttemptRecord | None = None
    for attempt in attempts:
        reason = attempt.detail.reason
        if attempt.stage == _RENDER:
            if attempt.outcome != _FAILED:
                continue
            if reason in SCENE_REASONS and last_scene is not None:
                failures.append(_unrenderable(last_scene, attempt))
                if last_scene.stage == _GENERATE:
                    tried = [model for model in tried if model != last_scene.model]
                    repair = RepairStep(
                        last_scene.model, last_scene.detail.storyboard, tuple(attempt.detail.issues)
                    )
            elif reason in TRANSIENT_REASONS:
                render_failures += 1
            continue
        calls += 1
        if attempt.outcome == _INVALID and attempt.stage == _GENERATE:
            repair = RepairStep(attempt.model, attempt.detail.storyboard, tuple(attempt.detail.issues))
            failures.append(_failure(attempt))
        elif attempt.outcome == _FAILED and reason in TRANSIENT_REASONS:
            stumbled = [*(model for model in stumbled if model != attempt.model), attempt.model]
            failures.append(_failure(attempt))
        elif attempt.outcome in (_INVALID, _DECLINED, _FAILED, _SUCCEEDED):
            repair = None
            tried = [*(model for model in tried if model != attempt.model), attempt.model]
            stumbled = [model for model in stumbled if model != attempt.model]
            if attempt.outcome == _SUCCEEDED:
                last_scene, render_failures = attempt, 0
            else:
                failures.append(_failure(attempt))
    return History(calls, render_failures, tuple(tried), tuple(stumbled), repair, tuple(failures))


def _failure(attempt: AttemptRecord) -> Failure:
    detail = attempt.detail
    issues = tuple(detail.issues)
    if attempt.outcome == _INVALID:
        again = " again" if attempt.stage == _REPAIR else ""
        return Failure(
            attempt.model,
            "MODEL_ANSWER_INVALID",
            f"answered with an invalid scene{again}{_first_issue(issues)}",
            issues,
        )
    if attempt.outcome == _DECLINED:
        said = f"declined: {detail.message}" if detail.message else "declined"
        return Failure(attempt.model, "MODEL_DECLINED", said.rstrip("."))
    said = f"failed ({detail.message.rstrip('.')})" if detail.message else "failed"
    return Failure(attempt.model, detail.reason or "MODEL_FAILED", said)


def _unrenderable(scene: AttemptRecord, render: AttemptRecord) -> Failure:
    return Failure(
        scene.model,
        render.detail.reason,
        f"wrote a scene that cannot be rendered ({render.detail.message.rstrip('.')})",
        tuple(render.detail.issues),
    )


def _first_issue(issues: Sequence[quality_pb2.SceneIssue]) -> str:
    errors = [issue for issue in issues if issue.severity == quality_pb2.SEVERITY_ERROR]
    if not errors:
        return ""
    where = f"line {errors[0].line}: " if errors[0].line else ""
    return f" ({where}{errors[0].message.rstrip('.')})"
