"""Takes frames one by one: encodes them, looks at them, and keeps the one that shows most."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from services.render.compiler.frame import Frame

__all__ = ["Facts", "Film"]

_BT709 = 1
_TELL_SECONDS = 0.1
_INK_PIXELS = 12
"""Fewer pixels than this that differ from the background are nothing that anybody would see."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen in the frames.

    Attributes:
        frames: How many there are.
        blank: Whether none of them shows anything.
        changes: How many differ from the one before.
        blank_share: The share of frames that show nothing.
    """

    frames: int
    blank: bool
    changes: int
    blank_share: float


class Film:
    """One video in the making.

    Args:
        frame: Its size and rate.
        background: Red, green, blue and alpha of the background, 0 to 255.
        video: Where the video goes.
        preview: Where the still picture goes.
        expected: About how many frames there will be.
        tell: Called with (frames so far, frames expected) now and then.
        show: Called once the first good picture is stored.
    """

    def __init__(
        self,
        frame: Frame,
        background: tuple[int, int, int, int],
        video: Path,
        preview: Path,
        expected: int,
        tell: Callable[[int, int], None],
        show: Callable[[Path], None],
    ) -> None:
        self._frame = frame
        self._background = np.array(background, dtype=np.uint8)
        self._plain = self._background.view(np.uint32)[0]
        self._preview = preview
        self._expected = expected
        self._tell = tell
        self._show = show
        self._shown = False
        self._told = 0.0
        self._last: np.ndarray | None = None
        self._best: np.ndarray | None = None
        self._most_energy = 0.0
        self._inked = self._changes = self.frames = 0
        self._container = av.open(str(video), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream: Any = self._container.add_stream("libx264", rate=frame.frame_rate)
        self._stream.width, self._stream.height = frame.pixel_width, frame.pixel_height
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"preset": "veryfast", "crf": "18", "threads": "1"}
        self._stream.codec_context.time_base = Fraction(1, frame.frame_rate)
        context = self._stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = 1

    def expect(self, frames: int) -> None:
        """Corrects how many frames there will be."""
        self._expected = max(frames, self.frames)

    def write(self, pixels: np.ndarray, repeat: int = 1) -> None:
        """Adds a frame.

        Args:
            pixels: Shape (height, width, 4), RGBA, `uint8`; not changed by anybody afterwards.
            repeat: For how many frames it stands.
        """
        if repeat < 1:
            return
        self._look(pixels, repeat)
        picture = av.VideoFrame.from_ndarray(pixels, format="rgba")
        picture = picture.reformat(
            format="yuv420p", src_colorspace="ITU709", dst_colorspace="ITU709", dst_color_range="MPEG"
        )
        for _ in range(repeat):
            picture.pts = self.frames
            picture.time_base = Fraction(1, self._frame.frame_rate)
            for packet in self._stream.encode(picture):
                self._container.mux(packet)
            self.frames += 1
        self._report()

    def close(self) -> Facts:
        """Ends the video and stores the picture that shows most."""
        for packet in self._stream.encode():
            self._container.mux(packet)
        self._container.close()
        picture = self._best if self._best is not None else self._last
        if picture is not None:
            Image.fromarray(picture).convert("RGB").save(self._preview)
        self._tell(self.frames, self.frames)
        return Facts(
            self.frames,
            blank=self._inked == 0,
            changes=self._changes,
            blank_share=1 - self._inked / self.frames if self.frames else 1.0,
        )

    def mark(self, pixels: np.ndarray) -> None:
        """Something has come to its end.

        Args:
            pixels: What is to be seen now, shape (height, width, 4), RGBA, `uint8`.
        """
        if not self._has_ink(pixels):
            return
        sample = pixels[::3, ::3, :3].astype(np.int16)
        energy = float(np.abs(sample - self._background[:3].astype(np.int16)).sum())
        self._most_energy = max(self._most_energy, energy)
        # The last picture that shows nearly as much as any: an ending usually shows the result.
        if energy >= 0.85 * self._most_energy:
            self._best = pixels
        if not self._shown and self._best is not None and 3 * self.frames >= self._expected:
            self._shown = True
            early = self._preview.with_name("early.png")
            Image.fromarray(self._best).convert("RGB").save(early, compress_level=3)
            self._show(early)

    def _look(self, pixels: np.ndarray, repeat: int) -> None:
        words = pixels.view(np.uint32)[..., 0]
        if self._last is not None and not np.array_equal(words, self._last.view(np.uint32)[..., 0]):
            self._changes += 1
        self._last = pixels
        if self._has_ink(pixels):
            self._inked += repeat

    def _has_ink(self, pixels: np.ndarray) -> bool:
        return bool(np.count_nonzero(pixels.view(np.uint32)[..., 0] != self._plain) >= _INK_PIXELS)

    def _report(self) -> None:
        now = time.monotonic()
        if now - self._told >= _TELL_SECONDS:
            self._told = now
            self._tell(self.frames, max(self._expected, self.frames))
