"""Schema migrations with alembic, run by the service itself at its start.

A service's `migrations/env.py` is two lines:

    from services.chassis.migrations import run_environment
    run_environment(metadata)
"""

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, text

# Replicas that start together wait for each other on this lock ("anim" in ASCII).
_ADVISORY_LOCK = 0x616E696D


def alembic_config(script_location: str) -> Config:
    """The configuration of alembic without an ini file."""
    config = Config()
    config.set_main_option("script_location", script_location.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: Connection, script_location: str) -> None:
    """Upgrades to the newest version within the transaction of `connection`."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
    config = alembic_config(script_location)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def run_environment(metadata: MetaData | None = None) -> None:
    """What `env.py` does: migrates on the connection that `upgrade` brought.

    Args:
        metadata: The tables, for comparisons.

    Raises:
        RuntimeError: Alembic was called without a connection (from its own command line).
    """
    connection = context.config.attributes.get("connection")
    if connection is None:
        raise RuntimeError("migrations run through Database.migrate, which brings the connection")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        # SQLite cannot alter most of a table in place.
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
