"""Takes the storyboard out of what a model says: code fences, thoughts and politeness around it go.

A trained model under a grammar says nothing else; a general one often opens with a sentence and a fence.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

_FENCE = "```"
_THOUGHT_BEGINS = "<think>"
_THOUGHT_ENDS = "</think>"
_SENTENCE_ENDS = (":", ".", "!", "?")
MAX_CHARACTERS = 200_000
"""Thoughts included: twice what a storyboard may have."""
MAX_LINE_CHARACTERS = 20_000


class _Part(Enum):
    BEFORE = auto()
    THOUGHT = auto()
    FENCED = auto()
    BARE = auto()
    AFTER = auto()


class AnswerText:
    """Splits an answer into storyboard lines while it comes.

    Args:
        begins_storyboard: Whether a line can be one of a storyboard, judged by its first words.
    """

    def __init__(self, begins_storyboard: Callable[[str], bool]) -> None:
        self._begins_storyboard = begins_storyboard
        self._part = _Part.BEFORE
        self._unfinished = ""
        self._preamble: list[str] = []
        self._characters = 0

    @property
    def too_long(self) -> bool:
        """Whether more came than any storyboard can have: reading on makes no sense."""
        return self._characters > MAX_CHARACTERS or len(self._unfinished) > MAX_LINE_CHARACTERS

    @property
    def complete(self) -> bool:
        """Whether the closing fence has come; what follows is talk."""
        return self._part is _Part.AFTER

    def feed(self, text: str) -> list[str]:
        """Takes the next piece and returns the storyboard lines that it completed."""
        self._characters += len(text)
        *lines, self._unfinished = (self._unfinished + text).split("\n")
        return [kept for line in lines for kept in self._line(line.removesuffix("\r"))]

    def finish(self) -> list[str]:
        """Returns the lines that only the end completes."""
        kept = self._line(self._unfinished.removesuffix("\r")) if self._unfinished else []
        self._unfinished = ""
        if self._part is _Part.BEFORE:
            # Nothing looked like a storyboard: it shall be judged as it is, not vanish.
            kept = self._preamble + kept
        self._preamble = []
        return kept

    def _line(self, line: str) -> list[str]:
        bare = line.strip()
        match self._part:
            case _Part.THOUGHT:
                if _THOUGHT_ENDS not in bare:
                    return []
                self._part = _Part.BEFORE
                rest = bare.partition(_THOUGHT_ENDS)[2]
                return self._line(rest) if rest.strip() else []
            case _Part.BEFORE:
                return self._before(line, bare)
            case _Part.FENCED | _Part.BARE:
                if bare.startswith(_FENCE):
                    self._part = _Part.AFTER
                    return []
                return [line]
            case _Part.AFTER:
                return []

    def _before(self, line: str, bare: str) -> list[str]:
        if bare.startswith(_THOUGHT_BEGINS):
            self._part = _Part.THOUGHT
            return self._line(bare.removeprefix(_THOUGHT_BEGINS))
        if bare.startswith(_FENCE):
            self._part = _Part.FENCED
            self._preamble = []
            return []
        if not bare:
            return []
        if not self._begins_storyboard(bare) and _is_talk(bare):
            self._preamble.append(line)
            return []
        self._part = _Part.BARE
        self._preamble = []
        return [line]


def _is_talk(line: str) -> bool:
    """Whether a line that no storyboard begins with is a sentence rather than a mistaken statement."""
    return "=" not in line and (line.endswith(_SENTENCE_ENDS) or line[0].isupper())
