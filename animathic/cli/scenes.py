"""Storyboard files: read, and errors shown where they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import grpc

from animathic.client import AnimathicError, FieldViolation
from animathic.scene import check
from animathic.v1 import quality_pb2

__all__ = ["Flaw", "flaws_in", "from_issues", "pointed", "read_storyboard", "scene_invalid"]

_LARGEST = 100_000


@dataclass(frozen=True, slots=True)
class Flaw:
    """One error in a storyboard.

    Attributes:
        line: Its line from 1; 0 where unknown.
        column: Its column from 1; 0 where unknown.
        message: What is wrong.
        advice: What to write instead; may be empty.
        path: The field at fault; may be empty.
    """

    line: int
    column: int
    message: str
    advice: str
    path: str


def read_storyboard(path: Path) -> str:
    """Reads a storyboard file.

    Args:
        path: The file.

    Raises:
        AnimathicError: It cannot be read or is no text.
    """
    try:
        if path.stat().st_size > _LARGEST * 4:
            raise _unreadable(f"{path} is too large for a storyboard: write at most {_LARGEST} characters")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise _unreadable(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise _unreadable(f"{path} is not text in UTF-8: write the storyboard as plain text") from error


def flaws_in(storyboard: str) -> list[Flaw]:
    """What the scene language finds wrong, without a mesh; empty for a valid storyboard."""
    return [
        Flaw(each.line or 0, each.column or 0, each.message, each.advice, each.path)
        for each in check(storyboard).errors
    ]


def from_issues(issues: Iterable[quality_pb2.SceneIssue]) -> list[Flaw]:
    """The errors among the issues that the mesh found."""
    return [
        Flaw(each.line, each.column, each.message, each.advice, each.field_path)
        for each in issues
        if each.severity == quality_pb2.SEVERITY_ERROR
    ]


def pointed(flaw: Flaw, storyboard: str, name: str) -> str:
    """A flaw as a compiler shows it: place, message, the line, a caret under the column, advice."""
    place = ":".join([name, *(str(each) for each in (flaw.line, flaw.column) if each)])
    shown = [f"{place}: {flaw.message}"]
    lines = storyboard.splitlines()
    if 0 < flaw.line <= len(lines):
        source = lines[flaw.line - 1].replace("\t", " ")
        shown.append(f"  {source}")
        if flaw.column:
            shown.append("  " + " " * (flaw.column - 1) + "^")
    if flaw.advice:
        shown.append(f"  {flaw.advice}")
    return "\n".join(shown)


def scene_invalid(flaws: list[Flaw], name: str) -> AnimathicError:
    """The error for a storyboard with flaws."""
    count = "1 error" if len(flaws) == 1 else f"{len(flaws)} errors"
    return AnimathicError(
        grpc.StatusCode.INVALID_ARGUMENT,
        "SCENE_INVALID",
        f"{name} has {count}: mend the lines shown and run the command again",
        violations=[
            FieldViolation(
                f"{name}:{flaw.line}:{flaw.column}" if flaw.line else flaw.path,
                f"{flaw.message}; {flaw.advice}" if flaw.advice else flaw.message,
            )
            for flaw in flaws
        ],
    )


def _unreadable(message: str) -> AnimathicError:
    return AnimathicError(grpc.StatusCode.INVALID_ARGUMENT, "FILE_NOT_READABLE", message)
