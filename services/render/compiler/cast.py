"""Who is who on the stage: which variable each name means, and what is shown."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from animathic.v1 import scene_pb2

__all__ = ["Cast", "Role"]


@dataclass
class Role:
    """What is known of one element during the walk.

    Attributes:
        element: The element.
        index: Its place in the scene.
        variable: The variable that holds its own object; empty while it is not made.
        spent: Its own object has become something else; it has to be made anew before it is shown again.
    """

    element: scene_pb2.Element
    index: int
    variable: str = ""
    spent: bool = False

    @property
    def ready(self) -> bool:
        """Whether its own object exists and looks like itself."""
        return bool(self.variable) and not self.spent


@dataclass
class Cast:
    """The elements of a scene and what their names mean.

    After `transform a b` both names mean what is on the stage; the variable there is `a`'s. When one of them
    is shown anew, its name means its own object again.
    """

    roles: dict[str, Role]
    taken: set[str]
    bound: dict[str, str] = field(default_factory=dict)
    shown: dict[str, None] = field(default_factory=dict)

    @classmethod
    def of(cls, scene: scene_pb2.Scene, reserved: Iterable[str]) -> Cast:
        """The cast of a scene before anything is shown.

        Args:
            scene: The scene.
            reserved: Names that variables must not take: Manim's.
        """
        roles = {element.name: Role(element, index) for index, element in enumerate(scene.elements)}
        return cls(roles, {*reserved, *keyword.kwlist, *keyword.softkwlist, *dir(builtins), "self", "np"})

    def new_variable(self, name: str) -> str:
        """A variable that no other object has, as close to the element's name as can be."""
        candidate, number = name, 1
        while candidate in self.taken:
            number += 1
            candidate = f"{name}_{number}"
        self.taken.add(candidate)
        return candidate

    def members(self, name: str) -> list[str]:
        """The elements that a name stands for: the members of a group, at any depth, or itself."""
        element = self.roles[name].element
        if element.WhichOneof("kind") != "group":
            return [name]
        return [leaf for member in element.group.members for leaf in self.members(member.name)]

    def meaning(self, name: str) -> str:
        """The variable that a name means now; empty where it means nothing yet."""
        bound = self.bound.get(name)
        if bound is not None:
            return bound
        role = self.roles[name]
        return role.variable if role.ready else ""

    def is_shown(self, name: str) -> bool:
        """Whether a name's object is on the stage, by itself or in a group; of a group, any member."""
        variable = self.meaning(name)
        if variable and (variable in self.shown or any(variable in parts for parts in self._shown_groups())):
            return True
        members = self.members(name)
        return members != [name] and name not in self.bound and any(map(self.is_shown, members))

    def _shown_groups(self) -> Iterable[Mapping[str, None]]:
        for name, role in self.roles.items():
            if role.ready and role.variable in self.shown and role.element.WhichOneof("kind") == "group":
                yield {self.meaning(member): None for member in self._descendants(name)}

    def _descendants(self, name: str) -> Iterable[str]:
        for member in self.roles[name].element.group.members:
            yield member.name
            if self.roles[member.name].element.WhichOneof("kind") == "group":
                yield from self._descendants(member.name)

    def show(self, name: str) -> None:
        """A name's object is on the stage now."""
        self.shown[self.meaning(name)] = None

    def hide(self, name: str) -> None:
        """A name's object is on the stage no longer. What else is in a group with it stays."""
        variable = self.meaning(name)
        if variable in self.shown:
            del self.shown[variable]
        else:
            self._leave_groups(name)
        for member in self.members(name):
            self.shown.pop(self.meaning(member), None)

    def _leave_groups(self, name: str) -> None:
        for group, role in self.roles.items():
            if role.variable in self.shown and role.element.WhichOneof("kind") == "group":
                family = self.members(group)
                if name in family or any(member in family for member in self.members(name)):
                    del self.shown[role.variable]
                    leaving = set(self.members(name))
                    for member in family:
                        if member not in leaving:
                            self.shown[self.meaning(member)] = None

    def transformed(self, source: str, target: str) -> None:
        """Both names mean the source's object now; it no longer looks like the source."""
        variable = self.meaning(source)
        for role in self.roles.values():
            if role.variable == variable:
                role.spent = True
        own = self.roles[target].variable
        self.shown.pop(own, None)
        for name in [name for name, bound in self.bound.items() if bound == variable]:
            self.bound[name] = variable
        self.bound[source] = self.bound[target] = variable

    def replaced(self, source: str, target: str) -> None:
        """The target's object stands where the source's was."""
        variable = self.meaning(source)
        for role in self.roles.values():
            if role.variable == variable:
                role.spent = True
        for name in [name for name, bound in self.bound.items() if bound == variable]:
            del self.bound[name]
        self.bound.pop(source, None)
        self.bound.pop(target, None)
        self.shown.pop(variable, None)
        self.shown[self.roles[target].variable] = None

    def shown_parts(self, name: str) -> list[str]:
        """The name itself, or of a group that has lost members those that are still on the stage."""
        members = self.members(name)
        if members == [name] or name in self.bound or all(map(self.is_shown, members)):
            return [name]
        return [member for member in members if self.is_shown(member)]

    def on_stage(self) -> list[str]:
        """Names of all that is shown, one for each object, in order of entry."""
        names: list[str] = []
        for variable in self.shown:
            name = next((name for name in self.roles if self.meaning(name) == variable), "")
            if name:
                names.append(name)
        return names
