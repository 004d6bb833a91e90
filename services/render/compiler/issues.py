"""What the compiler reports: what it adjusted, and what cannot be shown."""

from __future__ import annotations

from animathic.v1 import quality_pb2

__all__ = ["Unrenderable", "note", "problem", "too_deep"]


class Unrenderable(Exception):  # noqa: N818 (it names what the scene is)
    """A scene that passed static validation but cannot be laid out.

    Attributes:
        issues: What is wrong, each with its field path and advice.
    """

    def __init__(self, *issues: quality_pb2.SceneIssue) -> None:
        super().__init__("; ".join(f"{issue.field_path}: {issue.message}" for issue in issues))
        self.issues = issues


def note(code: str, path: str, message: str) -> quality_pb2.SceneIssue:
    """Something was assumed or adjusted."""
    return quality_pb2.SceneIssue(
        severity=quality_pb2.SEVERITY_NOTE, code=code, field_path=path, message=message
    )


def problem(code: str, path: str, message: str, advice: str) -> quality_pb2.SceneIssue:
    """Something cannot be shown."""
    return quality_pb2.SceneIssue(
        severity=quality_pb2.SEVERITY_ERROR, code=code, field_path=path, message=message, advice=advice
    )


def too_deep(path: str) -> Unrenderable:
    """Something is nested deeper than can be followed."""
    return Unrenderable(
        problem("too_deep", path, "too much hangs on one another or is nested", "write it in fewer levels")
    )
