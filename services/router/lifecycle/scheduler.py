"""Claims animations as slots come free, keeps their leases, and hands them back at the end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from services.router.lifecycle.grip import Grip, Stop
from services.router.lifecycle.loops import forever, guarded
from services.router.lifecycle.worker import Worker
from services.router.store.leases import Claim, Held, Leases
from services.router.store.reading import Mark
from services.router.telemetry import Telemetry

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Pace:
    """How busy a replica is.

    Attributes:
        slots: Animations at a time.
        poll_seconds: Between two looks for work when there was none.
        renew_seconds: Between two renewals of the leases.
    """

    slots: int
    poll_seconds: float
    renew_seconds: float


class Scheduler:
    """Runs workers on what this replica claims."""

    def __init__(self, leases: Leases, worker: Worker, telemetry: Telemetry, pace: Pace) -> None:
        self._leases = leases
        self._worker = worker
        self._telemetry = telemetry
        self._pace = pace
        self._grips: dict[str, Grip] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._draining = False

    async def start(self) -> None:
        """Begins to look for work."""
        self._loops = [
            asyncio.create_task(self._claim_forever(), name="claim"),
            asyncio.create_task(self._renew_forever(), name="renew"),
        ]

    def nudge(self) -> None:
        """There may be work: look at once."""
        self._wake.set()

    def working(self) -> Mapping[str, Grip]:
        """The animations that this replica works on."""
        return self._grips

    def notice(self, asked: Mapping[str, Grip], marks: Mapping[str, Mark]) -> None:
        """Takes note of what a poll says of our animations; one that is missing was deleted.

        Args:
            asked: What we worked on when the poll began.
            marks: What it found.
        """
        self._compare({animation: Held(m.epoch, m.cancel_requested) for animation, m in marks.items()}, asked)

    async def drain(self, grace_seconds: float) -> None:
        """Hands all work back: at the next checkpoint, or after the grace at once."""
        self._draining = True
        for grip in self._grips.values():
            grip.draining = True
        self.nudge()
        # A claim on its way may still become work of ours: it must be handed back too.
        if self._loops:
            await asyncio.wait(self._loops[:1])
        await self._settled(grace_seconds)
        for grip in list(self._grips.values()):
            grip.stop(Stop.DRAINED)
        await self._settled(None)

    async def stop(self) -> None:
        """Stops at once; leases that are left run out by themselves."""
        tasks = [*self._loops, *self._ending]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _settled(self, seconds: float | None) -> None:
        if self._ending:
            await asyncio.wait(set(self._ending), timeout=seconds)

    async def _claim_forever(self) -> None:
        while not self._draining:
            self._wake.clear()
            await guarded("claim", self._claim_all)
            if self._draining:
                return
            # Jitter keeps replicas from looking all at the same moment.
            pause = self._pace.poll_seconds * random.uniform(0.8, 1.2)  # noqa: S311
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _claim_all(self) -> None:
        while not self._draining and await self._claim_one():
            continue

    async def _claim_one(self) -> bool:
        free = len(self._ending) < self._pace.slots
        # What was cancelled needs no slot: only its end is written.
        claim = await self._leases.claim(cancelled_only=not free)
        if claim is None:
            return False
        self._telemetry.claimed(claim)
        self._run(claim)
        return True

    def _run(self, claim: Claim) -> None:
        grip = Grip(claim.record.lease)
        grip.draining = self._draining
        earlier = self._grips.get(grip.lease.animation)
        if earlier is not None:
            # Our own lease ran out, and we took the row again: the old work must stop.
            earlier.stop(Stop.LOST)
        self._grips[grip.lease.animation] = grip
        task = asyncio.create_task(self._worker.run(grip, claim), name=claim.record.name)
        grip.task = task
        self._ending.add(task)
        task.add_done_callback(lambda _: self._ended(grip))
        self._telemetry.working(len(self._ending))

    def _ended(self, grip: Grip) -> None:
        if grip.task is not None:
            self._ending.discard(grip.task)
            if not grip.task.cancelled() and grip.task.exception() is not None:
                _log.error("a worker ended with an error", exc_info=grip.task.exception())
        if self._grips.get(grip.lease.animation) is grip:
            del self._grips[grip.lease.animation]
        self._telemetry.working(len(self._ending))
        self.nudge()

    async def _renew_forever(self) -> None:
        await forever("renew", self._renew, self._pace.renew_seconds)

    async def _renew(self) -> None:
        asked = dict(self._grips)
        self._compare(await self._leases.renew(asked.keys()), asked)

    def _compare(self, held: Mapping[str, Held], asked: Mapping[str, Grip]) -> None:
        for animation, grip in asked.items():
            if grip.closing:
                continue
            row = held.get(animation)
            if row is None or row.epoch != grip.lease.epoch:
                grip.stop(Stop.LOST)
            elif row.cancel_requested:
                grip.stop(Stop.CANCELLED)
