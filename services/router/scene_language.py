"""The scene language of `animathic.scene`, in the router's terms."""

from __future__ import annotations

from collections.abc import Iterable

from animathic import scene as language
from animathic.v1 import quality_pb2, scene_pb2
from services.router.scenes import Reading

_SEVERITIES = {
    language.Severity.ERROR: quality_pb2.SEVERITY_ERROR,
    language.Severity.NOTE: quality_pb2.SEVERITY_NOTE,
}


class StaticSceneLanguage:
    """Reads and checks scenes without Manim. What it accepts may still fail to be laid out."""

    def read(self, storyboard: str) -> Reading:
        """Reads a storyboard and checks what it says."""
        return _reading(language.check(storyboard))

    def check(self, scene: scene_pb2.Scene) -> Reading:
        """Checks a scene."""
        return _reading(language.validate(scene))


def _reading(result: language.ValidationResult) -> Reading:
    storyboard = language.print_scene(result.scene) if result.ok else ""
    return Reading(result.scene, storyboard, _to_proto((*result.errors, *result.notes)))


def _to_proto(issues: Iterable[language.Issue]) -> list[quality_pb2.SceneIssue]:
    return [
        quality_pb2.SceneIssue(
            severity=_SEVERITIES[issue.severity],
            code=issue.code.value,
            line=issue.line or 0,
            column=issue.column or 0,
            field_path=issue.path,
            message=issue.message,
            advice=issue.advice,
        )
        for issue in issues
    ]
