"""A task that is cancelled in the middle of a write must not take the database with it."""

import asyncio
import random
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.chassis.database import Database


@pytest.mark.asyncio
async def test_a_cancelled_transaction_leaves_no_lock_behind(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/cancelled.db", busy_seconds=4)
    rng = random.Random(1)

    async def write() -> None:
        async with database.transaction() as session:
            await session.execute(sa.text("INSERT INTO marks VALUES (1)"))
            await session.execute(sa.text("SELECT count(*) FROM marks"))

    async with database.transaction() as session:
        await session.execute(sa.text("CREATE TABLE marks (mark INTEGER)"))
    try:
        for _ in range(400):
            tasks = [asyncio.create_task(write()) for _ in range(3)]
            await asyncio.sleep(rng.uniform(0, 0.008))
            tasks[0].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # The others, and whoever comes next, find the database free: no DATABASE_UNAVAILABLE.
            assert [task.exception() for task in tasks[1:]] == [None, None]
            await write()
    finally:
        await database.close()
