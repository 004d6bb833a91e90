"""Database sessions on SQLite (one replica) and PostgreSQL (many), with the same statements.

Times are the database's, so that replicas with differing clocks agree. They are seconds since 1970 as
a double: the same arithmetic on both engines, exact to well below a millisecond.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Double, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.util.concurrency import in_greenlet

from services.chassis.errors import Code, MeshError

Dialect = Literal["sqlite", "postgresql"]

_DRIVERS = {"sqlite+aiosqlite": "sqlite", "postgresql+asyncpg": "postgresql"}
_BEGIN = "animathic_begin"
# SQLITE_BUSY, LOCKED, IOERR, FULL, CANTOPEN: the database is there but cannot be used now.
_SQLITE_UNAVAILABLE = {5, 6, 10, 13, 14}
# Connection exceptions, insufficient resources, operator intervention, serialization and deadlock.
_POSTGRES_UNAVAILABLE = ("08", "53", "57P", "40001", "40P01")


class database_now(FunctionElement[float]):  # noqa: N801 - reads as the SQL function that it is
    """The database's time at the start of the statement: seconds since 1970, as a double."""

    type = Double()
    inherit_cache = True


@compiles(database_now, "sqlite")
def _sqlite_now(_element: Any, _compiler: Any, **_options: Any) -> str:
    # unixepoch() of SQLite 3.40 knows no fractions.
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(database_now, "postgresql")
def _postgresql_now(_element: Any, _compiler: Any, **_options: Any) -> str:
    # Not clock_timestamp(): it is volatile, and no index would be used to compare with it. Not
    # now(): it stands still in a transaction.
    return "(extract(epoch from statement_timestamp())::double precision)"


class Database:
    """One database of one service.

    Attributes:
        engine: The engine.
        dialect: `sqlite` or `postgresql`.
    """

    def __init__(self, url: str, *, pool_size: int = 10, busy_seconds: float = 10) -> None:
        """Prepares the engine; nothing is opened before the first session.

        Args:
            url: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://…`.
            pool_size: Connections that are kept.
            busy_seconds: How long a statement or a new connection waits for its turn.

        Raises:
            ValueError: The URL is of another kind, or a SQLite database without a file.
        """
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise ValueError("DATABASE_URL is not a database URL") from error
        if parsed.drivername not in _DRIVERS:
            raise ValueError(
                f"DATABASE_URL begins with '{parsed.drivername}': use {' or '.join(sorted(_DRIVERS))}"
            )
        self.dialect: Dialect = "sqlite" if _DRIVERS[parsed.drivername] == "sqlite" else "postgresql"
        self._busy_seconds = busy_seconds
        # SQLite has one writer at a time: waiting here is fair and costs no polling.
        self._writer = asyncio.Lock() if self.dialect == "sqlite" else None
        if self.dialect == "sqlite":
            if parsed.database in (None, "", ":memory:"):
                raise ValueError("DATABASE_URL must name a file: a memory database has one connection")
            Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_async_engine(
                parsed, pool_size=pool_size, pool_timeout=busy_seconds, connect_args={"timeout": busy_seconds}
            )
            _prepare_sqlite(self.engine, busy_seconds)
        else:
            self.engine = create_async_engine(
                parsed,
                pool_size=pool_size,
                max_overflow=pool_size,
                pool_timeout=busy_seconds,
                pool_pre_ping=True,
                connect_args={
                    "timeout": busy_seconds,
                    "server_settings": {"application_name": "animathic", "timezone": "UTC"},
                },
            )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @property
    def now(self) -> database_now:
        """The database's time, to be used in a statement (seconds since 1970)."""
        return database_now()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session for reading; what is written is lost unless committed.

        Raises:
            MeshError: UNAVAILABLE `DATABASE_UNAVAILABLE`: not reachable, overloaded or locked.
        """
        with _translated():
            async with self._sessions() as session:
                with _translated(connecting=True):
                    await session.connection()
                yield session

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction that is committed at the end, or rolled back by an exception.

        On SQLite it is immediate (it takes the write lock first, so it never fails half-way because
        another writer came before), and transactions wait for each other in order: do not open one
        inside another.

        Raises:
            MeshError: UNAVAILABLE `DATABASE_UNAVAILABLE`: not reachable, overloaded, locked, or a
                conflict with another transaction. Nothing is written, unless the connection broke
                during the commit.
        """
        async with self._turn():
            with _translated():
                async with self._sessions() as session, session.begin():
                    with _translated(connecting=True):
                        await session.connection(execution_options={_BEGIN: "IMMEDIATE"})
                    yield session

    async def migrate(self, script_location: str | Path) -> None:
        """Brings the schema to the newest version; replicas that start together take turns.

        Args:
            script_location: The folder with `env.py` and `versions/`.

        Raises:
            MeshError: UNAVAILABLE `DATABASE_UNAVAILABLE`.
        """
        from services.chassis.migrations import upgrade

        async with self._turn():
            with _translated(connecting=True):
                async with (
                    self.engine.connect() as connection,
                    self._without_foreign_keys(connection),
                ):
                    await connection.execution_options(**{_BEGIN: "IMMEDIATE"})
                    async with connection.begin():
                        await connection.run_sync(upgrade, str(script_location))

    async def close(self) -> None:
        """Closes all connections."""
        await self.engine.dispose()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Waits until no other transaction of this process writes to SQLite."""
        if self._writer is None:
            yield
            return
        try:
            async with asyncio.timeout(self._busy_seconds):
                await self._writer.acquire()
        except TimeoutError as error:
            raise _unavailable() from error
        try:
            yield
        finally:
            self._writer.release()

    @asynccontextmanager
    async def _without_foreign_keys(self, connection: AsyncConnection) -> AsyncIterator[None]:
        """Replacing a table (a batch migration on SQLite) must not delete what refers to it."""
        if self.dialect != "sqlite":
            yield
            return
        # Not through SQLAlchemy: it would begin a transaction, in which the pragma does nothing.
        driver = (await connection.get_raw_connection()).driver_connection
        if driver is None:
            raise RuntimeError("a connection has a driver")
        await driver.execute("PRAGMA foreign_keys=OFF")
        try:
            yield
        finally:
            await driver.execute("PRAGMA foreign_keys=ON")


@contextmanager
def _translated(*, connecting: bool = False) -> Iterator[None]:
    """Turns the database's unavailability into a `MeshError`; defects pass.

    Drivers raise plain OSErrors while connecting. Later ones would be those of the caller's own code.
    """
    try:
        yield
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        if is_unavailable(error) or (connecting and isinstance(error, OSError | TimeoutError)):
            raise _unavailable() from error
        raise


def _unavailable() -> MeshError:
    return MeshError(
        Code.UNAVAILABLE,
        "DATABASE_UNAVAILABLE",
        "The database cannot be used now; retry in a moment.",
        retry_after=1.0,
    )


def is_unavailable(error: BaseException) -> bool:
    """Whether an error means that the database cannot be used now, rather than a defect of ours."""
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(code, int):
        return code & 0xFF in _SQLITE_UNAVAILABLE
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(state, str) and state.startswith(_POSTGRES_UNAVAILABLE)


def _prepare_sqlite(engine: AsyncEngine, busy_seconds: float) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        # The driver would begin transactions by its own rules, and never immediate ones.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={int(busy_seconds * 1000)}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "invalidate")
    def _invalidated(connection: Any, _record: Any, _error: Any) -> None:
        # A cancelled task leaves a statement behind, and SQLite keeps a closed connection with its write
        # lock until that statement is collected. Rolled back first, the connection holds nothing.
        if not in_greenlet():
            return
        with suppress(sqlite3.Error, ValueError):
            connection.run_async(lambda driver: driver.rollback())

    @event.listens_for(engine.sync_engine, "begin")
    def _began(connection: Any) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get(_BEGIN, 'DEFERRED')}")
