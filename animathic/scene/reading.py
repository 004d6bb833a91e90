"""Values as they are written in a storyboard, read into messages."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from typing import Any

from google.protobuf.message import Message

from animathic.scene.evaluation import constant
from animathic.scene.expressions import ExpressionError, parse_expression
from animathic.scene.issues import Code, did_you_mean
from animathic.scene.lexer import split_commas, unquote
from animathic.scene.registry import Field, Shape, enum_words
from animathic.scene.vocabulary import COLORS, DIRECTIONS, ORIGIN_WORDS, color_of, fold
from animathic.v1 import notation_pb2, scene_pb2

__all__ = ["NAME", "ReadingError", "read_into", "read_number", "seconds_of"]

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""How an element may be called."""

_LITERAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_SECONDS = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(s|sec|secs|seconds?|ms)")
_ANGLE = re.compile(r"(.+?)\*?(deg|degs|degrees?|°|rad|rads|radians?)", re.IGNORECASE)
_TURN_NAMES = re.compile(r"\b(pi|tau)\b", re.IGNORECASE)
_VECTOR = re.compile(r"(?:([-+.\d]+)\*)?([A-Za-z]+)(?:\*([-+.\d]+))?")
_DOLLARS = re.compile(r"\s*(?:\$\$(.*)\$\$|\$(.*)\$|\\\((.*)\\\)|\\\[(.*)\\\])\s*")
_YES = frozenset({"yes", "true", "on", "1"})
_NO = frozenset({"no", "false", "off", "0"})


class ReadingError(ValueError):
    """A word is not a value of its field.

    Attributes:
        code: The kind of issue.
        reason: What is wrong.
        advice: What to write instead; may be empty.
        offset: Where in the word, in characters from 0.
    """

    def __init__(self, code: Code, reason: str, advice: str = "", offset: int = 0) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.advice = advice
        self.offset = offset


def read_into(holder: Message, field: Field, text: str, names: Collection[str]) -> None:
    """Reads a value and sets its field.

    Args:
        holder: The message that the field's path starts from.
        field: The field.
        text: The value as written.
        names: The elements defined so far.

    Raises:
        ReadingError: The text is no value of the field.
    """
    value = _READERS[field.shape](text, field, names)
    message: Any = holder
    for name in field.path[:-1]:
        message = getattr(message, name)
    message.SetInParent()
    name = field.path[-1]
    if isinstance(value, list):
        getattr(message, name).extend(value)
    elif isinstance(value, Message):
        getattr(message, name).CopyFrom(value)
    else:
        setattr(message, name, value)


def read_number(text: str) -> float:
    """A number, or arithmetic with numbers only.

    Raises:
        ReadingError: It is neither.
    """
    if _LITERAL.fullmatch(text):
        return float(text)
    try:
        value = constant(text)
    except ExpressionError as error:
        raise ReadingError(Code.BAD_VALUE, f"{_shown(text)} is not a number", "", error.position) from error
    except KeyError as error:
        raise ReadingError(Code.BAD_VALUE, f"{_shown(text)} is not a number") from error
    if not math.isfinite(value):
        raise ReadingError(Code.NOT_FINITE, f"{_shown(text)} has no finite value")
    return value


def seconds_of(text: str) -> float | None:
    """The seconds of a word such as `2s` or `500ms`, or None if it is no duration."""
    found = _SECONDS.fullmatch(text.lower())
    if found is None:
        return None
    return float(found[1]) / 1000 if found[2] == "ms" else float(found[1])


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _number(text: str, _field: Field, _names: Collection[str]) -> float:
    return read_number(text)


def _integer(text: str, _field: Field, _names: Collection[str]) -> int:
    value = read_number(text)
    if value != int(value) or not 0 <= value < 2**32:
        raise ReadingError(Code.BAD_VALUE, f"{_shown(text)} is not a whole number")
    return int(value)


def _seconds(text: str, _field: Field, _names: Collection[str]) -> float:
    value = seconds_of(text)
    return read_number(text) if value is None else value


def _angle(text: str, _field: Field, _names: Collection[str]) -> float:
    found = _ANGLE.fullmatch(text)
    if found is not None:
        number = read_number(found[1])
        return _degrees(number) if found[2].lower().startswith("rad") else number
    number = read_number(_TURN_NAMES.sub(lambda m: m[0].lower(), text))
    if _TURN_NAMES.search(text) or number == 0:
        return _degrees(number)
    raise ReadingError(Code.ANGLE_UNIT, f"the angle {_shown(text)} has no unit", f"write {text}deg")


def _degrees(radians: float) -> float:
    # Nine decimals: a third of pi is 60 degrees, not 59.99999999999999.
    return round(math.degrees(radians), 9)


def _flag(text: str, _field: Field, _names: Collection[str]) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise ReadingError(Code.BAD_VALUE, f"{_shown(text)} is neither yes nor no")


def _word(text: str, field: Field, _names: Collection[str]) -> int:
    words = enum_words(field.descriptor.enum_type)
    plain = unquote(text) or text
    number = words.read.get(fold(plain))
    if number is None:
        known = words.printed.values()
        choice = ", ".join(known) if len(words.printed) <= 8 else ""
        advice = did_you_mean(plain, known, f"choose one of {choice}" if choice else "")
        raise ReadingError(Code.UNKNOWN_WORD, f"{_shown(text)} is no {field.keyword}", advice)
    return number


def _color(text: str, _field: Field, _names: Collection[str]) -> str:
    plain = unquote(text) or text
    color = color_of(plain)
    if color is None:
        raise ReadingError(
            Code.UNKNOWN_COLOR,
            f"no color {_shown(plain)}",
            did_you_mean(plain, COLORS, "write a name or #RRGGBB"),
        )
    return color


def _string(text: str, field: Field, _names: Collection[str]) -> str:
    content = unquote(text)
    if content is None:
        if text[:1] in "\"'“":
            raise ReadingError(Code.UNCLOSED, "the string ends too early", 'inside a string write "" for "')
        content = text
    if field.notation.vocabulary == notation_pb2.VOCABULARY_LATEX:
        found = _DOLLARS.fullmatch(content)
        if found is not None:
            return next(part for part in found.groups() if part is not None)
    return content


def _strings(text: str, field: Field, names: Collection[str]) -> list[str]:
    return [_string(part, field, names) for part in _list(text)]


def _list(text: str) -> list[str]:
    inside = text[1:-1] if text[:1] in "[(" and text[-1:] in "])" else text
    return [part for part in split_commas(inside) if part]


def _expression(text: str, _field: Field, _names: Collection[str]) -> scene_pb2.Expression:
    return _checked_expression(text if (content := unquote(text)) is None else content, offset=0)


def _checked_expression(text: str, offset: int) -> scene_pb2.Expression:
    text = text.strip()
    try:
        parse_expression(text)
    except ExpressionError as error:
        raise ReadingError(
            Code.BAD_EXPRESSION, error.reason, error.advice, offset + error.position
        ) from error
    return scene_pb2.Expression(text=text)


def _reference(text: str, _field: Field, _names: Collection[str]) -> scene_pb2.Reference:
    return scene_pb2.Reference(name=_element_name(text))


def _references(text: str, _field: Field, _names: Collection[str]) -> list[scene_pb2.Reference]:
    return [scene_pb2.Reference(name=_element_name(part)) for part in _list(text)]


def _element_name(text: str, offset: int = 0) -> str:
    if not NAME.fullmatch(text):
        raise ReadingError(Code.BAD_VALUE, f"{_shown(text)} is not the name of an element", "", offset)
    return text


def _point(text: str, _field: Field, names: Collection[str]) -> scene_pb2.Point:
    if text.lower() in ORIGIN_WORDS and text not in names:
        return scene_pb2.Point(coordinates=scene_pb2.Coordinates())
    if text[:1] in "([":
        x, y, z = _coordinates(text)
        return scene_pb2.Point(coordinates=scene_pb2.Coordinates(x=x, y=y, z=z))
    found = NAME.match(text)
    if found is None:
        raise ReadingError(
            Code.BAD_VALUE, f"{_shown(text)} is not a point", "write (x,y) or an element's name"
        )
    name, rest = found[0], text[found.end() :]
    if not rest:
        return scene_pb2.Point(anchor=scene_pb2.Anchor(element=name))
    if rest[0] == "@":
        return scene_pb2.Point(on_curve=scene_pb2.OnCurve(element=name, proportion=read_number(rest[1:])))
    if rest[0] == "(" and rest[-1] == ")":
        return scene_pb2.Point(on_axes=_on_axes(name, rest[1:-1], len(name) + 1))
    if rest[0] == ".":
        words = enum_words(scene_pb2.Anchor.DESCRIPTOR.fields_by_name["point"].enum_type)
        number = words.read.get(fold(rest[1:]))
        if number is not None:
            return scene_pb2.Point(anchor=scene_pb2.Anchor(element=name, point=number))  # type: ignore[arg-type]
        advice = did_you_mean(rest[1:], words.printed.values(), "choose " + ", ".join(words.printed.values()))
        raise ReadingError(Code.UNKNOWN_WORD, f"no anchor {_shown(rest[1:])}", advice, len(name) + 1)
    raise ReadingError(Code.BAD_VALUE, f"{_shown(text)} is not a point", "", len(name))


def _on_axes(name: str, inside: str, offset: int) -> scene_pb2.OnAxes:
    parts = split_commas(inside)
    if len(parts) > 2:
        raise ReadingError(
            Code.BAD_VALUE, "a point on axes has two coordinates", f"write {name}(x,y)", offset
        )
    # Where a part starts is found from the left, so that a position survives blanks after commas.
    starts = [inside.find(parts[0])]
    if len(parts) == 2:
        starts.append(inside.find(parts[1], starts[0] + len(parts[0]) + 1))
    expressions = [
        _checked_expression(part, offset + max(start, 0)) for part, start in zip(parts, starts, strict=True)
    ]
    return scene_pb2.OnAxes(axes=name, x=expressions[0], y=expressions[1] if len(parts) == 2 else None)


def _coordinates(text: str) -> tuple[float, float, float]:
    parts = split_commas(text[1:-1])
    if text[-1] not in ")]" or not 2 <= len(parts) <= 3:
        raise ReadingError(Code.BAD_VALUE, f"{_shown(text)} is not a point", "write (x,y)")
    x, y, *z = map(read_number, parts)
    return x, y, z[0] if z else 0.0


def _vector(text: str, _field: Field, _names: Collection[str]) -> scene_pb2.Vector:
    if text[:1] in "([":
        x, y, z = _coordinates(text)
        return scene_pb2.Vector(x=x, y=y, z=z)
    word, _, length = text.partition(" ")
    found = _VECTOR.fullmatch(word)
    direction = DIRECTIONS.get(found[2].lower()) if found else None
    if found is None or direction is None:
        raise ReadingError(
            Code.BAD_VALUE,
            f"{_shown(text)} is not a displacement",
            did_you_mean(word, DIRECTIONS, "write right 2, or (x,y)"),
        )
    factor = math.prod(read_number(part) for part in (found[1], found[3], length) if part)
    # Adding zero keeps a minus sign off the axis that does not move.
    return scene_pb2.Vector(x=direction[0] * factor + 0.0, y=direction[1] * factor + 0.0)


def _range(text: str, _field: Field, _names: Collection[str]) -> scene_pb2.Range:
    parts = text.split("..") if ".." in text and text[:1] not in "[(" else _list(text)
    if not 2 <= len(parts) <= 3:
        raise ReadingError(
            Code.BAD_VALUE, f"{_shown(text)} is not a range", "write [from,to] or [from,to,step]"
        )
    numbers = [read_number(part) for part in parts]
    result = scene_pb2.Range(start=numbers[0], end=numbers[1])
    if len(numbers) == 3:
        result.step = numbers[2]
    return result


_READERS: dict[Shape, Callable[[str, Field, Collection[str]], Any]] = {
    Shape.NUMBER: _number,
    Shape.INTEGER: _integer,
    Shape.ANGLE: _angle,
    Shape.SECONDS: _seconds,
    Shape.FLAG: _flag,
    Shape.WORD: _word,
    Shape.COLOR: _color,
    Shape.STRING: _string,
    Shape.STRINGS: _strings,
    Shape.EXPRESSION: _expression,
    Shape.REFERENCE: _reference,
    Shape.REFERENCES: _references,
    Shape.POINT: _point,
    Shape.VECTOR: _vector,
    Shape.RANGE: _range,
}
