"""A router with scripted neighbours. Starting them is dear: a module shares them, and a router as well."""

from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from services.chassis.server import ServiceServer
from tests.support.postgres import PostgresServer
from tests.support.postgres_database import create_database
from tests.support.router_harness import Caller, RouterHarness, router_harness


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> str:
    """`sqlite`; a module that is about statements asks for both."""
    return getattr(request, "param", "sqlite")


@pytest.fixture(scope="module")
def new_database(
    engine: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], str]:
    """Makes empty databases."""
    if engine == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        return lambda: create_database(server)
    folder, numbers = tmp_path_factory.mktemp("router"), count()
    return lambda: f"sqlite+aiosqlite:///{folder}/{next(numbers)}.db"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def neighbours(
    new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RouterHarness]:
    folder: Path = tmp_path_factory.mktemp("mesh")
    async with router_harness(folder, new_database) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def router(neighbours: RouterHarness) -> ServiceServer:
    """A router with the harness's own settings."""
    return await neighbours.start_router()


@pytest_asyncio.fixture(loop_scope="module")
async def harness(neighbours: RouterHarness) -> AsyncIterator[RouterHarness]:
    """The neighbours, with nothing scripted."""
    neighbours.reset()
    async with neighbours.keeping():
        yield neighbours


@pytest_asyncio.fixture(loop_scope="module")
async def ann(harness: RouterHarness, router: ServiceServer) -> Caller:
    """Somebody of tenant acme, before a running router."""
    return await harness.caller(router)
