"""Rows as the rest of the router sees them, and the public resource made from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf import duration_pb2, timestamp_pb2
from google.protobuf.message import Message
from google.rpc import status_pb2

from animathic.v1 import animation_pb2, quality_pb2, scene_pb2

_M = TypeVar("_M", bound=Message)

PENDING = animation_pb2.ANIMATION_STATE_PENDING
GENERATING = animation_pb2.ANIMATION_STATE_GENERATING
RENDERING = animation_pb2.ANIMATION_STATE_RENDERING
SUCCEEDED = animation_pb2.ANIMATION_STATE_SUCCEEDED
FAILED = animation_pb2.ANIMATION_STATE_FAILED
CANCELLED = animation_pb2.ANIMATION_STATE_CANCELLED

FINAL_STATES = frozenset({SUCCEEDED, FAILED, CANCELLED})

_ABANDONED_MESSAGE = "the router that made this call died; what the call cost is unknown"


@dataclass(frozen=True)
class Lease:
    """The right to write to an animation: valid as long as the row still has this epoch."""

    animation: str
    epoch: int


@dataclass(frozen=True)
class AttemptRecord:
    """One call to a model or to render, as stored."""

    animation: str
    number: int
    epoch: int
    stage: int
    model: str
    outcome: int
    start_time: float
    end_time: float | None
    detail: animation_pb2.Attempt

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> AttemptRecord:
        """Reads a row of `attempts`."""
        return cls(
            animation=row["animation"],
            number=row["number"],
            epoch=row["epoch"],
            stage=row["stage"],
            model=row["model"],
            outcome=row["outcome"],
            start_time=row["start_time"],
            end_time=row["end_time"],
            detail=animation_pb2.Attempt.FromString(row["detail"]),
        )

    def to_proto(self) -> animation_pb2.Attempt:
        """The public form."""
        attempt = animation_pb2.Attempt()
        attempt.CopyFrom(self.detail)
        attempt.number = self.number
        attempt.stage = self.stage  # type: ignore[assignment]
        attempt.model = self.model
        attempt.outcome = self.outcome  # type: ignore[assignment]
        attempt.start_time.CopyFrom(timestamp(self.start_time))
        if self.end_time is not None:
            attempt.end_time.CopyFrom(timestamp(self.end_time))
        if self.outcome == animation_pb2.ATTEMPT_OUTCOME_ABANDONED:
            attempt.message = _ABANDONED_MESSAGE
        return attempt


@dataclass(frozen=True)
class Record:
    """An animation, as stored. Times are seconds since 1970 by the database's clock."""

    id: str
    tenant: str
    creator: str
    request_id: str | None
    request_hash: str
    prompt: str
    source_scene: scene_pb2.Scene | None
    source_storyboard: str | None
    parent: str | None
    parent_storyboard: str | None
    options: animation_pb2.AnimationOptions
    traceparent: str | None
    state: int
    cancel_requested: bool
    progress: animation_pb2.Progress | None
    decision: animation_pb2.Decision | None
    decide_seconds: float
    scene: scene_pb2.Scene | None
    storyboard: str | None
    scene_model: str | None
    video: animation_pb2.Video | None
    preview: animation_pb2.Image | None
    quality: quality_pb2.Quality | None
    kept: animation_pb2.Animation | None
    error: status_pb2.Status | None
    lease_owner: str | None
    lease_until: float
    epoch: int
    crashes: int
    not_before: float
    priority: int
    generation: int
    revision: int
    create_time: float
    claim_time: float | None
    update_time: float
    end_time: float | None
    expire_time: float | None
    deleted_at: float | None
    release_due: float | None

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> Record:
        """Reads a row of `animations`."""
        values = {name: row[name] for name in cls.__dataclass_fields__}
        for name, kind in _MESSAGES.items():
            raw = values[name]
            values[name] = None if raw is None else kind.FromString(raw)
        return cls(**values)

    @property
    def lease(self) -> Lease:
        """The lease under which the row was read."""
        return Lease(self.id, self.epoch)

    @property
    def name(self) -> str:
        """The resource name."""
        return f"animations/{self.id}"

    @property
    def etag(self) -> str:
        """Changes with state, options and cancellation."""
        return f"g{self.generation}"

    @property
    def is_final(self) -> bool:
        """Whether it has ended."""
        return self.state in FINAL_STATES


_MESSAGES: dict[str, type[Message]] = {
    "source_scene": scene_pb2.Scene,
    "options": animation_pb2.AnimationOptions,
    "progress": animation_pb2.Progress,
    "decision": animation_pb2.Decision,
    "scene": scene_pb2.Scene,
    "video": animation_pb2.Video,
    "preview": animation_pb2.Image,
    "quality": quality_pb2.Quality,
    "kept": animation_pb2.Animation,
    "error": status_pb2.Status,
}


def state_name(state: int) -> str:
    """A state in words, for example `SUCCEEDED`."""
    return animation_pb2.AnimationState.Name(state).removeprefix("ANIMATION_STATE_")  # type: ignore[arg-type]


def timestamp(seconds: float) -> timestamp_pb2.Timestamp:
    """Seconds since 1970 as a message."""
    whole = int(seconds // 1)
    return timestamp_pb2.Timestamp(seconds=whole, nanos=int((seconds - whole) * 1e9))


def duration(seconds: float) -> duration_pb2.Duration:
    """Seconds as a message; below zero counts as zero."""
    seconds = max(0.0, seconds)
    whole = int(seconds // 1)
    return duration_pb2.Duration(seconds=whole, nanos=int((seconds - whole) * 1e9))


def packed(message: Message | None) -> bytes | None:
    """A message as it is stored."""
    return None if message is None else message.SerializeToString(deterministic=True)


def to_animation(record: Record, attempts: Sequence[AttemptRecord]) -> animation_pb2.Animation:
    """The public resource.

    Args:
        record: The row.
        attempts: Its attempts in order, read after the row (so they are never older than it).

    Returns:
        A new message, the caller's own.
    """
    animation = animation_pb2.Animation(
        name=record.name,
        parent=f"animations/{record.parent}" if record.parent else "",
        options=record.options,
        state=record.state,  # type: ignore[arg-type]
        attempts=[attempt.to_proto() for attempt in attempts],
        storyboard=record.storyboard or "",
        timings=_timings(record, attempts),
        spend=spend(attempts),
        tenant=record.tenant,
        creator=record.creator,
        create_time=timestamp(record.create_time),
        update_time=timestamp(record.update_time),
        etag=record.etag,
        revision=record.revision,
        cancel_requested=record.cancel_requested,
    )
    if record.source_scene is not None:
        animation.source_scene.CopyFrom(record.source_scene)
    elif record.source_storyboard is not None:
        animation.source_storyboard = record.source_storyboard
    else:
        animation.prompt = record.prompt
    _fill(animation, "progress", record.progress)
    _fill(animation, "decision", record.decision)
    _fill(animation, "scene", record.scene)
    _fill(animation, "quality", record.quality)
    _fill(animation, "error", record.error)
    _fill(animation, "preview", record.preview)
    if record.preview is not None:
        animation.preview.uri = f"/v1/{record.name}/preview"
    if record.state == SUCCEEDED and record.video is not None:
        animation.video.CopyFrom(record.video)
        animation.video.uri = f"/v1/{record.name}/video"
    if record.end_time is not None:
        animation.end_time.CopyFrom(timestamp(record.end_time))
    if record.expire_time is not None:
        animation.expire_time.CopyFrom(timestamp(record.expire_time))
    return animation


def without_content(animation: animation_pb2.Animation) -> animation_pb2.Animation:
    """What may remain of a deleted animation: no words of a person, no scene, no files."""
    kept = animation_pb2.Animation(
        name=animation.name,
        state=animation.state,
        tenant=animation.tenant,
        etag=animation.etag,
        revision=animation.revision,
    )
    kept.create_time.CopyFrom(animation.create_time)
    if animation.HasField("end_time"):
        kept.end_time.CopyFrom(animation.end_time)
    return kept


def spend(attempts: Iterable[AttemptRecord]) -> animation_pb2.Spend:
    """Tokens and known cost over all attempts."""
    total = animation_pb2.Spend()
    for attempt in attempts:
        used = attempt.detail.usage
        total.usage.input_tokens += used.input_tokens
        total.usage.output_tokens += used.output_tokens
        total.usage.cached_input_tokens += used.cached_input_tokens
        total.usage.thinking_tokens += used.thinking_tokens
        total.cost_usd += attempt.detail.cost_usd
    return total


def _timings(record: Record, attempts: Sequence[AttemptRecord]) -> animation_pb2.Timings:
    generate = render = 0.0
    for attempt in attempts:
        if attempt.end_time is None:
            continue
        took = max(0.0, attempt.end_time - attempt.start_time)
        if attempt.stage == animation_pb2.ATTEMPT_STAGE_RENDER:
            render += took
        else:
            generate += took
    timings = animation_pb2.Timings(
        decide=duration(record.decide_seconds), generate=duration(generate), render=duration(render)
    )
    if record.claim_time is not None:
        timings.queue.CopyFrom(duration(record.claim_time - record.create_time))
    if record.end_time is not None:
        timings.total.CopyFrom(duration(record.end_time - record.create_time))
    return timings


def _fill(animation: animation_pb2.Animation, field: str, value: Message | None) -> None:
    if value is not None:
        getattr(animation, field).CopyFrom(value)
