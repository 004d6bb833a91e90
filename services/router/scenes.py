"""The scene language, as the router uses it: reading, static checks, and errors for callers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from animathic.v1 import quality_pb2, scene_pb2
from services.chassis.errors import Code, FieldViolation, MeshError


@dataclass(frozen=True)
class Reading:
    """What the static check says of a scene.

    Attributes:
        scene: The scene; None where the storyboard could not be read.
        storyboard: Its canonical form; empty where it is not valid.
        issues: Errors and notes.
    """

    scene: scene_pb2.Scene | None
    storyboard: str
    issues: Sequence[quality_pb2.SceneIssue]

    @property
    def valid(self) -> bool:
        """Whether it can be rendered, as far as this check sees."""
        return self.scene is not None and not self.errors

    @property
    def errors(self) -> list[quality_pb2.SceneIssue]:
        """The issues that stop it."""
        return [issue for issue in self.issues if issue.severity == quality_pb2.SEVERITY_ERROR]

    def error(self, field: str) -> MeshError:
        """The answer to a caller who sent this.

        Args:
            field: The request field that held it.
        """
        violations = [
            FieldViolation(_path(field, issue), _description(issue), issue.code.upper())
            for issue in self.errors
        ]
        first = violations[0].description if violations else "it is empty"
        return MeshError(
            Code.INVALID_ARGUMENT,
            "SCENE_INVALID",
            f"The scene has {len(violations)} error{'s' if len(violations) != 1 else ''}: {first}",
            violations=violations,
        )


class SceneLanguage(Protocol):
    """Reads and checks scenes, without Manim."""

    def read(self, storyboard: str) -> Reading:
        """Reads a storyboard."""
        ...

    def check(self, scene: scene_pb2.Scene) -> Reading:
        """Checks a scene."""
        ...


def _path(field: str, issue: quality_pb2.SceneIssue) -> str:
    return f"{field}.{issue.field_path}" if issue.field_path else field


def _description(issue: quality_pb2.SceneIssue) -> str:
    where = ""
    if issue.line:
        where = f"line {issue.line}, column {issue.column}: " if issue.column else f"line {issue.line}: "
    advice = f"; {issue.advice}" if issue.advice else ""
    return f"{where}{issue.message}{advice}"
