"""New ids of moved messages."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "moved_messages",
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("mailbox", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("uidvalidity", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("uid", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("new_mailbox", sa.BigInteger, nullable=False),
        sa.Column("new_uidvalidity", sa.BigInteger, nullable=False),
        sa.Column("new_uid", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "mailbox", "uidvalidity", "uid", name="pk_moved_messages"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_moved_messages_account_id_accounts", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_moved_messages_expires_at", "moved_messages", ["expires_at"])
    op.create_index("ix_moved_messages_account_id_expires_at", "moved_messages", ["account_id", "expires_at"])
