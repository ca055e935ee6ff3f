"""The tables of maildrops. Bytes of facts are MessagePack of `SummaryFacts`, none while the header is not read."""

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, LargeBinary, Table

from app.storage.tables import Key, Words, metadata

maildrops = Table(
    "maildrops",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("next_uid", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("identity", Words, nullable=False),
    Column("looked_at", Double, nullable=False),
    Column("unread", Integer, nullable=False),
)

maildrop_messages = Table(
    "maildrop_messages",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", BigInteger, primary_key=True, autoincrement=False),
    Column("uidl", LargeBinary),
    Column("fingerprint", Words, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("flags", Words, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("gone_at", Double),
    Column("facts", LargeBinary),
)
Index("ix_maildrop_messages_gone_at", maildrop_messages.c.gone_at)
