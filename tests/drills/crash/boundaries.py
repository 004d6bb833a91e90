"""Where a router can be struck: names, and the wrappers that strike there.

Production code knows nothing of this: the wrappers are put around its methods, in the drill's own processes.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from services.router.clients import RenderClient
from services.router.lifecycle.generation import Generation
from services.router.lifecycle.rendering import Rendering
from services.router.store import endings
from services.router.store.endings import Endings
from services.router.store.intake import Intake
from services.router.store.leases import Leases
from services.router.store.outbox import Outbox
from services.router.store.removals import Removals
from services.router.store.work import Work

#: After a call has returned (its transaction is committed), unless the name says otherwise.
BOUNDARIES: Mapping[str, tuple[Any, str]] = {
    "insert": (Intake, "create"),
    "claim": (Leases, "claim"),
    "started": (Work, "start_attempt"),
    "answer": (Generation, "_ask"),
    "checkpoint": (Work, "finish_attempt"),
    "artifact": (Rendering, "_call"),
    "terminal_commit": (Endings, "finish"),
    "pull": (Outbox, "pull"),
    "acknowledge_commit": (Outbox, "acknowledge"),
    "cancel": (Removals, "cancel"),
    "delete": (Removals, "delete"),
    "release": (RenderClient, "release"),
}
#: Before a call is made, or inside its transaction.
BEFORE: Mapping[str, tuple[Any, str]] = {
    "before_insert": (Intake, "create"),
    "before_acknowledge": (Outbox, "acknowledge"),
    "before_release": (RenderClient, "release"),
}
#: Inside the terminal transaction: everything is written, nothing is committed.
IN_TERMINAL = "in_terminal"

ALL = (*BOUNDARIES, *BEFORE, IN_TERMINAL)
#: Where a process may be frozen: outside of transactions, with work in its hands.
FREEZABLE = ("claim", "started", "answer", "checkpoint", "artifact")


@dataclass(frozen=True)
class Fault:
    """One strike.

    Attributes:
        boundary: Where.
        nth: At which passage, from 1.
        action: `kill` (SIGKILL) or `freeze` (SIGSTOP).
    """

    boundary: str
    nth: int = 1
    action: str = "kill"


class Striker:
    """Strikes its own process at the boundaries of its faults.

    Args:
        faults: What is to happen here.
        say: Tells the drill, before it happens.
    """

    def __init__(self, faults: Sequence[Fault], say: Callable[[str], None]) -> None:
        self._faults = {(fault.boundary, fault.nth): fault for fault in faults}
        self._passages: Counter[str] = Counter()
        self._say = say

    def passes(self, boundary: str) -> None:
        """The process passes a boundary."""
        self._passages[boundary] += 1
        fault = self._faults.get((boundary, self._passages[boundary]))
        if fault is None:
            return
        self._say(f"HIT {fault.action} {boundary}")
        self.strike(fault.action)

    def strike(self, action: str) -> None:
        """Kills or freezes the process."""
        os.kill(os.getpid(), signal.SIGKILL if action == "kill" else signal.SIGSTOP)

    def install(self) -> None:
        """Puts the wrappers around the methods of this process."""
        for boundary, (owner, name) in BOUNDARIES.items():
            setattr(owner, name, self._after(boundary, getattr(owner, name)))
        for boundary, (owner, name) in BEFORE.items():
            setattr(owner, name, self._before(boundary, getattr(owner, name)))
        endings.insert_events = self._after(IN_TERMINAL, endings.insert_events)  # type: ignore[assignment]

    def watch_renewals(self, lease_seconds: float) -> None:
        """Tells when the machine kept this process from renewing in time: that is a strike like any other."""
        inner = Leases.renew
        striker = self
        last: float | None = None

        @wraps(inner)
        async def wrapped(self: Leases, *args: Any) -> Any:
            nonlocal last
            held = await inner(self, *args)
            now = time.monotonic()
            if last is not None and now - last > lease_seconds * 0.9:
                striker._say("HIT late renewal")
            last = now
            return held

        Leases.renew = wrapped  # type: ignore[method-assign]

    def _after(self, boundary: str, inner: Any) -> Any:
        @wraps(inner)
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            result = await inner(*args, **kwargs)
            if result or boundary not in ("claim", "pull"):
                self.passes(boundary)
            return result

        return wrapped

    def _before(self, boundary: str, inner: Any) -> Any:
        @wraps(inner)
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            self.passes(boundary)
            return await inner(*args, **kwargs)

        return wrapped

    def poison(self, word: str) -> None:
        """Lets every model call for a prompt with `word` kill the process."""
        inner = Generation._ask
        striker = self

        @wraps(inner)
        async def wrapped(self: Generation, grip: Any, record: Any, *args: Any) -> Any:
            if word in record.prompt:
                striker._say("HIT kill poison")
                striker.strike("kill")
            return await inner(self, grip, record, *args)

        Generation._ask = wrapped  # type: ignore[method-assign]
