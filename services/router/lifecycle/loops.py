"""Loops that run as long as the service: nothing that one round meets may end them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from services.chassis.errors import MeshError

_log = structlog.get_logger(__name__)


async def forever(name: str, step: Callable[[], Awaitable[None]], pause_seconds: float) -> None:
    """Does a step again and again.

    Args:
        name: For the log.
        step: One round; what it raises is logged.
        pause_seconds: Between two rounds.
    """
    while True:
        await guarded(name, step)
        await asyncio.sleep(pause_seconds)


async def guarded(name: str, step: Callable[[], Awaitable[None]]) -> None:
    """One round: an outage is a warning, anything else a defect of ours, and neither ends the loop."""
    try:
        await step()
    except MeshError as error:
        _log.warning("a round failed", loop=name, reason=error.reason)
    except Exception:  # noqa: BLE001  a defect in one round must not stop claims, renewals or watches
        _log.exception("a round failed unexpectedly", loop=name)
