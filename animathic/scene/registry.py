"""The language as its descriptors declare it: which statements there are, and how each field is written.

Nothing here knows a particular kind of element or action. A new one is a message in `scene.proto` with its
written form as options; parser, printer, validation, grammar and reference read it from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from animathic.scene.vocabulary import COLOR_ALIASES, COLORS, DIRECTIONS, fold
from animathic.v1 import notation_pb2, scene_pb2

__all__ = [
    "ALL",
    "EnumWords",
    "Field",
    "Language",
    "Shape",
    "Shorthand",
    "Statement",
    "enum_words",
    "language",
]

ALL = "all"
"""The reference that means everything that is shown."""


class Shape(Enum):
    """How a field's value is written."""

    NUMBER = auto()
    INTEGER = auto()
    ANGLE = auto()
    SECONDS = auto()
    FLAG = auto()
    WORD = auto()
    COLOR = auto()
    STRING = auto()
    STRINGS = auto()
    EXPRESSION = auto()
    REFERENCE = auto()
    REFERENCES = auto()
    POINT = auto()
    VECTOR = auto()
    RANGE = auto()


_MESSAGE_SHAPES = {
    "Expression": Shape.EXPRESSION,
    "Point": Shape.POINT,
    "Range": Shape.RANGE,
    "Reference": Shape.REFERENCE,
    "Vector": Shape.VECTOR,
}


_NAMING = frozenset({Shape.REFERENCE, Shape.REFERENCES, Shape.POINT})


@dataclass(frozen=True, slots=True)
class EnumWords:
    """The words of an enum.

    Attributes:
        printed: The canonical word of each number; the unspecified zero has none.
        read: The number of each folded word, aliases included.
    """

    printed: Mapping[int, str]
    read: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a statement.

    Attributes:
        path: Where it is in the message that holds the statement: `("circle", "radius")` in an element,
            `("run_time",)` in a step.
        descriptor: The field's descriptor.
        keyword: Its name in `keyword=value`.
        aliases: Other names that are read.
        shape: How its value is written.
        notation: Its options.
        position: Its order among bare words, from 1; 0 if it has none.
    """

    path: tuple[str, ...]
    descriptor: FieldDescriptor
    keyword: str
    aliases: tuple[str, ...]
    shape: Shape
    notation: notation_pb2.FieldNotation
    position: int


@dataclass(frozen=True, slots=True)
class Shorthand:
    """A keyword that fixes one field: `hexagon`."""

    keyword: str
    field: Field
    value: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One kind of element or step, or the canvas.

    Attributes:
        keyword: Its first word.
        kind: The name of its field in the `kind` of an element or step; empty for canvas and heading.
        message: The descriptor of what it says.
        notation: Its options.
        fields: All its fields, in the order in which they are printed.
        by_word: Fields by folded keyword or alias.
        words: Bare words: the field each sets, and to what.
        color: The field that a bare colour sets.
        shorthands: Keywords of its own for one value of one field.
    """

    keyword: str
    kind: str
    message: Descriptor
    notation: notation_pb2.WordNotation
    fields: tuple[Field, ...]
    by_word: Mapping[str, Field]
    words: Mapping[str, tuple[Field, int]]
    color: Field | None
    shorthands: tuple[Shorthand, ...]

    @property
    def positional(self) -> tuple[Field, ...]:
        """The fields that are written as bare words, in their order."""
        return tuple(sorted((f for f in self.fields if f.position), key=lambda f: f.position))

    def field(self, name: str) -> Field:
        """The field of its own message with a proto name.

        Raises:
            KeyError: It has no such field.
        """
        for one in self.fields:
            if one.path[-1] == name and one.path[0] == self.kind:
                return one
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Language:
    """Every statement.

    Attributes:
        elements: Statements that define an element, by kind.
        steps: Statements that say what happens, by kind.
        canvas: The canvas statement.
        heading: The statement that gives the scene its title.
        element_words: Element statements by folded keyword, alias or shorthand.
        step_words: Step statements by folded keyword or alias.
        reserved: Folded words that no element may be called, because a statement would read them as something
            else.
    """

    elements: Mapping[str, Statement]
    steps: Mapping[str, Statement]
    canvas: Statement
    heading: Statement
    element_words: Mapping[str, tuple[Statement, Shorthand | None]] = field(repr=False)
    step_words: Mapping[str, Statement] = field(repr=False)
    reserved: frozenset[str] = field(repr=False)


@cache
def enum_words(descriptor: EnumDescriptor) -> EnumWords:
    """The words of an enum, from its values' names and options."""
    prefix = _enum_prefix(descriptor.name)
    printed: dict[int, str] = {}
    read: dict[str, int] = {}
    for value in descriptor.values:
        if value.number == 0:
            continue
        spelling = _spelled(value)
        word = spelling.keyword or value.name.removeprefix(prefix).lower()
        printed[value.number] = word
        for spelled in (word, *spelling.aliases):
            read[fold(spelled)] = value.number
    return EnumWords(printed, read)


def _spoken(message: Any) -> notation_pb2.WordNotation:
    options: notation_pb2.WordNotation = message.GetOptions().Extensions[notation_pb2.word]
    return options


def _written(field: Any) -> notation_pb2.FieldNotation:
    options: notation_pb2.FieldNotation = field.GetOptions().Extensions[notation_pb2.written]
    return options


def _spelled(value: Any) -> notation_pb2.ValueNotation:
    options: notation_pb2.ValueNotation = value.GetOptions().Extensions[notation_pb2.spelling]
    return options


def _enum_prefix(name: str) -> str:
    """`AnchorPoint` gives `ANCHOR_POINT_`."""
    return "".join(f"_{c}" if c.isupper() and i else c for i, c in enumerate(name)).upper() + "_"


@cache
def language() -> Language:
    """The language that the compiled descriptors declare."""
    element = scene_pb2.Element.DESCRIPTOR
    step = scene_pb2.Step.DESCRIPTOR
    elements = {kind.name: _statement(kind, _spread(element), ()) for kind in _kinds(element)}
    steps = {kind.name: _statement(kind, (), _timing(step, kind)) for kind in _kinds(step)}
    element_words: dict[str, tuple[Statement, Shorthand | None]] = {}
    for statement in elements.values():
        for word in (statement.keyword, *statement.notation.aliases):
            element_words[fold(word)] = (statement, None)
        for shorthand, declared in zip(statement.shorthands, statement.notation.shorthands, strict=True):
            for word in (shorthand.keyword, *declared.aliases):
                element_words[fold(word)] = (statement, shorthand)
    step_words = {
        fold(word): statement
        for statement in steps.values()
        for word in (statement.keyword, *statement.notation.aliases)
    }
    reserved = {fold(word) for word in (*COLORS, *COLOR_ALIASES, *DIRECTIONS, ALL)}
    for statement in (*elements.values(), *steps.values()):
        if any(f.shape in _NAMING for f in statement.positional):
            reserved.update(statement.words)
    return Language(
        elements,
        steps,
        _top(scene_pb2.Canvas.DESCRIPTOR),
        _top(scene_pb2.Scene.DESCRIPTOR),
        element_words,
        step_words,
        frozenset(reserved),
    )


def _top(message: Descriptor) -> Statement:
    """A statement about the scene as a whole."""
    return _made("", message, tuple(_fields(message, ())))


def _kinds(holder: Descriptor) -> list[FieldDescriptor]:
    return list(holder.oneofs_by_name["kind"].fields)


def _statement(kind: FieldDescriptor, common: tuple[Field, ...], timing: tuple[Field, ...]) -> Statement:
    """A statement whose fields are printed in order: positions, bare words, `keyword=value`, timing."""
    message: Any = kind.message_type
    said = (*_fields(message, (kind.name,)), *common)
    ordered = sorted(said, key=lambda f: (f.position == 0, f.position, not f.notation.bare))
    return _made(kind.name, message, (*ordered, *timing))


def _made(kind: str, message: Descriptor, fields: tuple[Field, ...]) -> Statement:
    notation = _spoken(message)
    by_word: dict[str, Field] = {}
    words: dict[str, tuple[Field, int]] = {}
    color: Field | None = None
    # Keywords before aliases: what a field is called wins over what another may be called.
    for one in fields:
        by_word.setdefault(fold(one.keyword), one)
    for one in fields:
        for alias in one.aliases:
            by_word.setdefault(fold(alias), one)
    for one in fields:
        if not one.notation.bare:
            continue
        if one.shape is Shape.FLAG:
            for word in (one.keyword, *one.aliases):
                words[fold(word)] = (one, 1)
        elif one.shape is Shape.WORD:
            for word, number in enum_words(one.descriptor.enum_type).read.items():
                words[word] = (one, number)
        elif one.shape is Shape.COLOR and color is None:
            color = one
    shorthands = tuple(
        Shorthand(s.keyword, next(f for f in fields if f.path == (kind, s.field)), s.value)
        for s in notation.shorthands
    )
    return Statement(notation.keyword, kind, message, notation, fields, by_word, words, color, shorthands)


def _spread(message: Descriptor) -> tuple[Field, ...]:
    """The fields of a message that are written as if they stood in each statement: style and placement."""
    return tuple(
        inner
        for one in message.fields
        if _written(one).spread
        for inner in _fields(one.message_type, (one.name,))
    )


def _timing(step: Descriptor, kind: FieldDescriptor) -> tuple[Field, ...]:
    notation = _spoken(kind.message_type)
    if notation.instant:
        return ()
    outside = [f for f in step.fields if f.containing_oneof is None or f.containing_oneof.name != "kind"]
    fields = [_field(f, (f.name,), _written(f), None) for f in outside]
    return tuple(f for f in fields if not (notation.uneased and f.shape is Shape.WORD))


def _fields(message: Any, prefix: tuple[str, ...]) -> Iterator[Field]:
    for one in message.fields:
        notation = _written(one)
        path = (*prefix, one.name)
        if notation.spread:
            changed = {r.field: r for r in notation.respellings}
            for inner in one.message_type.fields:
                yield _field(inner, (*path, inner.name), _written(inner), changed.get(inner.name))
        elif one.message_type is None or one.message_type.name in _MESSAGE_SHAPES:
            yield _field(one, path, notation, None)


def _field(
    descriptor: FieldDescriptor,
    path: tuple[str, ...],
    notation: notation_pb2.FieldNotation,
    respelled: notation_pb2.Respelling | None,
) -> Field:
    keyword = notation.keyword or descriptor.name
    aliases: tuple[str, ...] = tuple(notation.aliases)
    if respelled is not None:
        aliases = (*respelled.aliases, keyword, *aliases)
        keyword = respelled.keyword
    return Field(
        path, descriptor, keyword, aliases, _shape(descriptor, notation), notation, notation.position
    )


def _shape(descriptor: FieldDescriptor, notation: notation_pb2.FieldNotation) -> Shape:
    kinds: Any = FieldDescriptor
    message: Any = descriptor.message_type
    if descriptor.type == kinds.TYPE_MESSAGE:
        shape = _MESSAGE_SHAPES[message.name]
        return Shape.REFERENCES if shape is Shape.REFERENCE and descriptor.is_repeated else shape
    if descriptor.type == kinds.TYPE_STRING:
        if notation.vocabulary == notation_pb2.VOCABULARY_COLOR:
            return Shape.COLOR
        return Shape.STRINGS if descriptor.is_repeated else Shape.STRING
    if descriptor.type == kinds.TYPE_DOUBLE:
        units = {notation_pb2.UNIT_DEGREES: Shape.ANGLE, notation_pb2.UNIT_SECONDS: Shape.SECONDS}
        return units.get(notation.unit, Shape.NUMBER)
    simple = {kinds.TYPE_BOOL: Shape.FLAG, kinds.TYPE_ENUM: Shape.WORD, kinds.TYPE_UINT32: Shape.INTEGER}
    return simple[descriptor.type]
