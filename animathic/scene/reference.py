"""The language in short, for prompting a model that has not learned it; generated from the descriptors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from animathic.scene.expressions import CONSTANTS, FUNCTIONS
from animathic.scene.limits import LIMITS
from animathic.scene.registry import Field, Shape, Statement, enum_words, language
from animathic.scene.vocabulary import COLORS
from animathic.v1 import scene_pb2

__all__ = ["EXAMPLES", "language_reference", "signature"]

EXAMPLES = (
    (
        "A red circle turns into a blue square.",
        "a = circle red\nb = square blue\n\ncreate a\nwait 0.5s\ntransform a b 2s\nwait 1s\n",
    ),
    (
        "Show the Pythagorean theorem under a title and highlight it.",
        't = text "Pythagoras" bold edge=top\n'
        'e = math "a^2 + b^2 = c^2" size=72\n\n'
        "write t\nwrite e 2s\nindicate e yellow\nwait 1s\n",
    ),
    (
        "Plot x squared and let a dot run along the curve.",
        "ax = axes numbers x=[-3,3] y=[0,9,3]\n"
        "f = plot ax x^2 blue\n"
        'n = math "f(x) = x^2" left=ax(2.5,f(2.5))\n'
        "d = dot yellow at=f@0\n\n"
        "create ax\ncreate f & write n\nadd d\nmove d along=f 3s linear\n",
    ),
    (
        "Three circles in a row appear one after another, then move up together and fade out.",
        "a = circle red radius=0.6\nb = circle green radius=0.6\nc = circle blue radius=0.6\n"
        "g = group a b c arrange=right gap=0.5\n\n"
        "lag 0.5: grow a & grow b & grow c\nshift g up 1.5\nwait 0.5s\nfade_out all\n",
    ),
)
"""Prompts and the storyboards that answer them."""

_SHAPES = {
    Shape.NUMBER: "N",
    Shape.INTEGER: "N",
    Shape.ANGLE: "90deg",
    Shape.SECONDS: "2s",
    Shape.FLAG: "yes|no",
    Shape.COLOR: "COLOR",
    Shape.STRING: '"..."',
    Shape.STRINGS: '["...","..."]',
    Shape.EXPRESSION: "EXPR",
    Shape.REFERENCE: "NAME",
    Shape.REFERENCES: "NAME...",
    Shape.POINT: "POINT",
    Shape.VECTOR: "BY",
    Shape.RANGE: "[from,to,step]",
}


@cache
def language_reference() -> str:
    """What a model has to know to write storyboards: about 1,500 tokens."""
    lang = language()
    lines = [
        "A storyboard has one statement per line: first definitions (name = kind words), then an empty line,",
        "then steps, which happen one after another. Nothing is visible until a step shows it.",
        "Names: letters, digits, _; no color words. "
        f"At most {LIMITS.elements} elements and {LIMITS.seconds:.0f} seconds.",
        "",
        "Kinds (bare words first, then field=value; [] means it may be left out):",
        *_block(lang.elements.values()),
        "Every kind also takes: [COLOR] " + _fields(_common("style"), skip_bare=True),
        "and at most one place: " + " | ".join(_keyed(field) for field in _common("placement")[:8]),
        "with " + " ".join(f"[{_keyed(field)}]" for field in _common("placement")[8:]),
        "left=a is to the left of a, above=a above it, at=a on its center. Unplaced elements are laid out.",
        "",
        "Steps (each may end in a run time such as 2s and an easing such as linear):",
        *_block(lang.steps.values()),
        "Steps joined by & happen together. After a block's colon: steps joined by &, or indented lines.",
        "",
        "POINT: (x,y) | NAME | NAME.ANCHOR | CURVE@0.5 | AXES(x,y) | NUMBERLINE(n). ANCHOR: "
        + _anchors()
        + ".",
        "BY: right 2 | left | up 1.5 | down | (x,y); after = one word or (x,y).",
        "The frame is 14.2 wide and 8 high; its center is (0,0), y grows upwards.",
        "EXPR: arithmetic in x without spaces: " + ", ".join([*FUNCTIONS, *CONSTANTS]) + "; plots: f(2).",
        "COLOR: " + ", ".join(_colors()) + "; blue_a (light) to blue_e (dark) and so on; #RRGGBB.",
        'Text and formulas stand in double quotes, LaTeX as it is (one backslash, no $); "" inside means ".',
        'If it cannot be drawn this way, answer with one line: decline "reason"',
        "",
        "Examples:",
    ]
    for prompt, storyboard in EXAMPLES:
        lines += [f"# {prompt}", storyboard]
    return "\n".join(lines).rstrip() + "\n"


def signature(statement: Statement) -> str:
    """A statement's own words: what stands bare, what may be left out, what a field takes."""
    own = [field for field in statement.fields if field.path[0] == statement.kind or not statement.kind]
    parts = [statement.keyword]
    for field in own:
        if field.position:
            text = _takes(field)
        elif field.notation.bare:
            text = field.keyword if field.shape is Shape.FLAG else _takes(field)
        else:
            text = _keyed(field)
        parts.append(text if field.notation.required else f"[{text}]")
    if statement.notation.block:
        parts[-1] += ":"
    return " ".join(parts)


def _block(statements: Iterable[Statement]) -> Iterator[str]:
    for statement in statements:
        others = ", ".join(shorthand.keyword for shorthand in statement.shorthands)
        aside = f" Also: {others}." if others else ""
        yield f"  {signature(statement)} - {statement.notation.doc}{aside}"


def _common(part: str) -> Sequence[Field]:
    """The fields of style or placement, which every element takes."""
    circle = language().elements["circle"]
    return [field for field in circle.fields if field.path[0] == part]


def _fields(fields: Iterable[Field], *, skip_bare: bool) -> str:
    return " ".join(f"[{_keyed(field)}]" for field in fields if not (skip_bare and field.notation.bare))


def _keyed(field: Field) -> str:
    return f"{field.keyword}={_takes(field)}"


def _takes(field: Field) -> str:
    if field.shape is not Shape.WORD:
        return _SHAPES[field.shape]
    return "|".join(enum_words(field.descriptor.enum_type).printed.values())


def _anchors() -> str:
    return " ".join(
        enum_words(scene_pb2.Anchor.DESCRIPTOR.fields_by_name["point"].enum_type).printed.values()
    )


def _colors() -> list[str]:
    return [name for name in COLORS if "_" not in name]
