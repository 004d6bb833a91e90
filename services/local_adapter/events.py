"""What a call to the model tells, in order: Accepted, any number of Progress, Finished."""

from __future__ import annotations

from dataclasses import dataclass

from animathic.scene import Issue
from services.local_adapter.backends.protocol import Ended
from services.local_adapter.storyboard import Judged


@dataclass(frozen=True, slots=True)
class Accepted:
    """The call has a slot."""

    model_version: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The model writes.

    Attributes:
        output_tokens: Written so far.
        lines: Completed since the last one.
        issues: What is wrong with them.
    """

    output_tokens: int
    lines: tuple[str, ...]
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """The end."""

    judged: Judged
    model_version: str
    ended: Ended
    confidence: float | None
    seconds: float


Event = Accepted | Progress | Finished
