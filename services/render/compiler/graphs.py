"""Axes, number lines and the graphs of functions."""

from __future__ import annotations

import math

import numpy as np

from animathic.v1 import scene_pb2
from services.render.compiler.code import (
    Call,
    Literal,
    Node,
    Reference,
    Symbol,
    Table,
    listing,
    literal,
    method,
)
from services.render.compiler.functions import Curve, sample_step, segments
from services.render.compiler.issues import Unrenderable, note, problem
from services.render.compiler.registry import Registry
from services.render.compiler.style import color_node, constructor_style
from services.render.compiler.text import formula
from services.render.compiler.walk import Walk

__all__ = ["add_rooms", "nice_step"]

_CURVE_COLORS = ("yellow", "blue", "green", "red", "purple", "orange")
"""Colours of plots without one, in turn: a white curve is hard to tell from its axes."""

_LABEL_SIZE = 24
_MOST_TICKS = 16
_SAMPLES, _FINE_SAMPLES = 100, 300
_POLE = 8.0
"""How many times higher than most of it a curve has to be for the rest to count as a pole."""


def nice_step(start: float, end: float, most: int) -> float:
    """The smallest of 1, 2, 5, 10, … (or tenths of these) that makes no more ticks than `most`."""
    wanted = (end - start) / most
    power = 10.0 ** math.floor(math.log10(wanted))
    return next((power * factor for factor in (1, 2, 5) if power * factor >= wanted * (1 - 1e-9)), power * 10)


def _step(it: scene_pb2.Range, length: float) -> float:
    if it.HasField("step"):
        return it.step
    most = max(4, min(_MOST_TICKS, int(length / 0.6)))
    return (
        max(1.0, nice_step(it.start, it.end, most))
        if it.end - it.start >= 3
        else nice_step(it.start, it.end, 6)
    )


def _range(start: float, end: float, step: float) -> Node:
    return listing(literal(start), literal(end), literal(step))


def add_rooms(registry: Registry) -> None:
    """Enters the rooms of this module."""

    @registry.element("axes")
    def axes(walk: Walk, element: scene_pb2.Element, it: scene_pb2.Axes) -> Node:
        frame = walk.frame
        width = it.width if it.HasField("width") else round(frame.width) - 2.0
        height = it.height if it.HasField("height") else round(frame.height) - 2.0
        x, y = axes_ranges(walk, element, it)
        keywords: dict[str, Node] = {
            "x_range": _range(x.start, x.end, _step(x, width)),
            "y_range": _range(y.start, y.end, _step(y, height)),
            "x_length": literal(width),
            "y_length": literal(height),
        }
        if it.HasField("tips") and not it.tips:
            keywords["tips"] = literal(False)
        smallest = min(_step(x, width), _step(y, height))
        config = _line_config(walk, element, it.numbers, smallest)
        if config:
            keywords["axis_config"] = Table(tuple(config.items()))
        return Call(Symbol("Axes"), (), tuple(keywords.items()))

    @registry.finishing("axes")
    def labelled(walk: Walk, element: scene_pb2.Element, variable: str) -> None:
        _add_labels(walk, element, variable)

    @registry.element("number_line")
    def number_line(walk: Walk, element: scene_pb2.Element, it: scene_pb2.NumberLine) -> Node:
        frame = walk.frame
        half = math.floor(frame.width / 2)
        shown = it.x if it.HasField("x") else scene_pb2.Range(start=-half, end=half)
        length = it.length if it.HasField("length") else min(shown.end - shown.start, frame.safe_width - 0.5)
        keywords: dict[str, Node] = {
            "x_range": _range(shown.start, shown.end, _step(shown, length)),
            "length": literal(length),
        }
        if it.tips:
            keywords["include_tip"] = literal(True)
        keywords |= _line_config(walk, element, it.numbers, _step(shown, length))
        return Call(Symbol("NumberLine"), (), tuple(keywords.items()))

    @registry.element("plot")
    def plot(walk: Walk, element: scene_pb2.Element, it: scene_pb2.Plot) -> Node:
        return _plot(walk, element, it)


def _add_labels(walk: Walk, element: scene_pb2.Element, variable: str) -> None:
    """Puts the names of the axes at their ends, once the axes exist."""
    labels = element.axes.labels
    if len(labels) != 2:
        return
    path = walk.path(element)
    ink = walk.ink(element, "Text")
    keywords: dict[str, Node] = {"font_size": literal(36)}
    if ink:
        keywords["color"] = color_node(ink)
    named = [formula(label, f"{path}.axes.labels[{index}]", keywords) for index, label in enumerate(labels)]
    owner = Reference(variable)
    walk.machine.do(method(owner, "add", method(owner, "get_axis_labels", *named)))


def _line_config(walk: Walk, element: scene_pb2.Element, numbers: bool, step: float) -> dict[str, Node]:
    config: dict[str, Node] = {}
    style = element.style
    color = style.color or style.stroke or walk.ink(element, "Axes")
    if color:
        config["color"] = color_node(color)
    if style.HasField("stroke_width"):
        config["stroke_width"] = literal(style.stroke_width)
    if numbers:
        config["include_numbers"] = literal(True)
        config["font_size"] = literal(_LABEL_SIZE)
        # Manim's own numbers want a LaTeX installation.
        config["label_constructor"] = Symbol("MathTypst")
        if color:
            places = literal(_decimal_places(step))
            config["decimal_number_config"] = Table(
                (("num_decimal_places", places), ("color", color_node(color)))
            )
    return config


def _decimal_places(step: float) -> int:
    """As many as the step has, as in Manim."""
    text = f"{step:.9f}".rstrip("0")
    return len(text.partition(".")[2])


def axes_ranges(
    walk: Walk, element: scene_pb2.Element, it: scene_pb2.Axes
) -> tuple[scene_pb2.Range, scene_pb2.Range]:
    """What axes show; a y range that is not given is widened to hold the plots."""
    half_width, half_height = math.floor(walk.frame.width / 2), math.floor(walk.frame.height / 2)
    x = it.x if it.HasField("x") else scene_pb2.Range(start=-half_width, end=half_width, step=1)
    if it.HasField("y"):
        return x, it.y
    y = scene_pb2.Range(start=-half_height, end=half_height, step=1)
    fitted = _fitted(walk, element.name, x)
    if fitted is not None:
        walk.note(
            note(
                "axes_fitted",
                f"{walk.path(element)}.axes.y",
                f"the y axis shows {fitted.start:g} to {fitted.end:g} to hold the plots",
            )
        )
    return x, fitted or y


def _fitted(walk: Walk, name: str, x: scene_pb2.Range) -> scene_pb2.Range | None:
    """A y range for the plots on axes, where the default would cut or flatten them."""
    lows: list[float] = []
    highs: list[float] = []
    for other in walk.scene.elements:
        if other.WhichOneof("kind") != "plot" or other.plot.axes.name != name:
            continue
        drawn = other.plot.x if other.plot.HasField("x") else x
        values = walk.curve_of(other.name).values(np.linspace(drawn.start, drawn.end, 401))
        values = values[np.isfinite(values)]
        if values.size:
            low, high = np.percentile(values, [10, 90])
            if values.max() - values.min() > _POLE * max(high - low, 1e-9):
                # A pole would flatten everything else.
                lows.append(float(low))
                highs.append(float(high))
            else:
                lows.append(float(values.min()))
                highs.append(float(values.max()))
    if not lows:
        return None
    low, high = min(lows), max(highs)
    if low >= -4.001 and high <= 4.001 and high - low >= 1.5:
        return None
    if high - low < 1e-9:
        low, high = low - 1, high + 1
    # The x axis belongs to the picture.
    low, high = min(low, 0.0), max(high, 0.0)
    step = nice_step(low, high, 8)
    return scene_pb2.Range(
        start=step * math.floor(low / step + 1e-9), end=step * math.ceil(high / step - 1e-9), step=step
    )


def _plot(walk: Walk, element: scene_pb2.Element, it: scene_pb2.Plot) -> Node:
    owner = walk.use_own(it.axes.name)
    holder = walk.element(it.axes.name)
    x, y = axes_ranges(walk, holder, holder.axes)
    drawn = it.x if it.HasField("x") else x
    curve: Curve = walk.curve_of(element.name)
    parts = segments(curve, (drawn.start, drawn.end), (y.start, y.end))
    path = f"{walk.path(element)}.plot"
    if not parts:
        raise Unrenderable(
            problem(
                "plot_outside",
                f"{path}.function",
                f"{it.function.text} has no value between {y.start:g} and {y.end:g}, which the y axis shows",
                "widen the y range of the axes, or draw over another part of the x axis",
            )
        )
    if len(parts) > 60:
        raise Unrenderable(
            problem(
                "plot_too_broken",
                f"{path}.function",
                f"{it.function.text} falls into {len(parts)} pieces on these axes",
                "draw over a smaller part of the x axis",
            )
        )
    style = constructor_style(element.style, _CURVE_COLORS[_turn(walk, element) % len(_CURVE_COLORS)])
    drawn_parts: list[Node] = []
    for part in parts:
        keywords: dict[str, Node] = {}
        if curve.cornered or part.cut:
            # Smoothing would round corners and swing out where a curve is steep; many samples need none.
            step = (part.end - part.start) / _FINE_SAMPLES
            keywords["use_smoothing"] = literal(False)
        else:
            step = (x.end - x.start) / _SAMPLES
        ends = Literal(part.start), Literal(part.end)
        keywords["x_range"] = listing(*ends, Literal(sample_step(curve, part, max(step, 1e-9))))
        drawn_parts.append(method(Reference(owner), "plot", curve.node(), **(keywords | style)))
    if len(drawn_parts) == 1:
        return drawn_parts[0]
    return Call(Symbol("VGroup"), tuple(drawn_parts))


def _turn(walk: Walk, element: scene_pb2.Element) -> int:
    """Which plot of its axes it is, from 0."""
    before = 0
    for other in walk.scene.elements:
        if other.name == element.name:
            break
        if other.WhichOneof("kind") == "plot" and other.plot.axes.name == element.plot.axes.name:
            before += 1
    return before
