"""The event log, and snapshots of mailboxes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the tables of changes."""
    op.add_column("accounts", sa.Column("event_sequence", sa.BigInteger, nullable=False, server_default="0"))
    op.create_table(
        "log_head",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("floor", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_head"),
    )
    _events()
    op.create_table(
        "watches",
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("begun_at", sa.Double),
        sa.Column("synced_at", sa.Double),
        sa.Column("how", _KEY),
        sa.PrimaryKeyConstraint("account_id", name="pk_watches"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_watches_account_id_accounts", ondelete="CASCADE"
        ),
    )
    _snapshots()


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("position", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("id", _KEY, nullable=False),
        sa.Column("type", _KEY, nullable=False),
        sa.Column("account_id", _KEY),
        sa.Column("external_id", _KEY),
        sa.Column("tenant", _KEY),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("timestamp", sa.Double, nullable=False),
        sa.Column("mutation_id", sa.Text),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_events"),
        sa.UniqueConstraint("id", name="uq_events_id"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_events_account_id_accounts", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_events_account_id_position", "events", ["account_id", "position"])
    op.create_index("ix_events_tenant_position", "events", ["tenant", "position"])


def _snapshots() -> None:
    op.create_table(
        "mailbox_snapshots",
        sa.Column("mailbox", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("role", _KEY),
        sa.Column("depth", _KEY, nullable=False),
        sa.Column("uidvalidity", sa.BigInteger),
        sa.Column("uidnext", sa.BigInteger),
        sa.Column("modseq", sa.BigInteger),
        sa.Column("total", sa.BigInteger),
        sa.Column("unread", sa.BigInteger),
        sa.Column("known", sa.BigInteger, nullable=False),
        sa.Column("is_scanned", sa.Boolean, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name="pk_mailbox_snapshots"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_mailbox_snapshots_account_id_accounts", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_mailbox_snapshots_account_id", "mailbox_snapshots", ["account_id"])
    op.create_table(
        "snapshot_chunks",
        sa.Column("mailbox", sa.BigInteger, nullable=False),
        sa.Column("first", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "first", name="pk_snapshot_chunks"),
        sa.ForeignKeyConstraint(
            ["mailbox"],
            ["mailbox_snapshots.mailbox"],
            name="fk_snapshot_chunks_mailbox_mailbox_snapshots",
            ondelete="CASCADE",
        ),
    )
