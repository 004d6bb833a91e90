"""Whether the functions of a scene can be drawn: what they cost, and where they have a value."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from animathic.scene.evaluation import evaluate
from animathic.scene.expressions import (
    Binary,
    Call,
    Name,
    Node,
    Unary,
    called_names,
    nodes,
    parse_expression,
)
from animathic.scene.issues import Code, Issue, Severity
from animathic.scene.limits import LIMITS
from animathic.v1 import scene_pb2

__all__ = ["check_plots", "plot_range"]

_SAMPLES = 33
_DEFAULT_RANGE = (-6.0, 6.0)


def check_plots(scene: scene_pb2.Scene) -> Iterator[Issue]:
    """What is wrong with the functions of a scene whose names and expressions are right and hold no cycle."""
    trees: dict[str, Node] = {}
    paths: dict[str, str] = {}
    plots: dict[str, scene_pb2.Plot] = {}
    for index, element in enumerate(scene.elements):
        if element.WhichOneof("kind") == "plot":
            trees[element.name] = parse_expression(element.plot.function.text)
            paths[element.name] = f"elements[{index}].plot.function"
            plots[element.name] = element.plot
    costs: dict[str, tuple[int, int]] = {}
    heights: dict[str, tuple[int, int]] = {}
    total = 0
    for name in trees:
        cost, depth = _cost(name, trees, costs)
        total += cost
        if cost > LIMITS.expression_cost or depth > LIMITS.calls or total > LIMITS.total_cost:
            advice = "let plots call fewer other plots"
            yield Issue(
                Code.EXPRESSION_COST, f"plot: {name} takes too long to work out", paths[name], advice=advice
            )
            return
        if _heights(trees[name], trees, heights)[0] > LIMITS.written_depth:
            message = f"plot: {name} nests too deeply with the plots it calls written out"
            advice = f"{LIMITS.written_depth} levels are allowed; write it with fewer terms or calls"
            yield Issue(Code.EXPRESSION_COST, message, paths[name], advice=advice)
            return
    axes = {e.name: e.axes for e in scene.elements if e.WhichOneof("kind") == "axes"}
    functions: dict[str, Callable[[Any], Any]] = {}
    for name, tree in trees.items():
        functions[name] = _function(tree, functions)
    for name, plot in plots.items():
        yield from _check_values(
            functions[name], name, plot_range(plot, axes.get(plot.axes.name)), paths[name]
        )


def plot_range(plot: scene_pb2.Plot, axes: scene_pb2.Axes | None) -> tuple[float, float]:
    """The part of the x axis a plot is drawn over, as far as the scene says it."""
    if plot.HasField("x"):
        return plot.x.start, plot.x.end
    if axes is not None and axes.HasField("x"):
        return axes.x.start, axes.x.end
    return _DEFAULT_RANGE


def _cost(name: str, trees: Mapping[str, Node], known: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """The nodes of an expression with its calls written out, and how deep the calls go. Both stop growing."""
    if name not in trees:
        return 1, 0
    if name not in known:
        cost, depth = 0, 0
        called = called_names(trees[name])
        inner = {one: _cost(one, trees, known) for one in sorted(called)}
        for node in nodes(trees[name]):
            cost += 1
            used = inner.get(getattr(node, "function", ""))
            if used is not None:
                cost = min(cost + used[0], LIMITS.total_cost + 1)
                depth = max(depth, used[1] + 1)
        known[name] = (cost, depth)
    return known[name]


def _heights(tree: Node, trees: Mapping[str, Node], known: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """How deep an expression is with its calls written out, and how deep its x stands in it; -1 without x."""
    match tree:
        case Name("x"):
            return 1, 0
        case Unary(_, operand):
            parts, levels = [operand], 1
        case Binary(_, left, right):
            parts, levels = [left, right], 1
        case Call(function, (argument, *_)) if function in trees:
            if function not in known:
                known[function] = _heights(trees[function], trees, known)
            height, place = known[function]
            if place < 0:
                return height, -1
            inner, inner_place = _heights(argument, trees, known)
            return max(height, place + inner), place + inner_place if inner_place >= 0 else -1
        case Call(function, arguments):
            # The smallest of many is computed two by two.
            parts, levels = list(arguments), max(1, len(arguments) - 1) if function in {"min", "max"} else 1
        case _:
            return 1, -1
    made = [_heights(part, trees, known) for part in parts]
    place = max(place for _, place in made)
    return levels + max(height for height, _ in made), place + levels if place >= 0 else -1


def _function(tree: Node, functions: Mapping[str, Callable[[Any], Any]]) -> Callable[[Any], Any]:
    return lambda x: evaluate(tree, {"x": x}, functions)


def _check_values(
    function: Callable[[Any], Any], name: str, over: tuple[float, float], path: str
) -> Iterator[Issue]:
    start, end = over
    values = [function(start + (end - start) * i / (_SAMPLES - 1)) for i in range(_SAMPLES)]
    finite = sum(math.isfinite(value) for value in values)
    if not finite:
        advice = "choose another range: x=[from,to]"
        yield Issue(Code.NOT_FINITE, f"plot: {name} has no value anywhere in its range", path, advice=advice)
    elif finite < _SAMPLES:
        message = f"plot: {name} has no value in part of its range"
        yield Issue(Code.PARTLY_UNDEFINED, message, path, severity=Severity.NOTE)
