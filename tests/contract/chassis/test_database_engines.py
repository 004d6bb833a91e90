"""The database client on real SQLite and real PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import (
    Column,
    Double,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from services.chassis.database import Database, database_now
from services.chassis.errors import Code, MeshError
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.asyncio

METADATA = MetaData()
COUNTERS = Table(
    "counters",
    METADATA,
    Column("name", String(20), primary_key=True),
    Column("value", Integer, nullable=False),
    Column("touched", Double, server_default=database_now()),
)
NOTES = Table(
    "notes",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("counter", ForeignKey("counters.name", ondelete="CASCADE"), nullable=False),
)

ENVIRONMENT = """
from services.chassis.migrations import run_environment
run_environment()
"""
REVISION = '''
"""{text}"""
from alembic import op
import sqlalchemy as sa
revision, down_revision, branch_labels, depends_on = "{id}", {down}, None, None
def upgrade():
{body}
def downgrade():
    pass
'''


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def tables(database: Database) -> Database:
    async with database.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    async with database.transaction() as session:
        await session.execute(insert(COUNTERS).values(name="a", value=0))
    return database


async def value_of(database: Database, name: str = "a") -> int:
    async with database.session() as session:
        statement = select(COUNTERS.c.value).where(COUNTERS.c.name == name)
        return int((await session.execute(statement)).scalar_one())


async def test_a_transaction_is_all_or_nothing(tables: Database) -> None:
    async def half() -> None:
        async with tables.transaction() as session:
            await session.execute(update(COUNTERS).values(value=7))
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        await half()
    assert await value_of(tables) == 0
    async with tables.transaction() as session:
        await session.execute(update(COUNTERS).values(value=7))
    assert await value_of(tables) == 7


async def test_a_session_that_is_not_committed_writes_nothing(tables: Database) -> None:
    async with tables.session() as session:
        await session.execute(update(COUNTERS).values(value=9))
    assert await value_of(tables) == 0


async def test_a_cancelled_transaction_leaves_no_lock(tables: Database) -> None:
    inside = asyncio.Event()

    async def hang() -> None:
        async with tables.transaction() as session:
            await session.execute(update(COUNTERS).values(value=5))
            inside.set()
            await asyncio.sleep(30)

    task = asyncio.create_task(hang())
    await asyncio.wait_for(inside.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5), tables.transaction() as session:
        await session.execute(update(COUNTERS).values(value=COUNTERS.c.value + 1))
    assert await value_of(tables) == 1


async def test_transactions_side_by_side_lose_nothing(tables: Database) -> None:
    async def increment() -> None:
        async with tables.transaction() as session:
            # Read, then write: two writers must not read the same.
            statement = select(COUNTERS.c.value).where(COUNTERS.c.name == "a").with_for_update()
            value = (await session.execute(statement)).scalar_one()
            await asyncio.sleep(0.001)
            await session.execute(update(COUNTERS).values(value=value + 1))

    await asyncio.gather(*(increment() for _ in range(30)))
    assert await value_of(tables) == 30


async def test_readers_go_on_while_somebody_writes(tables: Database) -> None:
    async with tables.transaction() as session:
        await session.execute(update(COUNTERS).values(value=3))
        assert await asyncio.wait_for(value_of(tables), 5) == 0
    assert await value_of(tables) == 3


async def test_time_is_the_databases_in_seconds_with_fractions(tables: Database) -> None:
    async with tables.session() as session:
        first = (await session.execute(select(tables.now))).scalar_one()
        assert isinstance(first, float)
        assert abs(first - time.time()) < 2
        await asyncio.sleep(0.05)
        # It moves within a transaction, from statement to statement.
        second = (await session.execute(select(tables.now))).scalar_one()
        assert 0.04 < second - first < 2
        ahead = (await session.execute(select(tables.now + 30))).scalar_one()
        assert 29.9 < ahead - second < 32
        # It stands still within a statement.
        both = (await session.execute(select(tables.now, tables.now))).one()
        assert both[0] == both[1]
        defaulted = (await session.execute(select(COUNTERS.c.touched))).scalar_one()
        assert abs(defaulted - first) < 5
        due = select(func.count()).select_from(COUNTERS).where(COUNTERS.c.touched < tables.now)
        assert (await session.execute(due)).scalar_one() == 1


async def test_foreign_keys_hold(tables: Database) -> None:
    with pytest.raises(IntegrityError):
        async with tables.transaction() as session:
            await session.execute(insert(NOTES).values(id=1, counter="missing"))


async def test_a_defect_is_not_called_unavailability(tables: Database) -> None:
    with pytest.raises((OperationalError, ProgrammingError)):
        async with tables.session() as session:
            await session.execute(text("SELECT * FROM no_such_table"))
    # Nor is an error of the caller's own code.
    for own in (ConnectionRefusedError("mine"), TimeoutError("mine")):
        with pytest.raises(OSError, match="mine"):
            async with tables.transaction():
                raise own


def write_migrations(folder: Path, *bodies: str) -> None:
    (folder / "versions").mkdir(parents=True, exist_ok=True)
    (folder / "env.py").write_text(ENVIRONMENT)
    for number, body in enumerate(bodies, 1):
        down = repr(str(number - 1)) if number > 1 else None
        script = REVISION.format(text="Step", id=number, down=down, body=f"    {body}")
        (folder / "versions" / f"{number}.py").write_text(script)


FIRST = 'op.create_table("counters", sa.Column("name", sa.String(20), primary_key=True))'
SECOND = (
    'op.create_table("notes", '
    'sa.Column("counter", sa.String(40), sa.ForeignKey("counters.name", ondelete="CASCADE")))'
)
BATCH = (
    'with op.batch_alter_table("counters") as batch: '
    'batch.alter_column("name", type_=sa.String(40), existing_type=sa.String(20))'
)


async def test_migrations_run_once_and_replicas_take_turns(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "migrations"
    write_migrations(folder, FIRST)
    replicas = (
        [database]
        if database.dialect == "sqlite"
        else [database, *(Database(database_url) for _ in range(3))]
    )
    await asyncio.gather(*(each.migrate(folder) for each in replicas))
    await database.migrate(folder)
    async with database.transaction() as session:
        await session.execute(text("INSERT INTO counters VALUES ('kept')"))
    write_migrations(folder, FIRST, SECOND, BATCH)
    await database.migrate(folder)
    async with database.session() as session:
        assert (await session.execute(text("SELECT name FROM counters"))).scalars().all() == ["kept"]
        assert (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one() == "3"
    for each in replicas[1:]:
        await each.close()


async def test_replacing_a_table_keeps_what_refers_to_it(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write_migrations(folder, FIRST, SECOND)
    await database.migrate(folder)
    async with database.transaction() as session:
        await session.execute(text("INSERT INTO counters VALUES ('a')"))
        await session.execute(text("INSERT INTO notes VALUES ('a')"))
    write_migrations(folder, FIRST, SECOND, BATCH)
    await database.migrate(folder)
    async with database.session() as session:
        assert (await session.execute(text("SELECT count(*) FROM notes"))).scalar_one() == 1
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO notes VALUES ('missing')"))


async def test_a_migration_that_fails_changes_nothing(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write_migrations(
        folder, FIRST, 'op.execute("INSERT INTO counters VALUES (\'x\')"); raise ValueError("no")'
    )
    with pytest.raises(ValueError, match="no"):
        await database.migrate(folder)
    with pytest.raises((OperationalError, ProgrammingError)):
        async with database.session() as session:
            await session.execute(text("SELECT * FROM counters"))
    write_migrations(folder, FIRST, SECOND)
    await database.migrate(folder)


async def test_postgresql_that_is_gone_and_comes_back() -> None:
    with PostgresServer() as server:
        database = Database(server.create_database(), busy_seconds=2)
        async with database.transaction() as session:
            await session.execute(text("CREATE TABLE t (n int)"))
        server.kill()
        for _ in range(2):
            with pytest.raises(MeshError) as gone:
                async with database.transaction() as session:
                    await session.execute(text("INSERT INTO t VALUES (1)"))
            assert (gone.value.code, gone.value.reason) == (Code.UNAVAILABLE, "DATABASE_UNAVAILABLE")
            assert gone.value.retry_after == 1.0
        server.start()
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO t VALUES (1)"))

        async def interrupted() -> None:
            async with database.transaction() as session:
                await session.execute(text("INSERT INTO t VALUES (2)"))
                server.kill()
                await session.execute(text("INSERT INTO t VALUES (3)"))

        with pytest.raises(MeshError) as broken:
            await interrupted()
        assert broken.value.reason == "DATABASE_UNAVAILABLE"
        server.start()
        async with database.session() as session:
            assert (await session.execute(text("SELECT count(*) FROM t"))).scalar_one() == 1
        await database.close()


async def test_a_full_pool_is_unavailability(postgres: PostgresServer) -> None:
    database = Database(postgres.create_database(), pool_size=1, busy_seconds=0.2)
    async with database.session(), database.session():
        with pytest.raises(MeshError) as full:
            async with database.session():
                raise AssertionError("there were two connections")
    assert full.value.reason == "DATABASE_UNAVAILABLE"
    await database.close()


async def test_a_port_without_a_server_is_unavailability() -> None:
    database = Database(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/x")
    with pytest.raises(MeshError) as gone:
        async with database.session():
            raise AssertionError("there is no server")
    assert gone.value.reason == "DATABASE_UNAVAILABLE"
    await database.close()


async def test_sqlite_that_another_process_locks(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/shared.db"
    one, other = Database(url), Database(url, busy_seconds=0.2)
    async with one.transaction() as session:
        await session.execute(text("CREATE TABLE t (n int)"))
        with pytest.raises(MeshError) as locked:
            async with other.transaction():
                raise AssertionError("there is one writer")
    assert locked.value.reason == "DATABASE_UNAVAILABLE"
    async with other.transaction() as session:
        await session.execute(text("INSERT INTO t VALUES (1)"))
    await one.close()
    await other.close()


async def test_sqlites_writers_take_turns_in_order(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/turns.db")
    order: list[int] = []

    async def write(number: int) -> None:
        async with database.transaction():
            order.append(number)
            await asyncio.sleep(0.005)

    await asyncio.gather(*(write(number) for number in range(20)))
    assert order == list(range(20))
    await database.close()


async def test_a_transaction_inside_another_does_not_hang_for_ever(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/nested.db", busy_seconds=0.2)
    with pytest.raises(MeshError):
        async with database.transaction(), database.transaction():
            raise AssertionError("there is one writer")
    async with database.transaction():
        pass
    await database.close()


async def test_sqlite_is_durable_and_lets_readers_in(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/new/folder/x.db")
    async with database.session() as session:
        facts = [
            (await session.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert facts == ["wal", 2, 1, 10_000]
    await database.close()


@pytest.mark.parametrize(
    "url",
    ["mysql://x/y", "sqlite:///x.db", "sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", "nonsense", ""],
)
async def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL"):
        Database(url)
