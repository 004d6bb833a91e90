"""Whether an element of a scene is the one that a prompt's expectation describes."""

from __future__ import annotations

import math
import re
from typing import Any

from animathic.scene.evaluation import evaluate
from animathic.scene.expressions import parse_expression
from animathic.v1 import scene_pb2

# Manim's own colours where a scene names none.
DEFAULT_COLORS = {
    "circle": "red",
    "ellipse": "red",
    "triangle": "blue",
    "regular_polygon": "blue",
    "star": "blue",
}
_POINTS = [
    -7.3,
    -5.1,
    -4.2,
    -3.3,
    -2.7,
    -1.9,
    -1.2,
    -0.8,
    -0.35,
    0.15,
    0.4,
    0.77,
    1.1,
    1.6,
    2.3,
    3.1,
    3.9,
    4.6,
    6.2,
    9.4,
]
_SHADE = re.compile(r"^(?:light_|lighter_|dark_|darker_|pure_)?(?P<base>[a-z]+?)(?:_[a-e])?$")


def is_shade(color: str, wanted: str) -> bool:
    """Whether a storyboard colour is that colour or a shade of it."""
    match = _SHADE.match(color)
    return match is not None and match["base"].replace("grey", "gray") == wanted


def same_latex(one: str, other: str) -> bool:
    """Whether two formulas are equal but for spaces, dollar signs and braces around single tokens."""
    return _plain(one) == _plain(other)


def _plain(latex: str) -> str:
    text = re.sub(r"\\[,;:! ]|\s+", "", latex.strip().strip("$"))
    before = ""
    while before != text:
        before, text = text, re.sub(r"\{([A-Za-z0-9]|\\[A-Za-z]+)\}", r"\1", text)
    return text


def same_function(one: str, other: str) -> bool:
    """Whether two expressions in `x` have the same values wherever they have any."""
    try:
        first, second = parse_expression(one), parse_expression(other)
        pairs = [(evaluate(first, {"x": x}), evaluate(second, {"x": x})) for x in _POINTS]
    except Exception:  # noqa: BLE001 - whatever cannot be evaluated is not the same
        return False
    finite = [(a, b) for a, b in pairs if math.isfinite(a) or math.isfinite(b)]
    return len(finite) >= 4 and all(math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9) for a, b in finite)


def kind_of(element: scene_pb2.Element) -> str:
    """Returns the kind in the words of the expectations."""
    kind = str(element.WhichOneof("kind"))
    if kind == "regular_polygon" and element.regular_polygon.sides == 3:
        return "triangle"
    return kind


def is_filled(element: scene_pb2.Element) -> bool:
    """Whether its inside is painted."""
    style = element.style
    if style.HasField("fill_opacity"):
        return bool(style.fill_opacity >= 0.3)
    return style.HasField("fill") or element.WhichOneof("kind") == "dot"


def colors_of(element: scene_pb2.Element) -> set[str]:
    """Returns the colours that can be seen on it when it is shown."""
    style, kind = element.style, str(element.WhichOneof("kind"))
    usual = style.color or DEFAULT_COLORS.get(kind, "white")
    seen = {style.stroke or usual}
    if is_filled(element):
        seen.add(style.fill or usual)
    return seen


def _range(it: Any) -> tuple[float, float] | None:
    return (it.x.start, it.x.end) if it.HasField("x") else None


def mismatches(element: scene_pb2.Element, expected: dict[str, Any], scene: scene_pb2.Scene) -> list[str]:
    """Returns what keeps the element from being the expected one; the kind is the caller's to compare."""
    failures = []
    ref, kind = expected["ref"], expected["kind"]
    if "color" in expected and not any(is_shade(c, expected["color"]) for c in colors_of(element)):
        failures.append(f"{ref}: {'/'.join(sorted(colors_of(element)))} instead of {expected['color']}")
    if "text" in expected and element.text.text.strip() != expected["text"].strip():
        failures.append(f"{ref}: text {element.text.text!r} instead of {expected['text']!r}")
    if "latex" in expected and not same_latex(element.math.tex, expected["latex"]):
        failures.append(f"{ref}: formula {element.math.tex!r} instead of {expected['latex']!r}")
    if "function" in expected and not same_function(element.plot.function.text, expected["function"]):
        failures.append(f"{ref}: function {element.plot.function.text!r} instead of {expected['function']!r}")
    if "sides" in expected:
        has = element.star.points or 5 if kind == "star" else element.regular_polygon.sides or 6
        if has != expected["sides"]:
            failures.append(f"{ref}: {has} sides instead of {expected['sides']}")
    if "filled" in expected and is_filled(element) != expected["filled"]:
        failures.append(f"{ref}: {'filled' if is_filled(element) else 'not filled'}")
    if "x_range" in expected and tuple(map(float, expected["x_range"])) not in _ranges(element, scene):
        failures.append(f"{ref}: range {_ranges(element, scene)} instead of {expected['x_range']}")
    return failures


def _ranges(element: scene_pb2.Element, scene: scene_pb2.Scene) -> list[tuple[float, float]]:
    """The ranges that the element has, or that its axes or its plots have."""
    kind = str(element.WhichOneof("kind"))
    found = [_range(getattr(element, kind))] if kind in ("axes", "plot", "number_line") else []
    for other in scene.elements:
        if kind == "plot" and other.name == element.plot.axes.name:
            found.append(_range(other.axes))
        if kind == "axes" and other.WhichOneof("kind") == "plot" and other.plot.axes.name == element.name:
            found.append(_range(other.plot))
    return [r for r in found if r is not None]
