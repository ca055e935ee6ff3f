"""Maildrops: what POP3 cannot keep."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "maildrops",
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("uidvalidity", sa.BigInteger, nullable=False),
        sa.Column("next_uid", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("looked_at", sa.Double, nullable=False),
        sa.Column("unread", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_maildrops"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_maildrops_account_id_accounts", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "maildrop_messages",
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("uid", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("uidl", sa.LargeBinary),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("flags", sa.Text, nullable=False),
        sa.Column("missed", sa.Integer, nullable=False),
        sa.Column("gone_at", sa.Double),
        sa.Column("facts", sa.LargeBinary),
        sa.PrimaryKeyConstraint("account_id", "uid", name="pk_maildrop_messages"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_maildrop_messages_account_id_accounts", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_maildrop_messages_gone_at", "maildrop_messages", ["gone_at"])
