"""The words of one statement, read into its message.

Reading is generous where nothing else could be meant (`move a to (2,1)`, `radius = 2`, `create a, b`); what
is printed has one form only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from animathic.scene.issues import Code, did_you_mean
from animathic.scene.lexer import Word, unquote
from animathic.scene.reading import NAME, ReadingError, read_into, seconds_of
from animathic.scene.registry import Field, Shape, Shorthand, Statement
from animathic.scene.vocabulary import DIRECTIONS, color_of, fold

__all__ = ["Problem", "StatementRead", "read_statement"]

_KEYED = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)=(?!=)(.*)", re.DOTALL)
_NUMERAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_UNITS = frozenset(
    {"s", "sec", "secs", "second", "seconds", "ms", "deg", "degree", "degrees", "rad", "radians"}
)
_CONTINUES = tuple("+*/^<>)")
_UNFINISHED = tuple("+-*/^,(<>=")
_TURNS = frozenset({"pi", "tau"})
_FILLERS = frozenset({"and", "the", "then"})


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read.

    Attributes:
        code: The kind of issue.
        message: What is wrong.
        column: Where in the line, from 1.
        advice: What to write instead; may be empty.
        path: The field it is about, relative to the statement's holder; may be empty.
    """

    code: Code
    message: str
    column: int
    advice: str = ""
    path: tuple[str, ...] = ()


@dataclass(slots=True)
class StatementRead:
    """What came of a statement.

    Attributes:
        problems: What could not be read.
        columns: The column of each field that was written.
    """

    problems: list[Problem] = field(default_factory=list)
    columns: dict[tuple[str, ...], int] = field(default_factory=dict)


def read_statement(
    statement: Statement,
    holder: Message,
    words: Sequence[Word],
    names: Collection[str],
    shorthand: Shorthand | None = None,
) -> StatementRead:
    """Reads the words after a statement's keyword.

    Args:
        statement: What kind of statement it is.
        holder: The element, step, canvas or scene that is filled in.
        words: The words after the keyword.
        names: The elements defined so far.
        shorthand: The shorthand the statement began with, if it was one.
    """
    reader = _Reader(statement, holder, _joined(words), names)
    if shorthand is not None:
        reader.fix(shorthand)
    reader.read()
    return reader.result


def _joined(words: Sequence[Word]) -> list[Word]:
    """Puts together what spaces took apart: `radius = 2`, `90 degrees`."""
    joined: list[Word] = []
    for word in words:
        text = word.text if unquote(word.text) is not None else word.text.rstrip(",;")
        if not text:
            continue
        before = joined[-1].text if joined else ""
        if before and (
            (text == "=" or (text[0] == "=" and text[:2] != "=="))
            or (before[-1] == "=" and _KEYED.fullmatch(before) is not None)
            or (text.lower() in _UNITS and _NUMERAL.fullmatch(before.rpartition("=")[2]) is not None)
        ):
            joined[-1] = Word(before + text, joined[-1].column)
        else:
            joined.append(Word(text, word.column))
    return joined


class _Reader:
    def __init__(
        self, statement: Statement, holder: Message, words: list[Word], names: Collection[str]
    ) -> None:
        self.result = StatementRead()
        self._statement = statement
        self._holder = holder
        self._words = words
        self._names = names
        self._next = 0
        self._fixed: set[tuple[str, ...]] = set()

    def fix(self, shorthand: Shorthand) -> None:
        read_into(self._holder, shorthand.field, shorthand.value, self._names)
        self._fixed.add(shorthand.field.path)

    def read(self) -> None:
        while self._next < len(self._words):
            word = self._words[self._next]
            self._next += 1
            found = _KEYED.fullmatch(word.text)
            if found is not None:
                self._keyed(word, found[1], found[2], found.start(2))
            else:
                self._bare(word)

    def _keyed(self, word: Word, key: str, value: str, offset: int) -> None:
        one = self._statement.by_word.get(fold(key))
        if one is None:
            known = [f.keyword for f in self._statement.fields]
            self._problem(
                Code.UNKNOWN_FIELD,
                f"{self._statement.keyword} has no {key[:40]}",
                word.column,
                did_you_mean(key, known, "it has " + ", ".join(known[:12])),
            )
        elif not value:
            self._problem(Code.BAD_VALUE, f"{key} has no value", word.column, path=one.path)
        else:
            self._set(one, self._continued(one, value), word.column, offset)

    def _continued(self, one: Field, text: str) -> str:
        """A value with the words that belong to it: the rest of an expression, a displacement's length."""
        if one.shape is Shape.EXPRESSION and unquote(text) is None:
            while self._next < len(self._words):
                following = self._words[self._next].text
                if not (following.startswith((*_CONTINUES, "-")) or text.endswith(_UNFINISHED)):
                    break
                text += following
                self._next += 1
        elif one.shape is Shape.VECTOR and text.lower() in DIRECTIONS and self._next < len(self._words):
            following = self._words[self._next].text
            if _NUMERAL.fullmatch(following):
                text += " " + following
                self._next += 1
        return text

    def _bare(self, word: Word) -> None:
        text = word.text
        statement = self._statement
        quoted = unquote(text) is not None
        if not quoted:
            if text.lower() in _FILLERS and text not in self._names:
                return
            known = statement.words.get(fold(text))
            if known is not None:
                self._set_to(*known, word.column)
                return
            timed = statement.by_word.get("runtime")
            if timed is not None and timed.path not in self.result.columns:
                numbered = statement.notation.number_is_run_time and _NUMERAL.fullmatch(text) is not None
                if numbered or seconds_of(text) is not None:
                    self._set(timed, text, word.column, 0)
                    return
            if statement.color is not None and color_of(text) is not None:
                self._set(statement.color, text, word.column, 0)
                return
        positional = self._open_position(text, quoted)
        if positional is not None and positional.shape is Shape.EXPRESSION:
            self._set(positional, self._continued(positional, text), word.column, 0)
        elif (one := self._named_without_sign(text)) is not None:
            following = self._words[self._next]
            self._next += 1
            self._set(one, self._continued(one, following.text), following.column, 0)
        elif positional is not None:
            self._set(positional, self._continued(positional, text), word.column, 0)
        else:
            self._unknown(word)

    def _named_without_sign(self, text: str) -> Field | None:
        """The field of `move a to (2,1)`: its keyword stands alone and a value follows."""
        one = self._statement.by_word.get(fold(text))
        if one is None or text in self._names or self._next >= len(self._words) or one.shape is Shape.FLAG:
            return None
        return None if _KEYED.fullmatch(self._words[self._next].text) else one

    def _open_position(self, text: str, quoted: bool) -> Field | None:
        """The positional field that a bare word can stand for."""
        for one in self._statement.positional:
            if one.path in self.result.columns and one.shape is not Shape.REFERENCES:
                continue
            if one.path in self._fixed:
                continue
            if self._fits(one, text, quoted):
                return one
        return None

    def _fits(self, one: Field, text: str, quoted: bool) -> bool:
        if one.shape is Shape.STRING:
            return True
        if quoted:
            return one.shape is Shape.EXPRESSION
        if one.shape is Shape.REFERENCES:
            if any(f.position > one.position and f.path in self.result.columns for f in self._positional):
                return False
            return text[0] == "[" or (NAME.fullmatch(text) is not None and not self._ends_names(text))
        if one.shape is Shape.REFERENCE:
            return NAME.fullmatch(text) is not None
        if one.shape is Shape.POINT:
            return text[0] == "(" or NAME.match(text) is not None
        if one.shape is Shape.VECTOR:
            return text[0] == "(" or "".join(filter(str.isalpha, text)).lower() in DIRECTIONS
        if one.shape in (Shape.NUMBER, Shape.INTEGER, Shape.ANGLE):
            return text[0] in "+-.(" or text[0].isdigit() or text.lower().startswith(("pi", "tau", "sqrt"))
        return one.shape is Shape.EXPRESSION

    def _ends_names(self, text: str) -> bool:
        """Whether what could be a name is what follows the names: `right` in a shift, `pi` in a turn."""
        if text in self._names:
            return False
        shapes = {field.shape for field in self._positional}
        directed = Shape.VECTOR in shapes and text.lower() in DIRECTIONS
        return directed or (Shape.ANGLE in shapes and text.lower() in _TURNS)

    @property
    def _positional(self) -> tuple[Field, ...]:
        return self._statement.positional

    def _set_to(self, one: Field, number: int, column: int) -> None:
        if not self._free(one, column):
            return
        message: Any = self._holder
        for name in one.path[:-1]:
            message = getattr(message, name)
        setattr(message, one.path[-1], number)
        self.result.columns[one.path] = column

    def _set(self, one: Field, text: str, column: int, offset: int) -> None:
        repeats = one.shape is Shape.REFERENCES and one.path in self.result.columns
        if not repeats and not self._free(one, column):
            return
        self.result.columns.setdefault(one.path, column)
        try:
            read_into(self._holder, one, text, self._names)
        except ReadingError as error:
            at = column + offset + error.offset
            self._problem(
                error.code, f"{self._statement.keyword}: {error.reason}", at, error.advice, one.path
            )

    def _free(self, one: Field, column: int) -> bool:
        """Whether a field is still to be set; if not, that is reported."""
        taken = one.path in self.result.columns or one.path in self._fixed
        rival = one.keyword if taken else self._rival(one)
        if rival is None:
            return True
        message = f"{one.keyword} is given twice" if rival == one.keyword else f"{rival} is given already"
        self._problem(Code.DUPLICATE_FIELD, f"{self._statement.keyword}: {message}", column, path=one.path)
        return False

    def _rival(self, one: Field) -> str | None:
        """The keyword of a field that was written and excludes this one."""
        message: Any = self._holder
        for depth, name in enumerate(one.path):
            chosen = None
            oneof = message.DESCRIPTOR.fields_by_name[name].containing_oneof
            if oneof is not None:
                chosen = message.WhichOneof(oneof.name)
            if chosen is not None and chosen != name:
                prefix = (*one.path[:depth], chosen)
                for other in self._statement.fields:
                    if other.path[: depth + 1] == prefix and other.path in self.result.columns:
                        return other.keyword
            if depth < len(one.path) - 1:
                message = getattr(message, name)
        return None

    def _unknown(self, word: Word) -> None:
        statement = self._statement
        shown = word.text if len(word.text) <= 40 else word.text[:37] + "..."
        keywords = [f.keyword for f in statement.fields]
        if fold(word.text) in statement.by_word:
            one = statement.by_word[fold(word.text)]
            advice = f"write {one.keyword}=..."
        elif any(f.shape is Shape.STRING for f in statement.positional):
            advice = "put the text in quotes"
        else:
            advice = did_you_mean(
                word.text, [*statement.words, *keywords], "it has " + ", ".join(keywords[:12])
            )
        message = f"{statement.keyword}: {shown!r} has no meaning here"
        self._problem(Code.UNKNOWN_WORD, message, word.column, advice)

    def _problem(
        self, code: Code, message: str, column: int, advice: str = "", path: tuple[str, ...] = ()
    ) -> None:
        self.result.problems.append(Problem(code, message, column, advice, path))
