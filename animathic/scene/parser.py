"""Reads a storyboard, line by line, into a scene."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from animathic.scene.document import Document, SourceMap
from animathic.scene.issues import Code, Issue, SceneError, did_you_mean
from animathic.scene.lexer import Line, Word, split_line
from animathic.scene.limits import LIMITS
from animathic.scene.reading import NAME
from animathic.scene.registry import Statement, language
from animathic.scene.statements import read_statement
from animathic.scene.vocabulary import fold
from animathic.v1 import scene_pb2

__all__ = ["Reader", "parse", "read"]

_CALL = re.compile(r"([A-Za-z_]+)\(")
_DEFINITION = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9_]{0,63})[ \t]*=(?!=)")
_DECLINE = "decline"


def parse(text: str) -> scene_pb2.Scene:
    """The scene that a storyboard says.

    Only the notation is checked; `animathic.scene.validate` says whether the scene makes sense.

    Raises:
        SceneError: The storyboard cannot be read; with every problem found.
    """
    document = read(text)
    if document.issues:
        raise SceneError(document.issues)
    return document.scene


def read(text: str) -> Document:
    """Reads a storyboard, keeping what could be read and everything that could not."""
    reader = Reader()
    if len(text) > LIMITS.characters:
        reader.refuse(f"the storyboard has {len(text)} characters", f"{LIMITS.characters} are allowed")
    else:
        lines = re.split(r"\r?\n", text)
        reader.expect(found[1] for found in map(_DEFINITION.match, lines[: LIMITS.lines]) if found)
        for number, line in enumerate(lines, 1):
            if reader.full:
                break
            reader.line(number, line)
    return reader.finish()


@dataclass(slots=True)
class _Block:
    """A block whose lines are being read."""

    steps: Any
    path: str
    number: int
    indent: int
    body: int | None = None


class Reader:
    """Reads lines as they come.

    Attributes:
        scene: What has been read so far.
        issues: What could not be read so far.
        source: Where each part was written.
    """

    def __init__(self) -> None:
        self.scene = scene_pb2.Scene()
        self.issues: list[Issue] = []
        self.source = SourceMap()
        self._unreadable: dict[str, int] = {}
        self._defined: dict[str, int] = {}
        self._expected: set[str] = set()
        self._blocks: list[_Block] = []
        self._steps = 0
        self._stopped = False
        self._number = 0
        self._read_now: list[tuple[Statement, Message, str]] = []

    @property
    def full(self) -> bool:
        """Whether reading has stopped because there is too much, or too much wrong."""
        return self._stopped

    def expect(self, names: Iterable[str]) -> None:
        """Says which elements later lines define, so that their names are not taken for other words."""
        self._expected.update(names)

    def refuse(self, message: str, advice: str) -> None:
        """Reports that there is too much and stops reading."""
        self._report(Code.TOO_LONG, message, None, advice)
        self._stopped = True

    def line(self, number: int, text: str) -> None:
        """Reads one line, without its line break.

        Args:
            number: The line's number, from 1.
            text: The line.
        """
        if self._stopped:
            return
        self._number = number
        if number > LIMITS.lines:
            self.refuse(f"more than {LIMITS.lines} lines", "")
            return
        line = split_line(text, number)
        self.issues += line.issues
        if line.issues:
            self._remember_unreadable(text)
        elif line.words:
            self._leave_blocks(line)
            self._statements(line)
        if len(self.issues) >= LIMITS.issues:
            self._report(Code.TOO_MANY, f"{LIMITS.issues} problems", None, "the rest is not read")
            self._stopped = True

    def take(self) -> list[tuple[Statement, Message, str]]:
        """The statements read since the last call, each with what holds it and the holder's field path."""
        taken, self._read_now = self._read_now, []
        return taken

    def finish(self) -> Document:
        """What came of all lines."""
        if not self._stopped:
            self._close_blocks(-1)
        issues = tuple(sorted(self.issues, key=lambda issue: issue.line or 0))
        return Document(self.scene, issues, self.source, dict(self._unreadable))

    def _remember_unreadable(self, text: str) -> None:
        """Keeps the name that a line would have defined, so that its uses are not reported as well."""
        name = NAME.match(text.strip())
        if (
            name is not None
            and text.strip()[name.end() :].lstrip()[:1] == "="
            and name[0] not in self._defined
        ):
            self._unreadable.setdefault(name[0], self._number)

    def _leave_blocks(self, line: Line) -> None:
        self._close_blocks(line.indent)
        if not self._blocks:
            return
        block = self._blocks[-1]
        if block.body is None:
            block.body = line.indent
        elif line.indent != block.body:
            self._report(
                Code.BAD_INDENT,
                f"the line is indented by {line.indent} spaces",
                line.indent + 1,
                f"the lines of its block are indented by {block.body}",
            )

    def _close_blocks(self, indent: int) -> None:
        while self._blocks and indent <= self._blocks[-1].indent:
            block = self._blocks.pop()
            if block.body is None:
                message = "the block has no lines"
                self.issues.append(
                    Issue(
                        Code.EMPTY_BLOCK, message, block.path, block.number, None, "indent its lines by two"
                    )
                )

    def _statements(self, line: Line) -> None:
        """Reads the statements of a line: those joined by & are steps that happen together."""
        words = list(line.words)
        opener = language().step_words.get(fold(words[0].text.removesuffix(":")))
        if opener is not None and opener.notation.block and not _defines(words):
            self._block(opener, words, line.indent)
            return
        parts = _split(words)
        steps = [part for part in parts if not self._is_about_scene(part)]
        for part in parts:
            if self._is_about_scene(part):
                self._about_scene(part)
        self._add_steps(steps, self._target())

    def _is_about_scene(self, words: Sequence[Word]) -> bool:
        first = fold(words[0].text)
        return _defines(words) or first in (language().canvas.keyword, language().heading.keyword, _DECLINE)

    def _about_scene(self, words: Sequence[Word]) -> None:
        first = fold(words[0].text)
        if _defines(words):
            self._definition(words)
        elif first == _DECLINE:
            self._report(Code.DECLINED, "a storyboard cannot decline", words[0].column)
        elif first == language().canvas.keyword:
            self._once(language().canvas, self.scene.canvas, "canvas", words, self.scene.HasField("canvas"))
        else:
            self._once(language().heading, self.scene, "title", words, self.scene.HasField("title"))

    def _once(
        self, statement: Statement, holder: Message, path: str, words: Sequence[Word], again: bool
    ) -> None:
        if again:
            self._report(
                Code.DUPLICATE_STATEMENT, f"{statement.keyword} is given twice", words[0].column, path=path
            )
            return
        if path == "canvas":
            self.scene.canvas.SetInParent()
        self.source.places[path] = (self._number, words[0].column)
        self._read(statement, holder, path if path == "canvas" else "", words[1:])

    def _target(self) -> tuple[Any, str]:
        """Where the next step goes: the steps of the innermost block, or of the scene."""
        if self._blocks:
            return self._blocks[-1].steps, self._blocks[-1].path
        return self.scene.steps, "steps"

    def _definition(self, words: Sequence[Word]) -> None:
        name, rest = _definition_parts(words)
        column = words[0].column
        if not self._may_be_called(name, column):
            return
        if name in self._defined:
            self._report(
                Code.DUPLICATE_NAME,
                f'"{name}" is defined already',
                column,
                f"line {self._defined[name]} defines it; choose another name",
            )
            return
        if len(self.scene.elements) >= LIMITS.elements:
            self.refuse(f"more than {LIMITS.elements} elements", "")
            return
        found = language().element_words.get(fold(rest[0].text)) if rest else None
        if found is None:
            self._unknown_kind(rest[0] if rest else words[-1])
            self._unreadable.setdefault(name, self._number)
            return
        statement, shorthand = found
        path = f"elements[{len(self.scene.elements)}]"
        element = self.scene.elements.add(name=name)
        getattr(element, statement.kind).SetInParent()
        self._defined[name] = self._number
        self.source.places[path] = (self._number, column)
        self._read(statement, element, path, rest[1:], shorthand)

    def _may_be_called(self, name: str, column: int) -> bool:
        if not NAME.fullmatch(name):
            self._report(Code.BAD_NAME, f"{name[:40]!r} is not a name", column, "write letters, digits and _")
        elif len(name) > LIMITS.name_length:
            message = f"a name of {len(name)} characters"
            self._report(Code.TOO_LONG, message, column, f"{LIMITS.name_length} are allowed")
        elif fold(name) in language().reserved:
            self._report(
                Code.RESERVED_NAME, f'"{name}" is a word of the language', column, f"call it {name}_1, say"
            )
        else:
            return True
        self._unreadable.setdefault(name, self._number)
        return False

    def _unknown_kind(self, word: Word) -> None:
        known = [s.keyword for s in language().elements.values()]
        known += [h.keyword for s in language().elements.values() for h in s.shorthands]
        call = _CALL.match(word.text)
        if call is not None and fold(call[1]) in language().element_words:
            statement, _ = language().element_words[fold(call[1])]
            advice = f"write the words after it without brackets: {statement.notation.examples[0]}"
        else:
            advice = did_you_mean(word.text, known, "there are " + ", ".join(known))
        self._report(Code.UNKNOWN_KIND, f"no kind of element {word.text[:40]!r}", word.column, advice)

    def _block(self, statement: Statement, words: list[Word], indent: int) -> None:
        header, body, colon = _header(words)
        steps, path = self._target()
        added = self._new_step(statement, steps, path, header)
        if added is None:
            return
        step, own = added
        inner = getattr(step, statement.kind).steps
        path = f"{own}.{statement.kind}.steps"
        if not colon:
            message = f"{statement.keyword} is a block"
            self._report(Code.NOT_A_BLOCK, message, header[0].column, "end its line with a colon", own)
        if not body:
            self._blocks.append(_Block(inner, path, self._number, indent))
            return
        if statement is language().steps["sequence"]:
            self._add_steps(_split(body), (inner, path))
        else:
            for part in _split(body):
                self._add_steps([part], (inner, path))

    def _add_steps(self, parts: Sequence[Sequence[Word]], target: tuple[Any, str]) -> None:
        steps, path = target
        if len(parts) > 1:
            path = f"{path}[{len(steps)}]"
            self.source.places[path] = (self._number, parts[0][0].column)
            together = steps.add().together
            together.SetInParent()
            steps, path = together.steps, f"{path}.together.steps"
        for part in parts:
            statement = language().step_words.get(fold(part[0].text))
            if statement is None or statement.notation.block:
                self._unknown_statement(part, statement)
            else:
                self._new_step(statement, steps, path, part)

    def _new_step(
        self, statement: Statement, steps: Any, path: str, words: Sequence[Word]
    ) -> tuple[scene_pb2.Step, str] | None:
        if self._steps >= LIMITS.steps:
            self.refuse(f"more than {LIMITS.steps} steps", "")
            return None
        if statement.notation.block and len(self._blocks) >= LIMITS.nesting:
            self._report(
                Code.TOO_DEEP, f"more than {LIMITS.nesting} blocks inside each other", words[0].column
            )
            return None
        self._steps += 1
        path = f"{path}[{len(steps)}]"
        step: scene_pb2.Step = steps.add()
        getattr(step, statement.kind).SetInParent()
        self.source.places[path] = (self._number, words[0].column)
        self._read(statement, step, path, words[1:])
        return step, path

    def _unknown_statement(self, words: Sequence[Word], block: Statement | None) -> None:
        word = words[0]
        text = word.text.removesuffix(":")
        if block is not None:
            message = f"{block.keyword} is a block and cannot be joined by &"
            self._report(Code.NOT_A_BLOCK, message, word.column, "put it on a line of its own")
            return
        if fold(text) in language().element_words:
            statement, _ = language().element_words[fold(text)]
            advice = f"give it a name: {statement.notation.examples[0].splitlines()[-1]}"
        else:
            known = [s.keyword for s in language().steps.values()]
            advice = did_you_mean(text, known, "there are " + ", ".join(known))
        self._report(Code.UNKNOWN_STATEMENT, f"no statement {text[:40]!r}", word.column, advice)

    def _read(
        self,
        statement: Statement,
        holder: Message,
        path: str,
        words: Sequence[Word],
        shorthand: Any = None,
    ) -> None:
        self._read_now.append((statement, holder, path))
        names = self._defined.keys() | self._expected
        result = read_statement(statement, holder, words, names, shorthand)
        for inner, column in result.columns.items():
            self.source.places[_path(path, inner)] = (self._number, column)
        for problem in result.problems:
            self._report(
                problem.code, problem.message, problem.column, problem.advice, _path(path, problem.path)
            )

    def _report(self, code: Code, message: str, column: int | None, advice: str = "", path: str = "") -> None:
        self.issues.append(Issue(code, message, path, self._number or None, column, advice))


def _path(start: str, inner: Iterable[str]) -> str:
    return ".".join((start, *inner) if start else inner)


def _defines(words: Sequence[Word]) -> bool:
    """Whether a line defines an element: its second word is an equals sign, `a = circle` or `a=circle`."""
    if len(words) >= 2 and words[1].text[0] == "=":
        return True
    found = NAME.match(words[0].text)
    return found is not None and words[0].text[found.end() : found.end() + 1] == "="


def _definition_parts(words: Sequence[Word]) -> tuple[str, list[Word]]:
    name, sign, attached = words[0].text.partition("=")
    rest = list(words[1:])
    if not sign:
        attached = rest[0].text[1:]
        at = rest[0].column + 1
        rest = rest[1:]
    else:
        at = words[0].column + len(name) + 1
    return name, [Word(attached, at), *rest] if attached else rest


def _split(words: Sequence[Word]) -> list[list[Word]]:
    """The statements of a line, at its & signs; empty ones are left out."""
    parts: list[list[Word]] = [[]]
    for word in words:
        if word.text in ("&", "&&"):
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part]


def _header(words: Sequence[Word]) -> tuple[list[Word], list[Word], bool]:
    """A block's own words, the words after its colon, and whether there is a colon."""
    for index, word in enumerate(words):
        if word.text.endswith(":"):
            own = [Word(word.text[:-1], word.column)] if len(word.text) > 1 else []
            return [*words[:index], *own], list(words[index + 1 :]), True
    return list(words), [], False
