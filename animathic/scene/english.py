"""The English words that prompts use for what a scene can hold."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = [
    "ACTIONS",
    "COLOR_WORDS",
    "COUNTS",
    "FILLED",
    "HOLLOW",
    "NOT_A_THING",
    "NOUNS",
    "SIDES",
    "SIZES",
    "TURNING",
]

NOUNS: Mapping[str, str] = MappingProxyType(
    {
        "circle": "circle",
        "square": "square",
        "rectangle": "rectangle",
        "ellipse": "ellipse",
        "oval": "ellipse",
        "triangle": "triangle",
        "polygon": "regular_polygon",
        "pentagon": "regular_polygon",
        "hexagon": "regular_polygon",
        "heptagon": "regular_polygon",
        "octagon": "regular_polygon",
        "star": "star",
        "dot": "dot",
        "arrow": "arrow",
        "line": "line",
        "number line": "number_line",
        "axes": "axes",
        "coordinate system": "axes",
        "parabola": "plot",
        "sine curve": "plot",
        "sine wave": "plot",
        "cosine curve": "plot",
    }
)
"""Nouns of one or two words, in the singular, and the kind of element each names."""

SIDES: Mapping[str, int] = MappingProxyType({"pentagon": 5, "hexagon": 6, "heptagon": 7, "octagon": 8})
"""How many sides a noun says."""

COUNTS: Mapping[str, int] = MappingProxyType(
    {
        "two": 2,
        "three": 3,
        "four": 4,
        "five": 5,
        "six": 6,
        "seven": 7,
        "eight": 8,
        "nine": 9,
        "ten": 10,
        "eleven": 11,
        "twelve": 12,
    }
)
"""Number words above one."""

COLOR_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "red": "red",
        "blue": "blue",
        "green": "green",
        "yellow": "yellow",
        "orange": "orange",
        "purple": "purple",
        "violet": "purple",
        "pink": "pink",
        "teal": "teal",
        "white": "white",
        "gray": "gray",
        "grey": "gray",
        "gold": "gold",
        "golden": "gold",
        "maroon": "maroon",
        "black": "black",
    }
)
"""Colour adjectives and the Manim colour whose shades they mean."""

FILLED = frozenset({"filled", "solid"})
HOLLOW = frozenset({"hollow", "unfilled", "outlined"})
_SIZE_WORDS = (
    "big bigger bright dark dashed equilateral flat giant horizontal huge identical large larger "
    "light little long medium new regular round short simple single small smaller straight tall thick "
    "thin tiny vertical wide "
)
SIZES = frozenset(_SIZE_WORDS.split())
"""Adjectives that may stand between a colour or number and its noun."""

NOT_A_THING: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "square": frozenset(
            {"root", "roots", "of", "brackets", "number", "numbers", "matrix", "wave", "units"}
        ),
        "triangle": frozenset({"inequality"}),
        "dot": frozenset({"product", "products"}),
        "line": frozenset({"by", "of", "integral", "graph", "chart", "break", "up", "width"}),
        "circle": frozenset({"of"}),
        "star": frozenset({"sign", "graph"}),
        "polygon": frozenset({"mesh"}),
        "arrow": frozenset({"key", "keys", "notation"}),
    }
)
"""Words after a noun that make it mean something else."""

TURNING = frozenset({"turn", "turns", "turning", "change", "changes", "changing"})
"""Verbs that ask for a transformation when "into" follows."""

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("transform", "transforms", "transforming", "morph", "morphs", "morphing"), "transform"
        ),
        **dict.fromkeys(("rotate", "rotates", "rotating", "spin", "spins", "spinning"), "rotate"),
        **dict.fromkeys(("disappear", "disappears", "vanish", "vanishes"), "hide"),
        **dict.fromkeys(("shift", "shifts", "slide", "slides"), "move"),
        **dict.fromkeys(("erase", "erases", "erased"), "hide"),
        **dict.fromkeys(("double", "doubles", "halve", "halves"), "scale"),
        "wait for": "wait",
        "pause for": "wait",
        **dict.fromkeys(("enlarge", "enlarges", "shrink", "shrinks"), "scale"),
        **dict.fromkeys(("highlight", "highlights", "indicate", "indicates"), "indicate"),
        "fade in": "fade_in",
        "fades in": "fade_in",
        "fade out": "fade_out",
        "fades out": "fade_out",
        "turns into": "transform",
        "turn into": "transform",
        "becomes a": "transform",
        "become a": "transform",
        "moves to": "move",
        "move to": "move",
        "moves left": "move",
        "move left": "move",
        "moves right": "move",
        "move right": "move",
        "moves up": "move",
        "move up": "move",
        "moves down": "move",
        "move down": "move",
        "moves along": "move",
        "move along": "move",
    }
)
"""Verbs of one or two words, and what each asks for."""
