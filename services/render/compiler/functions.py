"""Functions of x: as Python for Manim, and where they have values worth drawing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from animathic.scene.evaluation import evaluate
from animathic.scene.expressions import Binary, Call, Name, Number, Unary, nodes, parse_expression
from animathic.scene.expressions import Node as Tree
from services.render.compiler import code

__all__ = ["Curve", "Segment", "sample_step", "segments"]

_NUMPY = {
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "ln": "log",
    "mod": "mod",
    "round": "rint",
}
_CORNERED = frozenset({"floor", "ceil", "round", "sign", "mod", "if", "abs", "min", "max"})
_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
_FINE = 2000
"""Samples over the range in which gaps and jumps are looked for."""

_LARGEST_WHOLE = 1e15
"""Whole numbers from here on are written as floats."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A function of x with the plots that it calls written out.

    Attributes:
        tree: The expression; its only free name is `x`.
    """

    tree: Tree

    @classmethod
    def read(cls, text: str, others: Mapping[str, Curve]) -> Curve:
        """Reads an expression that may call the given curves."""
        return cls(_written_out(parse_expression(text), others))

    @property
    def cornered(self) -> bool:
        """Whether it may have corners or jumps, which smoothing would round."""
        return any(
            (isinstance(node, Call) and node.function in _CORNERED)
            or (isinstance(node, Binary) and node.operator in _COMPARISONS)
            for node in nodes(self.tree)
        )

    def values(self, x: Any) -> Any:
        """The values at an array of places; NaN or infinite where there is none."""
        with np.errstate(all="ignore"):
            made = evaluate(self.tree, {"x": np.asarray(x, dtype=float)}, {}, np)
        return np.broadcast_to(np.asarray(made, dtype=float), np.shape(x))

    def node(self) -> code.Function:
        """As Python: `lambda x: np.sin(x)`."""
        return code.Function(("x",), _node(self.tree))


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the x axis over which a curve is drawn without a gap.

    Attributes:
        start: Where it starts.
        end: Where it ends.
        cut: Whether the curve goes on at an end of it, out of sight or with a jump.
    """

    start: float
    end: float
    cut: bool = False


def segments(curve: Curve, x: tuple[float, float], y: tuple[float, float]) -> list[Segment]:
    """The parts of a range where the curve has values inside the y range and does not jump.

    Args:
        curve: The function.
        x: The range, its ends included.
        y: What the axes show.

    Returns:
        Parts in order; none where the curve is nowhere visible.
    """
    places = np.linspace(x[0], x[1], _FINE + 1)
    values = np.array(curve.values(places))
    slack = 1e-9 + 1e-6 * (y[1] - y[0])

    def shown(value: Any) -> Any:
        return np.isfinite(value) & (value >= y[0] - slack) & (value <= y[1] + slack)

    inside = shown(values)
    found: list[Segment] = []
    index = 0
    while index <= _FINE:
        if not inside[index]:
            index += 1
            continue
        first = index
        while (
            index < _FINE
            and inside[index + 1]
            and not _jumps(curve, places[index], places[index + 1], values[index], values[index + 1], y)
        ):
            index += 1
        start, end = float(places[first]), float(places[index])
        cut = first > 0 or index < _FINE
        if first > 0 and not inside[first - 1]:
            start = _edge(curve, shown, start, float(places[first - 1]))
            start = _short(start, 1, end)
        if index < _FINE and not inside[index + 1]:
            end = _edge(curve, shown, end, float(places[index + 1]))
            end = _short(end, -1, start)
        if end - start > 1e-9 * max(1.0, abs(x[1] - x[0])):
            found.append(Segment(_plain_number(curve, start), _plain_number(curve, end), cut))
        index += 1
    return found


def _jumps(curve: Curve, left: float, right: float, low: float, high: float, y: tuple[float, float]) -> bool:
    """Whether the curve jumps between two samples: a step stays a step however close one looks."""
    large = 0.02 * (y[1] - y[0])
    if abs(high - low) < large:
        return False
    for _ in range(30):
        middle = (left + right) / 2
        value = float(curve.values(np.array([middle]))[0])
        if not math.isfinite(value):
            return True
        if abs(value - low) > abs(high - value):
            right, high = middle, value
        else:
            left, low = middle, value
    return abs(high - low) > large / 2


def _edge(curve: Curve, shown: Callable[[Any], Any], inside: float, outside: float) -> float:
    """The last place that is still shown, between one that is and one that is not."""
    for _ in range(40):
        middle = (inside + outside) / 2
        if bool(shown(curve.values(np.array([middle])))[0]):
            inside = middle
        else:
            outside = middle
    return inside


def _short(value: float, inwards: int, other: float) -> float:
    """The number with few digits, inside of where it was, unless that would be most of the way."""
    scaled = value * 1e4
    rounded = (math.ceil(scaled) if inwards > 0 else math.floor(scaled)) / 1e4
    return rounded if abs(rounded - value) < 0.01 * abs(other - value) else value


def _plain_number(curve: Curve, value: float) -> float:
    """Without the noise of the last digits and whole where it is, unless the curve has no value there."""
    rounded = round(value, 9)
    if not np.isfinite(curve.values(np.array([rounded]))).all():
        return value
    return int(rounded) if rounded == int(rounded) else rounded


def sample_step(curve: Curve, part: Segment, step: float) -> float:
    """A step at which Manim's samples of a part all have a value, about as long as the one wanted.

    A single place without a value, such as 0 for sin(x)/x, is passed by.
    """
    for factor in (1.0, 0.97, 0.93, 0.89, 0.83, 0.77):
        found = float(f"{step * factor:.3g}")
        if np.isfinite(curve.values(np.arange(part.start, part.end, found))).all():
            return found
    return step


def _written_out(tree: Tree, others: Mapping[str, Curve], argument: Tree | None = None) -> Tree:
    """Replaces calls of other curves by what they compute, and `x` by an argument."""
    match tree:
        case Name("x") if argument is not None:
            return argument
        case Unary(operator, operand):
            return Unary(operator, _written_out(operand, others, argument))
        case Binary(operator, left, right):
            return Binary(
                operator, _written_out(left, others, argument), _written_out(right, others, argument)
            )
        case Call(function, arguments):
            made = tuple(_written_out(one, others, argument) for one in arguments)
            if function in others:
                return _written_out(others[function].tree, {}, made[0])
            return Call(function, made)
        case _:
            return tree


def _node(tree: Tree) -> code.Node:
    folded = _constant(tree)
    if folded is not None:
        return folded
    match tree:
        case Number(value):
            return _literal(value)
        case Name("x"):
            return code.Reference("x")
        case Name("pi"):
            return code.Symbol("PI")
        case Name("tau"):
            return code.Symbol("TAU")
        case Name("e"):
            return code.Attribute(code.Symbol("np"), "e")
        case Unary(_, operand):
            return code.Operation("-", None, _node(operand))
        case Binary(operator, left, right) if operator in _COMPARISONS:
            test = code.Operation(operator, _node(left), _node(right))
            return _numpy("where", test, code.literal(1), code.literal(0))
        case Binary("^", left, right):
            return code.Operation("**", _node(left), _node(right))
        case Binary(operator, left, right):
            return code.Operation(operator, _node(left), _node(right))
        case Call(function, arguments):
            return _call(function, arguments)
        case _:
            raise KeyError(f"{tree!r} has no value")


def _constant(tree: Tree) -> code.Node | None:
    """The value of a part without x where Python's own arithmetic could refuse it (`(-8)^(1/3)`, `1/0`).

    So could numpy's, where a whole number is longer than 64 bits (`10^20`, or a product).
    """
    if isinstance(tree, Number | Name) or any(
        isinstance(node, Name) and node.name == "x" for node in nodes(tree)
    ):
        return None
    risky = any(isinstance(node, Binary) and node.operator in {"^", "/"} for node in nodes(tree))
    value = float(evaluate(tree, {}, {}))
    if not risky and abs(value) < _LARGEST_WHOLE:
        return None
    if math.isfinite(value):
        whole = isinstance(tree, Binary) and tree.operator == "/"
        return None if whole and _plain(tree) else _literal(value)
    return code.Attribute(code.Symbol("np"), "nan")


def _literal(value: float) -> code.Literal:
    """A number as it reads best; a large one stays a float, which numpy can always take."""
    return code.Literal(int(value) if abs(value) < _LARGEST_WHOLE and value == int(value) else value)


def _plain(tree: Tree) -> bool:
    """Whether it is a quotient of plain numbers, which reads better as written: `pi / 2`."""
    return isinstance(tree, Binary) and all(
        isinstance(side, Number | Name) for side in (tree.left, tree.right)
    )


def _call(function: str, arguments: tuple[Tree, ...]) -> code.Node:
    made = [_node(argument) for argument in arguments]
    if function in {"min", "max"}:
        name = "minimum" if function == "min" else "maximum"
        folded = made[0]
        for other in made[1:]:
            folded = _numpy(name, folded, other)
        return folded
    if function == "if":
        condition = arguments[0]
        if isinstance(condition, Binary) and condition.operator in _COMPARISONS:
            test = code.Operation(condition.operator, _node(condition.left), _node(condition.right))
        else:
            test = code.Operation("!=", made[0], code.literal(0))
        return _numpy("where", test, made[1], made[2])
    if function == "log" and len(made) == 2:
        return code.Operation("/", _numpy("log", made[0]), _numpy("log", made[1]))
    return _numpy(_NUMPY.get(function, function), *made)


def _numpy(name: str, *arguments: code.Node) -> code.Node:
    return code.Call(code.Attribute(code.Symbol("np"), name), arguments)
