"""Writes that outlast an outage of the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

import stamina

from services.chassis.errors import MeshError

_T = TypeVar("_T")
_P = ParamSpec("_P")


def _away(error: Exception) -> bool:
    return isinstance(error, MeshError) and error.reason == "DATABASE_UNAVAILABLE"


async def durably(write: Callable[_P, Awaitable[_T]], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Repeats a write until the database answers; the fence decides then whether it still counts.

    Finished work waits here for its checkpoint. Whoever wants to stop it cancels the task.
    """
    async for attempt in stamina.retry_context(
        on=_away, attempts=None, timeout=None, wait_initial=0.1, wait_max=2.0, wait_jitter=0.2
    ):
        with attempt:
            return await write(*args, **kwargs)
    raise AssertionError("a retry without a limit ends with an answer")
