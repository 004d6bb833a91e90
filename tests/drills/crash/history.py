"""What happened in one seed, as seen from outside the routers."""

from dataclasses import dataclass, field

from animathic.v1 import animation_pb2, events_pb2

SUCCEEDED = animation_pb2.ANIMATION_STATE_SUCCEEDED
FAILED = animation_pb2.ANIMATION_STATE_FAILED
CANCELLED = animation_pb2.ANIMATION_STATE_CANCELLED
FINAL = frozenset({SUCCEEDED, FAILED, CANCELLED})

#: For each kind: the states it may end in, and the model calls that its script needs.
KINDS: dict[str, tuple[frozenset[int], int]] = {
    "plain": (frozenset({SUCCEEDED}), 1),
    "repair": (frozenset({SUCCEEDED}), 2),
    "fallback": (frozenset({SUCCEEDED}), 2),
    "declined": (frozenset({FAILED}), 2),
    "scene": (frozenset({SUCCEEDED}), 0),
    "busy": (frozenset({SUCCEEDED}), 1),
    "breaks": (frozenset({SUCCEEDED}), 1),
    "cancelled": (frozenset({SUCCEEDED, CANCELLED}), 1),
    "deleted": (frozenset({SUCCEEDED, CANCELLED}), 1),
    "deleted_late": (frozenset({SUCCEEDED}), 1),
    # Only given up, after as many crashes as are allowed.
    "poison": (frozenset(), 0),
}


@dataclass
class Story:
    """One animation that the drill asked for.

    Attributes:
        key: Its word in the prompt, and its request_id.
        kind: Which script.
        names: Every name that a create was answered with.
        cancel_answered: Whether a cancellation was acknowledged.
        delete_answered: Whether a deletion was acknowledged.
        ends: Every final snapshot that anybody saw.
        overlaps: Snapshots with more than one attempt under way.
        final: The row at the end, deleted or not; None where there is none.
    """

    key: str
    kind: str
    names: list[str] = field(default_factory=list)
    cancel_answered: bool = False
    delete_answered: bool = False
    ends: list[animation_pb2.Animation] = field(default_factory=list)
    overlaps: int = 0
    final: animation_pb2.Animation | None = None
    crashes: int = 0
    epochs: list[int] = field(default_factory=list)


@dataclass
class History:
    """All of one seed.

    Attributes:
        stories: What was asked for.
        rows: How many rows the database has.
        calls: Model calls that an adapter accepted, by story.
        events: What the consumer stored, by event id.
        outbox_left: Events that nobody took.
        held: Keys that are held at the end, by holder.
        orphans: Holders whose animation is deleted or has no video, after the sweep.
        faults: Strikes that happened, in order.
        max_crashes: After so many an animation may be given up.
        timed_out: What did not happen in time.
    """

    stories: list[Story] = field(default_factory=list)
    rows: int = 0
    calls: dict[str, int] = field(default_factory=dict)
    events: dict[str, events_pb2.Event] = field(default_factory=dict)
    outbox_left: int = 0
    orphans: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    max_crashes: int = 5
    timed_out: list[str] = field(default_factory=list)
