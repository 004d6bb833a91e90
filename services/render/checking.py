"""Checks and compiles scenes: the rules at once, the layout in a child."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from animathic.scene import ValidationResult, print_scene, read, validate
from animathic.scene.document import Document
from animathic.v1 import animation_pb2, quality_pb2, scene_pb2
from services.chassis.errors import MeshError
from services.render import failures
from services.render.judging import judge_coverage
from services.render.rendering import as_scene_issue
from services.render.workshop import Answer, Workshop

__all__ = ["Checked", "Checker", "Source", "Written"]


@dataclass(frozen=True, slots=True)
class Source:
    """A scene in one of two forms.

    Attributes:
        scene: As data; None where it is a storyboard.
        storyboard: As text.
    """

    scene: scene_pb2.Scene | None
    storyboard: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found.

    Attributes:
        valid: Whether the scene can be rendered.
        issues: Errors and notes.
        quality: How well it covers the prompt; None without a prompt.
        storyboard: The scene in canonical form; empty where it is not valid.
    """

    valid: bool
    issues: tuple[quality_pb2.SceneIssue, ...]
    quality: quality_pb2.Quality | None
    storyboard: str


@dataclass(frozen=True, slots=True)
class Written:
    """A scene as Manim source."""

    source: str
    class_name: str
    storyboard: str


class Checker:
    """Checks and compiles scenes.

    Args:
        workshop: Runs the children.
        slots: How many children at a time; more wait.
        seconds: Longest that one child may take.
        confined: Whether children are confined as they must be, or may run without.
    """

    def __init__(self, workshop: Workshop, *, slots: int, seconds: float, confined: bool) -> None:
        self._workshop = workshop
        self._free = asyncio.Semaphore(slots)
        self._seconds = seconds
        self._confined = confined

    async def check(self, source: Source, prompt: str) -> Checked:
        """Checks the rules, and where they hold the layout.

        Raises:
            MeshError: The check itself failed; a scene that is not valid is an answer.
        """
        document, scene, result = await asyncio.to_thread(_examine, source)
        issues = [as_scene_issue(issue) for issue in (*result.errors, *result.notes)]
        if result.errors:
            return Checked(False, tuple(issues), None, "")
        locate = _locator(document)
        try:
            answer = await self._child(scene)
        except MeshError as error:
            if error.reason not in {"SCENE_UNRENDERABLE", "RENDER_RESOURCES", "RENDER_TIMEOUT"}:
                raise
            issues += [locate(issue) for issue in _issues_of(error)]
            return Checked(False, tuple(issues), None, "")
        issues += [locate(issue) for issue in answer.notes]
        quality = judge_coverage(scene, prompt) if prompt.strip() else None
        return Checked(True, tuple(issues), quality, print_scene(scene))

    async def compile(self, source: Source) -> Written:
        """The scene as Manim source.

        Raises:
            MeshError: INVALID_ARGUMENT `SCENE_INVALID` or `SCENE_UNRENDERABLE`.
        """
        document, scene, result = await asyncio.to_thread(_examine, source)
        if result.errors:
            raise failures.invalid(result.errors, "storyboard" if document is not None else "scene")
        answer = await self._child(scene)
        return Written(str(answer.facts["source"]), str(answer.facts["class_name"]), print_scene(scene))

    async def _child(self, scene: scene_pb2.Scene) -> Answer:
        if not self._confined:
            raise failures.no_sandbox()
        async with self._free, self._workshop.job_directory() as directory:
            options = animation_pb2.AnimationOptions()
            return await self._workshop.run("compile", scene, options, directory, self._seconds, _ignore)


def _examine(source: Source) -> tuple[Document | None, scene_pb2.Scene, ValidationResult]:
    """Reads and validates; for the largest scenes this takes a tenth of a second."""
    if source.scene is not None:
        return None, source.scene, validate(source.scene)
    document = read(source.storyboard)
    return document, document.scene, validate(document.scene, document)


async def _ignore(_: dict[str, Any]) -> None:
    return None


def _locator(document: Document | None) -> Callable[[quality_pb2.SceneIssue], quality_pb2.SceneIssue]:
    """Adds lines and columns to issues where the scene was read from a storyboard."""

    def locate(issue: quality_pb2.SceneIssue) -> quality_pb2.SceneIssue:
        place = document.source.place(issue.field_path) if document is not None else None
        if place is not None:
            issue.line, issue.column = place
        return issue

    return locate


def _issues_of(error: MeshError) -> list[quality_pb2.SceneIssue]:
    """The issues that an error carries as violations."""
    if not error.violations:
        return [
            quality_pb2.SceneIssue(
                severity=quality_pb2.SEVERITY_ERROR, code=error.reason.lower(), message=error.message
            )
        ]
    return [
        quality_pb2.SceneIssue(
            severity=quality_pb2.SEVERITY_ERROR,
            code=violation.reason.lower(),
            field_path=violation.field.removeprefix("scene."),
            message=violation.description,
        )
        for violation in error.violations
    ]
