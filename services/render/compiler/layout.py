"""Places what the scene leaves open, and keeps everything readable: rows, fitting, and the safe margin."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from animathic.scene.vocabulary import hex_of
from animathic.v1 import scene_pb2
from services.render.compiler.code import (
    Call,
    Node,
    Reference,
    Symbol,
    call,
    chain,
    literal,
    method,
    point,
    vector,
)
from services.render.compiler.frame import MARGIN
from services.render.compiler.issues import note
from services.render.compiler.machine import Box, box_of
from services.render.compiler.placement import placement_calls
from services.render.compiler.plan import Row

if TYPE_CHECKING:
    from services.render.compiler.walk import Walk

__all__ = ["Layout", "rgb"]

_WORDS = frozenset({"text", "math"})
_FITTED = frozenset({"text", "math", "group", "axes", "number_line"})
_WIDE_WORDS = 2.5
"""From this width on, words stand below each other rather than side by side."""

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
_GAPS = (1.0, 0.5, 0.25)
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
        self._settled: dict[Row, list[tuple[float, float]]] = {}
        self._settling: set[Row] = set()
        self._arranged_first: set[str] = set()

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
        self._clamp(name, variable)

    def _frame_box(self, margin: float) -> Box:
        half_width, half_height = self._walk.frame.width / 2 - margin, self._walk.frame.height / 2 - margin
        return Box(-half_width, half_width, -half_height, half_height)

    def _fit(self, name: str, variable: str) -> None:
        """Shrinks what is larger than the frame; shapes may be larger where the scene places them."""
        walk = self._walk
        kind = walk.kind(name)
        if kind == "plot" or (kind not in _FITTED and not walk.floats(name)):
            return
        margin = MARGIN if kind in _FITTED else 0.0
        room, box = self._frame_box(margin), walk.machine.box(variable)
        factor = min(room.width / max(box.width, 1e-9), room.height / max(box.height, 1e-9))
        if factor >= 1:
            return
        walk.machine.do(chain(Reference(variable), [call("scale", literal(_floor(factor)))]))
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
            if walk.kind(name) not in _WORDS or not box.overlaps(self._frame_box(0.0)):
                return
            if self._frame_box(0.0).holds(box):
                return
        if place in {"edge", "corner"} and walk.kind(name) not in _WORDS:
            return
        if place in _BESIDE and self._shrink_beside(name, variable, place):
            box = walk.machine.box(variable)
        room = self._frame_box(_AIR if element.placement.HasField("buff") else MARGIN)
        across = _inward(box.left, box.right, room.left, room.right)
        up = _inward(box.bottom, box.top, room.bottom, room.top)
        if abs(across) > 1e-3 or abs(up) > 1e-3:
            walk.machine.do(chain(Reference(variable), [call("shift", vector(_round(across), _round(up)))]))
            walk.note(note("moved_in", walk.path(element), f"{name} was moved to stay inside the frame"))

    def _shrink_beside(self, name: str, variable: str, place: str) -> bool:
        """Shrinks what has too little room on its side of something, rather than let the two overlap."""
        walk = self._walk
        target = getattr(walk.element(name).placement, place)
        if target.WhichOneof("kind") != "anchor" or not _holds_parts(walk.kind(name)):
            return False
        anchor, box = walk.machine.box(walk.use(target.anchor.element)), walk.machine.box(variable)
        room = self._frame_box(MARGIN)
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
        walk.machine.do(chain(Reference(variable), [call("scale", literal(_floor(factor))), *calls]))
        walk.note(note("shrunk", walk.path(walk.element(name)), f"{name} was shrunk to the room that it has"))
        return True

    def keep_in(self, name: str, variable: str) -> None:
        """Moves into the frame what took the place of something smaller."""
        box, room = self._walk.machine.box(variable), self._frame_box(MARGIN)
        across, up = (
            _inward(box.left, box.right, room.left, room.right),
            _inward(box.bottom, box.top, room.bottom, room.top),
        )
        if (abs(across) > 1e-3 or abs(up) > 1e-3) and self._walk.kind(name) in _FITTED:
            self._walk.machine.do(
                chain(Reference(variable), [call("shift", vector(_round(across), _round(up)))])
            )

    def correction(
        self, name: str, variable: str, place: scene_pb2.Placement, calls: list[Call]
    ) -> list[Call]:
        """What keeps something inside the frame that a relation would bring over its edge."""
        if place.WhichOneof("place") not in {"left", "right", "above", "below"} or place.HasField("shift"):
            return []
        moved = box_of(self._walk.machine.probe(chain(method(Reference(variable), "copy"), calls)))
        room = self._frame_box(0.0)
        across = _inward(moved.left, moved.right, room.left, room.right)
        up = _inward(moved.bottom, moved.top, room.bottom, room.top)
        if abs(across) < 1e-3 and abs(up) < 1e-3:
            return []
        self._walk.note(note("moved_in", "", f"{name} was kept inside the frame"))
        return [call("shift", vector(_round(across), _round(up)))]

    # --- rows ---

    def settle(self, name: str) -> None:
        """Brings an unplaced unit to its seat; the first of a row brings all others with it."""
        walk = self._walk
        row = walk.plan.row_of(name)
        if row is None or row in self._settling:
            return
        seat = row.seat_of(name)
        if seat is None:
            return
        if row in self._settled:
            x, y = self._settled[row][seat]
            role = walk.cast.roles[name]
            if name != row.seats[seat][0] or role.variable not in self._arranged_first:
                self._sit(role.variable, x, y)
            return
        self._settling.add(row)
        first = [walk.use_own(units[0]) for units in row.seats]
        self._arrange(row, first)
        self._settling.discard(row)
        self._arranged_first.update(first)
        boxes = [walk.machine.box(variable) for variable in first]
        self._settled[row] = [((box.left + box.right) / 2, (box.bottom + box.top) / 2) for box in boxes]

    def _sit(self, variable: str, x: float, y: float) -> None:
        x, y = _round(x), _round(y)
        if x or y:
            self._walk.machine.do(chain(Reference(variable), [call("move_to", point(x, y))]))

    def _arrange(self, row: Row, variables: list[str]) -> None:
        walk = self._walk
        if len(variables) > 1:
            walk.machine.do(self._arranged(row, variables))
            names = ", ".join(units[0] for units in row.seats)
            walk.note(note("arranged", "", f"{names} were arranged, because nothing says where they stand"))
        self._avoid(row, variables)

    def _arranged(self, row: Row, variables: list[str]) -> Node:
        """The call that puts variables into a row, a column, or lines of a row each."""
        walk = self._walk
        boxes = {variable: walk.machine.box(variable) for variable in variables}
        words = [walk.kind(units[0]) in _WORDS for units in row.seats]
        items: tuple[Node, ...] = tuple(map(Reference, variables))
        room = self._frame_box(MARGIN)
        widths = sum(box.width for box in boxes.values())
        column = all(words) and max(box.width for box in boxes.values()) > _WIDE_WORDS
        tall = walk.frame.height > walk.frame.width
        for gap in _GAPS:
            spaces = gap * (len(variables) - 1)
            if not column and not tall and widths + spaces <= room.width:
                return _line(items, "RIGHT", gap)
        for gap in _GAPS[1:] if column else _GAPS:
            spaces = gap * (len(variables) - 1)
            if (column or tall) and sum(box.height for box in boxes.values()) + spaces <= room.height:
                return _line(items, "DOWN", gap)
        return self._lines(items, [boxes[variable] for variable in variables], room)

    def _lines(self, items: tuple[Node, ...], boxes: list[Box], room: Box) -> Node:
        """Several rows below each other, shrunk together where they do not fit."""
        gap = 0.5
        lines = _balanced([box.width for box in boxes], gap, room.width)
        rows = [
            items[line[0]] if len(line) == 1 else _line(tuple(items[index] for index in line), "RIGHT", gap)
            for line in lines
        ]
        width = max(sum(boxes[index].width for index in line) + gap * (len(line) - 1) for line in lines)
        height = sum(max(boxes[index].height for index in line) for line in lines) + gap * (len(lines) - 1)
        whole = rows[0] if len(rows) == 1 else _line(tuple(rows), "DOWN", gap)
        factor = min(1.0, room.width / width, room.height / height)
        return whole if factor >= 1 else chain(whole, [call("scale", literal(_floor(factor)))])

    def _avoid(self, row: Row, variables: list[str]) -> None:
        """Moves a row away from what the scene placed at fixed points and edges, as far as there is room."""
        walk = self._walk
        obstacles = [walk.machine.box(walk.use_own(name)) for name in self._fixtures(row)]
        boxes = [walk.machine.box(variable) for variable in variables]
        mine = _around(boxes)
        hit = [box for box in obstacles if box.grown(_AIR).overlaps(mine) and not _backdrop(box, mine)]
        if not hit:
            return
        wall, room = _around(hit), self._frame_box(MARGIN)
        moves = [
            (0.0, wall.bottom - _AIR - mine.top),
            (0.0, wall.top + _AIR - mine.bottom),
            (wall.left - _AIR - mine.right, 0.0),
            (wall.right + _AIR - mine.left, 0.0),
        ]
        clear = [
            (across, up)
            for across, up in moves
            if room.holds(_moved(mine, across, up))
            and not any(
                box.overlaps(_moved(mine, across, up)) for box in obstacles if not _backdrop(box, mine)
            )
        ]
        group: Node = Reference(variables[0])
        if len(variables) > 1:
            group = Call(Symbol("VGroup"), tuple(map(Reference, variables)))
        if clear:
            across, up = min(clear, key=lambda move: abs(move[0]) + abs(move[1]))
            walk.machine.do(chain(group, [call("shift", vector(_round(across), _round(up)))]))
            return
        free = max(
            _free_parts(room, wall), key=lambda part: min(part.width / mine.width, part.height / mine.height)
        )
        factor = min(1.0, free.width / mine.width, free.height / mine.height)
        if factor < 0.4:
            return
        calls = [call("scale", literal(_floor(factor)))] if factor < 1 else []
        middle = point(_round((free.left + free.right) / 2), _round((free.bottom + free.top) / 2))
        walk.machine.do(chain(group, [*calls, call("move_to", middle)]))

    def _fixtures(self, row: Row) -> list[str]:
        """Elements that the scene puts at points, edges or corners, visible together with a row."""
        walk = self._walk
        found: list[str] = []
        spans = [walk.plan.spans[unit] for units in row.seats for unit in units]
        for name, span in walk.plan.spans.items():
            if walk.plan.units[name] != name or not any(span.meets(other) for other in spans):
                continue
            placement = walk.element(name).placement
            place = placement.WhichOneof("place")
            fixed = place in {"edge", "corner"} or (
                place == "at" and placement.at.WhichOneof("kind") == "coordinates"
            )
            if fixed and walk.kind(name) not in {"line", "arrow", "dot"}:
                found.append(name)
        return found


def _holds_parts(kind: str) -> bool:
    """Whether something is still itself when it is shrunk: shapes keep the size that they were given."""
    return kind in _FITTED


def _line(items: tuple[Node, ...], direction: str, gap: float) -> Node:
    group = Call(Symbol("VGroup"), items)
    return chain(group, [call("arrange", Symbol(direction), buff=literal(gap))])


def _balanced(widths: list[float], gap: float, room: float) -> list[list[int]]:
    """Splits things into as few lines as fit, of about as many things each."""
    for count in range(1, len(widths) + 1):
        size = math.ceil(len(widths) / count)
        lines = [list(range(start, min(start + size, len(widths)))) for start in range(0, len(widths), size)]
        if all(sum(widths[index] for index in line) + gap * (len(line) - 1) <= room for line in lines):
            return lines
    return [[index] for index in range(len(widths))]


def _around(boxes: list[Box]) -> Box:
    return Box(
        min(box.left for box in boxes),
        max(box.right for box in boxes),
        min(box.bottom for box in boxes),
        max(box.top for box in boxes),
    )


def _moved(box: Box, across: float, up: float) -> Box:
    return Box(box.left + across, box.right + across, box.bottom + up, box.top + up)


def _backdrop(box: Box, mine: Box) -> bool:
    """Whether something is meant to be behind: it holds all of the other."""
    return box.holds(mine)


def _free_parts(room: Box, wall: Box) -> list[Box]:
    parts = [
        Box(room.left, room.right, room.bottom, wall.bottom - _AIR),
        Box(room.left, room.right, wall.top + _AIR, room.top),
        Box(room.left, wall.left - _AIR, room.bottom, room.top),
        Box(wall.right + _AIR, room.right, room.bottom, room.top),
    ]
    return [part for part in parts if part.width > 0 and part.height > 0] or [room]


def _inward(low: float, high: float, least: float, most: float) -> float:
    """By how much a stretch has to move to lie within bounds; into the middle where it is longer."""
    if high - low > most - least:
        return (least + most - low - high) / 2
    return max(0.0, least - low) + min(0.0, most - high)


def _round(value: float) -> float:
    return round(value, 3) + 0.0


def _floor(factor: float) -> float:
    return int(factor * 1000) / 1000
