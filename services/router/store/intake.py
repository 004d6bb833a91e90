"""Accepting animations: one insert, safe to repeat, refused when the queue is full."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from animathic.v1 import animation_pb2, scene_pb2
from services.chassis.database import Database
from services.chassis.errors import Code, MeshError
from services.router.store.records import PENDING, Record, packed
from services.router.store.statements import active
from services.router.store.tables import animations


@dataclass(frozen=True)
class QueueLimits:
    """How many animations may wait or run at a time."""

    tenant: int
    total: int
    retry_seconds: float = 5.0


@dataclass(frozen=True)
class Order:
    """What a caller asked for, checked and ready to be stored."""

    id: str
    tenant: str
    creator: str
    request_id: str
    request_hash: str
    options: animation_pb2.AnimationOptions
    prompt: str = ""
    source_scene: scene_pb2.Scene | None = None
    source_storyboard: str | None = None
    parent: str | None = None
    parent_storyboard: str | None = None
    traceparent: str | None = None


class Intake:
    """Stores new animations.

    Args:
        database: Where.
        limits: How many may wait or run.
        request_life: Seconds for which a request_id is remembered.
        retention: Seconds after which an animation is removed; 0 keeps it.
    """

    def __init__(
        self, database: Database, limits: QueueLimits, *, request_life: float, retention: float = 0.0
    ) -> None:
        self._database = database
        self._limits = limits
        self._request_life = request_life
        self._retention = retention

    async def create(self, order: Order) -> tuple[Record, bool]:
        """Stores an order, or finds the animation that an earlier call with its request_id made.

        Returns:
            The row, and whether it is new. It is committed.

        Raises:
            MeshError: ALREADY_EXISTS `REQUEST_ID_REUSED`; RESOURCE_EXHAUSTED `TENANT_QUEUE_FULL` or
                `QUEUE_FULL`; UNAVAILABLE `DATABASE_UNAVAILABLE`.
        """
        try:
            return await self._create(order)
        except IntegrityError:
            # Another call with the same request_id was first by a hair: its row is there now.
            return await self._create(order)

    async def find(self, order: Order) -> Record | None:
        """The animation that an earlier call with this request_id made.

        Raises:
            MeshError: ALREADY_EXISTS `REQUEST_ID_REUSED`; UNAVAILABLE `DATABASE_UNAVAILABLE`.
        """
        async with self._database.transaction() as session:
            return await self._earlier(session, order)

    async def _create(self, order: Order) -> tuple[Record, bool]:
        async with self._database.transaction() as session:
            earlier = await self._earlier(session, order)
            if earlier is not None:
                return earlier, False
            await self._check_room(session, order.tenant)
            record = await self._insert(session, order)
        return record, True

    async def _earlier(self, session: AsyncSession, order: Order) -> Record | None:
        if not order.request_id:
            return None
        same_id = sa.and_(animations.c.tenant == order.tenant, animations.c.request_id == order.request_id)
        # A request_id is forgotten after its life, also where the animation stays.
        await session.execute(
            sa.update(animations)
            .where(same_id, animations.c.create_time <= self._database.now - self._request_life)
            .values(request_id=None)
        )
        row = (await session.execute(sa.select(animations).where(same_id))).mappings().one_or_none()
        if row is None:
            return None
        record = Record.from_row(row)
        if record.request_hash != order.request_hash:
            raise MeshError(
                Code.ALREADY_EXISTS,
                "REQUEST_ID_REUSED",
                f"request_id {order.request_id!r} was used before with another request: choose a new one, "
                "a UUID for example, for each new request",
                metadata={"animation": record.name},
            )
        return record

    async def _check_room(self, session: AsyncSession, tenant: str) -> None:
        statement = sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(sa.case((animations.c.tenant == tenant, 1), else_=0)), 0),
        ).where(active())
        total, of_tenant = (await session.execute(statement)).one()
        if of_tenant >= self._limits.tenant:
            raise MeshError(
                Code.RESOURCE_EXHAUSTED,
                "TENANT_QUEUE_FULL",
                f"{of_tenant} of your animations wait or run, which is the limit: retry later, "
                "or cancel some",
                retry_after=self._limits.retry_seconds,
                quota=((f"tenant:{tenant}", f"at most {self._limits.tenant} animations at a time"),),
            )
        if total >= self._limits.total:
            raise MeshError(
                Code.RESOURCE_EXHAUSTED,
                "QUEUE_FULL",
                "the queue is full: retry later",
                retry_after=self._limits.retry_seconds,
                quota=(("mesh", f"at most {self._limits.total} animations at a time"),),
            )

    async def _insert(self, session: AsyncSession, order: Order) -> Record:
        now = self._database.now
        statement = (
            sa.insert(animations)
            .values(
                id=order.id,
                tenant=order.tenant,
                creator=order.creator,
                request_id=order.request_id or None,
                request_hash=order.request_hash,
                prompt=order.prompt,
                source_scene=packed(order.source_scene),
                source_storyboard=order.source_storyboard,
                parent=order.parent,
                parent_storyboard=order.parent_storyboard,
                options=packed(order.options),
                traceparent=order.traceparent,
                state=PENDING,
                priority=order.options.priority or animation_pb2.PRIORITY_NORMAL,
                create_time=now,
                update_time=now,
                expire_time=now + self._retention if self._retention else None,
            )
            .returning(animations)
        )
        return Record.from_row((await session.execute(statement)).mappings().one())
