"""Where things stand: points, and relations between elements, as calls of Manim's placement methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from animathic.v1 import scene_pb2
from services.render.compiler.code import Call, Node, Reference, Symbol, call, literal, method, point, vector

if TYPE_CHECKING:
    from services.render.compiler.walk import Walk

__all__ = ["SIDES", "is_placed", "placement_calls", "point_node", "spot", "vector_node"]

SIDES = {
    scene_pb2.SIDE_LEFT: "LEFT",
    scene_pb2.SIDE_RIGHT: "RIGHT",
    scene_pb2.SIDE_TOP: "UP",
    scene_pb2.SIDE_BOTTOM: "DOWN",
}
_CORNERS = {
    scene_pb2.CORNER_UPPER_LEFT: "UL",
    scene_pb2.CORNER_UPPER_RIGHT: "UR",
    scene_pb2.CORNER_LOWER_LEFT: "DL",
    scene_pb2.CORNER_LOWER_RIGHT: "DR",
}
_ANCHORS = {
    scene_pb2.ANCHOR_POINT_UNSPECIFIED: ("get_center", ""),
    scene_pb2.ANCHOR_POINT_CENTER: ("get_center", ""),
    scene_pb2.ANCHOR_POINT_TOP: ("get_top", ""),
    scene_pb2.ANCHOR_POINT_BOTTOM: ("get_bottom", ""),
    scene_pb2.ANCHOR_POINT_LEFT: ("get_left", ""),
    scene_pb2.ANCHOR_POINT_RIGHT: ("get_right", ""),
    scene_pb2.ANCHOR_POINT_UPPER_LEFT: ("get_corner", "UL"),
    scene_pb2.ANCHOR_POINT_UPPER_RIGHT: ("get_corner", "UR"),
    scene_pb2.ANCHOR_POINT_LOWER_LEFT: ("get_corner", "DL"),
    scene_pb2.ANCHOR_POINT_LOWER_RIGHT: ("get_corner", "DR"),
    scene_pb2.ANCHOR_POINT_START: ("get_start", ""),
    scene_pb2.ANCHOR_POINT_END: ("get_end", ""),
}
_RELATIONS = {"left": "LEFT", "right": "RIGHT", "above": "UP", "below": "DOWN"}
_ROUND_KINDS = frozenset({"circle", "ellipse", "star", "regular_polygon", "triangle", "dot"})


def is_placed(placement: scene_pb2.Placement) -> bool:
    """Whether the scene says where the element stands."""
    return placement.WhichOneof("place") is not None


def vector_node(it: scene_pb2.Vector) -> Node:
    """A displacement."""
    return vector(it.x, it.y, it.z)


def point_node(walk: Walk, it: scene_pb2.Point) -> Node:
    """A point, as coordinates."""
    match it.WhichOneof("kind"):
        case "anchor":
            name, corner = _ANCHORS[it.anchor.point]
            owner = Reference(walk.use(it.anchor.element))
            return method(owner, name, Symbol(corner)) if corner else method(owner, name)
        case "on_curve":
            return method(
                walk.curve(it.on_curve.element), "point_from_proportion", literal(it.on_curve.proportion)
            )
        case "on_axes":
            return walk.point_on_axes(it.on_axes)
        case _:
            return point(it.coordinates.x, it.coordinates.y, it.coordinates.z)


def spot(walk: Walk, it: scene_pb2.Point) -> Node:
    """A point, or the whole element where just an element is named."""
    if it.WhichOneof("kind") == "anchor" and it.anchor.point == scene_pb2.ANCHOR_POINT_UNSPECIFIED:
        return Reference(walk.use(it.anchor.element))
    return point_node(walk, it)


def placement_calls(walk: Walk, placement: scene_pb2.Placement, variable: str) -> list[Call]:
    """The calls that bring an object to its place.

    Args:
        walk: The walk.
        placement: The place.
        variable: The object, which exists already: `inside` measures it.
    """
    calls: list[Call] = []
    place = placement.WhichOneof("place")
    gap = {"buff": literal(placement.buff)} if placement.HasField("buff") else {}
    match place:
        case "at":
            calls.append(call("move_to", spot(walk, placement.at)))
        case "left" | "right" | "above" | "below":
            target = spot(walk, getattr(placement, place))
            keywords: dict[str, Node] = dict(gap)
            if placement.align:
                keywords["aligned_edge"] = Symbol(SIDES[placement.align])
            calls.append(
                Call(Symbol("next_to"), (target, Symbol(_RELATIONS[place])), tuple(keywords.items()))
            )
        case "inside":
            holder = walk.use(placement.inside.name)
            factor = _shrink(walk, placement.inside.name, holder, variable)
            if factor < 1:
                calls.append(call("scale", literal(round(factor, 3))))
            calls.append(call("move_to", Reference(holder)))
        case "edge":
            calls.append(call("to_edge", Symbol(SIDES[placement.edge]), **gap))
        case "corner":
            calls.append(call("to_corner", Symbol(_CORNERS[placement.corner]), **gap))
        case _:
            pass
    if placement.HasField("shift"):
        calls.append(call("shift", vector_node(placement.shift)))
    return calls


def _shrink(walk: Walk, name: str, holder: str, variable: str) -> float:
    """The factor that makes an object fit inside another, with air around it."""
    outer, inner = walk.machine.box(holder), walk.machine.box(variable)
    share = 0.68 if walk.kind(name) in _ROUND_KINDS else 0.85
    ratios = [
        share * available / needed
        for available, needed in ((outer.width, inner.width), (outer.height, inner.height))
        if needed > 1e-6
    ]
    return max(0.01, min([1.0, *ratios]))
