"""Places what the scene leaves open, and keeps everything readable: rows, fitting, and the safe margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from animathic.scene.vocabulary import hex_of
from animathic.v1 import scene_pb2
from services.render.compiler.code import (
    Call,
    Reference,
    Symbol,
    call,
    chain,
    literal,
    method,
    vector,
)
from services.render.compiler.frame import MARGIN
from services.render.compiler.geometry import box_of, floored, frame_box, inward
from services.render.compiler.issues import note
from services.render.compiler.placement import placement_calls
from services.render.compiler.rows import Rows

if TYPE_CHECKING:
    from services.render.compiler.walk import Walk

__all__ = ["Layout", "rgb"]

_WORDS = frozenset({"text", "math"})
_FITTED = frozenset({"text", "math", "group", "axes", "number_line"})
_BESIDE = frozenset({"left", "right", "above", "below"})
_STACKING = {"above": "UP", "below": "DOWN", "left": "LEFT", "right": "RIGHT", "edge": "", "corner": ""}
"""Where a second thing with the same place goes; at an edge, away from it."""

_FROM_EDGE = {
    scene_pb2.SIDE_TOP: "DOWN",
    scene_pb2.SIDE_BOTTOM: "UP",
    scene_pb2.SIDE_LEFT: "RIGHT",
    scene_pb2.SIDE_RIGHT: "LEFT",
}
_FROM_CORNER = {
    scene_pb2.CORNER_UPPER_LEFT: ("DOWN", "LEFT"),
    scene_pb2.CORNER_UPPER_RIGHT: ("DOWN", "RIGHT"),
    scene_pb2.CORNER_LOWER_LEFT: ("UP", "LEFT"),
    scene_pb2.CORNER_LOWER_RIGHT: ("UP", "RIGHT"),
}
_LEAST_SHRINK = 0.3
_AIR = 0.25


def rgb(color: str) -> tuple[float, float, float]:
    """A colour's parts, 0 to 1."""
    digits = hex_of(color)
    return tuple(int(digits[start : start + 2], 16) / 255 for start in (1, 3, 5))  # type: ignore[return-value]


class Layout:
    """The layout of one walk.

    Attributes of the walk are read; all changes are statements of the machine.
    """

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._rows = Rows(walk)

    # --- one element ---

    def finish(self, name: str, variable: str) -> None:
        """Sizes and places a new object by what its element says."""
        walk = self._walk
        element = walk.element(name)
        self._fit(name, variable)
        calls = placement_calls(walk, element.placement, variable)
        if calls:
            walk.machine.do(chain(Reference(variable), calls))
            self._stack(name, variable)
        if not self._rows.is_settling:
            self._clamp(name, variable)

    def settle(self, name: str) -> None:
        """Brings an unplaced unit to its seat; the first of a row brings all others with it."""
        self._rows.settle(name)

    def _fit(self, name: str, variable: str) -> None:
        """Shrinks what is larger than the frame; shapes may be larger where the scene places them."""
        walk = self._walk
        kind = walk.kind(name)
        if kind == "plot" or (kind not in _FITTED and not walk.floats(name)):
            return
        margin = MARGIN if kind in _FITTED else 0.0
        room, box = frame_box(self._walk.frame, margin), walk.machine.box(variable)
        factor = min(room.width / max(box.width, 1e-9), room.height / max(box.height, 1e-9))
        if factor >= 1:
            return
        walk.machine.do(chain(Reference(variable), [call("scale", literal(floored(factor)))]))
        walk.note(
            note(
                "shrunk",
                walk.path(walk.element(name)),
                f"{name} was larger than the frame and was shrunk to fit",
            )
        )

    def _stack(self, name: str, variable: str) -> None:
        """Puts what would cover another thing with the same place next to that instead."""
        walk = self._walk
        placement = walk.element(name).placement
        place = placement.WhichOneof("place")
        if place not in _STACKING:
            return
        mine = getattr(placement, place)
        inward, aligned_edge = _STACKING[place], ""
        if place == "edge":
            inward = _FROM_EDGE[mine]
        elif place == "corner":
            inward, aligned_edge = _FROM_CORNER[mine]
        aligned = {"aligned_edge": Symbol(aligned_edge)} if aligned_edge else {}
        for other, role in walk.cast.roles.items():
            its = role.element.placement
            if (
                other == name
                or not role.ready
                or its.WhichOneof("place") != place
                or getattr(its, place) != mine
            ):
                continue
            if self._together(name, other) and walk.machine.box(role.variable).overlaps(
                walk.machine.box(variable)
            ):
                beside = call("next_to", Reference(role.variable), Symbol(inward), **aligned)
                walk.machine.do(chain(Reference(variable), [beside]))
                walk.note(
                    note(
                        "stacked",
                        walk.path(walk.element(name)),
                        f"{name} was put next to {other}, not over it",
                    )
                )

    def _together(self, one: str, other: str) -> bool:
        """Whether two elements are visible at some time together."""
        spans = [self._walk.plan.spans.get(self._walk.plan.units[name]) for name in (one, other)]
        return spans[0] is not None and spans[1] is not None and spans[0].meets(spans[1])

    def _clamp(self, name: str, variable: str) -> None:
        """Moves into the frame what a relation, or words at a point, would bring over its edge."""
        walk = self._walk
        element = walk.element(name)
        place = element.placement.WhichOneof("place")
        if place is None or element.placement.HasField("shift"):
            return
        box = walk.machine.box(variable)
        if place == "at":
            # What the scene puts at a point stays there, unless it is words that would be cut.
            if walk.kind(name) not in _WORDS or not box.overlaps(frame_box(self._walk.frame, 0.0)):
                return
            if frame_box(self._walk.frame, 0.0).holds(box):
                return
        if place in {"edge", "corner"} and walk.kind(name) not in _WORDS:
            return
        if place in _BESIDE and self._shrink_beside(name, variable, place):
            box = walk.machine.box(variable)
        room = frame_box(self._walk.frame, _AIR if element.placement.HasField("buff") else MARGIN)
        across, up = inward(box, room)
        if across or up:
            walk.machine.do(chain(Reference(variable), [call("shift", vector(across, up))]))
            walk.note(note("moved_in", walk.path(element), f"{name} was moved to stay inside the frame"))

    def _shrink_beside(self, name: str, variable: str, place: str) -> bool:
        """Shrinks what has too little room on its side of something, rather than let the two overlap."""
        walk = self._walk
        target = getattr(walk.element(name).placement, place)
        if target.WhichOneof("kind") != "anchor" or not _holds_parts(walk.kind(name)):
            return False
        anchor, box = walk.machine.box(walk.use(target.anchor.element)), walk.machine.box(variable)
        room = frame_box(self._walk.frame, MARGIN)
        available, needed = {
            "above": (room.top - anchor.top - _AIR, box.height),
            "below": (anchor.bottom - room.bottom - _AIR, box.height),
            "left": (anchor.left - room.left - _AIR, box.width),
            "right": (room.right - anchor.right - _AIR, box.width),
        }[place]
        factor = available / max(needed, 1e-9)
        if not _LEAST_SHRINK <= factor < 1:
            return False
        calls = placement_calls(walk, walk.element(name).placement, variable)
        walk.machine.do(chain(Reference(variable), [call("scale", literal(floored(factor))), *calls]))
        walk.note(note("shrunk", walk.path(walk.element(name)), f"{name} was shrunk to the room that it has"))
        return True

    def keep_in(self, name: str, variable: str) -> None:
        """Moves into the frame what took the place of something smaller."""
        box, room = self._walk.machine.box(variable), frame_box(self._walk.frame, MARGIN)
        across, up = inward(box, room)
        if (across or up) and self._walk.kind(name) in _FITTED:
            self._walk.machine.do(chain(Reference(variable), [call("shift", vector(across, up))]))

    def correction(
        self, name: str, variable: str, place: scene_pb2.Placement, calls: list[Call]
    ) -> list[Call]:
        """What keeps something inside the frame that a relation would bring over its edge."""
        if place.WhichOneof("place") not in {"left", "right", "above", "below"} or place.HasField("shift"):
            return []
        moved = box_of(self._walk.machine.probe(chain(method(Reference(variable), "copy"), calls)))
        across, up = inward(moved, frame_box(self._walk.frame, 0.0))
        if not (across or up):
            return []
        self._walk.note(note("moved_in", self._walk.where, f"{name} was kept inside the frame"))
        return [call("shift", vector(across, up))]


def _holds_parts(kind: str) -> bool:
    """Whether something is still itself when it is shrunk: shapes keep the size that they were given."""
    return kind in _FITTED
