"""What is on the stage, in which order and under which names, as the steps go by.

- Showing a name shows what its definition says, unless it is on the stage already.
- After `transform a b` both names mean what is on the stage, until one of them is shown anew. If `b` was on
  the stage of its own, the two become one.
- After `replace a b`, `a` is off the stage and `b` is on it.
- A group is its members: it is on the stage as far as they are.
- What changes without being on the stage is shown first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from animathic.scene.issues import Code, Issue, Severity
from animathic.scene.registry import ALL, Shape, language
from animathic.v1 import notation_pb2, scene_pb2

__all__ = ["Effect", "Stage", "leaves_of"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What one step does to the stage.

    Attributes:
        targets: The names it acts on, `all` written out as what is shown, in painter's order.
        shown_first: The names among them that have to be shown before.
        issues: Errors and notes about it.
    """

    targets: tuple[str, ...]
    shown_first: tuple[str, ...]
    issues: tuple[Issue, ...]


def leaves_of(elements: Iterable[scene_pb2.Element]) -> dict[str, tuple[str, ...]]:
    """What each name means at first: itself, or for a group the members of its members.

    Args:
        elements: Elements without cycles among their groups; members that do not exist are left out.
    """
    members = {
        element.name: tuple(member.name for member in element.group.members)
        for element in elements
        if element.WhichOneof("kind") == "group"
    }
    names = {element.name for element in elements}
    found: dict[str, tuple[str, ...]] = {}

    def leaves(name: str) -> tuple[str, ...]:
        if name not in found:
            inside = members.get(name)
            if inside is None:
                found[name] = (name,)
            else:
                found[name] = ()  # A group that holds itself, which is reported elsewhere, ends here.
                parts = dict.fromkeys(leaf for one in inside if one in names for leaf in leaves(one))
                found[name] = tuple(parts)
        return found[name]

    for name in names:
        leaves(name)
    return found


class Stage:
    """The stage between two steps.

    Args:
        own: What each name means at first, from `leaves_of`.
    """

    def __init__(self, own: Mapping[str, tuple[str, ...]]) -> None:
        self._own = dict(own)
        self._means = dict(own)
        self._visible: dict[str, None] = {}
        self._ever: set[str] = set()

    @property
    def visible(self) -> tuple[str, ...]:
        """The elements on the stage, none of them groups, in order of entry."""
        return tuple(self._visible)

    @property
    def ever_shown(self) -> frozenset[str]:
        """The elements, none of them groups, that have been on the stage at some time."""
        return frozenset(self._ever)

    def means(self, name: str) -> tuple[str, ...]:
        """The elements that a name means now."""
        return self._means.get(name, ())

    def is_shown(self, name: str) -> bool:
        """Whether something of what a name means is on the stage."""
        return any(leaf in self._visible for leaf in self.means(name))

    def apply(self, step: scene_pb2.Step, path: str) -> Effect:
        """Does what an action does to the stage. Names that do not exist are passed over.

        Args:
            step: An action; a block does nothing by itself.
            path: The step's field path, for the issues.
        """
        kind = step.WhichOneof("kind")
        if kind is None:
            return Effect((), (), ())
        effect = language().steps[kind].notation.effect
        if effect in (notation_pb2.EFFECT_TRANSFORM, notation_pb2.EFFECT_REPLACE):
            action = getattr(step, kind)
            return self._turn(
                action.source.name,
                action.target.name,
                effect == notation_pb2.EFFECT_REPLACE,
                f"{path}.{kind}",
            )
        if effect == notation_pb2.EFFECT_UNSPECIFIED:
            return Effect((), (), ())
        return self._act(step, kind, effect, path)

    def _act(self, step: scene_pb2.Step, kind: str, effect: int, path: str) -> Effect:
        keyword = language().steps[kind].keyword
        field = next(f for f in language().steps[kind].fields if f.shape is Shape.REFERENCES)
        written: Sequence[scene_pb2.Reference] = getattr(getattr(step, kind), field.path[-1])
        issues: list[Issue] = []
        first: list[str] = []
        targets: list[str] = []
        for index, reference in enumerate(written):
            place = f"{path}.{kind}.{field.path[-1]}[{index}]"
            name = reference.name
            if name == ALL and ALL not in self._own:
                if effect == notation_pb2.EFFECT_SHOW:
                    continue  # It has no meaning there, which is reported with the names.
                if not self._visible:
                    issues.append(Issue(Code.NOTHING_SHOWN, f"{keyword}: nothing is shown", place))
                targets += self._visible
                if effect == notation_pb2.EFFECT_HIDE:
                    self._visible.clear()
                continue
            if name not in self._own:
                continue
            targets.append(name)
            if effect == notation_pb2.EFFECT_SHOW:
                issues += self._note_if_shown(keyword, name, place)
                self._show(name)
            elif effect == notation_pb2.EFFECT_HIDE:
                issues += self._hide(keyword, name, place)
            elif not self.is_shown(name):
                issues.append(self._shown_first(keyword, name, place))
                first.append(name)
                self._show(name)
        return Effect(tuple(targets), tuple(first), tuple(issues))

    def _turn(self, source: str, target: str, replace: bool, path: str) -> Effect:
        keyword = "replace" if replace else "transform"
        if source not in self._own or target not in self._own:
            return Effect((), (), ())
        if source == target:
            message = f'{keyword}: "{source}" cannot turn into itself'
            return Effect((source,), (), (Issue(Code.SAME_ELEMENT, message, f"{path}.target"),))
        issues: list[Issue] = []
        first: list[str] = []
        if not self.is_shown(source):
            issues.append(self._shown_first(keyword, source, f"{path}.source"))
            first.append(source)
            self._show(source)
        meant = self._means[source]
        if replace:
            for leaf in meant:
                self._visible.pop(leaf, None)
            self._means[source] = self._own[source]
            self._show(target)
        else:
            if not set(meant) & set(self._means[target]):
                for leaf in self._means[target]:
                    self._visible.pop(leaf, None)
            self._means[target] = meant
        self._ever.update(self._own[target])
        return Effect((source, target), tuple(first), tuple(issues))

    def _show(self, name: str) -> None:
        leaves = self._own[name]
        fresh = set(leaves)
        for other, own in self._own.items():
            if other == name or (own and fresh.issuperset(own)):
                self._means[other] = own
        self._visible.update(dict.fromkeys(leaves))
        self._ever.update(leaves)

    def _hide(self, keyword: str, name: str, path: str) -> Iterator[Issue]:
        if not self.is_shown(name):
            advice = "show it before, or leave this out"
            yield Issue(Code.NOT_SHOWN, f'{keyword}: "{name}" is not shown', path, advice=advice)
        for leaf in self.means(name):
            self._visible.pop(leaf, None)

    def _note_if_shown(self, keyword: str, name: str, path: str) -> Iterator[Issue]:
        leaves = self._own[name]
        if self._means[name] == leaves and leaves and all(leaf in self._visible for leaf in leaves):
            message = f'{keyword}: "{name}" is shown already'
            yield Issue(Code.ALREADY_SHOWN, message, path, severity=Severity.NOTE)

    def _shown_first(self, keyword: str, name: str, path: str) -> Issue:
        message = f'{keyword}: "{name}" is not shown yet and is shown first'
        return Issue(Code.SHOWN_FIRST, message, path, severity=Severity.NOTE)
