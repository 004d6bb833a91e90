"""Boxes: where things are, as upright rectangles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import manim

from services.render.compiler.frame import Frame

__all__ = ["Box", "around", "box_of", "floored", "frame_box", "inward", "rounded"]


@dataclass(frozen=True, slots=True)
class Box:
    """The smallest upright rectangle around something, in units."""

    left: float
    right: float
    bottom: float
    top: float

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From bottom to top."""
        return self.top - self.bottom

    @property
    def center(self) -> tuple[float, float]:
        """Its middle."""
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    def moved(self, across: float, up: float) -> Box:
        """The same somewhere else."""
        return Box(self.left + across, self.right + across, self.bottom + up, self.top + up)

    def grown(self, by: float) -> Box:
        """The same with a margin around it."""
        return Box(self.left - by, self.right + by, self.bottom - by, self.top + by)

    def overlaps(self, other: Box) -> bool:
        """Whether the two share more than an edge."""
        return (
            self.left < other.right - 1e-6
            and other.left < self.right - 1e-6
            and self.bottom < other.top - 1e-6
            and other.bottom < self.top - 1e-6
        )

    def holds(self, other: Box) -> bool:
        """Whether the other lies inside."""
        return (
            self.left <= other.left + 1e-6
            and other.right <= self.right + 1e-6
            and self.bottom <= other.bottom + 1e-6
            and other.top <= self.top + 1e-6
        )


def box_of(mobject: Any) -> Box:
    """The box around a Manim object."""
    lowest, highest = mobject.get_corner(manim.DL), mobject.get_corner(manim.UR)
    return Box(float(lowest[0]), float(highest[0]), float(lowest[1]), float(highest[1]))


def frame_box(frame: Frame, margin: float) -> Box:
    """What lies within a margin of the frame."""
    half_width, half_height = frame.width / 2 - margin, frame.height / 2 - margin
    return Box(-half_width, half_width, -half_height, half_height)


def around(boxes: Sequence[Box]) -> Box:
    """The box around several."""
    return Box(
        min(box.left for box in boxes),
        max(box.right for box in boxes),
        min(box.bottom for box in boxes),
        max(box.top for box in boxes),
    )


def inward(box: Box, room: Box) -> tuple[float, float]:
    """By how much a box has to move to lie in a room; into its middle where it is larger."""
    return (
        rounded(_inward(box.left, box.right, room.left, room.right)),
        rounded(_inward(box.bottom, box.top, room.bottom, room.top)),
    )


def _inward(low: float, high: float, least: float, most: float) -> float:
    if high - low > most - least:
        return (least + most - low - high) / 2
    return max(0.0, least - low) + min(0.0, most - high)


def rounded(value: float) -> float:
    """A length as it is printed."""
    return round(value, 3) + 0.0


def floored(factor: float) -> float:
    """A factor as it is printed, never larger."""
    return int(factor * 1000) / 1000
