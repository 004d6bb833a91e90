"""The small language that the compiler writes: calls of Manim names, which are run or printed.

There is one description of what a scene does. `machine.py` runs it against a whitelist of Manim names,
`printing.py` prints it as Python; so the video and the printed source cannot drift apart. What a person or a
model wrote reaches it only as literals: every name, attribute and operator comes from the compiler.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "SELF",
    "Assign",
    "Attribute",
    "Call",
    "Comment",
    "Do",
    "Function",
    "Item",
    "Listing",
    "Literal",
    "Node",
    "Operation",
    "Reference",
    "Splat",
    "Statement",
    "Store",
    "Symbol",
    "Table",
    "call",
    "chain",
    "degrees",
    "direction",
    "listing",
    "literal",
    "method",
    "point",
    "vector",
]


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a string, a truth value or None; strings are printed with `repr`."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Symbol:
    """A public name of Manim or numpy that the whitelist holds, such as `Circle`, `RED` or `np`."""

    name: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A local variable of `construct`, or `self`."""

    name: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A dictionary with string keys."""

    items: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an object; the name comes from the compiler, never from a scene."""

    owner: Node
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a sequence: `f[0]`."""

    owner: Node
    index: int


@dataclass(frozen=True, slots=True)
class Splat:
    """The items of a sequence as separate arguments."""

    value: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A call."""

    function: Node
    arguments: tuple[Node, ...] = ()
    keywords: tuple[tuple[str, Node], ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """`left operator right`; a missing left operand is a sign. Operators are Python's."""

    operator: str
    left: Node | None
    right: Node


@dataclass(frozen=True, slots=True)
class Function:
    """A function of some parameters: `lambda x: body`."""

    parameters: tuple[str, ...]
    body: Node


Node = Literal | Symbol | Reference | Listing | Table | Attribute | Item | Splat | Call | Operation | Function


@dataclass(frozen=True, slots=True)
class Assign:
    """`name = value`."""

    name: str
    value: Node


@dataclass(frozen=True, slots=True)
class Do:
    """An expression for its effect."""

    value: Node


@dataclass(frozen=True, slots=True)
class Store:
    """`owner.name = value`."""

    owner: Node
    name: str
    value: Node


@dataclass(frozen=True, slots=True)
class Comment:
    """A line for readers."""

    text: str


Statement = Assign | Do | Store | Comment

SELF = Reference("self")


def literal(value: str | float | bool | None) -> Literal:
    """A literal; a whole number loses its `.0` and floats lose their rounding noise."""
    if isinstance(value, float) and math.isfinite(value):
        rounded = round(value, 9)
        return Literal(int(rounded) if rounded == int(rounded) and abs(rounded) < 1e15 else rounded)
    return Literal(value)


def call(name: str, *arguments: Node, **keywords: Node) -> Call:
    """A call of one of Manim's names."""
    return Call(Symbol(name), arguments, tuple(keywords.items()))


def method(owner: Node, name: str, *arguments: Node, **keywords: Node) -> Call:
    """A call of a method."""
    return Call(Attribute(owner, name), arguments, tuple(keywords.items()))


def chain(owner: Node, calls: Sequence[Call]) -> Node:
    """Calls methods one after another; each call's function is a `Symbol` with the method's name."""
    for link in calls:
        if not isinstance(link.function, Symbol):
            raise TypeError("a chain is made of calls of methods")
        owner = Call(Attribute(owner, link.function.name), link.arguments, link.keywords)
    return owner


def listing(*items: Node) -> Listing:
    """A list."""
    return Listing(items)


def point(x: float, y: float, z: float = 0.0) -> Node:
    """A point: `[2, 1, 0]`, or `ORIGIN`."""
    if x == y == z == 0:
        return Symbol("ORIGIN")
    return listing(literal(float(x)), literal(float(y)), literal(float(z)))


_AXES = (("RIGHT", "LEFT"), ("UP", "DOWN"), ("OUT", "IN"))


def vector(x: float, y: float, z: float = 0.0) -> Node:
    """A displacement as people write it: `2 * RIGHT + UP`."""
    terms: list[Node] = []
    for amount, names in zip((x, y, z), _AXES, strict=True):
        if amount:
            unit = Symbol(names[0] if amount > 0 else names[1])
            size = literal(float(abs(amount)))
            terms.append(unit if size.value == 1 else Operation("*", size, unit))
    if not terms:
        return Symbol("ORIGIN")
    total = terms[0]
    for term in terms[1:]:
        total = Operation("+", total, term)
    return total


def direction(name: str) -> Symbol:
    """One of Manim's directions by its name: `UP`, `UL`."""
    return Symbol(name)


def degrees(angle: float) -> Node:
    """An angle: `90 * DEGREES`.

    Args:
        angle: Degrees, counter-clockwise.
    """
    return Operation("*", literal(float(angle)), Symbol("DEGREES"))
