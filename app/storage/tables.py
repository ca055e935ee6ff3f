"""The tables. Times are Unix seconds as floats, JSON is text.

An unset tenant is NULL and counts as one tenant: a partial unique index covers what a unique constraint, for which
every NULL differs, leaves open. A mailbox name may be longer than an index of PostgreSQL takes; its digest is unique.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from app.domain.errors import InvalidRequest
from app.storage import limits


def is_key(value: str) -> bool:
    """Whether the value can be in a `Key` column at all: a finder asked for another one has found nothing."""
    return _is_text(value) and len(value.encode()) <= limits.KEY_BYTES


def _is_text(value: str) -> bool:
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


class Words(TypeDecorator[str]):
    """Text that both engines can hold: PostgreSQL has no NUL, UTF-8 no half of a surrogate pair."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy's)
        """Raise InvalidRequest for what cannot be held."""
        if value is not None and not _is_text(value):
            raise InvalidRequest("A value holds a character that cannot be stored (NUL or half a surrogate pair).")
        return value


class Key(Words):
    """Words that an index holds: bounded, and compared byte by byte, so that pages have one order on both engines."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Say so to PostgreSQL, which would else follow the database's locale."""
        return TEXT(collation="C") if dialect.name == "postgresql" else dialect.type_descriptor(Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Raise InvalidRequest for what cannot be held, or not in an index."""
        value = super().process_bind_param(value, dialect)
        if value is not None and len(value.encode()) > limits.KEY_BYTES:
            raise InvalidRequest(f"An id, tenant or other key is longer than {limits.KEY_BYTES} bytes.")
        return value


class MailboxName(TypeDecorator[str]):
    """A mailbox name as its server gave it: any code point and any length, hence bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 (SQLAlchemy's)
        """Encode, half surrogate pairs too."""
        return None if value is None else value.encode("utf-8", "surrogatepass")

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy's)
        """Decode what was encoded."""
        return None if value is None else value.decode("utf-8", "surrogatepass")


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

meta = Table(
    "meta",
    metadata,
    Column("key", Key, primary_key=True),
    Column("value", Words, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("external_id", Key),
    Column("tenant", Key),
    Column("email", Words),
    Column("metadata", Words, nullable=False),
    Column("protocol", Words, nullable=False),
    Column("host", Words, nullable=False),
    Column("port", Integer, nullable=False),
    Column("security", Words, nullable=False),
    Column("username", Words, nullable=False),
    Column("ca_pem", Words),
    Column("auth_type", Words, nullable=False),
    Column("auth_expires_at", Double),
    Column("state", Key, nullable=False),
    Column("reason", Words),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("event_sequence", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("tenant", "external_id"),
)
Index(
    "uq_accounts_external_id_no_tenant",
    accounts.c.external_id,
    unique=True,
    sqlite_where=accounts.c.tenant.is_(None),
    postgresql_where=accounts.c.tenant.is_(None),
)
Index("ix_accounts_tenant_id", accounts.c.tenant, accounts.c.id)
Index("ix_accounts_state", accounts.c.state)

account_secrets = Table(
    "account_secrets",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", Key, nullable=False, index=True),
    Column("sealed_at", Double, nullable=False),
)

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("row", BigInteger, primary_key=True, autoincrement=False),
    Column("account_id", Key, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("name", MailboxName, nullable=False),
    Column("name_digest", Key, nullable=False),
    Column("uidvalidity", BigInteger),
    Column("server_id", Key),
    UniqueConstraint("account_id", "name_digest"),
)
Index(
    "uq_mailboxes_account_id_server_id",
    mailboxes.c.account_id,
    mailboxes.c.server_id,
    unique=True,
    sqlite_where=mailboxes.c.server_id.is_not(None),
    postgresql_where=mailboxes.c.server_id.is_not(None),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Words, nullable=False),
    Column("scopes", Words, nullable=False),
    Column("accounts", Words),
    Column("tenant", Key),
    Column("requests_per_minute", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    Column("created_by", Words),
    Column("secret_hash", LargeBinary, nullable=False),
)
Index("ix_tokens_tenant_id", tokens.c.tenant, tokens.c.id)

idempotency = Table(
    "idempotency",
    metadata,
    Column("token_id", Key, primary_key=True),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
    Column("sealed", LargeBinary),
    Column("key_id", Key, index=True),
)

moved_messages = Table(
    "moved_messages",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("mailbox", BigInteger, primary_key=True, autoincrement=False),
    Column("uidvalidity", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", BigInteger, primary_key=True, autoincrement=False),
    Column("new_mailbox", BigInteger, nullable=False),
    Column("new_uidvalidity", BigInteger, nullable=False),
    Column("new_uid", BigInteger, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
)
Index("ix_moved_messages_account_id_expires_at", moved_messages.c.account_id, moved_messages.c.expires_at)
log_head = Table(
    "log_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("floor", BigInteger, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Key, nullable=False, unique=True),
    Column("type", Key, nullable=False),
    Column("account_id", Key, ForeignKey("accounts.id", ondelete="CASCADE")),
    Column("external_id", Key),
    Column("tenant", Key),
    Column("sequence", BigInteger, nullable=False),
    Column("timestamp", Double, nullable=False),
    Column("mutation_id", Words),
    Column("data", LargeBinary, nullable=False),
)
Index("ix_events_account_id_position", events.c.account_id, events.c.position)
Index("ix_events_tenant_position", events.c.tenant, events.c.position)

watches = Table(
    "watches",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("begun_at", Double),
    Column("synced_at", Double),
    Column("how", Key),
)

# Rows of their own beside `mailboxes`: what a list has dropped already must still be told as deleted.
mailbox_snapshots = Table(
    "mailbox_snapshots",
    metadata,
    Column("mailbox", BigInteger, primary_key=True, autoincrement=False),
    Column("account_id", Key, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", MailboxName, nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("role", Key),
    Column("depth", Key, nullable=False),
    Column("uidvalidity", BigInteger),
    Column("uidnext", BigInteger),
    Column("modseq", BigInteger),
    Column("total", BigInteger),
    Column("unread", BigInteger),
    Column("known", BigInteger, nullable=False),
    Column("is_scanned", Boolean, nullable=False),
    Column("revision", BigInteger, nullable=False),
)

snapshot_chunks = Table(
    "snapshot_chunks",
    metadata,
    Column("mailbox", BigInteger, ForeignKey("mailbox_snapshots.mailbox", ondelete="CASCADE"), primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)
