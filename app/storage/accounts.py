"""Accounts at rest, their credentials sealed."""

from sqlalchemy import ColumnElement, and_, delete, func, insert, not_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.access import Principal
from app.domain.account import Account, AccountState, ConnectPlan, Credentials, StateReason
from app.domain.errors import Conflict, NotFound
from app.domain.ids import AccountId
from app.domain.ports import AccountFilter, Clock
from app.security.vault import Vault
from app.storage.account_rows import (
    account_from,
    account_values,
    credentials_from,
    incoming_from,
    plain_credentials,
    reason_text,
)
from app.storage.dialect import Condition, condition, upsert
from app.storage.engine import Database
from app.storage.maildrop_tables import maildrop_messages, maildrops
from app.storage.pages import page_size
from app.storage.rotation import reseal_credentials, secret_place
from app.storage.tables import account_secrets, accounts, is_key, mailboxes, watches
from app.storage.unit import read, write

_TAKEN = "An account with this external id exists already."


class SqlAccountStore:
    """Implements `app.domain.ports.AccountStore`; every method raises StorageUnavailable besides what is said there.

    The state is written apart from the rest: `set_state` leaves the revision as it is.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        """Take an open database, what seals credentials, and the time (told when a secret was sealed)."""
        self._database = database
        self._vault = vault
        self._clock = clock

    async def add(self, account: Account, credentials: Credentials) -> None:
        """Insert. Raises Conflict when (tenant, external_id) is taken."""
        try:
            async with write(self._database) as connection:
                await connection.execute(insert(accounts).values(account_values(account)))
                await self._write_secret(connection, account.id, credentials)
        except IntegrityError as error:
            raise _conflict(error) from error

    async def get(self, principal: Principal, account_id: str) -> Account:
        """Find one. Raises NotFound."""
        if not is_key(account_id):
            raise NotFound("No such account.")
        statement = select(accounts).where(accounts.c.id == account_id, *_within(principal))
        async with read(self._database) as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            raise NotFound("No such account.")
        return account_from(row)

    async def by_external_id(self, principal: Principal, tenant: str | None, external_id: str) -> Account | None:
        """Find one by the caller's own id within a tenant (None is the accounts without one)."""
        if not is_key(external_id) or (tenant is not None and not is_key(tenant)):
            return None
        statement = select(accounts).where(
            accounts.c.tenant.is_(None) if tenant is None else accounts.c.tenant == tenant,
            accounts.c.external_id == external_id,
            *_within(principal),
        )
        async with read(self._database) as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else account_from(row)

    async def list(
        self, principal: Principal, where: AccountFilter, limit: int, after: AccountId | None
    ) -> tuple[Account, ...]:
        """List by id, those after `after`; at most `limits.PAGE` at once."""
        wanted: dict[str, str | None] = {
            "external_id": where.external_id,
            "tenant": where.tenant,
            "state": where.state.value if where.state is not None else None,
            "id": after,
        }
        given = {name: value for name, value in wanted.items() if value is not None}
        if not all(is_key(value) for value in given.values()):
            return ()
        conditions = [
            accounts.c.id > value if name == "id" else accounts.c[name] == value for name, value in given.items()
        ]
        statement = (
            select(accounts).where(*conditions, *_within(principal)).order_by(accounts.c.id).limit(page_size(limit))
        )
        async with read(self._database) as connection:
            rows = (await connection.execute(statement)).all()
        return tuple(account_from(row) for row in rows)

    async def replace(self, account: Account, credentials: Credentials | None) -> None:
        """Write all fields, and the credentials if given. Raises Conflict when it was changed or erased meanwhile.

        With another server or user name the mailboxes are others, whatever their names: their rows go, so that no
        old id comes to mean a new message. Their snapshots stay until the next look tells that they are gone.
        """
        server = account.incoming
        same_login = (
            accounts.c.host == server.host,
            accounts.c.port == server.port,
            accounts.c.username == server.username,
        )
        moved = select(accounts.c.id).where(accounts.c.id == account.id, not_(and_(*same_login)))
        values = account_values(account) | {"revision": account.revision + 1}
        statement = (
            update(accounts)
            .where(accounts.c.id == account.id, accounts.c.revision == account.revision)
            .values({name: value for name, value in values.items() if name != "id"})
        )
        try:
            async with write(self._database) as connection:
                for table in (mailboxes, watches, maildrops, maildrop_messages):
                    await connection.execute(delete(table).where(table.c.account_id.in_(moved)))
                if (await connection.execute(statement)).rowcount != 1:
                    raise Conflict("The account was changed meanwhile. Read it again and retry.")
                if credentials is not None:
                    await self._write_secret(connection, account.id, credentials)
        except IntegrityError as error:
            raise _conflict(error) from error

    async def set_state(self, account_id: AccountId, state: AccountState, reason: StateReason | None) -> bool:
        """Write the state alone, unless the account is paused or gone; tells whether it was written."""
        statement = (
            update(accounts)
            .where(accounts.c.id == account_id, accounts.c.state != AccountState.PAUSED.value)
            .values(state=state.value, reason=reason_text(reason))
        )
        async with write(self._database) as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def remove(self, account_id: AccountId) -> None:
        """Erase the account; its secret and its mailboxes go with it, by their foreign keys."""
        async with write(self._database) as connection:
            await connection.execute(delete(accounts).where(accounts.c.id == account_id))

    async def plan(self, account_id: AccountId) -> tuple[ConnectPlan, AccountState]:
        """Decrypt what is needed to log in. Raises NotFound; KeyringError when the key is not there any more."""
        statement = (
            select(accounts, account_secrets.c.sealed)
            .join(account_secrets, account_secrets.c.account_id == accounts.c.id)
            .where(accounts.c.id == account_id)
        )
        async with read(self._database) as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            raise NotFound("No such account.")
        credentials = credentials_from(self._vault.open(row.sealed, secret_place(account_id)))
        return ConnectPlan(account_id, incoming_from(row), credentials), AccountState(row.state)

    async def count_by_state(self) -> dict[AccountState, int]:
        """Count accounts by state; every state is there, with 0 too."""
        statement = select(accounts.c.state, func.count()).group_by(accounts.c.state)
        async with read(self._database) as connection:
            counts: dict[str, int] = dict((await connection.execute(statement)).all())
        return {state: counts.get(state.value, 0) for state in AccountState}

    async def rotate_secrets(self, batch: int = 100) -> int:
        """Seal with the current key what another one sealed, `batch` a transaction; tells how many that were.

        Credentials that change meanwhile are left as their writer sealed them.
        """
        return await reseal_credentials(self._database, self._vault, self._clock, batch)

    async def _write_secret(self, connection: AsyncConnection, account_id: AccountId, credentials: Credentials) -> None:
        sealed = self._vault.seal(plain_credentials(credentials), secret_place(account_id))
        row = {
            "account_id": account_id,
            "sealed": sealed,
            "key_id": self._vault.key_id(sealed),
            "sealed_at": self._clock.now(),
        }
        await connection.execute(upsert(connection, account_secrets, [row], keys=["account_id"]))


def _within(principal: Principal) -> list[ColumnElement[bool]]:
    """The principal's reach, as conditions every finder adds: what is out of reach is never read."""
    conditions: list[ColumnElement[bool]] = []
    if principal.accounts is not None:
        conditions.append(accounts.c.id.in_(sorted(principal.accounts)))
    if principal.tenant is not None:
        conditions.append(accounts.c.tenant == principal.tenant)
    return conditions


def _conflict(error: IntegrityError) -> Exception:
    return Conflict(_TAKEN) if condition(error) is Condition.DUPLICATE else error
