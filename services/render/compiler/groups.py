"""Groups: several elements handled as one."""

from __future__ import annotations

from animathic.v1 import scene_pb2
from services.render.compiler.code import Call, Node, Reference, Symbol, chain, literal
from services.render.compiler.registry import Registry
from services.render.compiler.style import later_style
from services.render.compiler.walk import Walk

__all__ = ["add_rooms"]

_DIRECTIONS = {
    scene_pb2.DIRECTION_LEFT: "LEFT",
    scene_pb2.DIRECTION_RIGHT: "RIGHT",
    scene_pb2.DIRECTION_UP: "UP",
    scene_pb2.DIRECTION_DOWN: "DOWN",
}


def add_rooms(registry: Registry) -> None:
    """Enters the rooms of this module."""

    @registry.element("group")
    def group(walk: Walk, element: scene_pb2.Element, it: scene_pb2.Group) -> Node:
        members = [Reference(walk.use(member.name)) for member in it.members]
        calls: list[Call] = []
        if it.arrange or _pile(walk, it):
            direction = Symbol(_DIRECTIONS.get(it.arrange, "RIGHT"))
            gap = {"buff": literal(it.gap)} if it.HasField("gap") else {}
            calls.append(Call(Symbol("arrange"), (direction,), tuple(gap.items())))
        calls += later_style(element.style)
        return chain(Call(Symbol("VGroup"), tuple(members)), calls)


def _pile(walk: Walk, it: scene_pb2.Group) -> bool:
    """Whether all members would stand on top of each other: nothing places any of them."""
    return len(it.members) > 1 and all(walk.floats(member.name) for member in it.members)
