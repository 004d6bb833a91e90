"""What a model answers: a storyboard, or that it declines.

decline "I can only draw in two dimensions."
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from animathic.scene.issues import Code, Issue, SceneError
from animathic.scene.lexer import quote, split_line, unquote
from animathic.scene.parser import parse
from animathic.v1 import scene_pb2

__all__ = ["Declined", "parse_answer", "print_declined", "restore_backslashes", "storyboard_of"]

_FENCE = re.compile(r"\s*```[a-z]*[ \t]*\r?\n(.*?)(?:\r?\n```\s*|\Z)", re.DOTALL)
_REASON_LENGTH = 300
_ESCAPED = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v", "\a": "a"}
_DAMAGED = re.compile(r"([\b\f\n\r\t\v\a])(?=[A-Za-z])")


@dataclass(frozen=True, slots=True)
class Declined:
    """A model says that it cannot draw what was asked.

    Attributes:
        reason: Why, in words for the person who asked; may be empty.
    """

    reason: str


def parse_answer(text: str) -> scene_pb2.Scene | Declined:
    """The scene that an answer says, or that it declines.

    Args:
        text: A storyboard, in a Markdown code fence or not, or one `decline` line.

    Raises:
        SceneError: It is neither.
    """
    storyboard = storyboard_of(text)
    first = next((line for line in storyboard.split("\n") if line.strip()), "")
    if first.split()[:1] != ["decline"]:
        return parse(storyboard)
    line = split_line(first.rstrip("\r"), storyboard.split("\n").index(first) + 1)
    if line.issues:
        raise SceneError(line.issues)
    words = line.words[1:]
    reason = unquote(words[0].text) if len(words) == 1 else " ".join(word.text for word in words)
    if reason is None or len(reason) > _REASON_LENGTH:
        message = "the reason for declining cannot be read"
        raise SceneError([Issue(Code.DECLINED, message, line=line.number, advice='write: decline "reason"')])
    return Declined(reason)


def print_declined(declined: Declined) -> str:
    """The line that declines."""
    return f"decline {quote(declined.reason)}\n"


def storyboard_of(text: str) -> str:
    """The storyboard in an answer: what a Markdown code fence holds, or all of it."""
    found = _FENCE.fullmatch(text) or _FENCE.search(text)
    return text if found is None else found[1]


def restore_backslashes(line: str) -> str:
    r"""Puts back the backslashes that JSON took from a line's LaTeX: a form feed before `rac` was `\frac`.

    A line of a storyboard holds no control character, so one before a letter can only be a damaged command.

    Args:
        line: One line, without its line break.
    """
    return _DAMAGED.sub(lambda found: "\\" + _ESCAPED[found[1]], line)
