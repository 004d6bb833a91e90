"""The guards of the lifecycle, each removable: without it, the checker must go red.

They are removed by patching, in a drill process alone; production code has no switch for it.
"""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from animathic.v1 import animation_pb2, events_pb2
from services.router.lifecycle.scheduler import Scheduler
from services.router.store import endings, leases, statements, work
from services.router.store.endings import Endings
from services.router.store.intake import Intake
from services.router.store.leases import Leases
from services.router.store.outbox import Outbox
from services.router.store.records import AttemptRecord, Record
from services.router.store.removals import Removals
from services.router.store.statements import insert_events
from services.router.store.tables import animations, attempts, events
from services.router.store.work import Work
from tests.drills.crash.boundaries import Fault, Striker


@dataclass(frozen=True)
class Guard:
    """A guard that can be removed.

    Attributes:
        rule: The rule of the lifecycle that it belongs to.
        remove: Removes it from this process; before the boundaries are installed.
        kinds: Animations that need it.
        faults: Strikes that need it, one for each process in the order of their starts.
    """

    rule: int
    remove: Callable[[Striker], None]
    kinds: Sequence[str]
    faults: Sequence[Fault] = ()


def _without_request_id(striker: Striker) -> None:
    async def earlier(self: Intake, session: Any, order: Any) -> None:
        await session.execute(sa.update(animations).values(request_id=None))

    Intake._earlier = earlier  # type: ignore[method-assign]


def _without_commit_before_answer(striker: Striker) -> None:
    inner = Intake.create
    later: set[asyncio.Task[Any]] = set()

    async def create(self: Intake, order: Any) -> Any:
        async def insert() -> None:
            await asyncio.sleep(0.05)
            await inner(self, order)

        later.add(asyncio.create_task(insert()))
        async with self._database.session() as session:
            now = (await session.execute(sa.select(self._database.now))).scalar_one()
        row = {column.name: None for column in animations.c}
        row |= {
            "id": order.id,
            "tenant": order.tenant,
            "creator": order.creator,
            "prompt": order.prompt,
            "options": b"",
            "state": 1,
            "cancel_requested": False,
            "decide_seconds": 0.0,
            "generation": 1,
            "revision": 1,
            "create_time": now,
            "update_time": now,
        }
        return Record.from_row(row), True

    Intake.create = create  # type: ignore[method-assign]


def _without_live_lease(striker: Striker) -> None:
    def claimable(self: Leases) -> sa.ColumnElement[bool]:
        return statements.active()

    Leases.claimable = claimable  # type: ignore[method-assign]


def _without_fence(striker: Striker) -> None:
    def fence(lease: Any) -> sa.ColumnElement[bool]:
        return animations.c.id == lease.animation

    for module in (statements, work, endings):
        module.fence = fence  # type: ignore[attr-defined]

    # Noticing a lost lease is the same guard's other half: it would hide most of the damage.
    inner = Scheduler._compare

    def compare(self: Scheduler, held: Any, asked: Any) -> None:
        ours = {
            name: replace(row, epoch=asked[name].lease.epoch) for name, row in held.items() if name in asked
        }
        inner(self, ours, {name: grip for name, grip in asked.items() if name in ours})

    Scheduler._compare = compare  # type: ignore[method-assign]


def _without_started_first(striker: Striker) -> None:
    inner = Work.finish_attempt

    async def start(self: Work, lease: Any, number: int, stage: int, model: str) -> AttemptRecord:
        async with self._database.session() as session:
            now = (await session.execute(sa.select(self._database.now))).scalar_one()
        pending[lease.animation] = {"epoch": lease.epoch, "stage": stage, "model": model, "start_time": now}
        detail = animation_pb2.Attempt()
        return AttemptRecord(lease.animation, number, lease.epoch, stage, model, 1, now, None, detail)

    async def finish(self: Work, lease: Any, number: int, *args: Any, **kwargs: Any) -> Any:
        async with self._database.transaction() as session:
            values = {"animation": lease.animation, "number": number, "outcome": 1, "detail": b""}
            await session.execute(sa.insert(attempts).values(**values, **pending.pop(lease.animation)))
        return await inner(self, lease, number, *args, **kwargs)

    pending: dict[str, dict[str, Any]] = {}
    Work.start_attempt = start  # type: ignore[method-assign]
    Work.finish_attempt = finish  # type: ignore[method-assign]


def _without_abandoned(striker: Striker) -> None:
    async def close(*_: Any, **__: Any) -> None:
        return

    leases.close_attempts = close  # type: ignore[assignment]


def _without_crash_count(striker: Striker) -> None:
    def counted(self: Leases) -> sa.ColumnElement[int]:
        return sa.literal(0)

    Leases.crash_counted = counted  # type: ignore[method-assign]


def _without_checkpoint(striker: Striker) -> None:
    inner = Work.finish_attempt

    async def finish(self: Work, *args: Any, checkpoint: Any = None, **kwargs: Any) -> Any:
        record, attempt = await inner(self, *args, **kwargs)
        if checkpoint is not None:
            # The scene stays in this process alone.
            record = replace(
                record,
                scene=checkpoint.scene,
                storyboard=checkpoint.storyboard,
                scene_model=checkpoint.model,
            )
        return record, attempt

    Work.finish_attempt = finish  # type: ignore[method-assign]


def _without_terminal_transaction(striker: Striker) -> None:
    inner = Endings.finish

    async def later(*_: Any) -> None:
        return

    async def finish(self: Endings, lease: Any, ending: Any) -> Any:
        animation = await inner(self, lease, ending)
        striker.passes("terminal_row")
        async with self._database.transaction() as session:
            kinds = [events_pb2.EVENT_KIND_ANIMATION_ENDED]
            await insert_events(session, self._database.now, kinds, animation)
        return animation

    endings.insert_events = later  # type: ignore[assignment]
    Endings.finish = finish  # type: ignore[method-assign]


def _without_cancel(striker: Striker) -> None:
    async def never(self: Endings, session: Any, lease: Any) -> bool:
        return False

    inner = Scheduler._compare

    def compare(self: Scheduler, held: Any, asked: Any) -> None:
        inner(self, {name: replace(row, cancel_requested=False) for name, row in held.items()}, asked)

    claim = Leases.claim

    async def claimed(self: Leases, **options: Any) -> Any:
        found = await claim(self, **options)
        if found is None:
            return None
        return replace(found, record=replace(found.record, cancel_requested=False))

    Endings._is_cancelled = never  # type: ignore[method-assign]
    Scheduler._compare = compare  # type: ignore[method-assign]
    Leases.claim = claimed  # type: ignore[method-assign]


def _without_release_until_answered(striker: Striker) -> None:
    inner = Removals.due_releases

    async def due(self: Removals, limit: int = 50) -> Any:
        found = await inner(self, limit)
        async with self._database.transaction() as session:
            ids = [release.animation for release in found]
            await session.execute(
                sa.update(animations).where(animations.c.id.in_(ids)).values(release_due=None)
            )
        return found

    Removals.due_releases = due  # type: ignore[method-assign]


def _without_acknowledge(striker: Striker) -> None:
    inner = Outbox.pull

    async def pull(self: Outbox, limit: int, lease_seconds: float) -> Any:
        found = await inner(self, limit, lease_seconds)
        async with self._database.transaction() as session:
            ids = [event.id for event in found]
            await session.execute(sa.delete(events).where(events.c.id.in_(ids)))
        return found

    Outbox.pull = pull  # type: ignore[method-assign]


def _without_stable_event_id(striker: Striker) -> None:
    inner = Outbox.pull

    async def pull(self: Outbox, limit: int, lease_seconds: float) -> Any:
        found = await inner(self, limit, lease_seconds)
        async with self._database.transaction() as session:
            for event in found:
                fresh = uuid.uuid4().hex
                await session.execute(sa.update(events).where(events.c.id == event.id).values(id=fresh))
                event.id = fresh
        return found

    Outbox.pull = pull  # type: ignore[method-assign]


_PLAIN = ("plain",) * 4

GUARDS: dict[str, Guard] = {
    "request_id": Guard(1, _without_request_id, _PLAIN, (Fault("insert", 2),)),
    "commit_before_answer": Guard(1, _without_commit_before_answer, ("plain",) * 8, (Fault("insert", 4),)),
    "live_lease": Guard(2, _without_live_lease, _PLAIN),
    "fence": Guard(
        3,
        _without_fence,
        _PLAIN,
        (Fault("answer", 1, "freeze"), Fault("artifact", 1, "freeze")),
    ),
    "started_first": Guard(4, _without_started_first, _PLAIN, (Fault("answer", 1), Fault("answer", 1))),
    "abandoned": Guard(4, _without_abandoned, _PLAIN, (Fault("started", 1), Fault("started", 1))),
    "crash_count": Guard(4, _without_crash_count, ("poison", "plain")),
    "checkpoint": Guard(5, _without_checkpoint, _PLAIN, (Fault("artifact", 1), Fault("artifact", 1))),
    "terminal_transaction": Guard(
        7, _without_terminal_transaction, _PLAIN, (Fault("terminal_row", 1), Fault("terminal_row", 1))
    ),
    "cancel": Guard(8, _without_cancel, ("cancelled",) * 4),
    "release_until_answered": Guard(
        8,
        _without_release_until_answered,
        ("deleted_late",) * 4,
        (Fault("before_release", 1), Fault("before_release", 1)),
    ),
    "acknowledge": Guard(9, _without_acknowledge, _PLAIN, (Fault("pull", 1), Fault("pull", 1))),
    "stable_event_id": Guard(
        9,
        _without_stable_event_id,
        _PLAIN,
        (Fault("before_acknowledge", 1), Fault("before_acknowledge", 1)),
    ),
}
