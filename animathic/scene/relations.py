"""Which elements a statement mentions, and what they have to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from animathic.scene.access import present_value
from animathic.scene.expressions import FUNCTIONS, ExpressionError, called_names, free_names, parse_expression
from animathic.scene.issues import Code, Issue, did_you_mean
from animathic.scene.registry import ALL, Field, Shape, Statement, language
from animathic.v1 import notation_pb2, scene_pb2

__all__ = ["Mention", "check_mentions", "cycle", "longest_chain", "mentions"]

_AXES = ("axes",)
_NUMBER_LINE = ("number_line",)
_PLOT = ("plot",)
_ENDS = (scene_pb2.ANCHOR_POINT_START, scene_pb2.ANCHOR_POINT_END)
_BY_ALL = frozenset({notation_pb2.EFFECT_HIDE, notation_pb2.EFFECT_CHANGE})


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a statement.

    Attributes:
        name: The name.
        path: Where it stands.
        kinds: The kinds of element it may mean; empty: any.
        outlined: Whether the element needs an outline.
        called: Whether it is called as a function.
    """

    name: str
    path: str
    kinds: tuple[str, ...] = ()
    outlined: bool = False
    called: bool = False


def mentions(statement: Statement, holder: Message, path: str) -> Iterator[Mention]:
    """Every element that a statement names.

    Args:
        statement: What kind of statement it is.
        holder: The element or step that holds it.
        path: The holder's field path.
    """
    for field in statement.fields:
        value = present_value(holder, field)
        if value is not None and field.shape in _MENTIONS:
            yield from _of_value(field, value, ".".join((path, *field.path)))


def _of_value(field: Field, value: Any, path: str) -> Iterator[Mention]:
    kinds = tuple(field.notation.kinds)
    if field.shape is Shape.REFERENCE:
        yield Mention(value.name, path, kinds, field.notation.outlined)
    elif field.shape is Shape.REFERENCES:
        for index, one in enumerate(value):
            yield Mention(one.name, f"{path}[{index}]", kinds, field.notation.outlined)
    elif field.shape is Shape.EXPRESSION:
        yield from _of_expression(value, path)
    elif value.WhichOneof("kind") == "anchor":
        yield Mention(value.anchor.element, path, outlined=value.anchor.point in _ENDS)
    elif value.WhichOneof("kind") == "on_curve":
        yield Mention(value.on_curve.element, path, outlined=True)
    elif value.WhichOneof("kind") == "on_axes":
        on_axes: scene_pb2.OnAxes = value.on_axes
        yield Mention(on_axes.axes, path, _AXES if on_axes.HasField("y") else _NUMBER_LINE)
        yield from _of_expression(on_axes.x, path)
        if on_axes.HasField("y"):
            yield from _of_expression(on_axes.y, path)


def _of_expression(value: scene_pb2.Expression, path: str) -> Iterator[Mention]:
    try:
        tree = parse_expression(value.text)
    except ExpressionError:
        return  # The field check has said what is wrong with it.
    for name in sorted(called_names(tree)):
        yield Mention(name, path, _PLOT, called=True)


_MENTIONS = frozenset({Shape.REFERENCE, Shape.REFERENCES, Shape.POINT, Shape.EXPRESSION})


def check_mentions(
    statement: Statement,
    holder: Message,
    path: str,
    kinds: Mapping[str, str],
    unreadable: Mapping[str, int],
) -> Iterator[Issue]:
    """What is wrong with the names in a statement.

    Args:
        statement: What kind of statement it is.
        holder: The element or step that holds it.
        path: The holder's field path.
        kinds: The kind of every element of the scene, by name.
        unreadable: Names whose definition could not be read; they are not reported again.
    """
    for one in mentions(statement, holder, path):
        if one.name == ALL and ALL not in kinds:
            yield from _check_all(statement, holder, one)
        elif one.name in kinds:
            yield from _check_kind(statement, one, kinds[one.name])
        elif one.name not in unreadable:
            yield _undefined(statement, one, kinds)
    yield from _check_variables(statement, holder, path)


def _check_all(statement: Statement, holder: Message, one: Mention) -> Iterator[Issue]:
    targets = next((f for f in statement.fields if f.shape is Shape.REFERENCES), None)
    value: Sequence[Any] | None = None if targets is None else present_value(holder, targets)
    if statement.notation.effect not in _BY_ALL or value is None or ".targets[" not in one.path:
        message = f"{statement.keyword}: all has no meaning here"
        yield Issue(Code.WRONG_KIND, message, one.path, advice="name the elements")
    elif len(value) > 1:
        yield Issue(Code.WRONG_KIND, f"{statement.keyword}: all stands alone", one.path)


def _check_kind(statement: Statement, one: Mention, kind: str) -> Iterator[Issue]:
    elements = language().elements
    if one.kinds and kind not in one.kinds:
        wanted = " or ".join(elements[k].keyword for k in one.kinds)
        message = f'{statement.keyword}: "{one.name}" is {_article(elements[kind].keyword)}'
        yield Issue(Code.WRONG_KIND, message, one.path, advice=f"{_article(wanted)} is needed here")
    elif one.outlined and not elements[kind].notation.outlined:
        message = (
            f'{statement.keyword}: "{one.name}" is {_article(elements[kind].keyword)} and has no outline'
        )
        yield Issue(Code.WRONG_KIND, message, one.path, advice="a line, a plot or a shape has one")


def _article(word: str) -> str:
    if word == "axes":
        return "axes"
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word.replace('_', ' ')}"


def _undefined(statement: Statement, one: Mention, kinds: Mapping[str, str]) -> Issue:
    if one.called:
        known = [*FUNCTIONS, *(name for name, kind in kinds.items() if kind == "plot")]
        message = f'{statement.keyword}: no function "{one.name[:40]}"'
        advice = did_you_mean(one.name, known, "functions such as sin, and plots, can be called")
        return Issue(Code.UNDEFINED_FUNCTION, message, one.path, advice=advice)
    message = f'{statement.keyword}: no element "{one.name[:40]}"'
    advice = did_you_mean(one.name, kinds, "define it first, for example a = circle" if one.name else "")
    return Issue(Code.UNDEFINED_ELEMENT, message, one.path, advice=advice)


def _check_variables(statement: Statement, holder: Message, path: str) -> Iterator[Issue]:
    for field in statement.fields:
        value = present_value(holder, field)
        if value is None:
            continue
        place = ".".join((path, *field.path))
        if field.shape is Shape.EXPRESSION:
            yield from _unknown_variables(statement, value, place, frozenset({"x"}))
        elif field.shape is Shape.POINT and value.WhichOneof("kind") == "on_axes":
            yield from _unknown_variables(statement, value.on_axes.x, place, frozenset())
            yield from _unknown_variables(statement, value.on_axes.y, place, frozenset())


def _unknown_variables(
    statement: Statement, value: scene_pb2.Expression, path: str, known: frozenset[str]
) -> Iterator[Issue]:
    try:
        unknown = free_names(parse_expression(value.text)) - known
    except ExpressionError:
        return  # The field check has said what is wrong with it.
    for name in sorted(unknown):
        advice = "the variable is x" if known else "write numbers, or a plot's value: f(2)"
        message = f'{statement.keyword}: no number is called "{name[:40]}"'
        yield Issue(Code.BAD_EXPRESSION, message, path, advice=advice)


def cycle(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """Names that depend on each other in a circle, the first one repeated at the end; empty if there is none.

    Args:
        edges: For each name, the names it needs.
    """
    done: set[str] = set()
    for start in edges:
        trail: list[str] = []
        on_trail: set[str] = set()
        pending: list[tuple[str, Iterator[str]]] = [(start, iter(edges[start]))] if start not in done else []
        if pending:
            trail.append(start)
            on_trail.add(start)
        while pending:
            name, needed = pending[-1]
            for other in needed:
                if other in on_trail:
                    return [*trail[trail.index(other) :], other]
                if other in edges and other not in done:
                    pending.append((other, iter(edges[other])))
                    trail.append(other)
                    on_trail.add(other)
                    break
            else:
                pending.pop()
                trail.pop()
                on_trail.discard(name)
                done.add(name)
    return []


def longest_chain(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """The longest chain of names of which each needs the next.

    Args:
        edges: For each name, the names it needs; without circles.
    """
    lengths: dict[str, int] = {}
    following: dict[str, str] = {}
    for start in edges:
        pending = [start]
        while pending:
            name = pending[-1]
            needed = [other for other in edges[name] if other in edges]
            open_ones = [other for other in needed if other not in lengths]
            if open_ones:
                pending += open_ones
                continue
            pending.pop()
            if needed:
                following[name] = max(needed, key=lengths.__getitem__)
            lengths[name] = 1 + max((lengths[other] for other in needed), default=0)
    chain = [max(lengths, key=lengths.__getitem__)] if lengths else []
    while chain and chain[-1] in following:
        chain.append(following[chain[-1]])
    return chain
