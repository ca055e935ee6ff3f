"""Mailbox rows at rest: what a mailbox id stands for."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import Text, cast, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.errors import Conflict, NotFound
from app.domain.ids import AccountId
from app.domain.ports import MailboxRow
from app.storage import limits
from app.storage.batches import batches
from app.storage.dialect import Condition, condition, upsert
from app.storage.engine import Database
from app.storage.tables import is_key, mailboxes
from app.storage.unit import read, repeat

_TAKEN = "The account's mailboxes were changed meanwhile. Read them again and retry."


class SqlMailboxStore:
    """Implements `app.domain.ports.MailboxStore`; every method raises StorageUnavailable besides what is said there.

    Names may hold whatever a server sends. A `server_id` that is no MAILBOXID of RFC 8474 is not kept.
    """

    def __init__(self, database: Database) -> None:
        """Take an open database."""
        self._database = database

    async def owner(self, row: int) -> AccountId | None:
        """Tell whose mailbox a row is; None when there is none."""
        async with read(self._database) as connection:
            found = await connection.scalar(select(mailboxes.c.account_id).where(mailboxes.c.row == row))
        return None if found is None else AccountId(found)

    async def rows(self, account_id: AccountId) -> tuple[MailboxRow, ...]:
        """All rows of the account, by number."""
        columns = (mailboxes.c.row, mailboxes.c.name, mailboxes.c.uidvalidity, mailboxes.c.server_id)
        statement = select(*columns).where(mailboxes.c.account_id == account_id).order_by(mailboxes.c.row)
        async with read(self._database) as connection:
            found = (await connection.execute(statement)).all()
        return tuple(MailboxRow(*columns) for columns in found)

    async def write(self, account_id: AccountId, rows: Sequence[MailboxRow], gone: Sequence[int]) -> None:
        """Insert or update `rows` by number and delete those in `gone`, in one transaction; names may be swapped.

        Raises Conflict when another writer took a name or a server id meanwhile, NotFound when the account is gone.
        """
        if len({row.row for row in rows}) != len(rows):
            raise Conflict(_TAKEN)

        async def work(connection: AsyncConnection) -> None:
            await self._delete(connection, account_id, gone)
            await self._park(connection, account_id, rows)
            await self._put(connection, account_id, rows)

        try:
            await repeat(self._database, work)
        except IntegrityError as error:
            match condition(error):
                case Condition.DUPLICATE:
                    raise Conflict(_TAKEN) from error
                case Condition.NO_PARENT:
                    raise NotFound("No such account.") from error
            raise

    async def _delete(self, connection: AsyncConnection, account_id: AccountId, gone: Sequence[int]) -> None:
        for numbers in batches(gone, limits.PARAMETERS):
            await connection.execute(
                delete(mailboxes).where(mailboxes.c.account_id == account_id, mailboxes.c.row.in_(numbers))
            )

    async def _park(self, connection: AsyncConnection, account_id: AccountId, rows: Sequence[MailboxRow]) -> None:
        """Free the names and server ids of the rows to be written: uniqueness is checked row by row, not at the end."""
        for numbers in batches([row.row for row in rows], limits.PARAMETERS):
            await connection.execute(
                update(mailboxes)
                .where(mailboxes.c.account_id == account_id, mailboxes.c.row.in_(numbers))
                .values(name_digest=cast(mailboxes.c.row, Text), server_id=None)
            )

    async def _put(self, connection: AsyncConnection, account_id: AccountId, rows: Sequence[MailboxRow]) -> None:
        for some in batches(rows, limits.MAILBOX_ROWS):
            values = [
                {
                    "row": row.row,
                    "account_id": account_id,
                    "name": row.name,
                    "name_digest": _digest(row.name),
                    "uidvalidity": row.uidvalidity,
                    "server_id": row.server_id if row.server_id and _is_object_id(row.server_id) else None,
                }
                for row in some
            ]
            mine = mailboxes.c.account_id == account_id
            statement = upsert(connection, mailboxes, values, keys=["row"], where=mine).returning(mailboxes.c.row)
            if len((await connection.execute(statement)).all()) != len(values):
                raise Conflict(_TAKEN)  # a row of another account has this number


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _is_object_id(value: str) -> bool:
    return len(value) <= limits.SERVER_ID and is_key(value)
