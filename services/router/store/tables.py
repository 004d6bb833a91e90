"""The router's three tables: animations (the truth and the queue), attempts and events.

Times are seconds since 1970 by the database's clock. Messages are stored as serialised protobuf.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Seconds = sa.Double

#: States that are not final, as numbers of `AnimationState`.
ACTIVE_STATES = (1, 2, 3)

animations = sa.Table(
    "animations",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("tenant", sa.String(128), nullable=False),
    sa.Column("creator", sa.String(256), nullable=False),
    sa.Column("request_id", sa.String(64)),
    sa.Column("request_hash", sa.String(64), nullable=False),
    # What it is made from.
    sa.Column("prompt", sa.Text, nullable=False, default=""),
    sa.Column("source_scene", sa.LargeBinary),
    sa.Column("source_storyboard", sa.Text),
    sa.Column("parent", sa.String(64)),
    sa.Column("parent_storyboard", sa.Text),
    sa.Column("options", sa.LargeBinary, nullable=False),
    sa.Column("traceparent", sa.String(256)),
    # Where it is.
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("cancel_requested", sa.Boolean, nullable=False, default=False),
    sa.Column("progress", sa.LargeBinary),
    sa.Column("decision", sa.LargeBinary),
    sa.Column("decide_seconds", _Seconds, nullable=False, default=0.0),
    # What has come of it. `kept` holds the better result while a stronger model tries.
    sa.Column("scene", sa.LargeBinary),
    sa.Column("storyboard", sa.Text),
    sa.Column("scene_model", sa.String(128)),
    sa.Column("video", sa.LargeBinary),
    sa.Column("preview", sa.LargeBinary),
    sa.Column("quality", sa.LargeBinary),
    sa.Column("kept", sa.LargeBinary),
    sa.Column("error", sa.LargeBinary),
    # Who works on it.
    sa.Column("lease_owner", sa.String(128)),
    sa.Column("lease_until", _Seconds, nullable=False, default=0.0),
    sa.Column("epoch", sa.BigInteger, nullable=False, default=0),
    sa.Column("crashes", sa.Integer, nullable=False, default=0),
    sa.Column("not_before", _Seconds, nullable=False, default=0.0),
    sa.Column("priority", sa.SmallInteger, nullable=False),
    # The etag, and what watchers compare.
    sa.Column("generation", sa.BigInteger, nullable=False, default=1),
    sa.Column("revision", sa.BigInteger, nullable=False, default=1),
    sa.Column("create_time", _Seconds, nullable=False),
    sa.Column("claim_time", _Seconds),
    sa.Column("update_time", _Seconds, nullable=False),
    sa.Column("end_time", _Seconds),
    sa.Column("expire_time", _Seconds),
    sa.Column("deleted_at", _Seconds),
    # When render shall next be asked to let go of the artifacts; unset where there is nothing to ask.
    sa.Column("release_due", _Seconds),
)

_is_active = animations.c.state.in_(ACTIVE_STATES)

sa.Index(
    "uq_animations_tenant_request_id",
    animations.c.tenant,
    animations.c.request_id,
    unique=True,
    sqlite_where=animations.c.request_id.is_not(None),
    postgresql_where=animations.c.request_id.is_not(None),
)
sa.Index(
    "ix_animations_queue",
    animations.c.priority.desc(),
    animations.c.create_time,
    sqlite_where=_is_active,
    postgresql_where=_is_active,
)
sa.Index(
    "ix_animations_tenant_queue",
    animations.c.tenant,
    sqlite_where=_is_active,
    postgresql_where=_is_active,
)
sa.Index(
    "ix_animations_release_due",
    animations.c.release_due,
    sqlite_where=animations.c.release_due.is_not(None),
    postgresql_where=animations.c.release_due.is_not(None),
)
sa.Index(
    "ix_animations_expire_time",
    animations.c.expire_time,
    sqlite_where=animations.c.expire_time.is_not(None),
    postgresql_where=animations.c.expire_time.is_not(None),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column(
        "animation", sa.String(64), sa.ForeignKey("animations.id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("number", sa.Integer, primary_key=True),
    # The epoch of the lease under which it was begun.
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("stage", sa.SmallInteger, nullable=False),
    sa.Column("model", sa.String(128), nullable=False),
    sa.Column("outcome", sa.SmallInteger, nullable=False),
    sa.Column("start_time", _Seconds, nullable=False),
    sa.Column("end_time", _Seconds),
    # A serialised `Attempt`: version, reason, issues, tokens, cost, storyboard, quality, confidence.
    sa.Column("detail", sa.LargeBinary, nullable=False),
)

events = sa.Table(
    "events",
    metadata,
    # SQLite numbers only INTEGER primary keys by itself.
    sa.Column(
        "sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    ),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("animation", sa.String(64), nullable=False, index=True),
    sa.Column("tenant", sa.String(128), nullable=False),
    sa.Column("kind", sa.SmallInteger, nullable=False),
    # A serialised `Animation`, as it was then.
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("create_time", _Seconds, nullable=False),
    sa.Column("lease_until", _Seconds, nullable=False, default=0.0),
    sqlite_autoincrement=True,
)
