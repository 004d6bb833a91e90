"""Counts what the model does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from services.chassis.errors import MeshError
from services.chassis.metrics import Metrics
from services.local_adapter.description import MODEL_ID
from services.local_adapter.generation import Accepted, Event, Finished, Progress
from services.local_adapter.slots import Slots


class Observer:
    """Fills the metrics of calls and slots.

    Args:
        metrics: Where they are declared.
        slots: Whose use is shown.
    """

    def __init__(self, metrics: Metrics, slots: Slots) -> None:
        self._metrics = metrics
        gauge = metrics.model_slots
        gauge.labels(MODEL_ID, "busy").set_function(lambda: slots.busy)
        gauge.labels(MODEL_ID, "free").set_function(lambda: slots.places - slots.busy)
        gauge.labels(MODEL_ID, "waiting").set_function(lambda: slots.waiting)

    @contextmanager
    def call(self) -> Iterator[CallObserver]:
        """Observes one call."""
        observed = CallObserver(self._metrics)
        outcome = "cancelled"
        try:
            yield observed
            outcome = observed.outcome
        except MeshError:
            outcome = "failed"
            raise
        finally:
            if observed.began is not None:
                seconds = time.monotonic() - observed.began
                self._metrics.model_answer_seconds.labels(MODEL_ID, outcome).observe(seconds)


class CallObserver:
    """Observes the events of one call.

    Attributes:
        began: When the call got its slot, monotonic seconds; None before.
        outcome: What came of it: ok, invalid or declined.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._tokens = 0
        self.began: float | None = None
        self.outcome = "cancelled"

    def see(self, event: Event) -> None:
        """Counts an event."""
        match event:
            case Accepted():
                self.began = time.monotonic()
            case Progress():
                # Counted as they come: an answer that is cancelled or fails has cost its tokens as well.
                self._count("output", event.output_tokens - self._tokens)
                self._tokens = event.output_tokens
            case Finished():
                self._count("output", max(0, event.ended.output_tokens - self._tokens))
                self._count("input", event.ended.input_tokens)
                self._count("cached", event.ended.cached_input_tokens)
                judged = event.judged
                self.outcome = (
                    "ok" if judged.scene is not None else "declined" if judged.declined else "invalid"
                )

    def _count(self, direction: str, tokens: int) -> None:
        self._metrics.tokens.labels(MODEL_ID, direction).inc(tokens)
