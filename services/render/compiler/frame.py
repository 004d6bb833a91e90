"""The frame: how large it is in units and in pixels. Imports no Manim."""

from __future__ import annotations

import math
from dataclasses import dataclass

from animathic.v1 import animation_pb2, scene_pb2

__all__ = ["MARGIN", "Frame", "frame_for"]

MARGIN = 0.5
"""What layout leaves free along the frame's edges, in units: Manim's own distance of things at an edge."""

_LONG_SIDE = 128 / 9
"""The longer side of the frame in units: 14 2/9, as in Manim at 16:9."""

_RATIOS = {
    scene_pb2.ASPECT_WIDE: (16, 9),
    scene_pb2.ASPECT_TALL: (9, 16),
    scene_pb2.ASPECT_SQUARE: (1, 1),
    scene_pb2.ASPECT_CLASSIC: (4, 3),
}
_ASPECTS = {
    animation_pb2.ASPECT_RATIO_16_9: scene_pb2.ASPECT_WIDE,
    animation_pb2.ASPECT_RATIO_9_16: scene_pb2.ASPECT_TALL,
    animation_pb2.ASPECT_RATIO_1_1: scene_pb2.ASPECT_SQUARE,
    animation_pb2.ASPECT_RATIO_4_3: scene_pb2.ASPECT_CLASSIC,
}
_PRESETS = {
    animation_pb2.QUALITY_PRESET_480P15: (480, 15),
    animation_pb2.QUALITY_PRESET_720P30: (720, 30),
    animation_pb2.QUALITY_PRESET_1080P60: (1080, 60),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame's size.

    Attributes:
        width: In units.
        height: In units.
        pixel_width: In pixels, even.
        pixel_height: In pixels, even.
        frame_rate: Frames a second.
        aspect: The shape, as the scene language names it.
    """

    width: float
    height: float
    pixel_width: int
    pixel_height: int
    frame_rate: int
    aspect: scene_pb2.Aspect.ValueType

    @property
    def safe_width(self) -> float:
        """The width inside the margins."""
        return self.width - 2 * MARGIN

    @property
    def safe_height(self) -> float:
        """The height inside the margins."""
        return self.height - 2 * MARGIN


def frame_for(canvas: scene_pb2.Canvas, options: animation_pb2.AnimationOptions) -> Frame:
    """The frame of a scene under options; the options' shape goes before the canvas's.

    At 16:9 and 480 lines a picture is 854 pixels wide, as in Manim's own preset.
    """
    lines, rate = _PRESETS.get(options.quality_preset, _PRESETS[animation_pb2.QUALITY_PRESET_480P15])
    aspect = _ASPECTS.get(options.aspect_ratio, canvas.aspect or scene_pb2.ASPECT_WIDE)
    across, down = _RATIOS[aspect]
    if across == down:
        return Frame(8.0, 8.0, lines, lines, rate, aspect)
    longer, shorter = max(across, down), min(across, down)
    long_pixels = 2 * math.ceil(lines * longer / shorter / 2 - 1e-9)
    units = _LONG_SIDE * shorter / longer
    if across > down:
        return Frame(_LONG_SIDE, units, long_pixels, lines, rate, aspect)
    return Frame(units, _LONG_SIDE, lines, long_pixels, rate, aspect)
