"""Judges an answer with the scene language: each line as it comes, the whole at the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from animathic.scene import Issue, check
from animathic.scene.parser import Reader
from animathic.scene.registry import language
from animathic.scene.vocabulary import fold
from animathic.v1 import scene_pb2

_DECLINE = re.compile(r'decline(?:\s*[:=(]\s*|\s+|$)"?(?P<reason>[^"]*)"?\)?\s*', re.IGNORECASE)
_DEFINITION = re.compile(r"[A-Za-z]\w*\s*=")
_WORD = re.compile(r"\w+")
_MAX_REASON = 300
_NO_REASON = "the model says that it cannot show this"


def begins_storyboard(line: str) -> bool:
    """Whether a line can be one of a storyboard, judged by its beginning."""
    if line.startswith("#") or _DEFINITION.match(line) or _DECLINE.fullmatch(line):
        return True
    first = _WORD.match(line)
    known = language()
    return first is not None and (
        fold(first[0]) in known.step_words
        or first[0].lower() in {known.canvas.keyword, known.heading.keyword}
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
        self._reader = Reader()
        self._lines: list[str] = []
        self._reported = 0

    def read(self, lines: Sequence[str]) -> tuple[Issue, ...]:
        """Takes the next lines.

        Returns:
            What can be said to be wrong with them before the rest is known: their notation.
        """
        for line in lines:
            self._lines.append(line)
            if not _DECLINE.fullmatch(line.strip()):
                self._reader.line(len(self._lines), line)
        found = tuple(self._reader.issues[self._reported :])
        self._reported = len(self._reader.issues)
        return found

    @property
    def full(self) -> bool:
        """Whether there is more, or more wrong, than a storyboard can have."""
        return self._reader.full

    def judge(self) -> Judged:
        """Validates all lines together."""
        storyboard = "\n".join(self._lines).strip("\n")
        written = [line.strip() for line in self._lines if line.strip()]
        if len(written) == 1 and (declined := _DECLINE.fullmatch(written[0])):
            return Judged(storyboard, None, declined["reason"].strip()[:_MAX_REASON] or _NO_REASON, ())
        result = check(storyboard)
        issues = (*result.errors, *result.notes)
        return Judged(storyboard, result.scene if result.ok else None, "", issues)
