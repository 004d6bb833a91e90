"""The one registry of metric families: dashboards, alerts and docs are checked against it.

A service builds one `Metrics` and passes it down. Every family is declared here with its help text
and labels, whichever service fills it. No label ever holds a tenant, user, prompt or id.
"""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

_CALL_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_WORK_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 600)
_LAG_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_SCORE_BUCKETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_SIZE_BUCKETS = (1e4, 1e5, 2.5e5, 5e5, 1e6, 2.5e6, 5e6, 1e7, 5e7, 1e8, 1e9)
_METHOD = ("grpc_type", "grpc_service", "grpc_method")


@dataclass(frozen=True)
class Family:
    """One declared metric family.

    Attributes:
        name: The name of its samples without `_bucket`, `_sum` and `_count` (counters end in `_total`).
        kind: What it is.
        help: What it tells, with its unit.
        labels: The label names.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...]


class Metrics:
    """All metric families, in a registry of their own.

    Attributes:
        registry: What `/metrics` prints.
        families: Every family declared, in order.
    """

    def __init__(self) -> None:
        # Otherwise each series has a twin that tells when it was created, which nothing reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.families: list[Family] = []
        self._declare_calls()
        self._declare_process()
        self._declare_animations()
        self._declare_models()
        self._declare_render()
        self._declare_edge()
        self._declare_feedback()

    def _declare_calls(self) -> None:
        """gRPC, under the names of go-grpc-prometheus, which public dashboards know."""
        self.grpc_server_started = self._counter(
            "grpc_server_started_total", "Calls that the server began to handle.", _METHOD
        )
        self.grpc_server_handled = self._counter(
            "grpc_server_handled_total",
            "Calls that the server finished, by code (Go spelling: OK, NotFound).",
            (*_METHOD, "grpc_code"),
        )
        self.grpc_server_handling_seconds = self._histogram(
            "grpc_server_handling_seconds",
            "Seconds from the start of a call to its end at the server.",
            _METHOD,
            _CALL_BUCKETS,
        )
        self.grpc_server_msg_received = self._counter(
            "grpc_server_msg_received_total", "Messages that the server received.", _METHOD
        )
        self.grpc_server_msg_sent = self._counter(
            "grpc_server_msg_sent_total", "Messages that the server sent.", _METHOD
        )
        self.grpc_server_in_flight = self._gauge(
            "grpc_server_in_flight", "Calls that the server is handling now.", _METHOD
        )
        self.grpc_client_started = self._counter(
            "grpc_client_started_total", "Calls that this process made.", _METHOD
        )
        self.grpc_client_handled = self._counter(
            "grpc_client_handled_total", "Calls of this process that ended, by code.", (*_METHOD, "grpc_code")
        )
        self.grpc_client_handling_seconds = self._histogram(
            "grpc_client_handling_seconds",
            "Seconds from the start of a call to its end at the caller.",
            _METHOD,
            _CALL_BUCKETS,
        )

    def _declare_process(self) -> None:
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.build_info = Info(
            "animathic_build", "The version that runs, as labels; always 1.", registry=self.registry
        )
        self.families.append(
            Family(
                "animathic_build_info",
                "gauge",
                "The version that runs, as labels; always 1.",
                ("service", "version", "python"),
            )
        )
        self.event_loop_lag_seconds = self._histogram(
            "animathic_event_loop_lag_seconds",
            "Seconds by which the event loop was late: more than a few milliseconds means a blocking call.",
            ("service",),
            _LAG_BUCKETS,
        )
        self.serving = self._gauge(
            "animathic_serving",
            "1 while the gRPC service answers, 0 while it is NOT_SERVING.",
            ("grpc_service",),
        )

    def _declare_animations(self) -> None:
        """Filled by router, the owner of animations."""
        self.animations_created = self._counter(
            "animathic_animations_created_total",
            "Animations accepted, by source (prompt, scene, refine).",
            ("source",),
        )
        self.animations_finished = self._counter(
            "animathic_animations_finished_total",
            "Animations that reached their end, by state and reason (empty: none).",
            ("state", "reason"),
        )
        self.animation_seconds = self._histogram(
            "animathic_animation_seconds",
            "Seconds from acceptance to the end, by state.",
            ("state",),
            _WORK_BUCKETS,
        )
        self.stage_seconds = self._histogram(
            "animathic_stage_seconds",
            "Seconds that an animation spent in a stage (queued, generating, rendering).",
            ("stage",),
            _WORK_BUCKETS,
        )
        self.queue_depth = self._gauge(
            "animathic_queue_depth", "Animations that have not ended, by state.", ("state",)
        )
        self.queue_age_seconds = self._gauge(
            "animathic_queue_age_seconds",
            "Age in seconds of the oldest animation that waits, by state.",
            ("state",),
        )
        self.leases = self._gauge(
            "animathic_leases", "Animations that this replica holds, by state.", ("state",)
        )
        self.claims = self._counter(
            "animathic_claims_total", "Animations claimed, by kind (new, resumed, crashed).", ("kind",)
        )
        self.leases_lost = self._counter(
            "animathic_leases_lost_total",
            "Leases lost to another replica, by where it was noticed.",
            ("where",),
        )
        self.outbox_events = self._gauge(
            "animathic_outbox_events", "Events that wait to be acknowledged, by kind.", ("kind",)
        )
        self.outbox_age_seconds = self._gauge(
            "animathic_outbox_age_seconds",
            "Age in seconds of the oldest event that waits, by kind.",
            ("kind",),
        )
        self.watchers = self._gauge("animathic_watchers", "Open watches, by service.", ("service",))
        self.database_seconds = self._histogram(
            "animathic_database_seconds",
            "Seconds of a database operation, by operation (claim, renew, checkpoint, …).",
            ("operation",),
            _CALL_BUCKETS,
        )

    def _declare_models(self) -> None:
        """Filled by router (decisions, attempts, spend) and by the adapters (tokens, first output)."""
        self.generations = self._counter(
            "animathic_generations_total",
            "Attempts of a model to write a scene, by outcome (ok, invalid, declined, failed, …) and reason.",
            ("model", "outcome", "reason"),
        )
        self.generation_seconds = self._histogram(
            "animathic_generation_seconds",
            "Seconds of an attempt of a model.",
            ("model", "outcome"),
            _WORK_BUCKETS,
        )
        self.route_decisions = self._counter(
            "animathic_route_decisions_total",
            "Decisions which model serves, by model, reason and policy arm (experiment).",
            ("model", "reason", "arm"),
        )
        self.escalations = self._counter(
            "animathic_escalations_total",
            "Animations made again by another model, by reason.",
            ("model", "reason"),
        )
        self.tokens = self._counter(
            "animathic_tokens_total",
            "Tokens, by direction (input, output, thinking, cached).",
            ("model", "direction"),
        )
        self.cost_usd = self._counter(
            "animathic_cost_usd_total", "Money spent on models, in US dollars.", ("model",)
        )
        self.model_state = self._gauge(
            "animathic_model_available",
            "1 while the breaker lets calls through to the model, else 0.",
            ("model",),
        )
        self.model_in_flight = self._gauge(
            "animathic_model_in_flight", "Attempts of a model that run now.", ("model",)
        )
        self.model_slots = self._gauge(
            "animathic_model_slots",
            "Slots of an adapter, by use (busy, free), and the calls that wait for one (waiting).",
            ("model", "use"),
        )
        self.model_answer_seconds = self._histogram(
            "animathic_model_answer_seconds",
            "Seconds from slot to end of an answer at the adapter, by outcome (ok, invalid, declined, …).",
            ("model", "outcome"),
            _WORK_BUCKETS,
        )
        self.quality_score = self._histogram(
            "animathic_quality_score",
            "Quality of finished animations, from 0 to 1.",
            ("model",),
            _SCORE_BUCKETS,
        )

    def _declare_render(self) -> None:
        self.renders = self._counter(
            "animathic_renders_total",
            "Renders, by outcome (ok, cached, failed, cancelled, refused) and reason.",
            ("outcome", "reason"),
        )
        self.render_seconds = self._histogram(
            "animathic_render_seconds", "Seconds from slot to end of a render.", ("outcome",), _WORK_BUCKETS
        )
        self.render_frames = self._counter(
            "animathic_render_frames_total", "Frames rendered, by format.", ("format",)
        )
        self.render_slots = self._gauge(
            "animathic_render_slots", "Render slots, by use (busy, free).", ("use",)
        )
        self.artifact_bytes = self._histogram(
            "animathic_artifact_bytes", "Bytes of a stored artifact, by kind.", ("kind",), _SIZE_BUCKETS
        )
        self.artifacts_swept = self._counter(
            "animathic_artifacts_swept_total",
            "Artifacts removed because nobody holds them, by kind.",
            ("kind",),
        )

    def _declare_edge(self) -> None:
        """Filled by gateway."""
        self.http_requests = self._counter(
            "animathic_http_requests_total",
            "HTTP requests, by route template, method and status class (2xx).",
            ("route", "method", "status"),
        )
        self.http_request_seconds = self._histogram(
            "animathic_http_request_seconds",
            "Seconds to the first byte of the answer.",
            ("route", "method"),
            _CALL_BUCKETS,
        )
        self.http_streams = self._gauge(
            "animathic_http_streams", "Open streams to clients, by kind.", ("kind",)
        )
        self.rate_limited = self._counter(
            "animathic_rate_limited_total", "Requests refused by a rate limit, by limit.", ("limit",)
        )
        self.authentications = self._counter(
            "animathic_authentications_total",
            "Authentications, by method and outcome.",
            ("method", "outcome"),
        )

    def _declare_feedback(self) -> None:
        self.events_consumed = self._counter(
            "animathic_events_consumed_total",
            "Events stored, by kind and outcome (new, repeated, failed).",
            ("kind", "outcome"),
        )
        self.ratings = self._counter(
            "animathic_ratings_total", "Ratings, by model and value.", ("model", "value")
        )

    def _counter(self, name: str, text: str, labels: Sequence[str]) -> Counter:
        self.families.append(Family(name, "counter", text, tuple(labels)))
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: Sequence[str]) -> Gauge:
        self.families.append(Family(name, "gauge", text, tuple(labels)))
        return Gauge(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, labels: Sequence[str], buckets: Sequence[float]) -> Histogram:
        self.families.append(Family(name, "histogram", text, tuple(labels)))
        return Histogram(name, text, labels, registry=self.registry, buckets=buckets)

    def set_build(self, service: str, version: str) -> None:
        """States what runs."""
        self.build_info.info({"service": service, "version": version, "python": platform.python_version()})
