"""Judges an answer with the scene language: each line as it comes, the whole at the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from animathic.scene import Issue, SceneError
from animathic.scene.answer import Declined, parse_answer
from animathic.scene.registry import language
from animathic.scene.stream import StoryboardStream
from animathic.scene.vocabulary import fold
from animathic.v1 import scene_pb2

_DEFINITION = re.compile(r"[A-Za-z]\w*\s*=")
_WORD = re.compile(r"\w+")
_DECLINE = re.compile(r"decline\b(?!\s*=)", re.IGNORECASE)
_MAX_REASON = 300
_NO_REASON = "the model says that it cannot show this"


def begins_storyboard(line: str) -> bool:
    """Whether a line can be one of a storyboard, judged by its beginning."""
    if line.startswith("#") or _DEFINITION.match(line) or _DECLINE.match(line):
        return True
    first = _WORD.match(line)
    known = language()
    return first is not None and (
        fold(first[0]) in known.step_words or fold(first[0]) in {known.canvas.keyword, known.heading.keyword}
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """What an answer is.

    Attributes:
        storyboard: Its lines; issues count them from 1.
        scene: The scene, if it is a valid one.
        declined: Why the model says that it cannot do this; empty if it does not say so.
        issues: Errors and notes.
    """

    storyboard: str
    scene: scene_pb2.Scene | None
    declined: str
    issues: tuple[Issue, ...]


class StoryboardReader:
    """Collects an answer's lines."""

    def __init__(self) -> None:
        self._stream = StoryboardStream()
        self._lines: list[str] = []
        self._declines = False

    def read(self, lines: Sequence[str]) -> tuple[Issue, ...]:
        """Takes the next lines.

        Returns:
            What can be said to be wrong with them before the rest is known.
        """
        found: list[Issue] = []
        for line in lines:
            if not any(self._lines) and _DECLINE.match(line):
                self._declines = True
            self._lines.append(line)
            if not self._declines:
                found += self._stream.feed(line + "\n")
        return tuple(found)

    def judge(self) -> Judged:
        """Validates all lines together."""
        storyboard = "\n".join(self._lines).rstrip("\n")
        if self._declines:
            return Judged(storyboard, None, _reason(storyboard), ())
        result = self._stream.close()
        return Judged(storyboard, result.scene if result.ok else None, "", (*result.errors, *result.notes))


def _reason(answer: str) -> str:
    try:
        parsed = parse_answer(answer)
    except SceneError:
        parsed = None
    if isinstance(parsed, Declined):
        reason = parsed.reason
    else:  # not as it should be written, but it is plain what is meant
        line = answer.strip().splitlines()[0]
        reason = line[len("decline") :].strip(' :="')
    return reason[:_MAX_REASON] or _NO_REASON
