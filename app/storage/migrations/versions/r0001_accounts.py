"""Accounts with their secrets and mailboxes, tokens, answers by Idempotency-Key, facts about the instance."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "meta",
        sa.Column("key", _KEY, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    _accounts()
    _mailboxes()
    _tokens()
    op.create_table(
        "idempotency",
        sa.Column("token_id", _KEY, nullable=False),
        sa.Column("key_hash", sa.LargeBinary, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("key_id", _KEY),
        sa.PrimaryKeyConstraint("token_id", "key_hash", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_expires_at", "idempotency", ["expires_at"])
    op.create_index("ix_idempotency_key_id", "idempotency", ["key_id"])


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("external_id", _KEY),
        sa.Column("tenant", _KEY),
        sa.Column("email", sa.Text),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("protocol", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("port", sa.Integer, nullable=False),
        sa.Column("security", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("ca_pem", sa.Text),
        sa.Column("auth_type", sa.Text, nullable=False),
        sa.Column("auth_expires_at", sa.Double),
        sa.Column("state", _KEY, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("tenant", "external_id", name="uq_accounts_tenant_external_id"),
    )
    no_tenant = sa.text("tenant IS NULL")
    op.create_index(
        "uq_accounts_external_id_no_tenant",
        "accounts",
        ["external_id"],
        unique=True,
        sqlite_where=no_tenant,
        postgresql_where=no_tenant,
    )
    op.create_index("ix_accounts_tenant_id", "accounts", ["tenant", "id"])
    op.create_index("ix_accounts_state", "accounts", ["state"])
    op.create_table(
        "account_secrets",
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("key_id", _KEY, nullable=False),
        sa.Column("sealed_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_secrets"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_account_secrets_account_id_accounts", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_account_secrets_key_id", "account_secrets", ["key_id"])


def _mailboxes() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("row", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("name_digest", _KEY, nullable=False),
        sa.Column("uidvalidity", sa.BigInteger),
        sa.Column("server_id", _KEY),
        sa.PrimaryKeyConstraint("row", name="pk_mailboxes"),
        sa.UniqueConstraint("account_id", "name_digest", name="uq_mailboxes_account_id_name_digest"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_mailboxes_account_id_accounts", ondelete="CASCADE"
        ),
    )
    with_server_id = sa.text("server_id IS NOT NULL")
    op.create_index(
        "uq_mailboxes_account_id_server_id",
        "mailboxes",
        ["account_id", "server_id"],
        unique=True,
        sqlite_where=with_server_id,
        postgresql_where=with_server_id,
    )


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("accounts", sa.Text),
        sa.Column("tenant", _KEY),
        sa.Column("requests_per_minute", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.Column("revoked_at", sa.Double),
        sa.Column("created_by", sa.Text),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
    )
    op.create_index("ix_tokens_tenant_id", "tokens", ["tenant", "id"])
