"""What can be known of a scene's course before anything is drawn. Imports no Manim.

Unplaced elements that are on the stage at the same time share a row, so that none of them has to move when
the next one comes. For that, this module walks through the steps with names alone and finds when each element
is visible.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from animathic.scene.stage import Stage, leaves_of
from animathic.scene.timing import step_seconds
from animathic.v1 import scene_pb2

__all__ = [
    "BLOCKS",
    "END_SECONDS",
    "Plan",
    "Row",
    "Span",
    "estimate_frames",
    "floats",
    "frames_of",
    "holds_at_end",
    "leaves",
    "plan",
    "steps_frames",
]

BLOCKS = frozenset({"together", "lag", "sequence"})
END_SECONDS = 0.5
"""How long the result of a scene is shown at its end."""


@dataclass(frozen=True, slots=True)
class Span:
    """When something is visible.

    Attributes:
        start: The index of the action that shows it first.
        end: The index of the action after which it is gone for good.
    """

    start: int
    end: int

    def meets(self, other: Span) -> bool:
        """Whether both are visible at some time."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Row:
    """Unplaced units that the layout places together.

    Attributes:
        seats: For each seat those that sit there, one after another, in order of entry.
    """

    seats: tuple[tuple[str, ...], ...]

    def seat_of(self, unit: str) -> int | None:
        """The index of a unit's seat."""
        return next((index for index, seat in enumerate(self.seats) if unit in seat), None)


@dataclass(frozen=True, slots=True)
class Plan:
    """A scene's course.

    Attributes:
        units: For each element the outermost group that holds it, or itself.
        spans: When each unit is visible.
        rows: The units that the layout places together; each unit is in one row at most.
        companions: For a unit of a row those that stand next to it, directly or through others, and that come
            before anything has moved: they are placed with it.
    """

    units: Mapping[str, str]
    spans: Mapping[str, Span]
    rows: tuple[Row, ...]
    companions: Mapping[str, tuple[str, ...]]

    def row_of(self, unit: str) -> Row | None:
        """The row of a unit; None where the scene places it, or where it takes another's place."""
        return next((row for row in self.rows if row.seat_of(unit) is not None), None)


def leaves(step: scene_pb2.Step) -> Iterator[scene_pb2.Step]:
    """The single actions of a step, blocks opened."""
    kind = step.WhichOneof("kind")
    if kind in BLOCKS:
        for inner in getattr(step, kind).steps:
            yield from leaves(inner)
    elif kind is not None:
        yield step


def floats(element: scene_pb2.Element) -> bool:
    """Whether the scene leaves the element's place to the layout."""
    kind = element.WhichOneof("kind")
    if element.placement.WhichOneof("place") is not None or kind == "plot":
        return False
    if kind in {"line", "arrow"}:
        ends = getattr(element, kind)
        return not (ends.HasField("start") or ends.HasField("end"))
    return True


def plan(scene: scene_pb2.Scene) -> Plan:
    """Walks through a valid scene with names alone."""
    by_name = {element.name: element for element in scene.elements}
    units = _units(scene)
    stage = Stage(leaves_of(scene.elements))
    seen: dict[str, Span] = {}
    guests: set[str] = set()
    actions = [leaf for step in scene.steps for leaf in leaves(step)]
    for at, action in enumerate(actions):
        before = set(stage.visible)
        stage.apply(action, "")
        if action.WhichOneof("kind") == "replace":
            # It takes the place of what it replaces, at least the first time.
            guests |= {
                leaf
                for leaf in set(stage.visible) - before - seen.keys()
                if leaf != action.replace.source.name
            }
        for leaf in stage.visible:
            known = seen.get(leaf)
            seen[leaf] = Span(known.start if known else at, at + 1)

    spans: dict[str, Span] = {}
    for leaf, span in seen.items():
        unit = units[leaf]
        known = spans.get(unit)
        spans[unit] = Span(min(known.start, span.start), max(known.end, span.end)) if known else span
    guest_units = {units[leaf] for leaf in guests}
    floating = [unit for unit in spans if unit not in guest_units and floats(by_name[unit])]
    companions = _companions(scene, units, spans, floating, actions)
    return Plan(units, spans, _rows(floating, spans), companions)


def _units(scene: scene_pb2.Scene) -> dict[str, str]:
    """The outermost group of each element."""
    holder: dict[str, str] = {}
    for element in scene.elements:
        if element.WhichOneof("kind") == "group":
            for member in element.group.members:
                holder.setdefault(member.name, element.name)
    units: dict[str, str] = {}
    for element in scene.elements:
        name = element.name
        seen = {name}
        while name in holder and holder[name] not in seen:
            name = holder[name]
            seen.add(name)
        units[element.name] = name
    return units


def _companions(
    scene: scene_pb2.Scene,
    units: Mapping[str, str],
    spans: Mapping[str, Span],
    floating: list[str],
    actions: list[scene_pb2.Step],
) -> dict[str, tuple[str, ...]]:
    """For each floating unit those that stand next to it, in order of definition."""
    families: dict[str, list[str]] = {unit: [unit] for unit in floating}
    family_of = {unit: unit for unit in floating}
    pending = [element for element in scene.elements if element.name not in family_of]
    progress = True
    while progress:
        progress = False
        for element in list(pending):
            anchor = _anchor(element)
            root = family_of.get(units.get(anchor, ""))
            name = element.name
            if root is None or units[name] != name or name not in spans:
                continue
            pending.remove(element)
            first = actions[spans[root].start : spans[name].start]
            if spans[root].meets(spans[name]) and not any(map(_moves, first)):
                families[root].append(name)
                family_of[name] = root
                progress = True
    return {root: tuple(names[1:]) for root, names in families.items() if len(names) > 1}


_RELATIONS = ("left", "right", "above", "below", "inside")
_HARMLESS = frozenset({"create", "write", "fade_in", "grow", "add", "indicate", "recolor", "wait"})


def _anchor(element: scene_pb2.Element) -> str:
    """The element that an element stands next to or in; empty where it does not."""
    place = element.placement.WhichOneof("place")
    if place not in _RELATIONS:
        return ""
    if place == "inside":
        return element.placement.inside.name
    target = getattr(element.placement, place)
    return str(target.anchor.element) if target.WhichOneof("kind") == "anchor" else ""


def _moves(action: scene_pb2.Step) -> bool:
    """Whether an action could change where something stands."""
    return action.WhichOneof("kind") not in _HARMLESS


def _rows(floating: list[str], spans: Mapping[str, Span]) -> tuple[Row, ...]:
    """Groups units that meet, directly or through others, and gives each a seat in its row.

    Units that are never visible together may share a seat, so a row is as long as the stage is ever crowded.
    """
    crowds: list[list[str]] = []
    for unit in floating:
        met = [crowd for crowd in crowds if any(spans[unit].meets(spans[other]) for other in crowd)]
        merged = [name for crowd in met for name in crowd] + [unit]
        crowds = [crowd for crowd in crowds if crowd not in met] + [merged]
    rows: list[Row] = []
    for crowd in crowds:
        seats: list[list[str]] = []
        for unit in sorted(crowd, key=floating.index):
            free = (seat for seat in seats if not any(spans[unit].meets(spans[other]) for other in seat))
            seat = next(free, None)
            if seat is None:
                seats.append([unit])
            else:
                seat.append(unit)
        rows.append(Row(tuple(map(tuple, seats))))
    return tuple(rows)


def frames_of(seconds: float, frame_rate: int) -> int:
    """How many frames Manim makes of an animation."""
    return math.ceil(seconds * frame_rate - 1e-9)


def still_frames(seconds: float, frame_rate: int) -> int:
    """How many frames Manim makes of a pause; it rounds them down."""
    return max(1, int(seconds / (1 / frame_rate)))


def estimate_frames(scene: scene_pb2.Scene, frame_rate: int) -> int:
    """About how many frames a scene's video will have; only the time of long texts has to be guessed."""
    held = still_frames(END_SECONDS, frame_rate) if holds_at_end(scene) else 0
    return steps_frames(scene, frame_rate) + held


def steps_frames(scene: scene_pb2.Scene, frame_rate: int) -> int:
    """About how many frames the steps of a scene have."""
    letters = {
        element.name: len((element.text.text or element.math.tex).replace(" ", ""))
        for element in scene.elements
    }
    total = 0
    for step in scene.steps:
        # A sequence that stands alone is played step by step, each a whole number of frames.
        alone = step.WhichOneof("kind") == "sequence" and not step.HasField("run_time")
        for part in step.sequence.steps if alone else [step]:
            seconds = step_seconds(part, letters)
            still = part.WhichOneof("kind") == "wait"
            total += still_frames(seconds, frame_rate) if still else frames_of(seconds, frame_rate)
    return total


def holds_at_end(scene: scene_pb2.Scene) -> bool:
    """Whether the end of a scene is held: it does not pause by itself and leaves something to see."""
    actions = [leaf for step in scene.steps for leaf in leaves(step)]
    if actions and actions[-1].WhichOneof("kind") == "wait":
        return False
    stage = Stage(leaves_of(scene.elements))
    for action in actions:
        stage.apply(action, "")
    return bool(stage.visible) or all(action.WhichOneof("kind") in {"add", "remove"} for action in actions)
