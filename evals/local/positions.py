"""Where things stand, by the meaning of placements; sizes are estimates, which centres and edges forgive."""

from __future__ import annotations

from dataclasses import dataclass

from animathic.v1 import scene_pb2
from evals.local.happenings import BECOMING, HIDING, SHOWING, elements_of, happenings, members

WIDTH, HEIGHT = 128 / 9, 8.0
_NEAR = 1.3


@dataclass(frozen=True)
class Box:
    """Centre and size; `stated` tells whether the scene says where it stands, or it is left to the layout."""

    x: float
    y: float
    width: float
    height: float
    stated: bool = False

    def at(self, x: float, y: float) -> Box:
        return Box(x, y, self.width, self.height, True)


def _size(element: scene_pb2.Element) -> tuple[float, float]:
    kind = str(element.WhichOneof("kind"))
    it = getattr(element, kind)

    def number(field: str, default: float) -> float:
        return float(getattr(it, field)) if it.HasField(field) else default

    if kind in ("circle", "triangle", "regular_polygon", "star"):
        width = height = 2 * number("radius", 1)
    elif kind == "square":
        width = height = number("side", 2)
    elif kind == "rectangle":
        width, height = number("width", 4), number("height", 2)
    elif kind == "ellipse":
        width, height = number("width", 2), number("height", 1)
    elif kind == "dot":
        width = height = 2 * number("radius", 0.08)
    elif kind in ("line", "arrow"):
        (x1, y1), (x2, y2) = _end(it, "start", -1), _end(it, "end", 1)
        width, height = max(abs(x2 - x1), 0.1), max(abs(y2 - y1), 0.1)
    elif kind == "text":
        width, height = 0.25 * max(len(it.text), 1) * number("size", 48) / 48, 0.6
    elif kind == "math":
        width, height = 0.25 * max(len(it.tex), 1), 0.7
    elif kind == "axes":
        width, height = number("width", 12), number("height", 6)
    elif kind == "number_line":
        width, height = 10.0, 0.3
    else:
        width, height = 10.0, 5.0
    scale = element.style.scale if element.style.HasField("scale") else 1.0
    return width * scale, height * scale


def _end(it: object, field: str, default: float) -> tuple[float, float]:
    if not it.HasField(field):  # type: ignore[attr-defined]
        return default, 0.0
    point = getattr(it, field)
    if point.WhichOneof("kind") == "coordinates":
        return point.coordinates.x, point.coordinates.y
    return default, 0.0


class Stage:
    """Boxes of everything, moved along by what happens."""

    def __init__(self, scene: scene_pb2.Scene) -> None:
        self._scene = scene
        self._elements = elements_of(scene)
        self.boxes: dict[str, Box] = {}

    def box(self, name: str, depth: int = 0) -> Box:
        """Returns the box, placing the element first if need be."""
        if name not in self.boxes:
            element = self._elements[name]
            if element.WhichOneof("kind") == "group":
                return self._group(name)
            width, height = _size(element)
            self.boxes[name] = Box(0, 0, width, height)
            if depth < 20:
                self.boxes[name] = self.placed(self.boxes[name], element.placement, depth)
            if element.WhichOneof("kind") in ("line", "arrow") and not element.placement.WhichOneof("place"):
                self.boxes[name] = self._between(element, self.boxes[name], depth)
        return self.boxes[name]

    def _group(self, name: str) -> Box:
        boxes = [self.box(leaf) for leaf in members(self._scene, name)]
        left, right = min(b.x - b.width / 2 for b in boxes), max(b.x + b.width / 2 for b in boxes)
        low, high = min(b.y - b.height / 2 for b in boxes), max(b.y + b.height / 2 for b in boxes)
        return Box(
            (left + right) / 2, (low + high) / 2, right - left, high - low, all(b.stated for b in boxes)
        )

    def arrange(self) -> None:
        """Places the members of groups that say so."""
        for element in self._scene.elements:
            if element.WhichOneof("kind") != "group" or not element.group.arrange:
                continue
            word = scene_pb2.Direction.Name(element.group.arrange)
            dx, dy = {"LEFT": (-1, 0), "RIGHT": (1, 0), "UP": (0, 1), "DOWN": (0, -1)}[word.rsplit("_", 1)[1]]
            gap = element.group.gap if element.group.HasField("gap") else 0.25
            previous: Box | None = None
            leaves = [leaf for ref in element.group.members for leaf in members(self._scene, ref.name)]
            for leaf in leaves:
                box = self.box(leaf)
                if previous is None:
                    previous = box.at(box.x, box.y)
                else:
                    previous = box.at(
                        previous.x + dx * ((previous.width + box.width) / 2 + gap),
                        previous.y + dy * ((previous.height + box.height) / 2 + gap),
                    )
                self.boxes[leaf] = previous
            middle = self._group(element.name)
            goal = self.placed(Box(0, 0, middle.width, middle.height), element.placement)
            for leaf in leaves:
                self.boxes[leaf] = self.boxes[leaf].at(
                    self.boxes[leaf].x + goal.x - middle.x, self.boxes[leaf].y + goal.y - middle.y
                )

    def _between(self, element: scene_pb2.Element, box: Box, depth: int) -> Box:
        it = getattr(element, str(element.WhichOneof("kind")))
        if not it.HasField("start") and not it.HasField("end"):
            return box
        x1, y1 = self._point(it.start, depth) if it.HasField("start") else (-1.0, 0.0)
        x2, y2 = self._point(it.end, depth) if it.HasField("end") else (1.0, 0.0)
        return Box((x1 + x2) / 2, (y1 + y2) / 2, max(abs(x1 - x2), 0.1), max(abs(y1 - y2), 0.1), True)

    def _point(self, point: scene_pb2.Point, depth: int) -> tuple[float, float]:
        kind = point.WhichOneof("kind")
        if kind == "coordinates":
            return point.coordinates.x, point.coordinates.y
        if kind == "anchor":
            box = self.box(point.anchor.element, depth + 1)
            return box.x, box.y
        if kind == "on_curve":
            box = self.box(point.on_curve.element, depth + 1)
            return box.x, box.y
        return 0.0, 0.0

    def placed(self, box: Box, placement: scene_pb2.Placement, depth: int = 0) -> Box:
        """Returns the box where the placement puts it; with no place it stays where it is."""
        place = placement.WhichOneof("place")
        beside = 0.25 if not placement.HasField("buff") else placement.buff
        border = 0.5 if not placement.HasField("buff") else placement.buff
        if place == "at":
            box = box.at(*self._point(placement.at, depth))
        elif place in ("left", "right", "above", "below"):
            point = getattr(placement, place)
            if point.WhichOneof("kind") == "anchor" and not point.anchor.point:
                other = self.box(point.anchor.element, depth + 1)
            else:
                x, y = self._point(point, depth)
                other = Box(x, y, 0, 0)
            across = (other.width + box.width) / 2 + beside
            up = (other.height + box.height) / 2 + beside
            dx, dy = {
                "left": (-across, 0.0),
                "right": (across, 0.0),
                "above": (0.0, up),
                "below": (0.0, -up),
            }[place]
            box = box.at(other.x + dx, other.y + dy)
        elif place == "inside":
            other = self.box(placement.inside.name, depth + 1)
            shrink = min(
                1.0, 0.8 * other.width / max(box.width, 0.01), 0.8 * other.height / max(box.height, 0.01)
            )
            box = Box(other.x, other.y, box.width * shrink, box.height * shrink, True)
        elif place == "edge":
            word = scene_pb2.Side.Name(placement.edge).rsplit("_", 1)[1]
            x = {"LEFT": -1, "RIGHT": 1}.get(word, 0) * (WIDTH / 2 - border - box.width / 2)
            y = {"TOP": 1, "BOTTOM": -1}.get(word, 0) * (HEIGHT / 2 - border - box.height / 2)
            box = box.at(x, y)
        elif place == "corner":
            word = scene_pb2.Corner.Name(placement.corner)
            x = (-1 if "LEFT" in word else 1) * (WIDTH / 2 - border - box.width / 2)
            y = (1 if "UPPER" in word else -1) * (HEIGHT / 2 - border - box.height / 2)
            box = box.at(x, y)
        if placement.HasField("shift"):
            box = box.at(box.x + placement.shift.x, box.y + placement.shift.y)
        return box


def snapshot(scene: scene_pb2.Scene, names: tuple[str, ...]) -> dict[str, Box] | None:
    """Returns the boxes on the first frame that fully shows those named; None if there is no such frame."""
    stage = Stage(scene)
    stage.arrange()
    shown: set[str] = set()
    events = happenings(scene)
    for index, event in enumerate(events):
        if event.kind in SHOWING:
            for name in event.targets:
                stage.box(name)
            shown.update(event.targets)
        elif event.kind in HIDING:
            for name in event.targets:
                shown -= {name, *event.same.get(name, ())}
        elif event.kind in BECOMING:
            _become(stage, scene, event)
            shown.update(members(scene, event.action.target.name))
        elif event.kind in ("shift", "move"):
            _go(stage, event)
        pending = index + 1 < len(events) and abs(events[index + 1].start - event.start) < 1e-9
        if not pending and shown.issuperset(names):
            return {name: stage.box(name) for name in names}
    return None


def _become(stage: Stage, scene: scene_pb2.Scene, event: object) -> None:
    action = event.action  # type: ignore[attr-defined]
    source = stage.box(action.source.name)
    for leaf in members(scene, action.target.name):
        box = stage.box(leaf)
        if not box.stated:
            stage.boxes[leaf] = (
                box.at(source.x, source.y)
                if source.stated
                else Box(source.x, source.y, box.width, box.height)
            )


def _go(stage: Stage, event: object) -> None:
    for name in event.targets:  # type: ignore[attr-defined]
        box = stage.box(name)
        action = event.action  # type: ignore[attr-defined]
        if event.kind == "shift":  # type: ignore[attr-defined]
            moved = box.at(box.x + action.by.x, box.y + action.by.y)
        elif action.WhichOneof("destination") == "place":
            moved = stage.placed(box, action.place)
        else:
            continue
        for alias in {name, *event.same.get(name, ())}:  # type: ignore[attr-defined]
            stage.boxes[alias] = moved


def holds(relation: str, a: Box, b: Box) -> bool:
    """Whether the relation between two things holds, by their centres."""
    if not (a.stated or b.stated):
        return False
    if relation == "left_of":
        return a.x < b.x - 0.05
    if relation == "right_of":
        return a.x > b.x + 0.05
    if relation == "above":
        return a.y > b.y + 0.05
    if relation == "below":
        return a.y < b.y - 0.05
    assert relation == "inside"
    return (
        abs(a.x - b.x) + a.width / 2 <= b.width / 2 + 0.01
        and abs(a.y - b.y) + a.height / 2 <= b.height / 2 + 0.01
    )


def near_edge(box: Box, edge: str) -> bool:
    """Whether the box stands at that edge or in that corner of the frame."""
    gaps = {
        "top": HEIGHT / 2 - (box.y + box.height / 2),
        "bottom": box.y - box.height / 2 + HEIGHT / 2,
        "left": box.x - box.width / 2 + WIDTH / 2,
        "right": WIDTH / 2 - (box.x + box.width / 2),
    }
    return box.stated and all(gaps[side] <= _NEAR for side in edge.split("_"))
