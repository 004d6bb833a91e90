"""One call to the model, from the queue to the judged answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from animathic.scene import Code as SceneCode
from animathic.scene import Issue
from services.chassis.errors import Code, MeshError
from services.local_adapter.answer_text import AnswerText
from services.local_adapter.backends.protocol import Backend, DeclinedError, Delta, Ended, State, Task
from services.local_adapter.confidence import confidence
from services.local_adapter.slots import Slots
from services.local_adapter.storyboard import Judged, StoryboardReader, begins_storyboard

_PROGRESS_SECONDS = 0.25
_LEAST_SECONDS = 0.2
_HOPELESS = 20
"""Wrong lines after which nobody needs the rest: a small model that loops would go on to its limit."""


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


class Generator:
    """Lets the backend write and judges what it writes.

    Args:
        backend: What writes.
        slots: Who may write now.
        longest_seconds: How long one answer may take, whatever the caller's deadline says.
    """

    def __init__(self, backend: Backend, slots: Slots, *, longest_seconds: float) -> None:
        self._backend = backend
        self._slots = slots
        self._longest_seconds = longest_seconds
        self._log = structlog.get_logger(__name__)

    async def generate(
        self, task: Task, *, model_version: str = "", seconds: float | None = None
    ) -> AsyncGenerator[Event, None]:
        """Does one task. Closing the generator stops the model and frees the slot.

        Args:
            task: What shall be written.
            model_version: The version that shall write it; empty takes the one that serves.
            seconds: What the caller's deadline leaves; None: no deadline.

        Yields:
            Accepted, any number of Progress, Finished.

        Raises:
            MeshError: NOT_FOUND for another version, RESOURCE_EXHAUSTED without a slot, UNAVAILABLE or
                DEADLINE_EXCEEDED from the model.
        """
        limit = min(seconds, self._longest_seconds) if seconds is not None else self._longest_seconds
        # What is left after the answer has to bring it to the caller.
        until = asyncio.get_running_loop().time() + max(_LEAST_SECONDS, limit - _LEAST_SECONDS)
        serving = self._backend.standing().model_version
        if model_version and serving and model_version != serving:
            raise MeshError(
                Code.NOT_FOUND,
                "MODEL_NOT_FOUND",
                f"version {model_version!r} does not serve here; ask for {serving!r}, or leave it empty",
            )
        if self._backend.standing().state is State.NOT_SERVING:
            standing = self._backend.standing()
            raise MeshError(
                Code.UNAVAILABLE, "MODEL_FAILED", f"{standing.reason}; {standing.advice}", retry_after=5.0
            )
        if refusal := self._backend.refusal(task):
            yield Accepted(serving)
            yield _declined(refusal, serving, 0.0)
            return
        async with self._slots.place(until - asyncio.get_running_loop().time()):
            yield Accepted(serving)
            async with aclosing(self._write(task, until)) as events:
                async for event in events:
                    yield event

    async def _write(self, task: Task, until: float) -> AsyncGenerator[Event, None]:
        began = time.monotonic()
        text = AnswerText(begins_storyboard)
        reader = StoryboardReader()
        tokens = 0
        log_probabilities: list[float] = []
        ended: Ended | None = None
        held: list[str] = []
        wrong = 0
        reported = began
        async with aclosing(self._backend.write(task)) as pieces:
            while ended is None:
                try:
                    piece = await _next(pieces, until)
                except DeclinedError as declined:
                    yield _declined(declined.reason, self._version(), time.monotonic() - began)
                    return
                if isinstance(piece, Ended):
                    ended = piece
                    break
                tokens += piece.tokens
                log_probabilities += piece.log_probabilities
                held += text.feed(piece.text)
                now = time.monotonic()
                if held or now - reported >= _PROGRESS_SECONDS:
                    reported = now
                    issues = reader.read(held)
                    wrong += len(issues)
                    yield Progress(tokens, tuple(held), issues)
                    held = []
                if text.too_long or text.complete or wrong >= _HOPELESS:
                    break
        rest = text.finish()
        if rest:
            yield Progress(tokens, tuple(rest), reader.read(rest))
        if ended is None:  # stopped by us: the server had no occasion to count
            ended = Ended(0, 0, tokens, cut=not text.complete)
        judged = reader.judge()
        if ended.cut and not judged.declined:
            judged = _mark_cut(judged)
        yield Finished(
            judged, self._version(), ended, confidence(log_probabilities), time.monotonic() - began
        )

    def _version(self) -> str:
        return self._backend.standing().model_version


async def _next(pieces: AsyncGenerator[Delta | Ended, None], until: float) -> Delta | Ended:
    try:
        async with asyncio.timeout_at(until):
            return await anext(pieces)
    except StopAsyncIteration:
        raise MeshError(Code.UNAVAILABLE, "MODEL_FAILED", "the model ended without a word; retry") from None
    except TimeoutError:
        raise MeshError(
            Code.DEADLINE_EXCEEDED,
            "MODEL_TIMEOUT",
            "the local model did not finish in time; allow more time or ask for less",
        ) from None


def _declined(reason: str, version: str, seconds: float) -> Finished:
    return Finished(Judged("", None, reason, ()), version, Ended(0, 0, 0, cut=False), None, seconds)


def _mark_cut(judged: Judged) -> Judged:
    """What was cut is no answer, even where it happens to be a valid scene up to there."""
    lines = judged.storyboard.count("\n") + 1
    issue = Issue(
        SceneCode.TOO_LONG, "the answer was cut here because it is too long", line=lines, advice="write less"
    )
    return Judged(judged.storyboard, None, "", (*judged.issues, issue))
