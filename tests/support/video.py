"""Looks into a video as a viewer does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np


@dataclass(frozen=True)
class Video:
    """A decoded video.

    Attributes:
        frames: All frames, RGB, shape (frames, height, width, 3), 0 to 255.
        rate: Frames a second.
    """

    frames: np.ndarray
    rate: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.frames) / self.rate

    def redness(self, position: float) -> int:
        """How many pixels are red at a position, 0 (start) to 1 (end)."""
        frame = self._at(position)
        red, green, blue = (frame[..., each] for each in range(3))
        return int(np.count_nonzero((red > 120) & (red > green + 60) & (red > blue + 60)))

    def blueness(self, position: float) -> int:
        """How many pixels are blue at a position; Manim's blue is a light one."""
        frame = self._at(position)
        red, blue = frame[..., 0], frame[..., 2]
        return int(np.count_nonzero((blue > 120) & (blue > red + 60)))

    def _at(self, position: float) -> np.ndarray:
        return self.frames[round(position * (len(self.frames) - 1))].astype(int)


def read_video(path: Path) -> Video:
    """Decodes a video."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        rate = float(stream.average_rate)
    return Video(np.stack(frames), rate)
