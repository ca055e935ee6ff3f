"""New ids of moved messages at rest."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import delete, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.edits import MovedMessage
from app.domain.ids import AccountId, MessageKey, Uid
from app.storage import limits
from app.storage.dialect import Condition, condition, upsert_each
from app.storage.engine import Database
from app.storage.tables import moved_messages
from app.storage.unit import read, repeat, write

_KEYS = ("account_id", "mailbox", "uidvalidity", "uid")
#: A made-up id may hold a larger one; no row has it.
_ROWS = 2**63


class SqlMovedMessageStore:
    """Implements `app.domain.ports.MovedMessageStore`; every method raises StorageUnavailable too.

    What was recorded is kept for `limits.MOVED_KEPT` seconds, of one account at most the newest `limits.MOVED_ROWS`.
    """

    def __init__(self, database: Database) -> None:
        """Take an open database."""
        self._database = database

    async def record(self, account_id: AccountId, moved: Sequence[MovedMessage], now: float) -> None:
        """Remember, in one transaction; an account that is gone meanwhile needs nothing remembered."""
        rows = [
            {
                "account_id": account_id,
                "mailbox": each.old.mailbox,
                "uidvalidity": each.old.uidvalidity,
                "uid": each.old.uid,
                "new_mailbox": each.new.mailbox,
                "new_uidvalidity": each.new.uidvalidity,
                "new_uid": each.new.uid,
                "expires_at": now + limits.MOVED_KEPT,
            }
            for each in moved
        ]

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(upsert_each(connection, moved_messages, keys=_KEYS), rows)
            await _trim(connection, account_id)

        try:
            await repeat(self._database, work)
        except IntegrityError as error:
            if condition(error) is not Condition.NO_PARENT:
                raise

    async def find(
        self, account_id: AccountId, keys: Sequence[MessageKey], now: float
    ) -> Mapping[MessageKey, MessageKey]:
        """Tell where messages went, a few moves of moves followed: no message is moved in a circle, its UID is new."""
        found: dict[MessageKey, MessageKey] = {}
        wanted = {key: key for key in keys}  # where it is now as far as is known, and whose new key that is
        async with read(self._database) as connection:
            for _ in range(limits.MOVED_HOPS):
                steps = await _steps(connection, account_id, wanted, now)
                if not steps:
                    break
                wanted = {steps[place]: first for place, first in wanted.items() if place in steps}
                found |= {first: place for place, first in wanted.items()}
        return found

    async def purge(self, now: float) -> int:
        """Forget those whose time is over, a few at a time; tells how many."""
        columns = tuple(moved_messages.primary_key.columns)
        over = select(*columns).where(moved_messages.c.expires_at <= now).limit(limits.PURGE)
        statement = delete(moved_messages).where(tuple_(*columns).in_(over), moved_messages.c.expires_at <= now)
        purged = 0
        while True:
            async with write(self._database) as connection:
                deleted = (await connection.execute(statement)).rowcount
            purged += deleted
            if deleted < limits.PURGE:
                return purged


async def _trim(connection: AsyncConnection, account_id: AccountId) -> None:
    """Forget the oldest over the bound."""
    mine = moved_messages.c.account_id == account_id
    newest = select(moved_messages.c.expires_at).where(mine).order_by(moved_messages.c.expires_at.desc())
    last_kept = newest.offset(limits.MOVED_ROWS).limit(1).scalar_subquery()
    await connection.execute(delete(moved_messages).where(mine, moved_messages.c.expires_at <= last_kept))


async def _steps(
    connection: AsyncConnection, account_id: AccountId, keys: Iterable[MessageKey], now: float
) -> dict[MessageKey, MessageKey]:
    """One move further, for those that were moved."""
    table = moved_messages.c
    uids: dict[tuple[int, int], list[Uid]] = {}
    for key in keys:
        if key.mailbox < _ROWS:
            uids.setdefault((key.mailbox, key.uidvalidity), []).append(key.uid)
    steps: dict[MessageKey, MessageKey] = {}
    for (mailbox, uidvalidity), some in uids.items():
        statement = select(table.uid, table.new_mailbox, table.new_uidvalidity, table.new_uid).where(
            table.account_id == account_id,
            table.mailbox == mailbox,
            table.uidvalidity == uidvalidity,
            table.uid.in_(some),
            table.expires_at > now,
        )
        for row in await connection.execute(statement):
            old = MessageKey(mailbox, uidvalidity, Uid(row.uid))
            steps[old] = MessageKey(row.new_mailbox, row.new_uidvalidity, Uid(row.new_uid))
    return steps
