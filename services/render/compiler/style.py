"""How an element looks: the style fields as keywords of a constructor or as calls after it."""

from __future__ import annotations

from animathic.v1 import scene_pb2
from services.render.compiler.code import Call, Literal, Node, Symbol, call, degrees, literal

__all__ = ["color_node", "constructor_style", "is_light", "later_style", "size_and_turn"]


def color_node(color: str) -> Node:
    """A colour of the language: a Manim name, or `#RRGGBB`."""
    return Literal(color.upper()) if color.startswith("#") else Symbol(color.upper())


def is_light(red: float, green: float, blue: float) -> bool:
    """Whether white would be hard to read on this colour; parts are 0 to 1."""
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5


def constructor_style(style: scene_pb2.Style, default_color: str = "") -> dict[str, Node]:
    """The keywords that an outlined shape's constructor takes.

    Shapes are outlines unless they are filled, as in Manim. A fill colour without opacity is opaque.
    """
    keywords: dict[str, Node] = {}
    color = style.color or default_color
    if color:
        keywords["color"] = color_node(color)
    if style.HasField("fill"):
        keywords["fill_color"] = color_node(style.fill)
    if style.HasField("stroke"):
        keywords["stroke_color"] = color_node(style.stroke)
    if style.HasField("fill_opacity"):
        keywords["fill_opacity"] = literal(style.fill_opacity)
    elif style.HasField("fill"):
        keywords["fill_opacity"] = literal(1)
    if style.HasField("stroke_opacity"):
        keywords["stroke_opacity"] = literal(style.stroke_opacity)
    if style.HasField("stroke_width"):
        keywords["stroke_width"] = literal(style.stroke_width)
    return keywords


def later_style(style: scene_pb2.Style) -> list[Call]:
    """The same for what is made of parts, as calls on the finished object."""
    calls: list[Call] = []
    if style.color:
        calls.append(call("set_color", color_node(style.color)))
    if style.HasField("fill") or style.HasField("fill_opacity"):
        fill: dict[str, Node] = {}
        if style.HasField("fill"):
            fill["color"] = color_node(style.fill)
        fill["opacity"] = literal(style.fill_opacity if style.HasField("fill_opacity") else 1)
        calls.append(call("set_fill", **fill))
    stroke: dict[str, Node] = {}
    if style.HasField("stroke"):
        stroke["color"] = color_node(style.stroke)
    if style.HasField("stroke_width"):
        stroke["width"] = literal(style.stroke_width)
    if style.HasField("stroke_opacity"):
        stroke["opacity"] = literal(style.stroke_opacity)
    if stroke:
        calls.append(call("set_stroke", **stroke))
    return calls


def size_and_turn(style: scene_pb2.Style) -> list[Call]:
    """Scale, turn, opacity of the whole and painting order, in this order."""
    calls: list[Call] = []
    if style.HasField("scale") and style.scale != 1:
        calls.append(call("scale", literal(style.scale)))
    if style.HasField("rotate") and style.rotate != 0:
        calls.append(call("rotate", degrees(style.rotate)))
    if style.HasField("opacity") and style.opacity != 1:
        # `fade` scales the opacity of fill and stroke alike; `set_opacity` would fill an outline.
        calls.append(call("fade", literal(1 - style.opacity)))
    if style.HasField("z") and style.z != 0:
        calls.append(call("set_z_index", literal(style.z)))
    return calls
