"""Two changes of the same thing at the same time, as one animation."""

from __future__ import annotations

from dataclasses import replace

from services.render.compiler.code import (
    Call,
    Function,
    Literal,
    Node,
    Operation,
    Reference,
    Symbol,
    call,
    chain,
    literal,
    method,
    vector,
)
from services.render.compiler.machine import Machine
from services.render.compiler.timing import Animation, Timing

__all__ = ["blended"]

_PLACING = frozenset({"move_to", "next_to", "to_edge", "to_corner", "shift"})
_T = Reference("t")


def blended(machine: Machine, one: Animation, other: Animation) -> Animation | None:
    """The animation that does both, or None where there is none.

    Changes of place, size and colour share one target. A turn has to keep its path, so it becomes a function
    of time together with the rest.
    """
    if not (_changes(one) and _changes(other)):
        return None
    timing = _longer(one.timing, other.timing)
    calls = one.calls + other.calls
    if one.call is None and other.call is None:
        return replace(one, calls=calls, timing=timing)
    body = _over_time(machine, one.variable, calls)
    if body is None:
        return None
    machine.do(method(Reference(one.variable), "save_state"))
    function = Function(("m", "t"), chain(method(Reference("m"), "restore"), body))
    return Animation(
        one.variable, call("UpdateFromAlphaFunc", Reference(one.variable), function), calls, timing
    )


def _changes(one: Animation) -> bool:
    """Whether it is a motion, a turn, or a blend of these."""
    if one.call is None:
        return True
    function = one.call.function
    return isinstance(function, Symbol) and function.name in {"Rotate", "UpdateFromAlphaFunc"}


def _longer(one: Timing, other: Timing) -> Timing:
    times = [timing.run_time for timing in (one, other) if timing.run_time is not None]
    return Timing(max(times) if times else None, one.easing or other.easing)


def _over_time(machine: Machine, variable: str, calls: tuple[Call, ...]) -> list[Call] | None:
    """The calls with their amounts growing with t, turns and sizes first; None where one cannot."""
    owner = Reference(variable)
    turns: list[Call] = []
    moves: list[Call] = []
    for one in calls:
        name = one.function.name if isinstance(one.function, Symbol) else ""
        if name == "rotate":
            moves_about = dict(one.keywords)
            grown = Operation("*", _T, one.arguments[0])
            (moves if moves_about else turns).append(Call(one.function, (grown,), one.keywords))
        elif name == "scale" and isinstance(one.arguments[0], Literal):
            change = literal(float(one.arguments[0].value or 0) - 1)
            turns.append(call("scale", Operation("+", literal(1), Operation("*", change, _T))))
        elif name == "set_color":
            start = machine.object(variable).get_color().to_hex()
            color = call(
                "interpolate_color", call("ManimColor", Literal(start)), _color(one.arguments[0]), _T
            )
            turns.append(call("set_color", color))
        elif name in _PLACING:
            way = (
                machine.probe(chain(method(owner, "copy"), [one])).get_center()
                - machine.object(variable).get_center()
            )
            moves.append(call("shift", Operation("*", _T, vector(*(round(float(x), 3) for x in way)))))
        else:
            return None
    return turns + moves


def _color(node: Node) -> Node:
    return call("ManimColor", node) if isinstance(node, Literal) else node
