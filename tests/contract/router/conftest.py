"""A router on SQLite and on PostgreSQL, with scripted neighbours."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.postgres import PostgresServer
from tests.support.router_harness import Caller, RouterHarness, router_harness


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/router.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database()


@pytest_asyncio.fixture
async def harness(tmp_path: Path, database_url: str) -> AsyncIterator[RouterHarness]:
    async with router_harness(tmp_path, database_url) as started:
        yield started


@pytest_asyncio.fixture
async def ann(harness: RouterHarness) -> Caller:
    """Somebody of tenant acme, before a running router."""
    return await harness.caller(await harness.start_router())
