"""Maildrops at rest."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import CursorResult, Row, Select, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.edits import FlagEdit
from app.domain.errors import Conflict, NotFound
from app.domain.ids import AccountId, Uid
from app.domain.maildrop import KnownMessage, Look, MaildropHeader, MaildropRow, StoredMessage
from app.domain.message import SummaryFacts
from app.storage import limits
from app.storage.batches import batches
from app.storage.dialect import Condition, condition
from app.storage.engine import Database
from app.storage.maildrop_tables import maildrop_messages as messages
from app.storage.maildrop_tables import maildrops
from app.storage.unit import read, repeat, write

_facts = msgspec.msgpack.Decoder(SummaryFacts)
_LOOKED = "Another look into this maildrop was written meanwhile."


class SqlMaildropStore:
    """Implements `app.domain.ports.MaildropStore`; every method raises StorageUnavailable too."""

    def __init__(self, database: Database) -> None:
        """Take an open database."""
        self._database = database

    async def header(self, account_id: AccountId) -> MaildropHeader | None:
        """What is known of the maildrop; None before the first look."""
        async with read(self._database) as connection:
            row = (await connection.execute(select(maildrops).where(maildrops.c.account_id == account_id))).first()
        if row is None:
            return None
        identity: Any = row.identity
        return MaildropHeader(row.uidvalidity, row.next_uid, row.revision, identity, row.looked_at, row.unread)

    async def messages(self, account_id: AccountId) -> tuple[StoredMessage, ...]:
        """All messages and tombstones, by uid, without their facts."""
        columns = (
            messages.c.uid, messages.c.uidl, messages.c.fingerprint, messages.c.size, messages.c.missed,
            messages.c.gone_at,
        )  # fmt: skip
        statement = select(*columns).where(messages.c.account_id == account_id).order_by(messages.c.uid)
        async with read(self._database) as connection:
            found = (await connection.execute(statement)).all()
        return tuple(
            StoredMessage(
                KnownMessage(Uid(uid), None if uidl is None else uidl.decode("latin-1"), print_, size),
                missed,
                gone_at is not None,
            )
            for uid, uidl, print_, size, missed, gone_at in found
        )

    async def page(self, account_id: AccountId, before: Uid | None, limit: int) -> tuple[MaildropRow, ...]:
        """At most `limit` messages under `before`, newest first."""
        statement = _living(account_id).limit(limit)
        if before is not None:
            statement = statement.where(messages.c.uid < before)
        async with read(self._database) as connection:
            found = (await connection.execute(statement)).all()
        if len(found) <= limits.DECODED_AT_ONCE:
            return tuple(map(_row, found))
        return await asyncio.to_thread(lambda: tuple(map(_row, found)))

    async def rows(self, account_id: AccountId, uids: Sequence[Uid]) -> tuple[MaildropRow, ...]:
        """These messages, as far as they are there, newest first."""
        found: list[MaildropRow] = []
        async with read(self._database) as connection:
            for some in batches(sorted(set(uids), reverse=True), limits.PARAMETERS):
                statement = _living(account_id).where(messages.c.uid.in_(some))
                found += map(_row, (await connection.execute(statement)).all())
        return tuple(found)

    async def flags(
        self, account_id: AccountId, first: Uid, last: Uid | None
    ) -> tuple[tuple[Uid, tuple[str, ...]], ...]:
        """The flags of the messages from `first` to `last`, or to the end, ascending by uid."""
        statement = (
            select(messages.c.uid, messages.c.flags)
            .where(messages.c.account_id == account_id, messages.c.gone_at.is_(None), messages.c.uid >= first)
            .order_by(messages.c.uid)
        )
        if last is not None:
            statement = statement.where(messages.c.uid <= last)
        async with read(self._database) as connection:
            found = (await connection.execute(statement)).all()
        return tuple((Uid(uid), tuple(json.loads(flags))) for uid, flags in found)

    async def counts(self, account_id: AccountId) -> tuple[int, int]:
        """How many messages there are, and how many of them are not seen."""
        unseen = func.count().filter(messages.c.flags.not_like('%"seen"%'))
        statement = select(func.count(), unseen).where(
            messages.c.account_id == account_id, messages.c.gone_at.is_(None)
        )
        async with read(self._database) as connection:
            total, not_seen = (await connection.execute(statement)).one()
        return int(total), int(not_seen)

    async def write(self, account_id: AccountId, revision: int, uidvalidity: int, next_uid: int, look: Look) -> None:
        """Write a look in one transaction, if the maildrop is still at `revision`.

        Raises Conflict when another look was written meanwhile, NotFound when the account is gone.
        """
        values = {
            "uidvalidity": uidvalidity,
            "next_uid": next_uid,
            "revision": revision + 1,
            "identity": look.identity,
            "looked_at": look.looked_at,
            "unread": look.unread,
        }

        async def work(connection: AsyncConnection) -> None:
            if revision == 0:
                await connection.execute(insert(maildrops).values(account_id=account_id, **values))
            else:
                mine = (maildrops.c.account_id == account_id, maildrops.c.revision == revision)
                changed: CursorResult[Any] = await connection.execute(update(maildrops).where(*mine).values(**values))
                if changed.rowcount != 1:
                    raise Conflict(_LOOKED)
            await _write_messages(connection, account_id, look)

        try:
            await repeat(self._database, work)
        except IntegrityError as error:
            match condition(error):
                case Condition.DUPLICATE:
                    raise Conflict(_LOOKED) from error
                case Condition.NO_PARENT:
                    raise NotFound("No such account.") from error
            raise

    async def learn(self, account_id: AccountId, facts: SummaryFacts) -> None:
        """Overwrite a message's facts; nothing when it is gone."""
        statement = update(messages).where(messages.c.account_id == account_id, messages.c.uid == facts.uid)
        async with write(self._database) as connection:
            await connection.execute(statement.values(facts=msgspec.msgpack.encode(facts)))

    async def store_flags(
        self, account_id: AccountId, uids: Sequence[Uid], edit: FlagEdit
    ) -> dict[Uid, tuple[str, ...]]:
        """Change the flags of these messages and tell what each has then; those that are gone are left out."""

        async def work(connection: AsyncConnection) -> dict[Uid, tuple[str, ...]]:
            result: dict[Uid, tuple[str, ...]] = {}
            for some in batches(sorted(set(uids)), limits.PARAMETERS):
                # Locked, so that of two changes of one message neither is lost; SQLite has one writer anyway.
                statement = (
                    select(messages.c.uid, messages.c.flags)
                    .where(messages.c.account_id == account_id, messages.c.gone_at.is_(None), messages.c.uid.in_(some))
                    .order_by(messages.c.uid)
                    .with_for_update()
                )
                found = (await connection.execute(statement)).all()
                edited = {Uid(uid): _edited(json.loads(flags), edit) for uid, flags in found}
                await _write_flags(connection, account_id, edited, {Uid(uid): flags for uid, flags in found})
                result |= edited
            return result

        return await repeat(self._database, work)

    async def bury(self, account_id: AccountId, uids: Sequence[Uid], at: float) -> None:
        """Make tombstones of messages."""
        async with write(self._database) as connection:
            await _bury(connection, account_id, uids, at)

    async def purge(self, before: float) -> int:
        """Drop tombstones older than `before` (Unix seconds); tells how many."""
        async with write(self._database) as connection:
            return (await connection.execute(delete(messages).where(messages.c.gone_at < before))).rowcount


async def _write_messages(connection: AsyncConnection, account_id: AccountId, look: Look) -> None:
    if look.known:
        statement = (
            update(messages)
            .where(messages.c.account_id == account_id, messages.c.uid == bindparam("at"))
            .values(uidl=bindparam("u"), fingerprint=bindparam("f"), size=bindparam("s"), missed=0, gone_at=None)
        )
        known = [{"at": one.uid, "u": _uidl(one), "f": one.fingerprint, "s": one.size} for one in look.known]
        await connection.execute(statement, known)
    if look.read:
        statement = update(messages).where(messages.c.account_id == account_id, messages.c.uid == bindparam("at"))
        read_now = [{"at": facts.uid, "to": msgspec.msgpack.encode(facts)} for facts in look.read]
        await connection.execute(statement.values(facts=bindparam("to")), read_now)
    if look.new:
        await connection.execute(insert(messages), [_new(account_id, one.known, one.facts) for one in look.new])
    for some in batches(look.missed, limits.PARAMETERS):
        await connection.execute(
            update(messages)
            .where(messages.c.account_id == account_id, messages.c.uid.in_(some))
            .values(missed=messages.c.missed + 1)
        )
    await _bury(connection, account_id, look.gone, look.looked_at)


async def _bury(connection: AsyncConnection, account_id: AccountId, uids: Sequence[Uid], at: float) -> None:
    for some in batches(uids, limits.PARAMETERS):
        await connection.execute(
            update(messages)
            .where(messages.c.account_id == account_id, messages.c.uid.in_(some), messages.c.gone_at.is_(None))
            .values(gone_at=at)
        )


async def _write_flags(
    connection: AsyncConnection, account_id: AccountId, edited: dict[Uid, tuple[str, ...]], before: dict[Uid, str]
) -> None:
    changed = [{"at": uid, "to": text} for uid, flags in edited.items() if (text := json.dumps(flags)) != before[uid]]
    if changed:
        statement = update(messages).where(messages.c.account_id == account_id, messages.c.uid == bindparam("at"))
        await connection.execute(statement.values(flags=bindparam("to")), changed)


def _living(account_id: AccountId) -> Select[Any]:
    return (
        select(messages.c.uid, messages.c.flags, messages.c.size, messages.c.facts)
        .where(messages.c.account_id == account_id, messages.c.gone_at.is_(None))
        .order_by(messages.c.uid.desc())
    )


def _row(row: Row[Any]) -> MaildropRow:
    facts = None if row.facts is None else _facts.decode(row.facts)
    return MaildropRow(Uid(row.uid), tuple(json.loads(row.flags)), row.size, facts)


def _new(account_id: AccountId, known: KnownMessage, facts: SummaryFacts | None) -> dict[str, object]:
    return {
        "account_id": account_id,
        "uid": known.uid,
        "uidl": _uidl(known),
        "fingerprint": known.fingerprint,
        "size": known.size,
        "flags": "[]",
        "missed": 0,
        "gone_at": None,
        "facts": None if facts is None else msgspec.msgpack.encode(facts),
    }


def _uidl(known: KnownMessage) -> bytes | None:
    return None if known.uidl is None else known.uidl.encode("latin-1")


def _edited(flags: Iterable[str], edit: FlagEdit) -> tuple[str, ...]:
    """Flags are compared without regard to case (RFC 9051 section 2.3.2), and keep the spelling they came with."""
    removed = {name.lower() for name in edit.remove}
    kept = {name.lower(): name for name in flags if name.lower() not in removed}
    for name in edit.add:
        kept.setdefault(name.lower(), name)
    return tuple(sorted(kept.values()))
