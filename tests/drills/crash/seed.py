"""One seed: routers that die, people who ask, and the history of it."""

import asyncio
import contextlib
import random
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from animathic.v1 import animation_service_pb2
from services.chassis.database import Database
from services.chassis.identity import IdentitySigner
from services.router.store.records import AttemptRecord, Record, to_animation
from services.router.store.tables import animations, attempts, events
from tests.drills.crash.boundaries import Fault
from tests.drills.crash.clients import Consumer, Door, Person
from tests.drills.crash.history import CANCELLED, FAILED, History, Story
from tests.drills.crash.neighbours import Neighbours
from tests.drills.crash.plan import Plan
from tests.drills.crash.processes import Replica, Spares, order_of

LEASE_SECONDS = 1.2
# Patience, not pace: a busy machine starts processes slowly.
_STORY_SECONDS = 120.0
_REST_SECONDS = 20.0


@dataclass(frozen=True)
class Stage:
    """What all seeds share."""

    neighbours: Neighbours
    spares: Spares
    signer: IdentitySigner
    key_file: Path


class Cast:
    """The router processes of a seed: whoever dies is replaced, whoever freezes is thawed too late."""

    def __init__(
        self, stage: Stage, plan: Plan, settings: dict[str, Any], count: int, history: History
    ) -> None:
        self._stage = stage
        self._plan = plan
        self._settings = settings
        self._count = count
        self._history = history
        self._faults = list(plan.faults)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self.replicas: list[Replica] = []
        self._started: list[Replica] = []

    async def start(self) -> None:
        """Starts as many as shall run."""
        await asyncio.gather(*(self._start_one() for _ in range(self._count)))

    async def _start_one(self) -> None:
        faults: list[Fault] = [self._faults.pop(0)] if self._faults else []
        replica = Replica(await self._stage.spares.take(), self._hit)
        self.replicas.append(replica)
        self._started.append(replica)
        poison = "poison]" if self._plan.has_poison else ""
        await replica.serve(order_of(self._settings, faults, self._plan.without, poison))
        self._spawn(self._replace_when_dead(replica))

    async def _replace_when_dead(self, replica: Replica) -> None:
        await replica.process.wait()
        if not self._closing and replica in self.replicas:
            self.replicas.remove(replica)
            await self._start_one()

    def _hit(self, replica: Replica, what: str) -> None:
        self._history.faults.append(what)
        if what.startswith("freeze"):
            self._spawn(self._thaw_too_late(replica))

    async def _thaw_too_late(self, replica: Replica) -> None:
        alone = self._count == 1
        if alone:
            # SQLite serves one replica: a new one takes over, as a supervisor would do it.
            self.replicas.remove(replica)
            await self._start_one()
        await asyncio.sleep(LEASE_SECONDS * 1.4)
        replica.thaw()
        if alone:
            await asyncio.sleep(0.5)
            await replica.kill()

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Ends all processes, those that are frozen included."""
        self._closing = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for replica in self._started:
            await replica.kill()


async def run_seed(stage: Stage, plan: Plan, url: str, replicas: int) -> History:
    """Runs a seed on an empty, migrated database.

    Returns:
        What happened.
    """
    rng = random.Random(plan.seed)
    history = History(max_crashes=plan.max_crashes)
    prefix = f"s{plan.seed}-{uuid.uuid4().hex[:6]}"
    history.stories = [Story(f"{prefix}-{index}", kind) for index, kind in enumerate(plan.kinds)]
    cast = Cast(stage, plan, _settings(stage, plan, url), replicas, history)
    door = Door(lambda: cast.replicas, stage.signer)
    database = Database(url)
    try:
        await cast.start()
        async with _running(Consumer(door, history, rng).run(), history):
            await _live(history, door, rng)
            if history.timed_out:
                history.timed_out.append(f"the routers: {[str(replica) for replica in cast.replicas]}")
            await _until(_REST_SECONDS, lambda: _is_empty(database))
            await _read_ends(database, history)
            await _sweep(stage, database, door, history)
    finally:
        await cast.close()
        await door.close()
        await database.close()
    history.calls = {story.key: stage.neighbours.calls.pop(story.key, 0) for story in history.stories}
    return history


async def _live(history: History, door: Door, rng: random.Random) -> None:
    people = [asyncio.create_task(Person(door, story, rng).live()) for story in history.stories]
    _, late = await asyncio.wait(people, timeout=_STORY_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    for story, task in zip(history.stories, people, strict=True):
        if task in late:
            history.timed_out.append(f"{story.key} ({story.kind}) came to no end")
        elif task.exception() is not None:
            history.timed_out.append(f"{story.key} ({story.kind}): {task.exception()}")


async def _is_empty(database: Database) -> bool:
    async with database.session() as session:
        return (await session.execute(sa.select(sa.func.count()).select_from(events))).scalar_one() == 0


async def _read_ends(database: Database, history: History) -> None:
    async with database.session() as session:
        rows = {
            row["id"]: Record.from_row(row)
            for row in (await session.execute(sa.select(animations))).mappings()
        }
        tried = sa.select(attempts).order_by(attempts.c.number)
        all_attempts = [AttemptRecord.from_row(row) for row in (await session.execute(tried)).mappings()]
        left = (await session.execute(sa.select(sa.func.count()).select_from(events))).scalar_one()
    history.rows, history.outbox_left = len(rows), left
    for story in history.stories:
        record = rows.get(story.names[0].removeprefix("animations/")) if story.names else None
        if record is None:
            continue
        mine = [attempt for attempt in all_attempts if attempt.animation == record.id]
        story.final = to_animation(record, mine)
        story.crashes = record.crashes
        story.epochs = [attempt.epoch for attempt in mine]


async def _sweep(stage: Stage, database: Database, door: Door, history: History) -> None:
    """Waits until nothing is held that should not be."""

    async def clean() -> bool:
        history.orphans = _orphans(stage, history)
        return not history.orphans

    if await _until(_REST_SECONDS / 4, clean):
        return
    if not any(fault.startswith("freeze") for fault in history.faults):
        return
    # A frozen owner that woke up late may have had a scene rendered after the release. The release is
    # repeated when the tombstone's time is over: that time is brought forward here.
    for holder in history.orphans:
        with contextlib.suppress(Exception):
            await door.call("DeleteAnimation", animation_service_pb2.DeleteAnimationRequest(name=holder))
    async with database.transaction() as session:
        await session.execute(
            sa.update(animations)
            .where(animations.c.deleted_at.is_not(None))
            .values(deleted_at=0.0, release_due=0.0)
        )
    await _until(_REST_SECONDS / 4, clean)


def _orphans(stage: Stage, history: History) -> list[str]:
    holders = stage.neighbours.render.holders
    return [
        story.final.name
        for story in history.stories
        if story.final is not None
        and holders.get(story.final.name)
        and (story.delete_answered or story.final.state in (FAILED, CANCELLED))
    ]


async def _until(seconds: float, reached: Any) -> bool:
    end = asyncio.get_running_loop().time() + seconds
    while not await reached():
        if asyncio.get_running_loop().time() > end:
            return False
        await asyncio.sleep(0.05)
    return True


@contextlib.asynccontextmanager
async def _running(work: Any, history: History) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        if task.done():
            history.timed_out.append(f"the consumer ended: {task.exception()}")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _settings(stage: Stage, plan: Plan, url: str) -> dict[str, Any]:
    return {
        "grpc_listen": "127.0.0.1:0",
        "admin_listen": "127.0.0.1:0",
        "mesh_key_file": str(stage.key_file),
        "database_url": url,
        **stage.neighbours.targets,
        "lease_seconds": LEASE_SECONDS,
        "renew_seconds": 0.2,
        "poll_seconds": 0.05,
        "progress_seconds": 0.05,
        "model_poll_seconds": 0.5,
        "sweep_seconds": 0.1,
        "release_retry_seconds": 0.3,
        "handback_seconds": 0.1,
        "max_crashes": plan.max_crashes,
        "router_slots": 4,
    }
