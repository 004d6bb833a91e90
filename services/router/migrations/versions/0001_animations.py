"""Animations, attempts and events.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ACTIVE = sa.text("state IN (1, 2, 3)")
_HAS_REQUEST_ID = sa.text("request_id IS NOT NULL")
_HAS_RELEASE = sa.text("release_due IS NOT NULL")
_EXPIRES = sa.text("expire_time IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "animations",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("creator", sa.String(256), nullable=False),
        sa.Column("request_id", sa.String(64)),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("source_scene", sa.LargeBinary),
        sa.Column("source_storyboard", sa.Text),
        sa.Column("parent", sa.String(64)),
        sa.Column("parent_storyboard", sa.Text),
        sa.Column("options", sa.LargeBinary, nullable=False),
        sa.Column("traceparent", sa.String(256)),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("cancel_requested", sa.Boolean, nullable=False),
        sa.Column("progress", sa.LargeBinary),
        sa.Column("decision", sa.LargeBinary),
        sa.Column("decide_seconds", sa.Double, nullable=False),
        sa.Column("scene", sa.LargeBinary),
        sa.Column("storyboard", sa.Text),
        sa.Column("scene_model", sa.String(128)),
        sa.Column("video", sa.LargeBinary),
        sa.Column("preview", sa.LargeBinary),
        sa.Column("quality", sa.LargeBinary),
        sa.Column("kept", sa.LargeBinary),
        sa.Column("error", sa.LargeBinary),
        sa.Column("lease_owner", sa.String(128)),
        sa.Column("lease_until", sa.Double, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("crashes", sa.Integer, nullable=False),
        sa.Column("not_before", sa.Double, nullable=False),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("create_time", sa.Double, nullable=False),
        sa.Column("claim_time", sa.Double),
        sa.Column("update_time", sa.Double, nullable=False),
        sa.Column("end_time", sa.Double),
        sa.Column("expire_time", sa.Double),
        sa.Column("deleted_at", sa.Double),
        sa.Column("release_due", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_animations"),
    )
    op.create_index(
        "uq_animations_tenant_request_id",
        "animations",
        ["tenant", "request_id"],
        unique=True,
        sqlite_where=_HAS_REQUEST_ID,
        postgresql_where=_HAS_REQUEST_ID,
    )
    op.create_index(
        "ix_animations_queue",
        "animations",
        [sa.text("priority DESC"), "create_time"],
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )
    op.create_index(
        "ix_animations_tenant_queue",
        "animations",
        ["tenant"],
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )
    op.create_index(
        "ix_animations_release_due",
        "animations",
        ["release_due"],
        sqlite_where=_HAS_RELEASE,
        postgresql_where=_HAS_RELEASE,
    )
    op.create_index(
        "ix_animations_expire_time",
        "animations",
        ["expire_time"],
        sqlite_where=_EXPIRES,
        postgresql_where=_EXPIRES,
    )
    op.create_table(
        "attempts",
        sa.Column("animation", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("stage", sa.SmallInteger, nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("outcome", sa.SmallInteger, nullable=False),
        sa.Column("start_time", sa.Double, nullable=False),
        sa.Column("end_time", sa.Double),
        sa.Column("detail", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("animation", "number", name="pk_attempts"),
        sa.ForeignKeyConstraint(
            ["animation"], ["animations.id"], name="fk_attempts_animation", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "events",
        sa.Column(
            "sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("animation", sa.String(64), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("create_time", sa.Double, nullable=False),
        sa.Column("lease_until", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_events"),
        sa.UniqueConstraint("id", name="uq_events_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_animation", "events", ["animation"])
