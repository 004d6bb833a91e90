"""The closed vocabularies that are not enums: colours, constants of the plane, and how words are compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["COLORS", "COLOR_ALIASES", "DIRECTIONS", "ORIGIN_WORDS", "color_of", "fold", "hex_of"]

COLORS: Mapping[str, str] = MappingProxyType(
    {
        "white": "#FFFFFF",
        "gray_a": "#DDDDDD",
        "gray_b": "#BBBBBB",
        "gray_c": "#888888",
        "gray_d": "#444444",
        "gray_e": "#222222",
        "black": "#000000",
        "lighter_gray": "#DDDDDD",
        "light_gray": "#BBBBBB",
        "gray": "#888888",
        "dark_gray": "#444444",
        "darker_gray": "#222222",
        "pure_red": "#FF0000",
        "pure_green": "#00FF00",
        "pure_blue": "#0000FF",
        "pure_cyan": "#00FFFF",
        "pure_magenta": "#FF00FF",
        "pure_yellow": "#FFFF00",
        "blue_a": "#C7E9F1",
        "blue_b": "#9CDCEB",
        "blue_c": "#58C4DD",
        "blue_d": "#29ABCA",
        "blue_e": "#236B8E",
        "blue": "#58C4DD",
        "dark_blue": "#236B8E",
        "teal_a": "#ACEAD7",
        "teal_b": "#76DDC0",
        "teal_c": "#5CD0B3",
        "teal_d": "#55C1A7",
        "teal_e": "#49A88F",
        "teal": "#5CD0B3",
        "green_a": "#C9E2AE",
        "green_b": "#A6CF8C",
        "green_c": "#83C167",
        "green_d": "#77B05D",
        "green_e": "#699C52",
        "green": "#83C167",
        "yellow_a": "#FFF1B6",
        "yellow_b": "#FFEA94",
        "yellow_c": "#F7D96F",
        "yellow_d": "#F4D345",
        "yellow_e": "#E8C11C",
        "yellow": "#F7D96F",
        "gold_a": "#F7C797",
        "gold_b": "#F9B775",
        "gold_c": "#F0AC5F",
        "gold_d": "#E1A158",
        "gold_e": "#C78D46",
        "gold": "#F0AC5F",
        "red_a": "#F7A1A3",
        "red_b": "#FF8080",
        "red_c": "#FC6255",
        "red_d": "#E65A4C",
        "red_e": "#CF5044",
        "red": "#FC6255",
        "maroon_a": "#ECABC1",
        "maroon_b": "#EC92AB",
        "maroon_c": "#C55F73",
        "maroon_d": "#A24D61",
        "maroon_e": "#94424F",
        "maroon": "#C55F73",
        "purple_a": "#CAA3E8",
        "purple_b": "#B189C6",
        "purple_c": "#9A72AC",
        "purple_d": "#715582",
        "purple_e": "#644172",
        "purple": "#9A72AC",
        "pink": "#D147BD",
        "light_pink": "#DC75CD",
        "orange": "#FF862F",
        "light_brown": "#CD853F",
        "dark_brown": "#8B4513",
        "gray_brown": "#736357",
        "logo_white": "#ECE7E2",
        "logo_green": "#87C2A5",
        "logo_blue": "#525893",
        "logo_red": "#E07A5F",
        "logo_black": "#343434",
    }
)
"""Manim Community 0.22's colour names in lower case, with their values as `#RRGGBB`."""

COLOR_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        **{name.replace("gray", "grey"): name for name in COLORS if "gray" in name},
        "aqua": "pure_cyan",
        "brown": "light_brown",
        "crimson": "pure_red",
        "cyan": "pure_cyan",
        "fuchsia": "pure_magenta",
        "indigo": "purple_e",
        "light_blue": "blue_b",
        "light_green": "green_b",
        "lime": "pure_green",
        "dark_green": "green_e",
        "dark_red": "red_e",
        "magenta": "pure_magenta",
        "navy": "dark_blue",
        "silver": "light_gray",
        "turquoise": "teal",
        "violet": "purple",
    }
)
"""Other colour words that are read, and the Manim name that is printed for each."""

DIRECTIONS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "right": (1.0, 0.0),
        "left": (-1.0, 0.0),
        "up": (0.0, 1.0),
        "down": (0.0, -1.0),
    }
)
"""The directions a displacement can be written with, as (x, y)."""

ORIGIN_WORDS = frozenset({"origin", "center", "centre"})
"""Words that are read as the point (0, 0) where no element has that name."""

_HEX = re.compile(r"#[0-9A-Fa-f]{6}")


def fold(word: str) -> str:
    """The form in which keywords are compared: `FadeIn`, `fade_in` and `fade-in` are one word."""
    return word.replace("_", "").replace("-", "").lower()


_FOLDED = {fold(name): name for name in COLORS} | {fold(name): to for name, to in COLOR_ALIASES.items()}


def color_of(word: str) -> str | None:
    """The canonical spelling of a colour word, or None if it is none.

    Args:
        word: A Manim name in any case, an alias, or `#RRGGBB`.
    """
    if _HEX.fullmatch(word):
        return word
    return _FOLDED.get(fold(word))


def hex_of(color: str) -> str:
    """The value of a canonical colour as `#RRGGBB` in capitals.

    Raises:
        KeyError: It is not a canonical colour.
    """
    return color.upper() if _HEX.fullmatch(color) else COLORS[color]
