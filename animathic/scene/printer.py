"""Writes a scene as a storyboard, in the one canonical form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from google.protobuf.message import Message

from animathic.scene.access import present_value
from animathic.scene.registry import Field, Shape, Statement, enum_words, language
from animathic.scene.writing import write_value, write_words
from animathic.v1 import scene_pb2

__all__ = ["print_scene", "print_statement"]

_INDENT = "  "
_INLINE = 100
"""A block goes on one line, joined by &, if the line is no longer than this."""


def print_scene(scene: scene_pb2.Scene) -> str:
    """The storyboard of a valid scene; reading it gives an equal scene.

    Scenes that are not valid are printed as far as they can be; what is missing stays missing. Messages
    without any field set mean nothing and are not printed.

    Args:
        scene: The scene.

    Returns:
        Lines, each with its line break: heading, canvas, elements, an empty line, steps.
    """
    lines: list[str] = []
    if scene.HasField("title"):
        lines.append(print_statement(language().heading, scene))
    if scene.HasField("canvas"):
        lines.append(print_statement(language().canvas, scene.canvas))
    for element in scene.elements:
        kind = element.WhichOneof("kind")
        if kind is not None:
            lines.append(f"{element.name} = {print_statement(language().elements[kind], element)}")
    if lines and scene.steps:
        lines.append("")
    lines += _steps(scene.steps, "")
    return "".join(f"{line}\n" for line in lines)


def print_statement(statement: Statement, holder: Message) -> str:
    """The words of one statement, its keyword first; of a block, without colon and steps.

    Args:
        statement: What kind of statement it is.
        holder: The element, step, canvas or scene that holds it.
    """
    keyword = statement.keyword
    fixed: Field | None = None
    for shorthand in statement.shorthands:
        value = present_value(holder, shorthand.field)
        if value is not None and write_value(shorthand.field, value) == shorthand.value:
            keyword, fixed = shorthand.keyword, shorthand.field
            break
    words = [keyword]
    bare = True
    for field in statement.fields:
        value = None if field is fixed else present_value(holder, field)
        if field.shape is Shape.WORD and value not in enum_words(field.descriptor.enum_type).printed:
            value = None  # Another program may send a number that has no word.
        if value is None:
            # Once a positional field is missing, those after it would be read in its place.
            bare = bare and (field is fixed or not field.position)
            continue
        if field.position and bare:
            words.append(write_words(field, value))
        elif field.notation.bare and (field.shape is not Shape.FLAG or value):
            words.append(field.keyword if field.shape is Shape.FLAG else write_value(field, value))
        else:
            words.append(f"{field.keyword}={write_value(field, value)}")
    return " ".join(words)


def _steps(steps: Sequence[scene_pb2.Step], indent: str) -> Iterator[str]:
    for step in steps:
        yield from _step(step, indent)


def _step(step: scene_pb2.Step, indent: str) -> Iterator[str]:
    kind = step.WhichOneof("kind")
    if kind is None:
        return
    statement = language().steps[kind]
    words = print_statement(statement, step)
    if not statement.notation.block:
        yield indent + words
        return
    inner: Sequence[scene_pb2.Step] = getattr(step, kind).steps
    line = _inline(kind, words, inner)
    if line is not None and len(indent) + len(line) <= _INLINE:
        yield indent + line
        return
    yield f"{indent}{words}:"
    yield from _steps(inner, indent + _INDENT)


def _inline(kind: str, words: str, inner: Sequence[scene_pb2.Step]) -> str | None:
    """A block on one line, or None if a step of it is a block itself."""
    kinds = [step.WhichOneof("kind") for step in inner]
    if not kinds or kind == "sequence":
        return None
    statements = [language().steps[one] if one is not None else None for one in kinds]
    if any(statement is None or statement.notation.block for statement in statements):
        return None
    joined = " & ".join(print_statement(s, step) for s, step in zip(statements, inner, strict=True) if s)
    # A plain line joined by & is the short form of `together`, which has no time of its own.
    plain = kind == "together" and words == language().steps[kind].keyword and len(kinds) > 1
    return joined if plain else f"{words}: {joined}"
