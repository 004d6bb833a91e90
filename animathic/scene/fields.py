"""Whether each field of a statement, looked at alone, holds a value of the language."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.message import Message

from animathic.scene.access import present_value
from animathic.scene.expressions import ExpressionError, parse_expression
from animathic.scene.issues import Code, Issue, did_you_mean
from animathic.scene.latex import latex_problems
from animathic.scene.lexer import control_character
from animathic.scene.limits import LIMITS
from animathic.scene.registry import Field, Shape, Statement, enum_words
from animathic.scene.vocabulary import COLORS, color_of
from animathic.scene.writing import write_number
from animathic.v1 import notation_pb2, scene_pb2

__all__ = ["check_statement"]

_Problem = tuple[Code, str, str]
"""Code, message and advice."""


def check_statement(statement: Statement, holder: Message, path: str) -> Iterator[Issue]:
    """What is wrong with the fields of one statement.

    Args:
        statement: What kind of statement it is.
        holder: The element, step, canvas or scene that holds it.
        path: The holder's field path; empty for the scene.
    """
    for field in statement.fields:
        place = ".".join((path, *field.path) if path else field.path)
        value = present_value(holder, field)
        if value is None:
            if field.notation.required:
                message = f"{statement.keyword}: {field.keyword} is missing"
                yield Issue(Code.MISSING_FIELD, message, place, advice=_example(statement))
            continue
        for code, message, advice in _CHECKS[field.shape](field, value):
            yield Issue(code, f"{statement.keyword}: {message}", place, advice=advice)


def _example(statement: Statement) -> str:
    return f"for example: {statement.notation.examples[0].splitlines()[-1]}"


def _finite(value: float, limit: float, what: str) -> Iterator[_Problem]:
    if not math.isfinite(value):
        yield Code.NOT_FINITE, f"{what} is not a finite number", ""
    elif abs(value) > limit:
        yield (
            Code.OUT_OF_RANGE,
            f"{what} {write_number(value)} is too far out",
            f"up to {write_number(limit)}",
        )


def _number(field: Field, value: float) -> Iterator[_Problem]:
    if not math.isfinite(value):
        yield Code.NOT_FINITE, f"{field.keyword} is not a finite number", ""
        return
    notation = field.notation
    low = notation.minimum if notation.HasField("minimum") else -math.inf
    high = notation.maximum if notation.HasField("maximum") else math.inf
    if not low <= value <= high:
        advice = f"from {write_number(low)} to {write_number(high)}"
        yield Code.OUT_OF_RANGE, f"{field.keyword} is {write_number(value)}", advice


def _word(field: Field, value: int) -> Iterator[_Problem]:
    # An enum of proto3 is open: another program may send a number that has no name.
    if value and value not in enum_words(field.descriptor.enum_type).printed:
        yield Code.UNKNOWN_WORD, f"{field.keyword} has no value {value}", ""


def _color(_field: Field, value: str) -> Iterator[_Problem]:
    if value not in COLORS and (not value.startswith("#") or color_of(value) is None):
        known = color_of(value)
        advice = f"write {known}" if known else did_you_mean(value, COLORS, "write a name or #RRGGBB")
        yield Code.UNKNOWN_COLOR, f"no color {value[:40]!r}", advice


def _string(field: Field, value: str) -> Iterator[_Problem]:
    limit = field.notation.max_length or LIMITS.text_length
    if len(value) > limit:
        yield Code.TOO_LONG, f"{field.keyword} has {len(value)} characters", f"{limit} are allowed"
        return
    at = control_character(value)
    if at is None and "\t" in value:
        at = value.index("\t")
    if at is not None:
        message = f"{field.keyword} has a control character (U+{ord(value[at]):04X})"
        yield Code.CONTROL_CHARACTER, message, "text is one line"
    if not value.strip():
        yield Code.EMPTY_TEXT, f"{field.keyword} is empty", ""
    elif field.notation.vocabulary == notation_pb2.VOCABULARY_LATEX:
        yield from latex_problems(value)


def _strings(field: Field, value: Any) -> Iterator[_Problem]:
    least, most = field.notation.min_length, field.notation.max_length or LIMITS.elements
    if not least <= len(value) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        yield Code.TOO_MANY, f"{field.keyword} has {len(value)} entries", f"{wanted} are allowed"
        return
    for one in value:
        if len(one) > LIMITS.text_length:
            yield Code.TOO_LONG, f"{field.keyword} has a text of {len(one)} characters", ""
        elif control_character(one) is not None or "\t" in one:
            yield Code.CONTROL_CHARACTER, f"{field.keyword} has a control character", "text is one line"
        elif field.notation.vocabulary == notation_pb2.VOCABULARY_LATEX:
            yield from latex_problems(one)


def _expression(_field: Field, value: scene_pb2.Expression) -> Iterator[_Problem]:
    if value.text != value.text.strip():
        yield Code.BAD_EXPRESSION, "the expression has blanks around it", "leave them out"
    try:
        parse_expression(value.text)
    except ExpressionError as error:
        at = f" at character {error.position + 1}" if value.text else ""
        yield Code.BAD_EXPRESSION, f"{error.reason}{at}", error.advice


def _references(field: Field, value: Any) -> Iterator[_Problem]:
    most = field.notation.max_length or LIMITS.elements
    if len(value) > most:
        yield Code.TOO_MANY, f"{field.keyword} has {len(value)} entries", f"{most} are allowed"
        return
    names = [one.name for one in value]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield Code.SAME_ELEMENT, f'"{name}" stands twice in {field.keyword}', "name it once"


def _point(field: Field, value: scene_pb2.Point) -> Iterator[_Problem]:
    match value.WhichOneof("kind"):
        case "coordinates":
            yield from _components(field, value.coordinates)
        case "on_curve":
            if not 0 <= value.on_curve.proportion <= 1:
                yield (
                    Code.OUT_OF_RANGE,
                    f"{field.keyword}: the proportion is not between 0 and 1",
                    "write curve@0.5",
                )
        case "on_axes":
            yield from _expression(field, value.on_axes.x)
            if value.on_axes.HasField("y"):
                yield from _expression(field, value.on_axes.y)
        case "anchor":
            if value.anchor.point not in scene_pb2.AnchorPoint.values():
                yield Code.UNKNOWN_WORD, f"{field.keyword} has no anchor {value.anchor.point}", ""
        case _:
            yield Code.MISSING_FIELD, f"{field.keyword} is no point", "write (x,y) or an element's name"


def _components(field: Field, value: Any) -> Iterator[_Problem]:
    for component in (value.x, value.y, value.z):
        yield from _finite(component, LIMITS.coordinate, f"a coordinate of {field.keyword}")


def _range(field: Field, value: scene_pb2.Range) -> Iterator[_Problem]:
    step = value.step if value.HasField("step") else 1.0
    problems = [
        problem
        for number in (value.start, value.end, step)
        for problem in _finite(number, LIMITS.range, f"a number of {field.keyword}")
    ]
    yield from problems
    if problems:
        return
    if value.start >= value.end:
        yield (
            Code.OUT_OF_RANGE,
            f"{field.keyword} ends where it starts or before",
            "write [from,to] with from < to",
        )
    elif step <= 0:
        yield Code.OUT_OF_RANGE, f"{field.keyword} has the step {write_number(step)}", "the step is above 0"
    elif (value.end - value.start) / step > LIMITS.ticks:
        count = int((value.end - value.start) / step)
        wider = (
            f"[{write_number(value.start)},{write_number(value.end)},{_tidy((value.end - value.start) / 10)}]"
        )
        advice = f"{LIMITS.ticks} are allowed; give a wider step: {wider}"
        yield Code.TOO_MANY, f"{field.keyword} has {count} ticks", advice


def _tidy(step: float) -> str:
    """A step rounded to one digit."""
    return write_number(float(f"{step:.0e}"))


def _nothing(_field: Field, _value: Any) -> Iterator[_Problem]:
    return iter(())


_CHECKS: dict[Shape, Callable[[Field, Any], Iterator[_Problem]]] = {
    Shape.NUMBER: _number,
    Shape.INTEGER: _number,
    Shape.ANGLE: _number,
    Shape.SECONDS: _number,
    Shape.FLAG: _nothing,
    Shape.WORD: _word,
    Shape.COLOR: _color,
    Shape.STRING: _string,
    Shape.STRINGS: _strings,
    Shape.EXPRESSION: _expression,
    Shape.REFERENCE: _nothing,
    Shape.REFERENCES: _references,
    Shape.POINT: _point,
    Shape.VECTOR: _components,
    Shape.RANGE: _range,
}
