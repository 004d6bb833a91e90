"""Compiles a scene: runs it on a stage, and prints what was run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from typst import TypstError

from animathic.v1 import quality_pb2, scene_pb2
from services.render.compiler import actions, graphs, groups, printing, shapes, text
from services.render.compiler.code import Statement
from services.render.compiler.frame import Frame
from services.render.compiler.issues import Unrenderable, problem, too_deep
from services.render.compiler.machine import Machine, Stage
from services.render.compiler.registry import Registry
from services.render.compiler.steps import Steps
from services.render.compiler.walk import Walk

__all__ = ["Compiled", "compile_scene", "rooms", "source_of"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a walk left behind.

    Attributes:
        statements: What was run.
        notes: What was adjusted.
    """

    statements: tuple[Statement, ...]
    notes: tuple[quality_pb2.SceneIssue, ...]


def rooms() -> Registry:
    """All rooms."""
    registry = Registry()
    for family in (shapes, text, graphs, groups, actions):
        family.add_rooms(registry)
    return registry


def compile_scene(
    scene: scene_pb2.Scene,
    frame: Frame,
    stage: Stage,
    registry: Registry,
    before: Callable[[int], None] = lambda _: None,
) -> Compiled:
    """Walks through a valid scene, running it on a stage.

    Args:
        scene: The scene.
        frame: The size of the frame that Manim is configured for.
        stage: The Manim scene; its animations play while the walk goes on.
        registry: The rooms.
        before: Called with the index of each step before it is compiled.

    Raises:
        Unrenderable: Something of the scene cannot be shown.
    """
    machine = Machine(stage)
    walk = Walk(scene, frame, machine, registry)
    try:
        Steps(walk, before).run()
    except RecursionError as error:
        raise too_deep(walk.fault or walk.where) from error
    except TypstError as error:
        first = (str(error).splitlines() or [""])[0][:200]
        advice = "write the formula more simply"
        raise Unrenderable(
            problem("latex_syntax", walk.fault or walk.where, f"a formula cannot be typeset: {first}", advice)
        ) from error
    return Compiled(tuple(machine.statements), tuple(walk.notes))


def source_of(scene: scene_pb2.Scene, frame: Frame, compiled: Compiled) -> tuple[str, str]:
    """The Python module that plain `manim` renders to the same frames, and the name of its class."""
    name = printing.class_name(scene.title)
    preamble: list[str] = []
    if frame.aspect != scene_pb2.ASPECT_WIDE:
        preamble = [
            f"config.frame_width, config.frame_height = {frame.width!r}, {frame.height!r}",
            f"config.pixel_width, config.pixel_height = {frame.pixel_width}, {frame.pixel_height}",
        ]
    return printing.module(name, compiled.statements, title=scene.title, preamble=preamble), name
