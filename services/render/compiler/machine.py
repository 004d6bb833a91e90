"""Runs what the compiler writes, statement by statement, and remembers it for printing.

Layout needs sizes, and sizes are known only of real objects. So the compiler does not write first and run
later: each statement runs as it is written, and what it made can be measured. The statements alone say what
happened; printed, they make the same frames.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

import manim
import numpy as np

from animathic.scene.vocabulary import COLORS
from services.render.compiler.code import (
    Assign,
    Attribute,
    Call,
    Comment,
    Do,
    Function,
    Item,
    Listing,
    Literal,
    Node,
    Operation,
    Reference,
    Splat,
    Statement,
    Store,
    Symbol,
    Table,
)
from services.render.compiler.geometry import Box, box_of

__all__ = ["NAMES", "Machine", "Stage"]

_COLORS = frozenset(name.upper() for name in COLORS)

_WORDS = (
    # objects
    *(
        "Arrow",
        "Axes",
        "Circle",
        "DashedLine",
        "Dot",
        "DoubleArrow",
        "Ellipse",
        "Line",
        "MathTypst",
        "NumberLine",
    ),
    *("Rectangle", "RegularPolygon", "RoundedRectangle", "Square", "Star", "Text", "Triangle", "VGroup"),
    # animations
    *("AnimationGroup", "Create", "FadeIn", "FadeOut", "GrowArrow", "GrowFromCenter", "GrowFromEdge"),
    *(
        "GrowFromPoint",
        "Indicate",
        "LaggedStart",
        "MoveAlongPath",
        "ReplacementTransform",
        "Rotate",
        "Succession",
    ),
    *("Transform", "Uncreate", "Unwrite", "UpdateFromAlphaFunc", "Wait", "Write"),
    # values
    *("ManimColor", "interpolate_color", "UP", "DOWN", "LEFT", "RIGHT", "OUT", "IN", "UL", "UR", "DL", "DR"),
    *("ORIGIN", "DEGREES", "PI", "TAU", "BOLD", "LIGHT", "ITALIC"),
)

_EASINGS = frozenset(manim.rate_functions.__all__)

NAMES: Mapping[str, object] = MappingProxyType(
    {name: getattr(manim, name) for name in _COLORS.union(_WORDS)}
    | {name: getattr(manim.rate_functions, name) for name in _EASINGS}
    | {"rate_functions": manim.rate_functions, "np": np}
)
"""All that a compiled scene can name. Nothing here reads files, imports or evaluates text."""

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "%": operator.mod,
        "**": operator.pow,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
        "==": operator.eq,
        "!=": operator.ne,
    }
)


class Stage(Protocol):
    """What `self` is in a compiled scene: a Manim scene."""

    mobjects: list[Any]

    def play(self, *animations: Any, **keywords: Any) -> None:
        """Plays animations."""

    def wait(self, duration: float = 1.0) -> None:
        """Pauses."""


class Machine:
    """Runs statements against a stage, and keeps them.

    Attributes:
        statements: What was run, in order.
    """

    def __init__(self, stage: Stage) -> None:
        self.statements: list[Statement] = []
        self._spare: dict[Node, Any] = {}
        self._variables: dict[str, Any] = {"self": stage}

    def assign(self, name: str, value: Node) -> Any:
        """Runs and keeps `name = value`."""
        made = self.value(value)
        self._variables[name] = made
        self.statements.append(Assign(name, value))
        return made

    def do(self, value: Node) -> None:
        """Runs and keeps an expression. It is kept before it runs: a failure can be shown with its cause."""
        self.statements.append(Do(value))
        self.value(value)

    def store(self, owner: Node, name: str, value: Node) -> None:
        """Runs and keeps `owner.name = value`."""
        self.statements.append(Store(owner, name, value))
        setattr(self.value(owner), name, self.value(value))

    def comment(self, text: str) -> None:
        """Keeps a line for readers."""
        self.statements.append(Comment(text))

    def probe(self, value: Node) -> Any:
        """Runs an expression without keeping it, to measure what it makes; it must not be changed."""
        return self.value(value)

    def probe_new(self, value: Node) -> Any:
        """The same for an expression that may be run next: what it makes is used then."""
        made = self.value(value)
        self._spare = {value: made}
        return made

    def box(self, name: str) -> Box:
        """The box around what a variable holds."""
        return box_of(self._variables[name])

    def object(self, name: str) -> Any:
        """What a variable holds."""
        return self._variables[name]

    def value(self, node: Node, extra: Mapping[str, Any] | None = None) -> Any:
        """What a node makes.

        Raises:
            PermissionError: It names something outside the whitelist; a defect of the compiler.
        """
        if self._spare and node in self._spare:
            return self._spare.pop(node)
        match node:
            case Literal(value):
                return value
            case Symbol(name):
                if name not in NAMES:
                    raise PermissionError(f"{name} is not among the names that a scene may use")
                return NAMES[name]
            case Reference(name):
                return extra[name] if extra and name in extra else self._variables[name]
            case Listing(items):
                return [self.value(item, extra) for item in items]
            case Table(items):
                return {name: self.value(value, extra) for name, value in items}
            case Attribute(owner, name):
                if name.startswith("_") or not name.isidentifier():
                    raise PermissionError(f"{name} is not an attribute that a scene may use")
                return getattr(self.value(owner, extra), name)
            case Item(owner, index):
                return self.value(owner, extra)[index]
            case Operation(sign, None, right):
                value = self.value(right, extra)
                return -value if sign == "-" else value
            case Operation(sign, left, right) if left is not None:
                return _OPERATORS[sign](self.value(left, extra), self.value(right, extra))
            case Function(parameters, body):
                return lambda *values: self.value(
                    body, {**(extra or {}), **dict(zip(parameters, values, strict=True))}
                )
            case Call(function, arguments, keywords):
                return self._call(function, arguments, keywords, extra)
            case _:
                raise TypeError(f"cannot run {node!r}")

    def _call(
        self,
        function: Node,
        arguments: tuple[Node, ...],
        keywords: tuple[tuple[str, Node], ...],
        extra: Mapping[str, Any] | None,
    ) -> Any:
        values: list[Any] = []
        for argument in arguments:
            if isinstance(argument, Splat):
                values += self.value(argument.value, extra)
            else:
                values.append(self.value(argument, extra))
        return self.value(function, extra)(
            *values, **{name: self.value(value, extra) for name, value in keywords}
        )
