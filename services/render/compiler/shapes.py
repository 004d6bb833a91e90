"""Shapes, dots, lines and arrows."""

from __future__ import annotations

import numpy as np

from animathic.v1 import scene_pb2
from services.render.compiler.code import Call, Node, Symbol, literal
from services.render.compiler.connections import ends
from services.render.compiler.registry import Registry
from services.render.compiler.style import constructor_style
from services.render.compiler.walk import Walk

__all__ = ["add_rooms"]

_LONG = 20.0
_MOST_DASHES = 200


def _sizes(message: object, **names: str) -> dict[str, Node]:
    """The given fields that are present, under the names of Manim's keywords."""
    fields = {keyword: field for keyword, field in names.items() if message.HasField(field)}  # type: ignore[attr-defined]
    return {keyword: literal(getattr(message, field)) for keyword, field in fields.items()}


def _shape(walk: Walk, element: scene_pb2.Element, name: str, *arguments: Node, **keywords: Node) -> Call:
    style = constructor_style(element.style, walk.ink(element, name))
    return Call(Symbol(name), arguments, tuple((keywords | style).items()))


def add_rooms(registry: Registry) -> None:
    """Enters the rooms of this module."""

    @registry.element("circle")
    def circle(walk: Walk, element: scene_pb2.Element, it: scene_pb2.Circle) -> Node:
        return _shape(walk, element, "Circle", **_sizes(it, radius="radius"))

    @registry.element("square")
    def square(walk: Walk, element: scene_pb2.Element, it: scene_pb2.Square) -> Node:
        return _shape(walk, element, "Square", **_sizes(it, side_length="side"))

    @registry.element("rectangle")
    def rectangle(walk: Walk, element: scene_pb2.Element, it: scene_pb2.Rectangle) -> Node:
        sizes = _sizes(it, width="width", height="height")
        if not it.radius:
            return _shape(walk, element, "Rectangle", **sizes)
        # Manim draws corners larger than half a side as loops.
        width, height = it.width or 4.0, it.height or 2.0
        radius = min(it.radius, width / 2 - 1e-3, height / 2 - 1e-3)
        return _shape(walk, element, "RoundedRectangle", corner_radius=literal(max(radius, 0.0)), **sizes)

    @registry.element("ellipse")
    def ellipse(walk: Walk, element: scene_pb2.Element, it: scene_pb2.Ellipse) -> Node:
        return _shape(walk, element, "Ellipse", **_sizes(it, width="width", height="height"))

    @registry.element("triangle")
    def triangle(walk: Walk, element: scene_pb2.Element, it: scene_pb2.Triangle) -> Node:
        return _shape(walk, element, "Triangle", **_sizes(it, radius="radius"))

    @registry.element("regular_polygon")
    def regular_polygon(walk: Walk, element: scene_pb2.Element, it: scene_pb2.RegularPolygon) -> Node:
        sides = literal(int(it.sides) if it.HasField("sides") else 6)
        return _shape(walk, element, "RegularPolygon", n=sides, **_sizes(it, radius="radius"))

    @registry.element("star")
    def star(walk: Walk, element: scene_pb2.Element, it: scene_pb2.Star) -> Node:
        points = int(it.points) if it.HasField("points") else 5
        sizes = _sizes(it, outer_radius="radius")
        if it.HasField("inner_radius"):
            sizes["inner_radius"] = literal(it.inner_radius)
        elif points < 5:
            # Lines between every second corner do not cross with fewer than five.
            sizes["inner_radius"] = literal(0.4 * (it.radius or 1.0))
        return _shape(walk, element, "Star", literal(points), **sizes)

    @registry.element("dot")
    def dot(walk: Walk, element: scene_pb2.Element, it: scene_pb2.Dot) -> Node:
        return _shape(walk, element, "Dot", **_sizes(it, radius="radius"))

    @registry.element("line")
    def line(walk: Walk, element: scene_pb2.Element, it: scene_pb2.Line) -> Node:
        start, end = ends(walk, it)
        sizes = _sizes(it, buff="gap")
        if it.dashed:
            length = float(np.linalg.norm(np.subtract(walk.machine.value(end), walk.machine.value(start))))
            if length > _LONG:
                # Every dash is an object of its own.
                sizes["dash_length"] = literal(round(length / _MOST_DASHES, 3))
        return _shape(walk, element, "DashedLine" if it.dashed else "Line", start, end, **sizes)

    @registry.element("arrow")
    def arrow(walk: Walk, element: scene_pb2.Element, it: scene_pb2.Arrow) -> Node:
        name = "DoubleArrow" if it.double_ended else "Arrow"
        return _shape(walk, element, name, *ends(walk, it), **_sizes(it, buff="gap"))
