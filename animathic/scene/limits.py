"""How large a scene and its parts may be."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LIMITS", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of the language; each violation has its own issue code.

    Attributes:
        characters: Of a whole storyboard.
        lines: Of a whole storyboard, blank lines and comments included.
        line_length: Characters of one line.
        bytes: Of a scene as protobuf.
        elements: Elements of a scene.
        steps: Steps of a scene, blocks and the steps inside them included.
        nesting: Blocks inside blocks.
        chain: Elements whose definitions name one another, one after the other.
        name_length: Characters of an element's name.
        text_length: Characters of any string, unless its field says less.
        letters: Characters of all texts and formulas of a scene together.
        expression_length: Characters of one expression.
        expression_depth: Brackets and calls inside each other.
        expression_nodes: Numbers, names, operations and calls of one expression.
        expression_cost: Nodes of one expression with every plot it calls written out.
        written_depth: Operations and calls inside each other of one expression, written out likewise.
        total_cost: The costs of all expressions of a scene together.
        calls: Plots that call plots, one inside the other.
        ticks: Marks on one axis.
        range: The largest absolute number of an axis range.
        coordinate: The largest absolute coordinate, in units.
        seconds: Length of the video.
        frames_per_second: The rate at which `frames` are counted.
        frames: Frames of the video.
        issues: How many issues are collected before reading stops.
    """

    characters: int = 400_000
    lines: int = 2_000
    line_length: int = 4_000
    bytes: int = 100_000
    elements: int = 200
    steps: int = 500
    nesting: int = 6
    chain: int = 100
    name_length: int = 32
    text_length: int = 600
    letters: int = 3_000
    expression_length: int = 200
    expression_depth: int = 24
    expression_nodes: int = 150
    expression_cost: int = 2_000
    written_depth: int = 120
    total_cost: int = 10_000
    calls: int = 8
    ticks: int = 100
    range: float = 1e6
    coordinate: float = 1_000.0
    seconds: float = 180.0
    frames_per_second: int = 60
    frames: int = 10_800
    issues: int = 100


LIMITS = Limits()
