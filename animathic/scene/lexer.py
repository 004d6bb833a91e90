"""One line of a storyboard, split into words.

Words are separated by spaces outside quotes and brackets. Strings are raw: a backslash is a backslash, and a
quotation mark inside a string is doubled.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from animathic.scene.issues import Code, Issue
from animathic.scene.limits import LIMITS

__all__ = ["Line", "Word", "control_character", "quote", "split_commas", "split_line", "unquote"]

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_QUOTES = {'"': '"', "'": "'", "“": "”"}
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}(?![0-9A-Za-z_])")
_BEFORE_QUOTE = frozenset("=,([{")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Word:
    """A word with the column, from 1, where it starts."""

    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line's words.

    Attributes:
        number: From 1.
        indent: Spaces before the first word; a tab counts as two.
        words: Without comments.
        issues: What could not be split.
    """

    number: int
    indent: int
    words: tuple[Word, ...]
    issues: tuple[Issue, ...]


def split_line(text: str, number: int) -> Line:
    """Splits a line, without its line break, into words."""
    if len(text) > LIMITS.line_length:
        message = f"the line has {len(text)} characters"
        advice = f"{LIMITS.line_length} are allowed"
        return Line(
            number, 0, (), (Issue(Code.TOO_LONG, message, "", number, LIMITS.line_length + 1, advice),)
        )
    body = text.lstrip(" \t")
    indent = sum(2 if c == "\t" else 1 for c in text[: len(text) - len(body)])
    at = control_character(body)
    if at is not None:
        column = len(text) - len(body) + at + 1
        message = f"a control character (U+{ord(body[at]):04X})"
        return Line(number, indent, (), (Issue(Code.CONTROL_CHARACTER, message, "", number, column),))
    words: list[Word] = []
    position = len(text) - len(body)
    while position < len(text):
        if text[position] in " \t":
            position += 1
            continue
        if text[position] == "#" and not (words and _COLOR.match(text, position)):
            break
        end, problem = _word_end(text, position)
        if problem:
            return Line(number, indent, tuple(words), (Issue(Code.UNCLOSED, problem, "", number, end + 1),))
        words.append(Word(text[position:end], position + 1))
        position = end
    return Line(number, indent, tuple(words), ())


def _word_end(text: str, start: int) -> tuple[int, str]:
    """Where the word that starts at `start` ends, or where it goes wrong and how."""
    open_brackets: list[tuple[str, int]] = []
    position = start
    while position < len(text):
        character = text[position]
        if character in " \t" and not open_brackets:
            break
        if _opens_string(text, position, start):
            end = _string_end(text, position)
            if end is None:
                return position, "the string is not closed"
            position = end
            continue
        if character in _CLOSING:
            open_brackets.append((character, position))
        elif character in _CLOSING.values():
            if not open_brackets or _CLOSING[open_brackets[-1][0]] != character:
                return position, f"{character} closes nothing"
            open_brackets.pop()
        position += 1
    if open_brackets:
        bracket, at = open_brackets[-1]
        return at, f"{bracket} is not closed"
    return position, ""


def _opens_string(text: str, position: int, start: int) -> bool:
    if text[position] == '"':
        return True
    return text[position] in _QUOTES and (position == start or text[position - 1] in _BEFORE_QUOTE)


def _string_end(text: str, start: int) -> int | None:
    """The position after the quotation mark that closes the string at `start`."""
    closing = _QUOTES[text[start]]
    position = start + 1
    while (position := text.find(closing, position)) >= 0:
        if text.startswith(closing, position + 1):
            position += 2
            continue
        return position + 1
    return None


def unquote(word: str) -> str | None:
    """The content of a quoted word, or None if it is not one string."""
    if not word or word[0] not in _QUOTES or _string_end(word, 0) != len(word):
        return None
    closing = _QUOTES[word[0]]
    return word[1:-1].replace(closing * 2, closing)


def quote(text: str) -> str:
    """Text as a string of the language."""
    return '"' + text.replace('"', '""') + '"'


def split_commas(text: str) -> list[str]:
    """The parts of a list at its commas, those in strings and brackets left alone; blanks are stripped."""
    parts: list[str] = []
    depth = start = position = 0
    while position < len(text):
        if _opens_string(text, position, start) and (end := _string_end(text, position)) is not None:
            position = end
            continue
        if text[position] in _CLOSING:
            depth += 1
        elif text[position] in _CLOSING.values():
            depth -= 1
        elif text[position] == "," and depth == 0:
            parts.append(text[start:position].strip())
            start = position + 1
        position += 1
    parts.append(text[start:].strip())
    return parts


def control_character(text: str) -> int | None:
    """The position of the first control, surrogate or line-separating character, or None."""
    if text.isprintable():
        return None
    for position, character in enumerate(text):
        if character != "\t" and unicodedata.category(character) in _UNPRINTABLE:
            return position
    return None
