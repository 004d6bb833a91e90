"""Deadlines: every call has one, and work that cannot be done in time is refused before it starts."""

import asyncio
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

from services.chassis.calls import Layer, Proceed, ServerCall
from services.chassis.errors import Code, MeshError


@dataclass
class _Deadline:
    at: float
    active: bool = True


_deadline: ContextVar[_Deadline | None] = ContextVar("animathic_deadline", default=None)


def remaining() -> float | None:
    """Seconds that the call being served still has (0 when it is over); None outside of a call.

    Work that a call leaves behind in a task of its own is outside of it once the call has ended.
    """
    deadline = _deadline.get()
    if deadline is None or not deadline.active:
        return None
    return max(0.0, deadline.at - time.monotonic())


@dataclass(frozen=True)
class DeadlinePolicy:
    """The deadlines of a server.

    Attributes:
        unary: Seconds for a unary call that came without a deadline.
        stream: Seconds for a stream that came without one.
        minimum: Fewest seconds that any call must have left.
        minimums: Fewest seconds by method path, where a method needs more.
    """

    unary: float = 30
    stream: float = 3600
    minimum: float = 0.005
    minimums: Mapping[str, float] = field(default_factory=dict)


class DeadlineLayer(Layer):
    """Applies a `DeadlinePolicy`."""

    def __init__(self, policy: DeadlinePolicy) -> None:
        self._policy = policy

    async def around(self, call: ServerCall, proceed: Proceed) -> None:
        """Refuses the call or runs it within its deadline.

        Raises:
            MeshError: DEADLINE_EXCEEDED, `DEADLINE_TOO_SHORT` before or `DEADLINE_EXCEEDED` during it.
        """
        left = call.time_remaining()
        own = left is None
        if left is None:
            left = self._policy.unary if call.kind == "unary" else self._policy.stream
        needed = self._policy.minimums.get(call.method.path, self._policy.minimum)
        if left < needed:
            raise MeshError(
                Code.DEADLINE_EXCEEDED,
                "DEADLINE_TOO_SHORT",
                f"{call.method.name} needs at least {needed:g} s and the deadline leaves {left:.3f} s; "
                "call with a longer one.",
            )
        deadline = _Deadline(time.monotonic() + left)
        token = _deadline.set(deadline)
        try:
            if own:
                await self._within(left, call, proceed)
            else:
                # gRPC itself cancels the handler when the caller's deadline passes.
                await proceed()
        finally:
            deadline.active = False
            _deadline.reset(token)

    async def _within(self, seconds: float, call: ServerCall, proceed: Proceed) -> None:
        try:
            async with asyncio.timeout(seconds) as scope:
                await proceed()
        except TimeoutError:
            if not scope.expired():
                raise
            raise MeshError(
                Code.DEADLINE_EXCEEDED,
                "DEADLINE_EXCEEDED",
                f"{call.method.name} took longer than {seconds:g} s, which a call without a deadline gets.",
            ) from None
