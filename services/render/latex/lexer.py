"""Splits LaTeX into tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["LatexError", "Token", "tokens"]

_TOKEN = re.compile(
    r"(?P<command>\\[A-Za-z]+\*?|\\.)|(?P<number>\d+(?:\.\d+)?)|(?P<space>\s+)|(?P<comment>%[^\n]*)|(?P<other>.)",
    re.DOTALL,
)
_STARRED = frozenset({"\\operatorname*"})


class LatexError(ValueError):
    """A formula cannot be converted.

    Attributes:
        code: The kind of issue: `latex_syntax` or `latex_command`.
        advice: What to write instead; may be empty.
    """

    def __init__(self, message: str, code: str = "latex_syntax", advice: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Token:
    """A token.

    Attributes:
        kind: `command`, `number`, `space` or `other`.
        text: As written; of a command with its backslash.
        position: Where it starts, in characters from 0.
    """

    kind: str
    text: str
    position: int


def tokens(tex: str) -> list[Token]:
    """The tokens of a formula; comments are left out.

    Raises:
        LatexError: It ends in a backslash, or holds a control character.
    """
    found: list[Token] = []
    position = 0
    while position < len(tex):
        match = _TOKEN.match(tex, position)
        if match is None:
            raise LatexError("the formula ends in a backslash")
        kind, text = str(match.lastgroup), match.group()
        if text == "\\":
            raise LatexError("the formula ends in a backslash")
        if kind == "command" and text.endswith("*") and text not in _STARRED:
            text = text[:-1]
        if kind == "other" and not text.isprintable():
            raise LatexError(f"the formula holds the control character U+{ord(text):04X}")
        if kind != "comment":
            found.append(Token(kind, text, position))
        position += len(text)
    return found
