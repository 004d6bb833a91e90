"""Measures how late the event loop is: the sign of a blocking call on it."""

import asyncio

from prometheus_client import Histogram

_INTERVAL = 0.5


async def watch_loop_lag(lag: Histogram, interval: float = _INTERVAL) -> None:
    """Observes the lateness of a timer, in seconds, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + interval
        await asyncio.sleep(interval)
        lag.observe(max(0.0, loop.time() - due))
