# ruff: noqa: E501 - an instruction and a schema
"""What the base model is asked, and how its JSON is read: only the elements and actions that the prompts need."""

from __future__ import annotations

from typing import Any

_COLORS = [
    "red",
    "blue",
    "green",
    "yellow",
    "orange",
    "purple",
    "pink",
    "teal",
    "white",
    "gray",
    "gold",
    "maroon",
]
_KINDS = [
    "circle", "square", "rectangle", "ellipse", "triangle", "pentagon", "hexagon", "heptagon", "octagon", "star",
    "dot", "line", "arrow", "text", "math", "axes", "plot", "number_line",
]  # fmt: skip
_ACTIONS = [
    "create", "write", "fade_in", "grow", "fade_out", "uncreate", "transform", "shift", "move_to_edge", "move_to",
    "move_along", "rotate", "scale", "color", "indicate", "wait",
]  # fmt: skip
_EDGES = ["top", "bottom", "left", "right", "ul", "ur", "dl", "dr"]
_NAME = {"type": "string", "enum": list("abcdefgh")}

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "elements": {
            "type": "array",
            "minItems": 1,
            "maxItems": 4,
            "items": {
                "type": "object",
                "properties": {
                    "name": _NAME,
                    "kind": {"type": "string", "enum": _KINDS},
                    "color": {"type": "string", "enum": _COLORS},
                    "filled": {"type": "boolean"},
                    "content": {"type": "string", "maxLength": 80},
                    "place": {
                        "type": "string",
                        "enum": ["left_of", "right_of", "above", "below", "inside", *_EDGES],
                    },
                    "place_of": _NAME,
                },
                "required": ["name", "kind"],
                "additionalProperties": False,
            },
        },
        "actions": {
            "type": "array",
            "minItems": 1,
            "maxItems": 4,
            "items": {
                "type": "object",
                "properties": {
                    "do": {"type": "string", "enum": _ACTIONS},
                    "target": _NAME,
                    "other": _NAME,
                    "value": {"type": "string", "enum": [*_COLORS, "up", "down", *_EDGES]},
                    "number": {"type": "number"},
                    "with_previous": {"type": "boolean"},
                },
                "required": ["do"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["elements", "actions"],
    "additionalProperties": False,
}

_INSTRUCTION = """You turn a request into a short animation, as compact JSON on one line. "elements": what appears. Each has a name
(a, b, c in order), a kind, and only if the request says so a color, filled, a place (left_of, right_of, above,
below or inside another element named in place_of, or an edge or corner of the screen). "content" is the words of
a text, the LaTeX of math, or the function of x of a plot. "actions": what happens in order. Each has do, target,
and: other (what it transforms into, moves to or along), value (direction, edge or color), number (degrees, factor
or seconds), with_previous (at the same time). Every element is first created, written, faded in or grown."""


def conversation(prompt: str) -> str:
    """Returns the chat that the base model continues, in its own format."""
    return (
        f"<|im_start|>system\n{' '.join(_INSTRUCTION.split())}<|im_end|>\n"
        f"<|im_start|>user\n{' '.join(prompt.split())}<|im_end|>\n<|im_start|>assistant\n"
    )


def storyboard_from(said: dict[str, Any]) -> str:
    """Returns the JSON as a storyboard, generously: axes are added for plots, and defaults for what is left out."""
    lines: list[str] = []
    axes = next((e["name"] for e in said["elements"] if e["kind"] == "axes"), None)
    if axes is None and any(e["kind"] == "plot" for e in said["elements"]):
        axes = "z"
        lines.append("z = axes")
    lines += [_definition(element, axes or "z") for element in said["elements"]]
    steps: list[str] = []
    if axes == "z":
        steps.append("create z")
    for action in said["actions"]:
        statement = _statement(action)
        if statement and action.get("with_previous") and steps:
            steps[-1] += f" & {statement}"
        elif statement:
            steps.append(statement)
    return "\n".join([*lines, *steps])


def _definition(element: dict[str, Any], axes: str) -> str:
    kind, content = element["kind"], element.get("content", "").replace('"', "").replace("\n", " ")
    words = [element["name"], "=", kind]
    if kind in ("text", "math"):
        words.append(f'"{content.strip("$")}"')
    if kind == "plot":
        words += [axes, content.split("=")[-1].replace(" ", "") or "x"]
    if "color" in element:
        words.append(element["color"])
    if element.get("filled"):
        words.append("fill_opacity=1")
    place, other = element.get("place", ""), element.get("place_of", "")
    if place in ("left_of", "right_of", "above", "below", "inside") and other and other != element["name"]:
        words.append(f"{place.removesuffix('_of')}={other}")
    elif place in ("ul", "ur", "dl", "dr"):
        words.append(f"corner={place}")
    elif place in ("top", "bottom", "left", "right"):
        words.append(f"edge={place}")
    return " ".join(words)


def _statement(action: dict[str, Any]) -> str:
    do, target, other = action["do"], action.get("target", "a"), action.get("other", "b")
    value, number = action.get("value", ""), action.get("number")
    if do == "wait":
        return f"wait {number or 1:g}s"
    if do == "transform":
        return f"transform {target} {other}"
    if do == "shift":
        direction = {"top": "up", "bottom": "down"}.get(value, value)
        return f"shift {target} {direction if direction in ('up', 'down', 'left', 'right') else 'right'} 2"
    if do == "move_to_edge":
        if value in ("ul", "ur", "dl", "dr"):
            return f"move {target} corner={value}"
        return f"move {target} edge={value if value in ('top', 'bottom', 'left', 'right') else 'top'}"
    if do == "move_to":
        return f"move {target} to={other}"
    if do == "move_along":
        return f"move {target} along={other}"
    if do == "rotate":
        return f"rotate {target} {number if number is not None else 90:g}deg"
    if do == "scale":
        return f"scale {target} {number if number is not None else 2:g}"
    if do == "color":
        return f"color {target} {value if value in _COLORS else 'red'}"
    return f"{do} {target}"
