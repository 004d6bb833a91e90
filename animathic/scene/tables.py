"""The statements as Markdown, for the documentation page: generated from the descriptors.

`python -m animathic.scene.tables` prints it; a test compares the page with it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from animathic.scene.reference import signature
from animathic.scene.registry import Field, Shape, Statement, enum_words, language

__all__ = ["statement_tables"]


def statement_tables() -> str:
    """Elements, what all elements take, steps and the scene's own statements, each with an example."""
    lang = language()
    circle = lang.elements["circle"]
    common = [field for field in circle.fields if field.path[0] in ("style", "placement")]
    lines = ["### Elements", *_statements(lang.elements.values())]
    lines += ["### Style and placement", "Every element takes these.", *_fields(common)]
    lines += ["### Steps", *_statements(lang.steps.values())]
    lines += ["### The scene as a whole", *_statements([lang.heading, lang.canvas])]
    return "\n\n".join(lines) + "\n"


def _statements(statements: Iterable[Statement]) -> Iterator[str]:
    for statement in statements:
        yield f"**`{signature(statement)}`** {statement.notation.doc}"
        own = [field for field in statement.fields if field.path[0] == statement.kind or not statement.kind]
        yield from _fields(own)
        words = [
            f"`{s.keyword}` is `{statement.keyword}` with `{s.field.keyword}={s.value}`"
            for s in statement.shorthands
        ]
        if statement.notation.aliases:
            words.append("also read: " + ", ".join(f"`{alias}`" for alias in statement.notation.aliases))
        if words:
            yield "; ".join(words) + "."
        yield "\n\n".join(f"```\n{example}\n```" for example in statement.notation.examples)


def _fields(fields: Iterable[Field]) -> Iterator[str]:
    rows = [
        f"| {' | '.join((f'`{f.keyword}`', _values(f), _default(f), f.notation.doc, _aliases(f)))} |"
        for f in fields
    ]
    if rows:
        yield "\n".join(
            ["| field | value | if left out | | also read |", "| --- | --- | --- | --- | --- |", *rows]
        )


def _values(field: Field) -> str:
    notation = field.notation
    if field.shape is Shape.WORD:
        words = enum_words(field.descriptor.enum_type).printed.values()
        return ", ".join(f"`{word}`" for word in words) if len(words) <= 12 else "an easing"
    name = field.shape.name.lower().replace("_", " ")
    if notation.HasField("minimum") and notation.HasField("maximum"):
        return f"{name}, {notation.minimum:g} to {notation.maximum:g}"
    return f"{name}, up to {notation.max_length}" if notation.max_length else name


def _default(field: Field) -> str:
    if field.notation.required:
        return "required"
    return f"`{field.notation.default_value}`" if field.notation.default_value else ""


def _aliases(field: Field) -> str:
    return ", ".join(f"`{alias}`" for alias in field.aliases)


if __name__ == "__main__":
    sys.stdout.write(statement_tables())
