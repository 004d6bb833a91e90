"""Whether a scene holds what its prompt asks for."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from animathic.scene.evaluation import evaluate
from animathic.scene.expressions import called_names, free_names, parse_expression
from animathic.scene.prompt_facts import Thing, Turn, prompt_facts
from animathic.scene.stage import Stage, leaves_of
from animathic.scene.vocabulary import COLORS, hex_of
from animathic.v1 import scene_pb2

__all__ = ["Coverage", "Finding", "check_coverage"]

_DOING = {
    "transform": {"transform", "replace"},
    "rotate": {"rotate"},
    "hide": {"fade_out", "uncreate", "remove"},
    "scale": {"scale", "transform", "replace"},
    "indicate": {"indicate", "recolor"},
    "fade_in": {"fade_in"},
    "fade_out": {"fade_out"},
    "move": {"move", "shift"},
    "wait": {"wait"},
}
_BASES = ("red", "blue", "green", "yellow", "orange", "purple", "pink", "teal", "gray", "gold", "maroon")
_BASE_HEX = {base: hex_of(base) for base in (*_BASES, "white", "black")}
_ALSO = {"rectangle": ("rectangle", "square"), "triangle": ("triangle", "regular_polygon")}
_DEFAULT_COLORS = {"dot": "white", "text": "white", "math": "white"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked for.

    Attributes:
        kind: object, color, words, formula or action.
        expected: What the prompt asks for.
        found: What the scene holds of it.
        ok: Whether that is enough.
        reason: Why not; empty if it is.
    """

    kind: str
    expected: str
    found: str
    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked for and how much of it was found.

    Attributes:
        findings: One for each thing that the prompt certainly asks for.
        score: The share that was found, from 0 to 1; 1 if nothing is certain.
    """

    findings: tuple[Finding, ...]
    score: float


def check_coverage(prompt: str, scene: scene_pb2.Scene) -> Coverage:
    """Compares a scene with what its prompt certainly asks for.

    Args:
        prompt: A request in English.
        scene: A valid scene.
    """
    facts = prompt_facts(prompt)
    shown = _Shown(scene)
    findings = [
        *(_thing(thing, shown) for thing in facts.things),
        *(_words(words, shown) for words in facts.words),
        *(_formula(formula, shown) for formula in facts.formulas),
        *(_function(function, shown) for function in facts.functions),
        *(_turn(turn, shown) for turn in facts.turns),
    ]
    passed = sum(finding.ok for finding in findings)
    return Coverage(tuple(findings), passed / len(findings) if findings else 1.0)


class _Shown:
    """The elements that come to be seen, and the actions."""

    def __init__(self, scene: scene_pb2.Scene) -> None:
        stage = Stage(leaves_of(scene.elements))
        self.steps = list(_actions(scene.steps))
        for step in self.steps:
            stage.apply(step, "")
        ever = stage.ever_shown
        self.elements = [element for element in scene.elements if element.name in ever]
        self.turned = any(step.WhichOneof("kind") in ("transform", "replace") for step in self.steps)

    def of_kind(self, kind: str, sides: int) -> list[scene_pb2.Element]:
        """The elements of a kind; a square counts as a rectangle, a polygon by its sides."""
        kinds = {"rectangle": ("rectangle", "square"), "triangle": ("triangle", "regular_polygon")}.get(
            kind, (kind,)
        )
        return [e for e in self.elements if e.WhichOneof("kind") in kinds and _sides_fit(e, kind, sides)]

    def colors(self, element: scene_pb2.Element) -> set[str]:
        """The base colours an element has at some time."""
        style = element.style
        named: set[str] = {getattr(style, n) for n in ("color", "fill", "stroke") if style.HasField(n)}
        if not named:
            named = {_DEFAULT_COLORS.get(element.WhichOneof("kind") or "", "")} - {""}
        for step in self.steps:
            if step.WhichOneof("kind") == "recolor" and any(
                target.name in (element.name, "all") for target in step.recolor.targets
            ):
                recolor = step.recolor
                named |= {getattr(recolor, n) for n in ("color", "fill", "stroke") if recolor.HasField(n)}
        return {_base(color) for color in named}


def _actions(steps: Iterable[scene_pb2.Step]) -> Iterator[scene_pb2.Step]:
    for step in steps:
        kind = step.WhichOneof("kind")
        inner: Sequence[scene_pb2.Step] | None = getattr(getattr(step, kind or "wait"), "steps", None)
        if inner is None:
            yield step
        else:
            yield from _actions(inner)


def _sides_fit(element: scene_pb2.Element, kind: str, sides: int) -> bool:
    if element.WhichOneof("kind") != "regular_polygon":
        return True
    has = element.regular_polygon.sides if element.regular_polygon.HasField("sides") else 6
    return has == 3 if kind == "triangle" else not sides or has == sides


def _base(color: str) -> str:
    """The base colour that a shade belongs to: `red_d` and `#F00` are red."""
    if color in COLORS:
        for part in color.split("_"):
            if part in _BASE_HEX:
                return part
    r, g, b = _rgb(hex_of(color))
    return min(
        _BASE_HEX,
        key=lambda base: sum((x - y) ** 2 for x, y in zip(_rgb(_BASE_HEX[base]), (r, g, b), strict=True)),
    )


def _rgb(value: str) -> tuple[int, int, int]:
    return int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16)


def _thing(thing: Thing, shown: _Shown) -> Finding:
    noun = " ".join(filter(None, (thing.color, thing.kind.replace("_", " "))))
    expected = noun if thing.count == 1 else f"{thing.count} {noun}"
    of_kind = shown.of_kind(thing.kind, thing.sides)
    if not of_kind:
        return Finding("object", expected, "none", False, f"no {thing.kind.replace('_', ' ')} is shown")
    fitting = [e for e in of_kind if not thing.color or thing.color in shown.colors(e)]
    kind = "color" if thing.color else "object"
    if len(fitting) < thing.count:
        if len(of_kind) >= thing.count:
            colors = sorted(set().union(*(shown.colors(e) for e in of_kind))) or ["no color"]
            reason = f"{len(fitting)} of them are {thing.color}"
            return Finding("color", expected, ", ".join(colors), False, reason)
        return Finding(kind, expected, str(len(fitting)), False, f"{len(fitting)} instead of {thing.count}")
    if thing.count > 1 and len(fitting) > thing.count and not shown.turned:
        return Finding(kind, expected, str(len(fitting)), False, f"{len(fitting)} instead of {thing.count}")
    if thing.filled is not None and not any(_is_filled(e) is thing.filled for e in fitting):
        return Finding(
            kind, expected, "outline" if thing.filled else "filled", False, "the fill is not as asked"
        )
    return Finding(kind, expected, str(len(fitting)), True)


def _is_filled(element: scene_pb2.Element) -> bool:
    style = element.style
    if style.HasField("fill_opacity"):
        return style.fill_opacity > 0
    return style.HasField("fill") or element.WhichOneof("kind") == "dot"


def _texts(shown: _Shown) -> list[str]:
    values: list[str] = []
    for element in shown.elements:
        kind = element.WhichOneof("kind")
        if kind == "text":
            values.append(element.text.text)
        elif kind == "math":
            values.append(element.math.tex)
        elif kind == "axes":
            values += element.axes.labels
    return values


def _words(words: str, shown: _Shown) -> Finding:
    wanted = _plain(words)
    ok = any(wanted in _plain(text) for text in _texts(shown)) or wanted in _plain(" ".join(_texts(shown)))
    return Finding("words", words, words if ok else "none", ok, "" if ok else "the words are not shown")


def _formula(formula: str, shown: _Shown) -> Finding:
    wanted = _bare_formula(formula)
    ok = any(wanted in _bare_formula(text) for text in [*_texts(shown), *_functions(shown)])
    return Finding(
        "formula", formula, formula if ok else "none", ok, "" if ok else "the formula is not shown"
    )


def _functions(shown: _Shown) -> list[str]:
    return [f"y=f(x)={e.plot.function.text}" for e in shown.elements if e.WhichOneof("kind") == "plot"]


def _function(function: str, shown: _Shown) -> Finding:
    wanted = _values(function)
    plotted = [e.plot.function.text for e in shown.elements if e.WhichOneof("kind") == "plot"]
    ok = any(_alike(wanted, _values(text)) for text in plotted)
    found = function if ok else ", ".join(plotted) or "none"
    return Finding("formula", function, found, ok, "" if ok else "the function is not plotted")


def _values(function: str) -> list[float]:
    """A function's values at points where functions that differ are unlikely to agree."""
    tree = parse_expression(function)
    if free_names(tree) - {"x"} or called_names(tree):
        return []
    return [evaluate(tree, {"x": x}) for x in (-2.3, -0.7, 0.37, 0.9, 1.7, 3.1)]


def _alike(wanted: Sequence[float], found: Sequence[float]) -> bool:
    return len(wanted) == len(found) and all(
        math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9) or (math.isnan(a) and math.isnan(b))
        for a, b in zip(wanted, found, strict=True)
    )


def _turn(turn: Turn, shown: _Shown) -> Finding:
    expected = f"{turn.action} {turn.degrees:g}deg" if turn.degrees else turn.action
    doing = [step for step in shown.steps if step.WhichOneof("kind") in _DOING[turn.action]]
    if not doing:
        return Finding("action", expected, "none", False, f"nothing in the scene does this: {turn.action}")
    if turn.degrees and not any(_turns_by(step.rotate.angle, turn.degrees) for step in doing):
        angles = ", ".join(f"{step.rotate.angle:g}deg" for step in doing)
        return Finding("action", expected, angles, False, "the angle is another one")
    return Finding("action", expected, str(len(doing)), True)


def _turns_by(angle: float, degrees: float) -> bool:
    return abs(abs(angle) - degrees) < 0.5


def _plain(text: str) -> str:
    """Words without case, punctuation and LaTeX commands, so that line breaks and dots do not matter."""
    return " ".join(re.findall(r"\w+", re.sub(r"\\[A-Za-z]+", " ", text).lower()))


def _bare_formula(text: Any) -> str:
    """A formula without blanks, spacing commands and needless braces."""
    bare = re.sub(r"\\(?:left|right|cdot|,|;|!|:|quad)(?![A-Za-z])|\s|\*", "", str(text))
    return re.sub(r"\{(\w)\}", r"\1", bare)
