"""How long the steps of a scene take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from animathic.scene.registry import language
from animathic.v1 import scene_pb2

__all__ = ["DEFAULT_LAG", "scene_seconds", "step_seconds"]

DEFAULT_LAG = 0.05
"""The lag of a `lag` block that says none, as in Manim's LaggedStart."""

_DEFAULT_SECONDS = 1.0
_LONG_WRITING = 15
_LONG_WRITING_SECONDS = 2.0


def scene_seconds(scene: scene_pb2.Scene) -> float:
    """The length of the scene's video in seconds, as far as it is known without typesetting."""
    letters = {element.name: _letters(element) for element in scene.elements}
    return sum(step_seconds(step, letters) for step in scene.steps)


def step_seconds(step: scene_pb2.Step, letters: Mapping[str, int]) -> float:
    """How long a step takes, in seconds.

    Args:
        step: The step.
        letters: The number of letters of each element with text; Manim writes long texts more slowly.
    """
    kind = step.WhichOneof("kind")
    if kind is None or language().steps[kind].notation.instant:
        return 0.0
    if step.HasField("run_time"):
        return step.run_time
    if kind == "together":
        return max((step_seconds(s, letters) for s in step.together.steps), default=0.0)
    if kind == "sequence":
        return sum(step_seconds(s, letters) for s in step.sequence.steps)
    if kind == "lag":
        ratio = step.lag.ratio if step.lag.HasField("ratio") else DEFAULT_LAG
        return _lagged((step_seconds(s, letters) for s in step.lag.steps), ratio)
    if kind == "write":
        longest = max((letters.get(target.name, 0) for target in step.write.targets), default=0)
        return _LONG_WRITING_SECONDS if longest >= _LONG_WRITING else _DEFAULT_SECONDS
    return _DEFAULT_SECONDS


def _lagged(times: Iterable[float], ratio: float) -> float:
    start = end = 0.0
    for seconds in times:
        end = max(end, start + seconds)
        start += ratio * seconds
    return end


def _letters(element: scene_pb2.Element) -> int:
    kind = element.WhichOneof("kind")
    return len(element.text.text) if kind == "text" else len(element.math.tex) if kind == "math" else 0
