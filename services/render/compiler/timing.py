"""Animations and how they are played: one after another, together, lagged; run times and easings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from animathic.v1 import scene_pb2
from services.render.compiler.code import (
    SELF,
    Attribute,
    Call,
    Node,
    Reference,
    Symbol,
    chain,
    literal,
    method,
)

__all__ = ["Animation", "Composite", "Timing", "easing_node", "node_of", "play_call", "timing_of"]

_COMPOSITES = {"together": "AnimationGroup", "lag": "LaggedStart", "sequence": "Succession"}


@dataclass(frozen=True, slots=True)
class Timing:
    """How long something takes and how it speeds up; None is Manim's own."""

    run_time: float | None = None
    easing: Node | None = None

    def keywords(self) -> tuple[tuple[str, Node], ...]:
        """As keywords of an animation."""
        keywords: list[tuple[str, Node]] = []
        if self.run_time is not None:
            keywords.append(("run_time", literal(self.run_time)))
        if self.easing is not None:
            keywords.append(("rate_func", self.easing))
        return tuple(keywords)


@dataclass(frozen=True, slots=True)
class Animation:
    """One animation: the call of an animation class, or a motion by `animate`.

    Attributes:
        variable: What it animates.
        call: The call without timing; None for a motion.
        calls: For a motion the calls on the target; for others the calls with the same effect in the end.
        timing: Its own timing.
        eased: Whether an easing may be given to it.
    """

    variable: str
    call: Call | None = None
    calls: tuple[Call, ...] = ()
    timing: Timing = Timing()
    eased: bool = True


@dataclass(frozen=True, slots=True)
class Composite:
    """Several animations as one.

    Attributes:
        kind: `together`, `lag` or `sequence`.
        parts: Its parts.
        ratio: For a lag, the part of a run time after which the next one starts.
        timing: Timing of the whole.
    """

    kind: str
    parts: tuple[Animation | Composite, ...]
    ratio: float | None = None
    timing: Timing = Timing()


def easing_node(easing: scene_pb2.Easing.ValueType) -> Node | None:
    """Manim's rate function; None for the action's own."""
    if easing == scene_pb2.EASING_UNSPECIFIED:
        return None
    name = scene_pb2.Easing.Name(easing).removeprefix("EASING_").lower()
    if easing == scene_pb2.EASING_NOT_QUITE_THERE:
        # In Manim this one makes a rate function out of another.
        return Call(Symbol(name))
    return Attribute(Symbol("rate_functions"), name) if name.startswith("ease_") else Symbol(name)


def timing_of(step: scene_pb2.Step) -> Timing:
    """The timing that a step states."""
    return Timing(step.run_time if step.HasField("run_time") else None, easing_node(step.easing))


def node_of(animation: Animation | Composite) -> Node:
    """The animation as an argument of `play`."""
    if isinstance(animation, Composite):
        keywords = animation.timing.keywords()
        if animation.kind == "lag" and animation.ratio is not None:
            keywords = (("lag_ratio", literal(animation.ratio)), *keywords)
        return Call(Symbol(_COMPOSITES[animation.kind]), tuple(map(node_of, animation.parts)), keywords)
    timing = animation.timing if animation.eased else replace(animation.timing, easing=None)
    if animation.call is not None:
        return Call(
            animation.call.function, animation.call.arguments, animation.call.keywords + timing.keywords()
        )
    builder: Node = Attribute(Reference(animation.variable), "animate")
    if timing.keywords():
        builder = Call(builder, (), timing.keywords())
    return chain(builder, animation.calls)


def play_call(animations: Sequence[Animation | Composite]) -> Call:
    """`self.play(...)`; a timing that all share stands once, at the end."""
    first = animations[0].timing
    alike = all(
        isinstance(one, Animation) and one.timing == first and (one.eased or first.easing is None)
        for one in animations
    )
    if alike:
        plain = [replace(one, timing=Timing()) for one in animations if isinstance(one, Animation)]
        return Call(Attribute(SELF, "play"), tuple(map(node_of, plain)), first.keywords())
    return method(SELF, "play", *map(node_of, animations))
