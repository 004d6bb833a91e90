"""Whether what happens in a scene is what a prompt's expectation asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from animathic.v1 import scene_pb2
from evals.local.facts import is_shade
from evals.local.happenings import BECOMING, HIDING, SHOWING, Happening, members
from evals.local.positions import HEIGHT, WIDTH

Names = Mapping[str, tuple[str, ...]]
"""Expected ref -> names of the elements that it stands for."""


def _shown(verb: str) -> Callable[[Happening], bool]:
    return lambda h: h.kind in SHOWING if verb == "show" else h.kind == verb


def matches(happening: Happening, expected: Mapping[str, Any], names: Names, scene: scene_pb2.Scene) -> bool:
    """Whether the happening is an act of the expected kind, whoever its targets are."""
    verb, action = expected["verb"], happening.action
    if verb in ("show", "create", "write", "fade_in", "grow"):
        return _shown(verb)(happening)
    if verb == "hide":
        return happening.kind in HIDING
    if verb in ("fade_out", "uncreate"):
        return happening.kind == verb
    if verb == "transform":
        return happening.kind in BECOMING and bool(
            set(members(scene, action.target.name)) & set(names[expected["into"]])
        )
    if verb == "move":
        return _moves(happening, expected, names)
    if verb == "rotate":
        right = (
            math.isclose(abs(action.angle), expected["angle_degrees"], abs_tol=0.5)
            if happening.kind == "rotate"
            else False
        )
        return right and ("clockwise" not in expected or (action.angle < 0) == expected["clockwise"])
    if verb == "scale":
        return happening.kind == "scale" and math.isclose(action.factor, expected["factor"], rel_tol=0.02)
    if verb == "set_color":
        if happening.kind != "recolor":
            return False
        return any(is_shade(c, expected["color"]) for c in (action.color, action.fill, action.stroke) if c)
    if verb == "indicate":
        if happening.kind != "indicate":
            return False
        return "color" not in expected or is_shade(action.color or "yellow", expected["color"])
    if verb == "move_along":
        along = happening.kind == "move" and action.WhichOneof("destination") == "along"
        return along and action.along.name in names[expected["along"]]
    assert verb == "wait"
    if happening.kind != "wait":
        return False
    return "seconds" not in expected or math.isclose(
        happening.end - happening.start, expected["seconds"], rel_tol=0.01
    )


def _moves(happening: Happening, expected: Mapping[str, Any], names: Names) -> bool:
    action = happening.action
    if "direction" in expected:
        dx, dy = {"up": (0, 1), "down": (0, -1), "left": (-1, 0), "right": (1, 0)}[expected["direction"]]
        if happening.kind == "shift":
            along, across = action.by.x * dx + action.by.y * dy, action.by.x * dy + action.by.y * dx
            return along > 0 and abs(across) < 1e-6
        if happening.kind != "move" or action.WhichOneof("destination") != "place":
            return False
        place = action.place
        side = {"up": "TOP", "down": "BOTTOM", "left": "LEFT", "right": "RIGHT"}[expected["direction"]]
        if place.WhichOneof("place") == "edge":
            return scene_pb2.Side.Name(place.edge).endswith(side)
        if place.WhichOneof("place") == "at" and place.at.WhichOneof("kind") == "coordinates":
            x, y = place.at.coordinates.x, place.at.coordinates.y
            return x * dx + y * dy > 0 and abs(x * dy + y * dx) < 1e-6
        return False
    if happening.kind != "move" or action.WhichOneof("destination") != "place":
        return False
    place, to = action.place, expected["to"]
    which = place.WhichOneof("place")
    if to in names:
        if which == "inside":
            return place.inside.name in names[to]
        if which not in ("at", "left", "right", "above", "below"):
            return False
        point = getattr(place, which)
        return point.WhichOneof("kind") == "anchor" and point.anchor.element in names[to]
    if which == "edge":
        return scene_pb2.Side.Name(place.edge).rsplit("_", 1)[1].lower() == to
    if which == "corner":
        return (
            scene_pb2.Corner.Name(place.corner)[7:].lower().replace("upper", "top").replace("lower", "bottom")
            == to
        )
    if which == "at" and place.at.WhichOneof("kind") == "coordinates":
        x, y = place.at.coordinates.x, place.at.coordinates.y
        near = {
            "left": x <= -WIDTH / 2 + 2.5,
            "right": x >= WIDTH / 2 - 2.5,
            "top": y >= HEIGHT / 2 - 2,
            "bottom": y <= -HEIGHT / 2 + 2,
        }
        return all(near[side] for side in to.split("_"))
    return False


def find(
    expected: list[dict[str, Any]],
    groups: list[list[int]],
    events: list[Happening],
    names: Names,
    scene: scene_pb2.Scene,
) -> tuple[list[str], set[tuple[int, str]]]:
    """Looks for the expected actions in their order.

    Returns:
        What is missing or out of order, and the (event, target) pairs that were asked for.
    """
    used: set[tuple[int, str]] = set()
    failures: list[str] = []
    group_of = {index: number for number, group in enumerate(groups) for index in group}
    previous_start, previous_end, previous_group = -1.0, -1.0, -1
    for index, wish in enumerate(expected):
        who = wish.get("target", [])
        refs = who if isinstance(who, list) else [who]
        wanted = [name for ref in refs for name in names.get(ref, ())]
        group = group_of.get(index, -100 - index)
        same_group = group == previous_group
        after = previous_start - 1e-6 if same_group else previous_end
        found = _earliest(
            wish, wanted, events, names, scene, used, after, previous_start if same_group else None
        )
        label = f"action {index + 1} ({wish['verb']} {' '.join(refs)})".replace(" )", ")")
        if found is None:
            failures.append(f"{label} is missing or too early")
            continue
        starts = [events[i].start for i, _ in found]
        if wish.get("staggered") and len({round(s, 6) for s in starts}) < len(starts):
            failures.append(f"{label} is not staggered")
        used |= set(found)
        start, end = min(starts), max(starts)
        if same_group:
            if not _equal(start, previous_start):
                failures.append(f"{label} is not at the same time as the one before")
            previous_end = max(previous_end, end)
        else:
            previous_start, previous_end = start, end
        previous_group = group
    return failures, used


def _earliest(
    wish: Mapping[str, Any],
    wanted: list[str],
    events: list[Happening],
    names: Names,
    scene: scene_pb2.Scene,
    used: set[tuple[int, str]],
    after: float,
    together_with: float | None,
) -> list[tuple[int, str]] | None:
    """The earliest (event, target) pairs that do the wish for everybody wanted, all after that time."""
    fits = [i for i, e in enumerate(events) if e.start > after + 1e-9 and matches(e, wish, names, scene)]
    if wish["verb"] == "wait":
        free = [i for i in fits if (i, "") not in used]
        return [(free[0], "")] if free else None
    at_once = [i for i in fits if together_with is not None and _equal(events[i].start, together_with)]
    return _cover(wanted, at_once, events, used) or _cover(wanted, fits, events, used)


def _equal(one: float, other: float) -> bool:
    return math.isclose(one, other, abs_tol=0.0011)


def _cover(
    wanted: list[str], fits: list[int], events: list[Happening], used: set[tuple[int, str]]
) -> list[tuple[int, str]] | None:
    pairs = []
    for name in wanted:
        pick = next((i for i in fits if events[i].touches(name) and (i, name) not in used), None)
        if pick is None:
            return None
        pairs.append((pick, name))
    return pairs


def unasked(
    events: list[Happening], used: set[tuple[int, str]], names: Names, expected: list[dict[str, Any]]
) -> list[str]:
    """Returns what happens without being asked for. Showing what is there anyway and waiting are free."""
    failures = []
    paths = {
        name for wish in expected if wish["verb"] == "move_along" for name in names.get(wish["along"], ())
    }
    for index, event in enumerate(events):
        if event.kind in SHOWING or event.kind == "wait":
            continue
        asked = [name for i, name in used if i == index]
        left = [t for t in event.targets if not any(n == t or n in event.same.get(t, ()) for n in asked)]
        if left and not set(left) <= paths:
            failures.append(f"{event.kind} {' '.join(left)} was not asked for")
    return failures
