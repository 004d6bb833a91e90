"""What a scene does, as a list of happenings in time: who, what, from when to when, and who is visible.

Names that mean one thing on the stage (after a transform) are told apart from things by `same`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from animathic.v1 import scene_pb2

INSTANT = 0.001
SHOWING = frozenset({"create", "write", "fade_in", "grow", "add"})
HIDING = frozenset({"fade_out", "uncreate", "remove"})
BECOMING = frozenset({"transform", "replace"})


@dataclass
class Happening:
    """One action on its targets. Times are seconds; groups are replaced by their members."""

    kind: str
    start: float
    end: float
    targets: tuple[str, ...]
    action: Any
    same: dict[str, frozenset[str]] = field(default_factory=dict)
    """Name -> all names that mean the same thing when this begins."""
    shown_before: frozenset[str] = frozenset()
    """What is on the stage when this begins."""
    implied: bool = False
    """Shown only because something happens to it."""

    def touches(self, name: str) -> bool:
        """Whether the thing of that name is among the targets."""
        return any(name == t or name in self.same.get(t, ()) for t in self.targets)


def elements_of(scene: scene_pb2.Scene) -> dict[str, scene_pb2.Element]:
    """Returns the scene's elements by name."""
    return {element.name: element for element in scene.elements}


def members(scene: scene_pb2.Scene, name: str) -> tuple[str, ...]:
    """Returns the leaves of a group, or the name itself."""
    element = elements_of(scene).get(name)
    if element is None or element.WhichOneof("kind") != "group":
        return (name,)
    return tuple(leaf for member in element.group.members for leaf in members(scene, member.name))


def duration(step: scene_pb2.Step) -> float:
    """Returns about how long a step takes; only order and overlap matter here."""
    kind = step.WhichOneof("kind")
    if step.HasField("run_time"):
        return float(step.run_time)
    if kind in ("add", "remove"):
        return INSTANT
    if kind == "together":
        return max((duration(s) for s in step.together.steps), default=INSTANT)
    if kind == "sequence":
        return sum(duration(s) for s in step.sequence.steps)
    if kind == "lag":
        ratio = step.lag.ratio if step.lag.HasField("ratio") else 0.05
        start, end = 0.0, 0.0
        for inner in step.lag.steps:
            end = max(end, start + duration(inner))
            start += ratio * duration(inner)
        return end
    return 1.0


def _flatten(scene: scene_pb2.Scene, step: scene_pb2.Step, start: float, out: list[Happening]) -> None:
    kind = str(step.WhichOneof("kind"))
    if kind == "together":
        for inner in step.together.steps:
            _flatten(scene, inner, start, out)
    elif kind == "sequence":
        for inner in step.sequence.steps:
            _flatten(scene, inner, start, out)
            start += duration(inner)
    elif kind == "lag":
        ratio = step.lag.ratio if step.lag.HasField("ratio") else 0.05
        for inner in step.lag.steps:
            _flatten(scene, inner, start, out)
            start += ratio * duration(inner)
    else:
        action = getattr(step, kind)
        if kind in BECOMING:
            names = members(scene, action.source.name)
        elif kind == "wait":
            names = ()
        else:
            names = tuple(leaf for ref in action.targets for leaf in members(scene, ref.name))
        out.append(Happening(kind, start, start + duration(step), tuple(dict.fromkeys(names)), action))


def happenings(scene: scene_pb2.Scene) -> list[Happening]:
    """Returns what happens, in order of start, with implied showings put in before what implies them."""
    flat: list[Happening] = []
    start = 0.0
    for step in scene.steps:
        _flatten(scene, step, start, flat)
        start += duration(step)
    flat.sort(key=lambda h: h.start)
    same: dict[str, frozenset[str]] = {}
    shown: set[str] = set()
    out: list[Happening] = []
    for happening in flat:
        if "all" in happening.targets:
            happening.targets = tuple(sorted(shown))
        if happening.kind not in SHOWING | HIDING | {"wait"}:
            needed = list(happening.targets)
            if happening.kind == "move" and happening.action.WhichOneof("destination") == "along":
                needed.append(happening.action.along.name)
            missing = tuple(n for n in happening.targets if n not in shown)
            if missing:
                early = Happening(
                    "add",
                    happening.start - INSTANT / 2,
                    happening.start,
                    missing,
                    None,
                    dict(same),
                    frozenset(shown),
                    True,
                )
                shown.update(missing)
                out.append(early)
        if happening.kind in SHOWING:
            for name in happening.targets:
                # A name that is shown anew means itself again.
                for other in same.pop(name, frozenset()):
                    if other != name:
                        same[other] = same.get(other, frozenset()) - {name}
        happening.same, happening.shown_before = dict(same), frozenset(shown)
        out.append(happening)
        if happening.kind in SHOWING:
            shown.update(happening.targets)
        elif happening.kind in HIDING:
            for name in happening.targets:
                shown -= {name, *same.get(name, ())}
        elif happening.kind in BECOMING:
            into = happening.action.target.name
            into_all = members(scene, into)
            if happening.kind == "transform":
                union = frozenset({*into_all, *happening.targets}).union(
                    *(same.get(t, frozenset()) for t in happening.targets)
                )
                for name in union:
                    same[name] = union
                shown.update(union)
            else:
                for name in happening.targets:
                    shown -= {name, *same.get(name, ())}
                shown.update(into_all)
    return out


def ever_shown(scene: scene_pb2.Scene) -> set[str]:
    """Returns the elements that are on the stage at some time; groups count as their members."""
    names: set[str] = set()
    for happening in happenings(scene):
        if happening.kind in SHOWING:
            names.update(happening.targets)
        elif happening.kind in BECOMING:
            names.update(happening.targets)
            names.update(members(scene, happening.action.target.name))
    return names
