"""Empty PostgreSQL databases by SQL alone: no program is started, which a process that runs gRPC cannot do
safely (its fork handlers abort the child now and then).
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import asyncpg

from tests.support.postgres import PostgresServer


def create_database(server: PostgresServer) -> str:
    """Creates an empty database, also while an event loop runs; returns its URL."""
    name = f"test_{uuid4().hex[:12]}"

    async def create() -> None:
        connection = await asyncpg.connect(server.url().replace("+asyncpg", ""))
        try:
            await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()

    # A thread of its own: the caller's may have a running loop.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, create()).result()
    return server.url(name)
