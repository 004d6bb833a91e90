"""What every backend does, and the words it does it in."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WrongLine:
    """One thing that is wrong with a storyboard that the model wrote before."""

    line: int
    """From 1; 0 where the whole storyboard is meant."""
    message: str
    """What is wrong, with advice."""


@dataclass(frozen=True, slots=True)
class Task:
    """What shall be written."""

    prompt: str
    """In a person's words."""
    parent_storyboard: str = ""
    """What the prompt edits; empty for a new scene."""
    wrong_storyboard: str = ""
    """The model's own invalid answer, where this is a repair."""
    wrong_lines: tuple[WrongLine, ...] = ()
    """What is wrong with it."""
    is_repair: bool = False
    """Whether this is a repair; the wrong answer may be empty."""


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of the answer."""

    text: str
    """May be empty, may be half a line."""
    tokens: int
    """Tokens in it; a server that does not say counts as one a piece."""
    log_probabilities: tuple[float, ...] = ()
    """Natural logarithm of each token's probability, before the grammar; empty where nobody says."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The answer is complete; always last."""

    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    cut: bool
    """Whether the model had more to say and was stopped at its limit."""


class State(Enum):
    """Whether a backend can write now."""

    READY = "ready"
    STARTING = "starting"
    NOT_SERVING = "not serving"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a backend stands."""

    state: State
    model_version: str = ""
    """What answers; empty while unknown."""
    reason: str = ""
    """Why it does not serve; empty where it does."""
    advice: str = ""
    """What to set or run so that it does."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the model writes reliably."""

    element_kinds: tuple[str, ...] = field(default=())
    """Storyboard words; empty means all."""
    action_kinds: tuple[str, ...] = field(default=())
    """Storyboard words; empty means all."""


class DeclinedError(Exception):
    """The model says that it cannot do this: a result, not a failure.

    Attributes:
        reason: Why, in one sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Backend(Protocol):
    """Writes storyboards."""

    @property
    def address(self) -> str:
        """Where it runs, for people; never a secret."""

    @property
    def remote(self) -> bool:
        """Whether prompts leave the machine."""

    @property
    def abilities(self) -> Abilities:
        """What the model writes reliably."""

    def standing(self) -> Standing:
        """Says whether it can write now; answers at once."""

    async def standing_after(self, seen: Standing) -> Standing:
        """Waits until the standing is another one than `seen`, and returns it."""

    def refusal(self, task: Task) -> str:
        """Returns why this model does not try the task, in one sentence; empty if it does."""

    def write(self, task: Task) -> AsyncGenerator[Delta | Ended, None]:
        """Streams the answer; closing the generator stops the model.

        Raises:
            DeclinedError: The model cannot do it, and that showed only on the way.
            MeshError: UNAVAILABLE or DEADLINE_EXCEEDED with the reason; no other error.
        """

    async def start(self) -> None:
        """Begins to come up; returns before it is ready and raises nothing that a later state can tell."""

    async def stop(self) -> None:
        """Ends what `start` began."""
