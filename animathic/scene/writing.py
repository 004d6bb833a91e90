"""Values as they are written in a storyboard, from messages. The reverse of `reading`, in one form only."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from animathic.scene.lexer import quote
from animathic.scene.registry import Field, Shape, enum_words
from animathic.scene.vocabulary import DIRECTIONS
from animathic.v1 import scene_pb2

__all__ = ["is_bare_expression", "write_number", "write_value", "write_words"]

_DIRECTION_WORDS = {components: word for word, components in DIRECTIONS.items()}
_BARE_EXPRESSION = re.compile(r"[A-Za-z0-9_.(+-][A-Za-z0-9_.()+*/^<>=!, -]*")


def write_value(field: Field, value: Any) -> str:
    """A field's value as it stands after `keyword=`."""
    return _WRITERS[field.shape](field, value)


def write_words(field: Field, value: Any) -> str:
    """A field's value as it stands among bare words."""
    if field.shape is Shape.VECTOR:
        return _displacement(field, value)
    if field.shape is Shape.REFERENCES:
        return " ".join(reference.name for reference in value)
    return write_value(field, value)


def write_number(value: float) -> str:
    """A number in the fewest digits that read back as the same, without an exponent."""
    text = format(Decimal(repr(float(value))), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_bare_expression(text: str) -> bool:
    """Whether an expression can stand without quotes: blanks and commas only inside brackets."""
    if not _BARE_EXPRESSION.fullmatch(text):
        return False
    depth = 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 and character in " \t,":
            return False
    return True


def _numbers(*values: float) -> str:
    return ",".join(map(write_number, values))


def _flag(_field: Field, value: Any) -> str:
    return "yes" if value else "no"


def _word(field: Field, value: Any) -> str:
    return enum_words(field.descriptor.enum_type).printed[value]


def _text(_field: Field, value: Any) -> str:
    return quote(value)


def _strings(_field: Field, value: Any) -> str:
    return "[" + ",".join(map(quote, value)) + "]"


def _expression(_field: Field, value: Any) -> str:
    text: str = value.text
    return text if is_bare_expression(text) else quote(text)


def _references(_field: Field, value: Any) -> str:
    return "[" + ",".join(reference.name for reference in value) + "]"


def _point(_field: Field, value: Any) -> str:
    kind = value.WhichOneof("kind")
    if kind == "coordinates":
        return _coordinates(_field, value.coordinates)
    if kind == "on_curve":
        return f"{value.on_curve.element}@{write_number(value.on_curve.proportion)}"
    if kind == "on_axes":
        on_axes: scene_pb2.OnAxes = value.on_axes
        parts = [on_axes.x.text, on_axes.y.text] if on_axes.HasField("y") else [on_axes.x.text]
        return f"{on_axes.axes}({','.join(parts)})"
    anchor: scene_pb2.Anchor = value.anchor
    words = enum_words(anchor.DESCRIPTOR.fields_by_name["point"].enum_type).printed
    return f"{anchor.element}.{words[anchor.point]}" if anchor.point in words else anchor.element


def _coordinates(_field: Field, value: Any) -> str:
    flat = value.z == 0 and not _is_minus_zero(value.z)
    return f"({_numbers(value.x, value.y)})" if flat else f"({_numbers(value.x, value.y, value.z)})"


def _is_minus_zero(value: float) -> bool:
    return value == 0 and math.copysign(1, value) < 0


def _vector(field: Field, value: Any) -> str:
    words = _displacement(field, value)
    return words if words in DIRECTIONS else _coordinates(field, value)


def _displacement(field: Field, value: Any) -> str:
    # A direction word says nothing of the sign of the zeros beside it.
    plain = not any(map(_is_minus_zero, (value.x, value.y, value.z)))
    if plain and not value.z and bool(value.x) != bool(value.y):
        length = abs(value.x or value.y)
        word = _DIRECTION_WORDS[(value.x / length, value.y / length)]
        return word if length == 1 else f"{word} {write_number(length)}"
    return _coordinates(field, value)


def _range(_field: Field, value: Any) -> str:
    step = (value.step,) if value.HasField("step") else ()
    return f"[{_numbers(value.start, value.end, *step)}]"


_WRITERS: dict[Shape, Callable[[Field, Any], str]] = {
    Shape.NUMBER: lambda _, value: write_number(value),
    Shape.INTEGER: lambda _, value: str(value),
    Shape.ANGLE: lambda _, value: f"{write_number(value)}deg",
    Shape.SECONDS: lambda _, value: f"{write_number(value)}s",
    Shape.FLAG: _flag,
    Shape.WORD: _word,
    Shape.COLOR: lambda _, value: str(value),
    Shape.STRING: _text,
    Shape.STRINGS: _strings,
    Shape.EXPRESSION: _expression,
    Shape.REFERENCE: lambda _, value: str(value.name),
    Shape.REFERENCES: _references,
    Shape.POINT: _point,
    Shape.VECTOR: _vector,
    Shape.RANGE: _range,
}
