"""Renders a storyboard with our compiler and prints the digest of every distinct frame:
`python -m tests.support.render_frames FILE DIRECTORY`. The printed source goes to DIRECTORY/scene.py."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np

from animathic.scene import parse
from animathic.v1 import animation_pb2
from services.render.child.painting import configure, paint
from services.render.compiler.compile import rooms, source_of
from services.render.compiler.frame import frame_for


class _Digests:
    """In place of a film."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def write(self, pixels: np.ndarray, repeat: int = 1) -> None:
        assert repeat >= 1
        self.found.append(hashlib.sha256(pixels.tobytes()).hexdigest())

    def mark(self, pixels: np.ndarray) -> None:
        """Nothing."""


def main() -> None:
    scene, directory = parse(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    frame = frame_for(scene.canvas, animation_pb2.AnimationOptions())
    configure(frame, directory)
    film: Any = _Digests()
    compiled = paint(scene, frame, rooms(), film, lambda _: None)
    source, name = source_of(scene, frame, compiled)
    (directory / "scene.py").write_text(source)
    print(name, *film.found, sep="\n")


if __name__ == "__main__":
    main()
