# ruff: noqa: E501 - lists of wordings read better in long lines
"""Words for what can be shown: colours, shapes, numbers, and the storyboard words that they mean."""

from __future__ import annotations

from random import Random

# The twelve plain colours, then what else people call a colour the language knows: spoken word -> storyboard word.
COLORS = (
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
)
OTHER_COLORS = {
    "grey": "gray",
    "violet": "purple",
    "turquoise": "teal",
    "light blue": "blue_b",
    "dark blue": "dark_blue",
    "light green": "green_b",
    "dark green": "green_e",
    "light red": "red_b",
    "dark red": "red_e",
    "light gray": "light_gray",
    "dark gray": "dark_gray",
    "light grey": "light_gray",
    "dark grey": "dark_gray",
    "golden": "gold",
    "brown": "light_brown",
    "cyan": "pure_cyan",
    "magenta": "pure_magenta",
    "navy": "dark_blue",
    "crimson": "pure_red",
    "silver": "light_gray",
    "lime": "pure_green",
    "indigo": "purple_e",
    "light pink": "light_pink",
}

# Storyboard words -> nouns.
SHAPES: dict[str, tuple[str, ...]] = {
    "circle": ("circle",) * 6 + ("round circle",),
    "square": ("square",),
    "rectangle": ("rectangle",) * 6 + ("rect", "oblong"),
    "ellipse": ("ellipse",) * 4 + ("oval",),
    "triangle": ("triangle",) * 5 + ("equilateral triangle",),
    "pentagon": ("pentagon",) * 3 + ("regular pentagon", "five-sided polygon", "polygon with five sides"),
    "hexagon": ("hexagon",) * 3 + ("regular hexagon", "six-sided polygon", "polygon with 6 sides"),
    "heptagon": ("heptagon",) * 3 + ("regular heptagon", "seven-sided polygon", "polygon with seven sides"),
    "octagon": ("octagon",) * 3 + ("regular octagon", "eight-sided polygon", "polygon with 8 sides"),
    "regular_polygon 9": ("nonagon", "nine-sided polygon", "regular polygon with 9 sides"),
    "regular_polygon 10": ("decagon", "ten-sided polygon", "regular polygon with ten sides"),
    "regular_polygon 12": ("dodecagon", "twelve-sided polygon", "regular 12-gon"),
    "star": ("star",) * 6 + ("five-pointed star",),
    "star 6": ("six-pointed star", "star with six points", "6-pointed star"),
    "star 7": ("seven-pointed star", "star with 7 points", "star with seven points"),
    "star 8": ("eight-pointed star", "star with eight points", "8-pointed star"),
    "star 4": ("four-pointed star", "star with 4 points"),
    "dot": ("dot",) * 5 + ("point", "small dot"),
    "line": ("line",) * 4 + ("line segment", "straight line"),
    "arrow": ("arrow",),
    "line dashed": ("dashed line", "broken line"),
    "arrow double": ("double arrow", "double-headed arrow", "two-headed arrow"),
}
SHAPE_WEIGHTS = {
    "circle": 14, "square": 14, "rectangle": 9, "ellipse": 8, "triangle": 12, "pentagon": 5, "hexagon": 6,
    "heptagon": 3, "octagon": 5, "regular_polygon 9": 1, "regular_polygon 10": 1, "regular_polygon 12": 1,
    "star": 10, "star 6": 1, "star 7": 0.7, "star 8": 0.7, "star 4": 0.4, "dot": 8, "line": 6, "arrow": 6,
    "line dashed": 0.5, "arrow double": 0.4,
}  # fmt: skip
# What the noun is reduced to when the thing is spoken of again.
SHORT_NOUNS = {
    "regular_polygon 9": "polygon",
    "regular_polygon 10": "polygon",
    "regular_polygon 12": "polygon",
}
# Shapes that have an inside.
CLOSED = frozenset(SHAPES) - {"dot", "line", "arrow", "line dashed", "arrow double"}

NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}


def pick_color(rng: Random) -> tuple[str, str]:
    """Returns a colour as (spoken, storyboard) words; seven of eight are plain."""
    if rng.random() < 0.94:
        word = rng.choice(COLORS)
        return word, word
    return rng.choice(list(OTHER_COLORS.items()))


def pick_shape(rng: Random, among: frozenset[str] | None = None) -> tuple[str, str]:
    """Returns a shape as (storyboard words, noun)."""
    kinds = [k for k in SHAPES if among is None or k in among]
    kind = rng.choices(kinds, [SHAPE_WEIGHTS[k] for k in kinds])[0]
    return kind, rng.choice(SHAPES[kind])


def number(value: int, rng: Random) -> str:
    """Returns a small number as a word, or sometimes as digits."""
    return NUMBERS[value] if value in NUMBERS and rng.random() < 0.65 else str(value)
