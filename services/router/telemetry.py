"""What the router counts, in words of its own; the families are the chassis's."""

from __future__ import annotations

from animathic.v1 import animation_pb2
from services.chassis.metrics import Metrics
from services.router.store.leases import Claim
from services.router.store.reading import QueueStats
from services.router.store.records import PENDING, AttemptRecord, state_name

_ACTIVE = (
    animation_pb2.ANIMATION_STATE_PENDING,
    animation_pb2.ANIMATION_STATE_GENERATING,
    animation_pb2.ANIMATION_STATE_RENDERING,
)
_OUTCOMES: dict[int, str] = {
    animation_pb2.ATTEMPT_OUTCOME_SUCCEEDED: "ok",
    animation_pb2.ATTEMPT_OUTCOME_INVALID: "invalid",
    animation_pb2.ATTEMPT_OUTCOME_DECLINED: "declined",
    animation_pb2.ATTEMPT_OUTCOME_FAILED: "failed",
}


class Telemetry:
    """Counts what the router does."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def created(self, source: str) -> None:
        """An animation was accepted: from a prompt, a scene or a refine."""
        self._metrics.animations_created.labels(source).inc()

    def claimed(self, claim: Claim) -> None:
        """An animation became ours."""
        record = claim.record
        kind = "new" if record.epoch == 1 else "crashed" if record.crashes else "resumed"
        self._metrics.claims.labels(kind).inc()

    def lease_lost(self, where: str) -> None:
        """A lease was lost; where it was noticed."""
        self._metrics.leases_lost.labels(where).inc()

    def decided(self, decision: animation_pb2.Decision) -> None:
        """A model was picked."""
        reason = animation_pb2.DecisionReason.Name(decision.reason).removeprefix("DECISION_REASON_").lower()
        self._metrics.route_decisions.labels(decision.model, reason, "").inc()

    def attempt_ended(self, attempt: AttemptRecord) -> None:
        """An attempt was closed by its owner."""
        if attempt.stage == animation_pb2.ATTEMPT_STAGE_RENDER:
            return  # render counts its own work, as adapters count their tokens: one owner for each figure
        outcome = _OUTCOMES.get(attempt.outcome, "unknown")
        seconds = max(0.0, (attempt.end_time or attempt.start_time) - attempt.start_time)
        self._metrics.generations.labels(attempt.model, outcome, attempt.detail.reason).inc()
        self._metrics.generation_seconds.labels(attempt.model, outcome).observe(seconds)
        self._metrics.cost_usd.labels(attempt.model).inc(attempt.detail.cost_usd)

    def escalated(self, model: str, reason: str) -> None:
        """An animation is made again by another model."""
        self._metrics.escalations.labels(model, reason).inc()

    def finished(self, animation: animation_pb2.Animation, reason: str) -> None:
        """An animation reached its end."""
        state = state_name(animation.state).lower()
        timings = animation.timings
        self._metrics.animations_finished.labels(state, reason).inc()
        self._metrics.animation_seconds.labels(state).observe(timings.total.ToNanoseconds() / 1e9)
        for stage, took in (
            ("queued", timings.queue),
            ("generating", timings.generate),
            ("rendering", timings.render),
        ):
            self._metrics.stage_seconds.labels(stage).observe(took.ToNanoseconds() / 1e9)
        if animation.HasField("quality"):
            self._metrics.quality_score.labels(animation.decision.model).observe(animation.quality.score)

    def queue(self, stats: QueueStats) -> None:
        """What the queue looks like now."""
        for state in _ACTIVE:
            self._metrics.queue_depth.labels(state_name(state).lower()).set(stats.depth.get(state, 0))
        self._metrics.queue_age_seconds.labels(state_name(PENDING).lower()).set(stats.oldest_seconds)
        for kind in ("ended", "deleted"):
            self._metrics.outbox_events.labels(kind).set(stats.events.get(kind, 0))
            self._metrics.outbox_age_seconds.labels(kind).set(stats.events_oldest.get(kind, 0.0))

    def working(self, count: int) -> None:
        """How many animations this replica works on."""
        self._metrics.leases.labels("any").set(count)

    def watching(self, count: int) -> None:
        """How many watches are open here."""
        self._metrics.watchers.labels("router").set(count)

    def model_available(self, model: str, available: bool) -> None:
        """Whether calls to a model are let through."""
        self._metrics.model_state.labels(model).set(int(available))
