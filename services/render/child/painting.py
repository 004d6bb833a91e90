"""Runs a compiled scene on Manim: painting every frame, or none."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import manim
import numpy as np
from manim.renderer.cairo_renderer import CairoRenderer
from manim.scene.scene_file_writer import SceneFileWriter

from animathic.v1 import scene_pb2
from services.render.child.film import Film
from services.render.compiler.compile import Compiled, compile_scene
from services.render.compiler.frame import Frame
from services.render.compiler.registry import Registry

__all__ = ["background_of", "configure", "paint", "walk_only"]


class _Writer(SceneFileWriter):
    """Hands frames to a film in place of Manim's partial files."""

    def __init__(self, settings: Any, film: Film | None) -> None:
        super().__init__(settings)
        self._film = film

    def write_frame(self, pixels: Any, *, repeat: int = 1) -> None:
        if self._film is not None:
            self._film.write(pixels, repeat)


class _Stage(manim.Scene):
    """The scene that a walk plays on."""

    def __init__(self, act: Callable[[manim.Scene], None], film: Film | None) -> None:
        renderer = CairoRenderer(
            file_writer_class=lambda settings: _Writer(settings, film),  # type: ignore[arg-type]
            skip_animations=film is None,
        )
        super().__init__(renderer=renderer, skip_animations=film is None)
        self._act = act
        self._film = film
        self._painter = renderer

    def play(self, *animations: Any, **keywords: Any) -> None:
        super().play(*animations, **keywords)
        if self._film is not None:
            # The last frame of an animation is a moment before its end.
            self._painter.static_image = None
            self._painter.update_frame(self)
            self._film.mark(self._painter.get_frame())

    def construct(self) -> None:
        self._act(self)


def configure(frame: Frame, directory: Path) -> None:
    """Sets Manim up as its command does for a preset, writing nothing but temporary files.

    Args:
        frame: The frame.
        directory: Where fonts and formulas leave their files.
    """
    config = manim.config
    config.media_dir = str(directory / "media")
    config.format = "none"
    config.disable_caching = True
    config.progress_bar = "none"
    config.verbosity = "WARNING"
    config.pixel_width, config.pixel_height = frame.pixel_width, frame.pixel_height
    config.frame_rate = frame.frame_rate
    config.frame_width, config.frame_height = frame.width, frame.height
    logging.getLogger("manim").setLevel(logging.WARNING)
    random.seed(0)
    np.random.seed(0)
    np.seterr(all="ignore")


def background_of(scene: scene_pb2.Scene) -> tuple[int, int, int, int]:
    """Red, green, blue and alpha that Manim fills the frame with, 0 to 255."""
    color = scene.canvas.background or "black"
    made = manim.ManimColor(color.upper() if color.startswith("#") else getattr(manim, color.upper()))
    red, green, blue = (int(255 * part) for part in made.to_rgb())
    return red, green, blue, 255


def paint(
    scene: scene_pb2.Scene,
    frame: Frame,
    registry: Registry,
    film: Film,
    before: Callable[[int], None],
) -> Compiled:
    """Paints all frames of a scene into a film.

    Raises:
        Unrenderable: Something of the scene cannot be shown.
    """
    return _run(scene, frame, registry, film, before)


def walk_only(scene: scene_pb2.Scene, frame: Frame, registry: Registry) -> Compiled:
    """Walks through a scene and its layout without painting.

    Raises:
        Unrenderable: Something of the scene cannot be shown.
    """
    return _run(scene, frame, registry, None, lambda _: None)


def _run(
    scene: scene_pb2.Scene,
    frame: Frame,
    registry: Registry,
    film: Film | None,
    before: Callable[[int], None],
) -> Compiled:
    made: list[Compiled] = []

    def act(stage: manim.Scene) -> None:
        made.append(compile_scene(scene, frame, stage, registry, before))

    _Stage(act, film).render()
    return made[0]
