"""Where each element and each action finds the one place that compiles it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from animathic.v1 import scene_pb2

if TYPE_CHECKING:
    from services.render.compiler.code import Node
    from services.render.compiler.timing import Animation
    from services.render.compiler.walk import Walk

Room = TypeVar("Room")

__all__ = ["Registry", "action_kinds", "element_kinds"]

ElementRoom = Callable[["Walk", scene_pb2.Element, Any], "Node"]
"""Makes the constructor call of an element, from the walk, the element and the message of its kind."""

Finish = Callable[["Walk", scene_pb2.Element, str], None]
"""Completes an element, from the walk, the element and its variable."""

ActionRoom = Callable[["Walk", scene_pb2.Step, Any], "list[Animation]"]
"""Makes the animations of a step, from the walk, the step and the message of its kind."""


class Registry:
    """The rooms by the name of the oneof field that they compile. Each name is taken once."""

    def __init__(self) -> None:
        self._elements: dict[str, ElementRoom] = {}
        self._actions: dict[str, ActionRoom] = {}
        self._finishes: dict[str, Finish] = {}

    def element(self, kind: str) -> Callable[[ElementRoom], ElementRoom]:
        """Marks a function as the room of an element kind."""
        return lambda room: _enter(self._elements, kind, room)

    def finishing(self, kind: str) -> Callable[[Finish], Finish]:
        """Marks a function that completes an element of a kind once its object exists."""
        return lambda finish: _enter(self._finishes, kind, finish)

    def finish(self, kind: str) -> Finish:
        """What completes an element of a kind; mostly nothing."""
        return self._finishes.get(kind, lambda _walk, _element, _variable: None)

    def action(self, kind: str) -> Callable[[ActionRoom], ActionRoom]:
        """Marks a function as the room of an action."""
        return lambda room: _enter(self._actions, kind, room)

    def element_room(self, kind: str) -> ElementRoom:
        """The room of an element kind."""
        return self._elements[kind]

    def action_room(self, kind: str) -> ActionRoom:
        """The room of an action."""
        return self._actions[kind]

    @property
    def kinds(self) -> tuple[frozenset[str], frozenset[str]]:
        """All element kinds and all actions that have a room."""
        return frozenset(self._elements), frozenset(self._actions)


def _enter(rooms: dict[str, Room], kind: str, room: Room) -> Room:
    if kind in rooms:
        raise ValueError(f"{kind} has a room already")
    rooms[kind] = room
    return room


def element_kinds() -> frozenset[str]:
    """The element kinds of the contract."""
    return frozenset(field.name for field in scene_pb2.Element.DESCRIPTOR.oneofs_by_name["kind"].fields)


def action_kinds() -> frozenset[str]:
    """The actions of the contract."""
    return frozenset(field.name for field in scene_pb2.Step.DESCRIPTOR.oneofs_by_name["kind"].fields)
