"""Places what the scene leaves open: units that are visible together stand in a row, a column, or lines."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.render.compiler.code import Call, Node, Reference, Symbol, call, chain, literal, point, vector
from services.render.compiler.frame import MARGIN
from services.render.compiler.geometry import Box, around, floored, frame_box, rounded
from services.render.compiler.issues import note
from services.render.compiler.plan import Row

if TYPE_CHECKING:
    from services.render.compiler.walk import Walk

__all__ = ["Rows"]

_WORDS = frozenset({"text", "math"})
_WIDE_WORDS = 2.5
"""From this width on, words stand below each other rather than side by side."""

_GAPS = (1.0, 0.5, 0.25)
_LINE_GAP = 0.5
_AIR = 0.25
_LEAST_SHRINK = 0.4


@dataclass(frozen=True, slots=True)
class _Item:
    """What sits on one seat.

    Attributes:
        variables: The unit and those that stand next to it by what the scene says.
        box: Around all of them.
        words: Whether it is words alone.
    """

    variables: tuple[str, ...]
    box: Box
    words: bool

    @property
    def node(self) -> Node:
        """As one object."""
        return _group(self.variables)


class Rows:
    """The rows of one walk.

    Args:
        walk: The walk; all changes are statements of its machine.
    """

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._seats: dict[Row, list[tuple[float, float]]] = {}
        self._settling: set[Row] = set()
        self._placed: set[str] = set()

    @property
    def is_settling(self) -> bool:
        """Whether a row is being made: its members have no place of their own yet."""
        return bool(self._settling)

    def settle(self, name: str) -> None:
        """Brings an unplaced unit to its seat; the first of a row brings all others with it."""
        walk = self._walk
        row = walk.plan.row_of(name)
        seat = row.seat_of(name) if row is not None else None
        if row is None or seat is None or row in self._settling:
            return
        variable = walk.cast.roles[name].variable
        if row in self._seats:
            x, y = self._seats[row][seat]
            if variable not in self._placed and (x or y):
                walk.machine.do(chain(Reference(variable), [call("move_to", point(x, y))]))
            return
        self._settling.add(row)
        members = [self._members(units[0]) for units in row.seats]
        items = [self._item(units) for units in members]
        self._arrange(row, items)
        self._settling.discard(row)
        for item in items:
            self._placed.update(item.variables)
        centers = [self._item(units).box.center for units in members]
        self._seats[row] = [(rounded(x), rounded(y)) for x, y in centers]

    def _members(self, unit: str) -> tuple[str, ...]:
        """A unit and its companions; all are made."""
        names = (unit, *self._walk.plan.companions.get(unit, ()))
        for name in names:
            self._walk.use_own(name)
        return names

    def _item(self, names: tuple[str, ...]) -> _Item:
        walk = self._walk
        variables = tuple(walk.use_own(name) for name in names)
        box = around([walk.machine.box(variable) for variable in variables])
        return _Item(variables, box, len(names) == 1 and walk.kind(names[0]) in _WORDS)

    def _arrange(self, row: Row, items: list[_Item]) -> None:
        walk = self._walk
        if len(items) > 1:
            walk.machine.do(self._arranged(items))
            names = ", ".join(units[0] for units in row.seats)
            walk.note(note("arranged", "", f"{names} were arranged, because nothing says where they stand"))
        elif len(items[0].variables) > 1:
            self._center(items[0])
        self._avoid(row, [variable for item in items for variable in item.variables])

    def _center(self, item: _Item) -> None:
        """Puts a unit with its companions into the middle, shrunk where they are larger than the frame."""
        room = frame_box(self._walk.frame, MARGIN)
        factor = min(1.0, room.width / max(item.box.width, 1e-9), room.height / max(item.box.height, 1e-9))
        calls = [call("scale", literal(floored(factor)))] if factor < 1 else []
        x, y = item.box.center
        if calls or abs(x) > 1e-3 or abs(y) > 1e-3:
            self._walk.machine.do(chain(item.node, [*calls, call("center")]))

    def _arranged(self, items: list[_Item]) -> Node:
        """The call that puts things into a row, a column, or lines of a row each."""
        frame = self._walk.frame
        room = frame_box(frame, MARGIN)
        nodes = tuple(item.node for item in items)
        width = sum(item.box.width for item in items)
        height = sum(item.box.height for item in items)
        column = all(item.words for item in items) and max(item.box.width for item in items) > _WIDE_WORDS
        tall = frame.height > frame.width
        for gap in _GAPS:
            if not column and not tall and width + gap * (len(items) - 1) <= room.width:
                return _line(nodes, "RIGHT", gap)
        for gap in _GAPS[1:] if column else _GAPS:
            if (column or tall) and height + gap * (len(items) - 1) <= room.height:
                return _line(nodes, "DOWN", gap)
        return _lines(nodes, [item.box for item in items], room)

    def _avoid(self, row: Row, variables: list[str]) -> None:
        """Moves a row away from what the scene placed at fixed points and edges, as far as there is room."""
        walk = self._walk
        mine = around([walk.machine.box(variable) for variable in variables])
        fixed = [walk.machine.box(walk.use_own(name)) for name in self._fixtures(row)]
        # What holds all of the row is meant to be behind it.
        obstacles = [box for box in fixed if not box.holds(mine)]
        hit = [box for box in obstacles if box.grown(_AIR).overlaps(mine)]
        if not hit:
            return
        wall, room = around(hit), frame_box(walk.frame, MARGIN)
        moves = [
            (0.0, wall.bottom - _AIR - mine.top),
            (0.0, wall.top + _AIR - mine.bottom),
            (wall.left - _AIR - mine.right, 0.0),
            (wall.right + _AIR - mine.left, 0.0),
        ]
        clear = [
            move
            for move in moves
            if room.holds(mine.moved(*move)) and not any(box.overlaps(mine.moved(*move)) for box in obstacles)
        ]
        group = _group(tuple(variables))
        if clear:
            across, up = min(clear, key=lambda move: abs(move[0]) + abs(move[1]))
            walk.machine.do(chain(group, [call("shift", vector(rounded(across), rounded(up)))]))
            return
        free = max(_free_parts(room, wall), key=lambda part: _share(part, mine))
        factor = min(1.0, _share(free, mine))
        if factor < _LEAST_SHRINK:
            return
        calls = [call("scale", literal(floored(factor)))] if factor < 1 else []
        x, y = free.center
        walk.machine.do(chain(group, [*calls, call("move_to", point(rounded(x), rounded(y)))]))

    def _fixtures(self, row: Row) -> list[str]:
        """Elements that the scene puts at points, edges or corners, visible together with a row."""
        walk = self._walk
        spans = [walk.plan.spans[unit] for units in row.seats for unit in units]
        found: list[str] = []
        for name, span in walk.plan.spans.items():
            if not any(span.meets(other) for other in spans):
                continue
            placement = walk.element(name).placement
            place = placement.WhichOneof("place")
            at_point = place == "at" and placement.at.WhichOneof("kind") == "coordinates"
            if (place in {"edge", "corner"} or at_point) and walk.kind(name) not in {"line", "arrow", "dot"}:
                found.append(name)
        return found


def _group(variables: tuple[str, ...]) -> Node:
    if len(variables) == 1:
        return Reference(variables[0])
    return Call(Symbol("VGroup"), tuple(map(Reference, variables)))


def _line(items: tuple[Node, ...], direction: str, gap: float) -> Node:
    return chain(Call(Symbol("VGroup"), items), [call("arrange", Symbol(direction), buff=literal(gap))])


def _lines(items: tuple[Node, ...], boxes: list[Box], room: Box) -> Node:
    """Several rows below each other, shrunk together where they do not fit."""
    lines = _balanced([box.width for box in boxes], room.width)
    rows = [
        items[line[0]] if len(line) == 1 else _line(tuple(items[index] for index in line), "RIGHT", _LINE_GAP)
        for line in lines
    ]
    width = max(sum(boxes[index].width for index in line) + _LINE_GAP * (len(line) - 1) for line in lines)
    height = sum(max(boxes[index].height for index in line) for line in lines) + _LINE_GAP * (len(lines) - 1)
    whole = rows[0] if len(rows) == 1 else _line(tuple(rows), "DOWN", _LINE_GAP)
    factor = min(1.0, room.width / max(width, 1e-9), room.height / max(height, 1e-9))
    return whole if factor >= 1 else chain(whole, [call("scale", literal(floored(factor)))])


def _balanced(widths: list[float], room: float) -> list[list[int]]:
    """Splits things into as few lines as fit, of about as many things each."""
    for count in range(1, len(widths) + 1):
        size = math.ceil(len(widths) / count)
        lines = [list(range(start, min(start + size, len(widths)))) for start in range(0, len(widths), size)]
        needed = (sum(widths[index] for index in line) + _LINE_GAP * (len(line) - 1) for line in lines)
        if max(needed) <= room:
            return lines
    return [[index] for index in range(len(widths))]


def _share(room: Box, box: Box) -> float:
    return min(room.width / max(box.width, 1e-9), room.height / max(box.height, 1e-9))


def _free_parts(room: Box, wall: Box) -> list[Box]:
    """What is left of a room beside a wall."""
    parts = [
        Box(room.left, room.right, room.bottom, wall.bottom - _AIR),
        Box(room.left, room.right, wall.top + _AIR, room.top),
        Box(room.left, wall.left - _AIR, room.bottom, room.top),
        Box(wall.right + _AIR, room.right, room.bottom, room.top),
    ]
    return [part for part in parts if part.width > 0 and part.height > 0] or [room]
