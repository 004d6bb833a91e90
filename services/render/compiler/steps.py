"""Plays the steps of a scene: blocks, waits, and what to do where two actions move the same thing at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from animathic.v1 import scene_pb2
from services.render.compiler.blend import blended
from services.render.compiler.code import SELF, Call, call, literal, method
from services.render.compiler.issues import note
from services.render.compiler.plan import BLOCKS, END_SECONDS, holds_at_end
from services.render.compiler.timing import Animation, Composite, Timing, play_call, timing_of
from services.render.compiler.walk import Walk

__all__ = ["Steps"]

_Part = Animation | Composite
_Prior = dict[str, tuple[Call, ...]]
"""For each variable what the steps before it in the same play call do to it."""


class Steps:
    """Plays one walk's steps.

    Args:
        walk: The walk.
        before: Called with the index of each step of the scene before it is compiled.
    """

    def __init__(self, walk: Walk, before: Callable[[int], None]) -> None:
        self._walk = walk
        self._before = before

    def run(self) -> None:
        """Plays all steps."""
        self._walk.background()
        for index, step in enumerate(self._walk.scene.steps):
            self._walk.step = index
            self._before(index)
            self._play(step)
        if holds_at_end(self._walk.scene):
            # The last frame of an animation is not yet its end: without this the result would never be seen.
            self._walk.machine.do(method(SELF, "wait", literal(END_SECONDS)))

    def _play(self, step: scene_pb2.Step) -> None:
        walk = self._walk
        kind = step.WhichOneof("kind")
        timing = timing_of(step)
        if kind == "wait":
            seconds = () if timing.run_time is None else (literal(timing.run_time),)
            walk.machine.do(method(SELF, "wait", *seconds))
            return
        if kind == "sequence" and timing == Timing():
            for inner in step.sequence.steps:
                self._play(inner)
            return
        parts = self._build(step, {})
        if len(parts) == 1 and isinstance(parts[0], Composite):
            only = parts[0]
            if only.kind == "together" and only.timing == Timing():
                parts = list(only.parts)
        if parts:
            walk.machine.do(play_call(parts))
        for afterwards in walk.afterwards:
            walk.machine.do(afterwards)
        walk.afterwards.clear()

    def _build(self, step: scene_pb2.Step, prior: _Prior) -> list[_Part]:
        """The animations of a step; `prior` is brought up to date."""
        kind = str(step.WhichOneof("kind"))
        timing = timing_of(step)
        if kind == "wait":
            return [Animation("", call("Wait"), (), Timing(timing.run_time), eased=False)]
        if kind in BLOCKS:
            return self._block(step, kind, timing, prior)
        made = self._walk.registry.action_room(kind)(self._walk, step, getattr(step, kind))
        parts: list[_Part] = []
        for one in made:
            earlier = prior.get(one.variable, ())
            prior[one.variable] = earlier + one.calls
            # A target is made when the play call is written, before anything moves: it includes the rest.
            calls = one.calls if one.call is not None else earlier + one.calls
            parts.append(replace(one, calls=calls, timing=timing))
        return parts

    def _block(self, step: scene_pb2.Step, kind: str, timing: Timing, prior: _Prior) -> list[_Part]:
        block = getattr(step, kind)
        parts: list[_Part] = []
        if kind == "sequence":
            for inner in block.steps:
                built = self._build(inner, prior)
                parts.append(built[0] if len(built) == 1 else Composite("together", tuple(built)))
        else:
            start = dict(prior)
            for inner in block.steps:
                own = dict(start)
                parts += self._build(inner, own)
                for variable, calls in own.items():
                    prior[variable] = prior.get(variable, ()) + calls[len(start.get(variable, ())) :]
            parts = self._untangled(parts)
        parts = [part for part in parts if not isinstance(part, Composite) or part.parts]
        if not parts:
            return []
        if len(parts) == 1 and isinstance(parts[0], Animation) and Timing() in {timing, parts[0].timing}:
            # A block of one is that one.
            return [replace(parts[0], timing=parts[0].timing if timing == Timing() else timing)]
        ratio = block.ratio if kind == "lag" and block.HasField("ratio") else None
        return [Composite(kind, tuple(parts), ratio, timing)]

    def _untangled(self, parts: Sequence[_Part]) -> list[_Part]:
        """Joins animations of the same thing: Manim would let the last one win."""
        found: list[_Part] = []
        at: dict[str, int] = {}
        for part in parts:
            if not isinstance(part, Animation) or part.variable not in at or not part.variable:
                if isinstance(part, Animation):
                    at[part.variable] = len(found)
                found.append(part)
                continue
            index = at[part.variable]
            found[index] = self._joined(found[index], part)
        return found

    def _joined(self, one: _Part, other: Animation) -> _Part:
        if isinstance(one, Animation):
            joined = blended(self._walk.machine, one, other)
            if joined is not None:
                return joined
        self._walk.note(
            note(
                "one_after_another",
                "",
                f"{other.variable} cannot do both at once and does them one after another",
            )
        )
        earlier = one.parts if isinstance(one, Composite) else (one,)
        return Composite("sequence", (*earlier, other))
