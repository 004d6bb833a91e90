"""What happens: each action as animations of Manim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from animathic.v1 import scene_pb2
from services.render.compiler.code import (
    SELF,
    Call,
    Node,
    Reference,
    Symbol,
    call,
    chain,
    degrees,
    literal,
    method,
)
from services.render.compiler.issues import note
from services.render.compiler.placement import SIDES, placement_calls, point_node, vector_node
from services.render.compiler.registry import Registry
from services.render.compiler.style import color_node
from services.render.compiler.timing import Animation
from services.render.compiler.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["add_rooms"]

_LETTERS = frozenset({"text", "math"})


def _showing(walk: Walk, name: str) -> str:
    """The variable of an element about to be shown: its own object, made anew if it was transformed."""
    role = walk.cast.roles[name]
    walk.cast.bound.pop(name, None)
    for member in walk.cast.members(name):
        walk.cast.bound.pop(member, None)
    variable = role.variable if role.ready else walk.make(name)
    walk.cast.show(name)
    return variable


def _changing(walk: Walk, targets: Iterable[scene_pb2.Reference]) -> list[tuple[str, str]]:
    """Names and variables of what changes; what is not on the stage is put there first."""
    found: list[tuple[str, str]] = []
    for target in targets:
        names = walk.cast.on_stage() if target.name == "all" else [target.name]
        for name in names:
            if not walk.cast.is_shown(name):
                hidden = _showing(walk, name)
                walk.machine.do(method(SELF, "add", Reference(hidden)))
            found += [(part, walk.use(part)) for part in walk.cast.shown_parts(name)]
    return found


def _hiding(walk: Walk, targets: Iterable[scene_pb2.Reference]) -> list[tuple[str, str]]:
    """Names and variables of what leaves."""
    found: list[tuple[str, str]] = []
    for target in targets:
        names = walk.cast.on_stage() if target.name == "all" else [target.name]
        for name in names:
            found += [(part, walk.use(part)) for part in walk.cast.shown_parts(name)]
            walk.cast.hide(name)
    return found


def _motion(variable: str, *calls: Call) -> Animation:
    return Animation(variable, None, tuple(calls))


def add_rooms(registry: Registry) -> None:
    """Enters the rooms of this module."""
    _add_entrances(registry)
    _add_exits(registry)
    _add_turns(registry)
    _add_changes(registry)
    _add_instants(registry)


def _add_entrances(registry: Registry) -> None:
    @registry.action("create")
    def create(walk: Walk, _step: scene_pb2.Step, it: scene_pb2.Create) -> list[Animation]:
        shown = [_showing(walk, target.name) for target in it.targets]
        return [Animation(variable, call("Create", Reference(variable))) for variable in shown]

    @registry.action("write")
    def write(walk: Walk, _step: scene_pb2.Step, it: scene_pb2.Write) -> list[Animation]:
        shown = [_showing(walk, target.name) for target in it.targets]
        return [Animation(variable, call("Write", Reference(variable))) for variable in shown]

    @registry.action("fade_in")
    def fade_in(walk: Walk, _step: scene_pb2.Step, it: scene_pb2.FadeIn) -> list[Animation]:
        shown = [_showing(walk, target.name) for target in it.targets]
        keywords = _fading(it)
        return [
            Animation(variable, Call(Symbol("FadeIn"), (Reference(variable),), keywords))
            for variable in shown
        ]

    @registry.action("grow")
    def grow(walk: Walk, _step: scene_pb2.Step, it: scene_pb2.Grow) -> list[Animation]:
        made: list[Animation] = []
        for target in it.targets:
            variable = _showing(walk, target.name)
            owner = Reference(variable)
            match it.WhichOneof("origin"):
                case "point":
                    made.append(Animation(variable, call("GrowFromPoint", owner, point_node(walk, it.point))))
                case "edge":
                    made.append(Animation(variable, call("GrowFromEdge", owner, Symbol(SIDES[it.edge]))))
                case _ if walk.kind(target.name) == "arrow":
                    made.append(Animation(variable, call("GrowArrow", owner)))
                case _:
                    made.append(Animation(variable, call("GrowFromCenter", owner)))
        return made


def _fading(it: scene_pb2.FadeIn | scene_pb2.FadeOut) -> tuple[tuple[str, Node], ...]:
    keywords: list[tuple[str, Node]] = []
    if it.HasField("shift"):
        keywords.append(("shift", vector_node(it.shift)))
    if it.HasField("scale") and it.scale != 1:
        # A size of nothing has no inverse; Manim divides by it.
        keywords.append(("scale", literal(max(it.scale, 0.001))))
    return tuple(keywords)


def _add_exits(registry: Registry) -> None:
    @registry.action("uncreate")
    def uncreate(walk: Walk, _step: scene_pb2.Step, it: scene_pb2.Uncreate) -> list[Animation]:
        made: list[Animation] = []
        for name, variable in _hiding(walk, it.targets):
            kind = "Unwrite" if walk.kind(name) in _LETTERS else "Uncreate"
            made.append(Animation(variable, call(kind, Reference(variable))))
        return made

    @registry.action("fade_out")
    def fade_out(walk: Walk, _step: scene_pb2.Step, it: scene_pb2.FadeOut) -> list[Animation]:
        keywords = _fading(it)
        return [
            Animation(variable, Call(Symbol("FadeOut"), (Reference(variable),), keywords))
            for _, variable in _hiding(walk, it.targets)
        ]


def _add_turns(registry: Registry) -> None:
    @registry.action("transform")
    def transform(walk: Walk, _step: scene_pb2.Step, it: scene_pb2.Transform) -> list[Animation]:
        source, target, apart = _source_and_target(walk, it.source.name, it.target.name)
        walk.cast.transformed(it.source.name, it.target.name)
        if apart:
            # Both were on the stage; the two become one.
            walk.afterwards.append(method(SELF, "remove", Reference(target)))
        become = call("become", Reference(target))
        return [Animation(source, call("Transform", Reference(source), Reference(target)), (become,))]

    @registry.action("replace")
    def replace_room(walk: Walk, _step: scene_pb2.Step, it: scene_pb2.Replace) -> list[Animation]:
        source, target, _ = _source_and_target(walk, it.source.name, it.target.name)
        walk.cast.replaced(it.source.name, it.target.name)
        return [Animation(target, call("ReplacementTransform", Reference(source), Reference(target)))]


def _source_and_target(walk: Walk, source_name: str, target_name: str) -> tuple[str, str, bool]:
    """The variables of a source, shown, and of a target at its place; whether both are on the stage."""
    if not walk.cast.is_shown(source_name):
        hidden = _showing(walk, source_name)
        walk.machine.do(method(SELF, "add", Reference(hidden)))
    source = walk.use(source_name)
    role = walk.cast.roles[target_name]
    apart = role.ready and role.variable != source and role.variable in walk.cast.shown
    target = role.variable if role.ready and role.variable != source else walk.make(target_name)
    if walk.floats(target_name) and not apart:
        walk.machine.do(chain(Reference(target), [call("move_to", Reference(source))]))
        walk.layout.keep_in(target_name, target)
    return source, target, apart


def _add_changes(registry: Registry) -> None:
    @registry.action("move")
    def move(walk: Walk, _step: scene_pb2.Step, it: scene_pb2.Move) -> list[Animation]:
        made: list[Animation] = []
        for name, variable in _changing(walk, it.targets):
            if it.WhichOneof("destination") == "along":
                curve = walk.curve(it.along.name)
                end = call("move_to", method(curve, "point_from_proportion", literal(1)))
                made.append(Animation(variable, call("MoveAlongPath", Reference(variable), curve), (end,)))
                continue
            calls = placement_calls(walk, it.place, variable)
            made.append(_motion(variable, *calls, *walk.layout.correction(name, variable, it.place, calls)))
        return made

    @registry.action("shift")
    def shift(walk: Walk, _step: scene_pb2.Step, it: scene_pb2.Shift) -> list[Animation]:
        return [_motion(one, call("shift", vector_node(it.by))) for _, one in _changing(walk, it.targets)]

    @registry.action("rotate")
    def rotate(walk: Walk, _step: scene_pb2.Step, it: scene_pb2.Rotate) -> list[Animation]:
        keywords: dict[str, Node] = {"angle": degrees(it.angle)}
        if it.HasField("about"):
            place = point_node(walk, it.about)
            keywords["about_point"] = place
        after = tuple((name, value) for name, value in keywords.items() if name != "angle")
        return [
            Animation(
                one,
                call("Rotate", Reference(one), **keywords),
                (Call(Symbol("rotate"), (keywords["angle"],), after),),
            )
            for _, one in _changing(walk, it.targets)
        ]

    @registry.action("scale")
    def scale(walk: Walk, _step: scene_pb2.Step, it: scene_pb2.Scale) -> list[Animation]:
        return [_motion(one, call("scale", literal(it.factor))) for _, one in _changing(walk, it.targets)]

    @registry.action("recolor")
    def recolor(walk: Walk, _step: scene_pb2.Step, it: scene_pb2.Recolor) -> list[Animation]:
        made: list[Animation] = []
        for name, variable in _changing(walk, it.targets):
            for part in walk.cast.members(name) if name not in walk.cast.bound else [name]:
                owner = walk.use(part) if part != name else variable
                made.append(_motion(owner, *_paint(walk, it, walk.kind(part), owner)))
        return made

    @registry.action("indicate")
    def indicate(walk: Walk, step: scene_pb2.Step, it: scene_pb2.Indicate) -> list[Animation]:
        keywords: dict[str, Node] = {}
        if it.color:
            keywords["color"] = color_node(it.color)
        if it.HasField("scale"):
            keywords["scale_factor"] = literal(it.scale)
        if step.easing:
            walk.note(note("easing_ignored", walk.where, "indicate goes there and back and takes no easing"))
        return [
            Animation(one, call("Indicate", Reference(one), **keywords), eased=False)
            for _, one in _changing(walk, it.targets)
        ]


_COMPOSED = frozenset({"axes", "number_line", "plot"})


def _paint(walk: Walk, it: scene_pb2.Recolor, kind: str, variable: str) -> list[Call]:
    letters = kind in _LETTERS
    calls: list[Call] = []
    color = it.color or ((it.fill or it.stroke) if letters else "")
    if color:
        calls.append(call("set_color", color_node(color)))
    if not letters and (it.HasField("fill") or it.HasField("fill_opacity")):
        keywords: dict[str, Node] = {}
        if it.HasField("fill"):
            keywords["color"] = color_node(it.fill)
        keywords["opacity"] = literal(it.fill_opacity if it.HasField("fill_opacity") else 1)
        calls.append(call("set_fill", **keywords))
    if not letters and it.HasField("stroke"):
        calls.append(call("set_stroke", color=color_node(it.stroke)))
    if it.HasField("opacity"):
        if kind in _COMPOSED:
            calls.append(call("fade", literal(1 - it.opacity)))
        else:
            if not letters:
                calls.append(call("set_stroke", opacity=literal(it.opacity)))
            if letters or walk.machine.object(variable).get_fill_opacity() > 0:
                calls.append(call("set_fill", opacity=literal(it.opacity)))
    return calls


def _add_instants(registry: Registry) -> None:
    @registry.action("add")
    def add(walk: Walk, _step: scene_pb2.Step, it: scene_pb2.Add) -> list[Animation]:
        shown = [Reference(_showing(walk, target.name)) for target in it.targets]
        walk.machine.do(method(SELF, "add", *shown))
        return []

    @registry.action("remove")
    def remove(walk: Walk, _step: scene_pb2.Step, it: scene_pb2.Remove) -> list[Animation]:
        hidden = [Reference(variable) for _, variable in _hiding(walk, it.targets)]
        if hidden:
            walk.machine.do(method(SELF, "remove", *hidden))
        return []
