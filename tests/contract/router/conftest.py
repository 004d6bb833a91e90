"""A router on SQLite and on PostgreSQL, with scripted neighbours."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.support.router_harness import Caller, RouterHarness, router_harness


@pytest_asyncio.fixture
async def harness(tmp_path: Path, database_url: str) -> AsyncIterator[RouterHarness]:
    async with router_harness(tmp_path, database_url) as started:
        yield started


@pytest_asyncio.fixture
async def ann(harness: RouterHarness) -> Caller:
    """Somebody of tenant acme, before a running router."""
    return await harness.caller(await harness.start_router())
