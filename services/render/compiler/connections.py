"""Where lines and arrows start and end.

Manim ends a line that is given an object at the corner that lies farthest in the line's direction. People
expect the line to point from centre to centre and to stop at the outline; so the ends are worked out here.
"""

from __future__ import annotations

import math

from animathic.v1 import scene_pb2
from services.render.compiler.code import Node, Reference, Symbol, method, point
from services.render.compiler.geometry import Box
from services.render.compiler.placement import point_node
from services.render.compiler.walk import Walk

__all__ = ["ends"]

_ROUND = frozenset({"circle", "ellipse", "dot", "star", "regular_polygon"})
_LEVEL = 0.02
"""Up to this slope a line counts as level."""

_AIR = 0.1
"""Room left to letters, which have no outline to touch."""


def ends(walk: Walk, it: scene_pb2.Line | scene_pb2.Arrow) -> tuple[Node, Node]:
    """The two ends of a line or an arrow."""
    start = _End(walk, it.start) if it.HasField("start") else None
    end = _End(walk, it.end) if it.HasField("end") else None
    if start is None or end is None:
        return (
            start.node(walk, (1.0, 0.0)) if start is not None else Symbol("LEFT"),
            end.node(walk, (-1.0, 0.0)) if end is not None else Symbol("RIGHT"),
        )
    across, up = end.x - start.x, end.y - start.y
    return start.node(walk, (across, up)), end.node(walk, (-across, -up))


class _End:
    """One end: a point, or an element of which the outline counts."""

    def __init__(self, walk: Walk, it: scene_pb2.Point) -> None:
        whole = it.WhichOneof("kind") == "anchor" and it.anchor.point == scene_pb2.ANCHOR_POINT_UNSPECIFIED
        self._it = it
        self._name = it.anchor.element if whole else ""
        if whole:
            self._variable = walk.use(self._name)
            self._box = walk.machine.box(self._variable)
            self.x = (self._box.left + self._box.right) / 2
            self.y = (self._box.bottom + self._box.top) / 2
        else:
            place = walk.machine.probe(point_node(walk, it))
            self.x, self.y = float(place[0]), float(place[1])

    def node(self, walk: Walk, way: tuple[float, float]) -> Node:
        """The end of a line that leaves in a direction."""
        if not self._name:
            return point_node(walk, self._it)
        across, up = way
        owner = Reference(self._variable)
        if abs(across) < 1e-9 and abs(up) < 1e-9:
            return method(owner, "get_center")
        letters = walk.kind(self._name) in {"text", "math"}
        if not letters:
            if abs(up) <= _LEVEL * abs(across):
                return method(owner, "get_right" if across > 0 else "get_left")
            if abs(across) <= _LEVEL * abs(up):
                return method(owner, "get_top" if up > 0 else "get_bottom")
        box = self._box.grown(_AIR) if letters else self._box
        share = _to_outline(box, across, up, is_round=walk.kind(self._name) in _ROUND)
        return point(round(self.x + share * across, 3), round(self.y + share * up, 3))


def _to_outline(box: Box, across: float, up: float, *, is_round: bool) -> float:
    """How often a direction fits between the centre of a box and its outline."""
    half_width, half_height = max(box.width / 2, 1e-6), max(box.height / 2, 1e-6)
    if is_round:
        return 1 / math.hypot(across / half_width, up / half_height)
    return 1 / max(abs(across) / half_width, abs(up) / half_height)
