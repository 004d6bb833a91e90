"""Words, and formulas in LaTeX."""

from __future__ import annotations

import math
from typing import Any

from animathic.v1 import scene_pb2
from services.render.compiler.code import Call, Literal, Node, Symbol, literal
from services.render.compiler.issues import Unrenderable, note, problem
from services.render.compiler.registry import Registry
from services.render.compiler.style import color_node
from services.render.compiler.walk import Walk
from services.render.latex import LatexError, to_typst

__all__ = ["add_rooms", "formula"]

_WEIGHTS = {scene_pb2.WEIGHT_LIGHT: "LIGHT", scene_pb2.WEIGHT_BOLD: "BOLD"}


def add_rooms(registry: Registry) -> None:
    """Enters the rooms of this module."""

    @registry.element("text")
    def text(walk: Walk, element: scene_pb2.Element, it: scene_pb2.Text) -> Node:
        keywords = _ink(walk, element)
        if it.HasField("size"):
            keywords["font_size"] = literal(it.size)
        if it.weight in _WEIGHTS:
            keywords["weight"] = Symbol(_WEIGHTS[it.weight])
        if it.slant == scene_pb2.SLANT_ITALIC:
            keywords["slant"] = Symbol("ITALIC")
        if it.HasField("font") and it.font:
            keywords["font"] = Literal(it.font)
        plain = _text(it.text, keywords)
        line = walk.machine.probe_new(plain)
        width, room = float(line.width), walk.frame.safe_width
        if width <= room or " " not in it.text.strip():
            return plain
        walk.note(
            note("text_wrapped", f"{walk.path(element)}.text.text", "the text was too wide for one line")
        )
        return _text("\n".join(_wrapped(it.text.split(), line, room)), keywords)

    @registry.element("math")
    def formula_room(walk: Walk, element: scene_pb2.Element, it: scene_pb2.Math) -> Node:
        keywords = _ink(walk, element)
        if it.HasField("size"):
            keywords["font_size"] = literal(it.size)
        return formula(it.tex, f"{walk.path(element)}.math.tex", keywords)


def formula(tex: str, path: str, keywords: dict[str, Node] | None = None) -> Call:
    """The call that makes a formula.

    Raises:
        Unrenderable: The LaTeX is wrong, or uses a command that is not known.
    """
    try:
        typst = to_typst(tex)
    except LatexError as error:
        raise Unrenderable(problem(error.code, path, str(error), error.advice)) from error
    return Call(Symbol("MathTypst"), (Literal(typst),), tuple((keywords or {}).items()))


def _ink(walk: Walk, element: scene_pb2.Element) -> dict[str, Node]:
    """The colour of letters: they have no outline, so a fill or stroke colour counts too."""
    style = element.style
    color = style.color or style.fill or style.stroke or walk.ink(element, "Text")
    return {"color": color_node(color)} if color else {}


def _text(words: str, keywords: dict[str, Node]) -> Call:
    return Call(Symbol("Text"), (Literal(words),), tuple(keywords.items()))


def _wrapped(parts: list[str], line: Any, room: float) -> list[str]:
    """Words on as few lines as fit, of about the same length.

    Args:
        parts: The words.
        line: All of them on one line, as Manim makes it.
        room: How wide a line may be.
    """
    width = float(line.width)
    spans = _spans(line, parts, width)
    for count in range(math.ceil(width / room), len(parts) + 1):
        lines = _break(parts, count)
        if _widest(lines, spans) <= room:
            return lines
    return parts


def _spans(line: Any, parts: list[str], width: float) -> list[tuple[float, float]]:
    """Where each word starts and ends on the one line that they make.

    Args:
        line: The words as one object, a part for each letter.
        parts: The words.
        width: Of the line.
    """
    letters = sum(map(len, parts))
    if len(line.submobjects) != letters:
        # Letters that join or fall away: about as wide as the others.
        whole = letters + len(parts) - 1
        starts = [sum(len(before) + 1 for before in parts[:index]) for index in range(len(parts))]
        return [
            (width * start / whole, width * (start + len(part)) / whole)
            for start, part in zip(starts, parts, strict=True)
        ]
    edges = [(float(one.get_left()[0]), float(one.get_right()[0])) for one in line.submobjects]
    spans: list[tuple[float, float]] = []
    for part in parts:
        own, edges = edges[: len(part)], edges[len(part) :]
        spans.append((min(left for left, _ in own), max(right for _, right in own)))
    return spans


def _widest(lines: list[str], spans: list[tuple[float, float]]) -> float:
    """The width of the widest line."""
    widths: list[float] = []
    at = 0
    for line in lines:
        own = spans[at : at + len(line.split())]
        at += len(own)
        widths.append(max(right for _, right in own) - min(left for left, _ in own))
    return max(widths)


def _break(parts: list[str], count: int) -> list[str]:
    """Splits words into lines of about the same length."""
    total = sum(map(len, parts)) + len(parts) - 1
    aim = total / count
    lines: list[str] = []
    line = ""
    for part in parts:
        longer = f"{line} {part}" if line else part
        if line and len(longer) > aim + 3 and len(lines) < count - 1:
            lines.append(line)
            line = part
        else:
            line = longer
    return [*lines, line]
