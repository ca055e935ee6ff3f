"""Webhook endpoints with their secrets, lanes and deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the tables of webhooks."""
    _endpoints()
    _lanes()
    _deliveries()
    op.create_table(
        "webhook_router",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_router"),
    )


def _endpoints() -> None:
    op.create_table(
        "endpoints",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("accounts", sa.Text),
        sa.Column("tenant", _KEY),
        sa.Column("mailboxes", sa.Text),
        sa.Column("types", sa.Text),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("ordering", sa.Text, nullable=False),
        sa.Column("hold_for", sa.Double, nullable=False),
        sa.Column("concurrency", sa.Integer, nullable=False),
        sa.Column("rate", sa.Double),
        sa.Column("state", _KEY, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("failing_since", sa.Double),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("suspect", sa.Text),
        sa.Column("is_down", sa.Boolean, nullable=False),
        sa.Column("looks", sa.Integer, nullable=False),
        sa.Column("is_reached", sa.Boolean, nullable=False),
        sa.Column("look_at", sa.Double),
        sa.Column("looked_at", sa.Double),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_endpoints"),
    )
    op.create_index("ix_endpoints_tenant_id", "endpoints", ["tenant", "id"])
    op.create_table(
        "endpoint_secrets",
        sa.Column("endpoint_id", _KEY, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("key_id", _KEY, nullable=False),
        sa.PrimaryKeyConstraint("endpoint_id", name="pk_endpoint_secrets"),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name="fk_endpoint_secrets_endpoint_id_endpoints", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_endpoint_secrets_key_id", "endpoint_secrets", ["key_id"])


def _lanes() -> None:
    op.create_table(
        "lanes",
        sa.Column("row", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("endpoint_id", _KEY, nullable=False),
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("slot", _KEY, nullable=False),
        sa.Column("cursor", sa.BigInteger, nullable=False),
        sa.Column("head", sa.BigInteger, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("first_failed_at", sa.Double),
        sa.Column("due_at", sa.Double),
        sa.Column("holder", _KEY),
        sa.Column("lease_until", sa.Double),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_lanes"),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name="fk_lanes_endpoint_id_endpoints", ondelete="CASCADE"
        ),
    )
    op.create_index("uq_lanes_key", "lanes", ["endpoint_id", "account_id", "slot"], unique=True)
    is_owed = sa.text("due_at IS NOT NULL")
    for name, columns in (
        ("ix_lanes_endpoint_id_due_at", ["endpoint_id", "due_at"]),
        ("ix_lanes_cursor", ["cursor"]),
    ):
        op.create_index(name, "lanes", columns, sqlite_where=is_owed, postgresql_where=is_owed)


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("endpoint_id", _KEY, nullable=False),
        sa.Column("event_id", _KEY, nullable=False),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("account_id", _KEY),
        sa.Column("position", sa.BigInteger),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.Text),
        sa.Column("blocked_by", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("retry_after", sa.Double),
        sa.Column("next_attempt_at", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name="fk_deliveries_endpoint_id_endpoints", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_deliveries_endpoint_id_at_id", "deliveries", ["endpoint_id", "at", "id"])
    op.create_index("ix_deliveries_endpoint_id_event_id", "deliveries", ["endpoint_id", "event_id"])
    op.create_index("ix_deliveries_at", "deliveries", ["at"])
