"""A storyboard that has been read: the scene, and where each part of it was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from animathic.scene.issues import Issue
from animathic.v1 import scene_pb2

__all__ = ["Document", "SourceMap"]


@dataclass(slots=True)
class SourceMap:
    """The line and column, both from 1, of every part that was written, by field path."""

    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def place(self, path: str) -> tuple[int, int] | None:
        """Where a part was written; of a part that was not written itself, the part that holds it."""
        while path:
            found = self.places.get(path)
            if found is not None:
                return found
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return None

    def located(self, issue: Issue) -> Issue:
        """An issue with its line and column, if its path was written."""
        place = None if issue.line is not None else self.place(issue.path)
        return issue if place is None else replace(issue, line=place[0], column=place[1])


@dataclass(frozen=True, slots=True)
class Document:
    """What came of reading a storyboard.

    Attributes:
        scene: What could be read; complete only if there are no issues.
        issues: What could not be read, in order of lines.
        source: Where each part was written.
        unreadable: Names whose definition could not be read, with their lines: that such an element is
            missing is a consequence, not a mistake of its own.
    """

    scene: scene_pb2.Scene
    issues: tuple[Issue, ...]
    source: SourceMap
    unreadable: Mapping[str, int]
