"""What is wrong with a scene, said so that a person or a model can put it right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

__all__ = ["Code", "Issue", "SceneError", "Severity", "did_you_mean"]


class Severity(StrEnum):
    """Whether an issue stops a scene."""

    ERROR = "error"
    NOTE = "note"


class Code(StrEnum):
    """Stable names of the kinds of issue. Names are never reused with another meaning."""

    ALIGN_WITHOUT_RELATION = "align_without_relation"
    ALREADY_SHOWN = "already_shown"
    ANGLE_UNIT = "angle_unit"
    ANIMATED_TWICE = "animated_twice"
    BAD_EXPRESSION = "bad_expression"
    BAD_INDENT = "bad_indent"
    BAD_NAME = "bad_name"
    BAD_VALUE = "bad_value"
    CONTROL_CHARACTER = "control_character"
    CYCLE = "cycle"
    DECLINED = "declined"
    DUPLICATE_FIELD = "duplicate_field"
    DUPLICATE_NAME = "duplicate_name"
    DUPLICATE_STATEMENT = "duplicate_statement"
    EMPTY_BLOCK = "empty_block"
    EMPTY_SCENE = "empty_scene"
    EMPTY_TEXT = "empty_text"
    EXPRESSION_COST = "expression_cost"
    INSTANT_IN_GROUP = "instant_in_group"
    INSTANT_TIMED = "instant_timed"
    LATEX_COMMAND = "latex_command"
    LATEX_SYNTAX = "latex_syntax"
    MISSING_FIELD = "missing_field"
    NEVER_SHOWN = "never_shown"
    NOTHING_SHOWN = "nothing_shown"
    NOT_A_BLOCK = "not_a_block"
    NOT_FINITE = "not_finite"
    NOT_SHOWN = "not_shown"
    OUT_OF_RANGE = "out_of_range"
    PARTLY_UNDEFINED = "partly_undefined"
    RESERVED_NAME = "reserved_name"
    SAME_ELEMENT = "same_element"
    SHOWN_FIRST = "shown_first"
    TOO_DEEP = "too_deep"
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"
    UNCLOSED = "unclosed"
    UNDEFINED_ELEMENT = "undefined_element"
    UNDEFINED_FUNCTION = "undefined_function"
    UNKNOWN_COLOR = "unknown_color"
    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_STATEMENT = "unknown_statement"
    UNKNOWN_WORD = "unknown_word"
    UNUSED_BUFF = "unused_buff"
    WRONG_KIND = "wrong_kind"


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong, or worth knowing, about a scene.

    Attributes:
        code: The kind of issue; stable.
        message: What is wrong, in one sentence without a full stop.
        path: The place in the scene, as a protobuf field path (`elements[2].circle.radius`); empty if
            the issue is not about a part of a scene.
        line: The storyboard line from 1, if the scene was read from one.
        column: The column from 1, if the scene was read from a storyboard.
        advice: What to write instead; may be empty.
        severity: Whether it stops the scene.
    """

    code: Code
    message: str
    path: str = ""
    line: int | None = None
    column: int | None = None
    advice: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = ""
        if self.line is not None:
            place = (
                f"line {self.line}: " if self.column is None else f"line {self.line}, column {self.column}: "
            )
        elif self.path:
            place = f"{self.path}: "
        return f"{place}{self.message}" + (f"; {self.advice}" if self.advice else "")


class SceneError(ValueError):
    """A storyboard or scene has errors.

    Attributes:
        issues: All of them, in order of lines.
    """

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("\n".join(map(str, self.issues)))


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Advice that names the known word closest to a mistaken one.

    Args:
        word: The mistaken word.
        known: The words that would have been right.
        otherwise: The advice if none is close.
    """
    close = get_close_matches(word.lower()[:64], list(known), n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else otherwise
