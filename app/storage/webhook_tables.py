"""The tables of webhooks. What an endpoint owns goes with it, by foreign keys."""

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, LargeBinary, Table

from app.storage.tables import Key, Words, metadata

endpoints = Table(
    "endpoints",
    metadata,
    Column("id", Key, primary_key=True),
    Column("url", Words, nullable=False),
    Column("description", Words),
    Column("accounts", Words),
    Column("tenant", Key),
    Column("mailboxes", Words),
    Column("types", Words),
    Column("payload", Words, nullable=False),
    Column("ordering", Words, nullable=False),
    Column("hold_for", Double, nullable=False),
    Column("concurrency", Integer, nullable=False),
    Column("rate", Double),
    Column("state", Key, nullable=False),
    Column("reason", Words),
    Column("failing_since", Double),
    Column("failures", Integer, nullable=False),
    Column("suspect", Words),
    Column("is_down", Boolean, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("is_reached", Boolean, nullable=False),
    Column("look_at", Double),
    Column("looked_at", Double),
    Column("since", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("revision", BigInteger, nullable=False),
)
Index("ix_endpoints_tenant_id", endpoints.c.tenant, endpoints.c.id)

endpoint_secrets = Table(
    "endpoint_secrets",
    metadata,
    Column("endpoint_id", Key, ForeignKey("endpoints.id", ondelete="CASCADE"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", Key, nullable=False, index=True),
)

lanes = Table(
    "lanes",
    metadata,
    Column("row", BigInteger, primary_key=True, autoincrement=False),
    Column("endpoint_id", Key, ForeignKey("endpoints.id", ondelete="CASCADE"), nullable=False),
    Column("account_id", Key, nullable=False),
    Column("slot", Key, nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("head", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("first_failed_at", Double),
    Column("due_at", Double),
    Column("holder", Key),
    Column("lease_until", Double),
    Column("fence", BigInteger, nullable=False),
)
Index("uq_lanes_key", lanes.c.endpoint_id, lanes.c.account_id, lanes.c.slot, unique=True)
#: Idle lanes, which are owed nothing, are in neither.
Index(
    "ix_lanes_endpoint_id_due_at",
    lanes.c.endpoint_id,
    lanes.c.due_at,
    sqlite_where=lanes.c.due_at.is_not(None),
    postgresql_where=lanes.c.due_at.is_not(None),
)
Index(
    "ix_lanes_cursor",
    lanes.c.cursor,
    sqlite_where=lanes.c.due_at.is_not(None),
    postgresql_where=lanes.c.due_at.is_not(None),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Key, primary_key=True),
    Column("endpoint_id", Key, ForeignKey("endpoints.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", Key, nullable=False),
    Column("event_type", Words, nullable=False),
    Column("account_id", Key),
    Column("position", BigInteger),
    Column("kind", Words, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("status", Integer),
    Column("error", Words),
    Column("blocked_by", Words),
    Column("body", Words, nullable=False),
    Column("retry_after", Double),
    Column("next_attempt_at", Double),
)
Index("ix_deliveries_endpoint_id_at_id", deliveries.c.endpoint_id, deliveries.c.at, deliveries.c.id)
Index("ix_deliveries_endpoint_id_event_id", deliveries.c.endpoint_id, deliveries.c.event_id)
Index("ix_deliveries_at", deliveries.c.at)

#: One row: how far the log was routed to lanes, and a number that grows with every change of an endpoint.
router = Table(
    "webhook_router",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
)
