"""Small stand-ins for the ports of accounts and access, and people who call."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

from app.domain.access import Principal, Scope
from app.domain.account import (
    Account,
    AccountState,
    ConnectPlan,
    Credentials,
    IncomingServer,
    MailProtocol,
    Password,
    Security,
    StateReason,
)
from app.domain.capabilities import Capabilities, CheckReport, CheckStep
from app.domain.errors import Conflict, MailhatchError, NotFound
from app.domain.ids import AccountId, TokenId, new_id
from app.domain.ports import AccountFilter, NewAccount, TokenRecord

EVERYTHING = frozenset(Scope) - {Scope.ADMIN}
SECRET = "korrekt-pferd-9"


def caller(
    name: str = "caller",
    scopes: frozenset[Scope] = EVERYTHING,
    accounts: Sequence[str] | None = None,
    tenant: str | None = None,
    expires_at: float | None = None,
    rate: int = 600,
) -> Principal:
    reach = None if accounts is None else frozenset(AccountId(one) for one in accounts)
    return Principal(TokenId(f"{name}0000"), name, scopes, reach, tenant, expires_at, rate)


ADMIN = caller("admin", frozenset({Scope.ADMIN}))


def server(
    host: str = "imap.example.com", port: int = 993, security: Security = Security.TLS, username: str = "ann"
) -> IncomingServer:
    return IncomingServer(MailProtocol.IMAP, host, port, security, username)


def new_account(
    external_id: str | None = None,
    tenant: str | None = None,
    email: str | None = "ann@example.com",
    metadata: dict[str, str] | None = None,
    incoming: IncomingServer | None = None,
    credentials: Credentials | None = None,
) -> NewAccount:
    return NewAccount(external_id, tenant, email, metadata or {}, incoming or server(), credentials or Password(SECRET))


def stored_account(
    account_id: str | None = None, state: AccountState = AccountState.PENDING, tenant: str | None = None
) -> Account:
    return Account(
        id=AccountId(account_id or new_id("acc")),
        external_id=None,
        tenant=tenant,
        email=None,
        metadata={},
        incoming=server(),
        auth_type="password",
        auth_expires_at=None,
        state=state,
        reason=None,
        created_at=1_800_000_000.0,
        updated_at=1_800_000_000.0,
        revision=1,
    )


class MemoryAccounts:
    """AccountStore in memory. `written` counts state writes; `broken` makes them fail."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[Account, Credentials]] = {}
        self.reads = 0
        self.states_written = 0
        self.broken: Exception | None = None

    async def add(self, account: Account, credentials: Credentials) -> None:
        await asyncio.sleep(0)
        self._refuse_taken(account)
        self.rows[account.id] = (account, credentials)

    async def get(self, principal: Principal, account_id: str) -> Account:
        self.reads += 1
        await asyncio.sleep(0)
        found = self.rows.get(account_id)
        if found is None or not principal.reaches(found[0].id, found[0].tenant):
            raise NotFound("No such account.")
        return found[0]

    async def by_external_id(self, principal: Principal, tenant: str | None, external_id: str) -> Account | None:
        await asyncio.sleep(0)
        for account, _ in self.rows.values():
            if (account.tenant, account.external_id) == (tenant, external_id):
                return account if principal.reaches(account.id, account.tenant) else None
        return None

    async def list(
        self, principal: Principal, where: AccountFilter, limit: int, after: AccountId | None
    ) -> tuple[Account, ...]:
        found = [
            account
            for account, _ in self.rows.values()
            if principal.reaches(account.id, account.tenant)
            and (after is None or account.id > after)
            and where.external_id in {None, account.external_id}
            and where.tenant in {None, account.tenant}
            and where.state in {None, account.state}
        ]
        return tuple(sorted(found, key=lambda account: account.id)[:limit])

    async def replace(self, account: Account, credentials: Credentials | None) -> None:
        await asyncio.sleep(0)
        old, kept = self.rows.get(account.id, (None, None))
        if old is None or kept is None or old.revision != account.revision:
            raise Conflict("Changed meanwhile.")
        self._refuse_taken(account)
        self.rows[account.id] = (replace(account, revision=account.revision + 1), credentials or kept)

    async def set_state(self, account_id: AccountId, state: AccountState, reason: StateReason | None) -> bool:
        await asyncio.sleep(0)
        if self.broken:
            raise self.broken
        if account_id not in self.rows or self.rows[account_id][0].state is AccountState.PAUSED:
            return False
        account, credentials = self.rows[account_id]
        self.rows[account_id] = (replace(account, state=state, reason=reason), credentials)
        self.states_written += 1
        return True

    async def remove(self, account_id: AccountId) -> None:
        self.rows.pop(account_id, None)

    async def plan(self, account_id: AccountId) -> tuple[ConnectPlan, AccountState]:
        await asyncio.sleep(0)
        if account_id not in self.rows:
            raise NotFound("No such account.")
        account, credentials = self.rows[account_id]
        return ConnectPlan(account.id, account.incoming, credentials), account.state

    async def count_by_state(self) -> dict[AccountState, int]:
        return {}

    def _refuse_taken(self, new: Account) -> None:
        for account, _ in self.rows.values():
            same = (account.tenant, account.external_id) == (new.tenant, new.external_id)
            if same and new.external_id is not None and account.id != new.id:
                raise Conflict("The external id is taken.")


class MemoryTokens:
    """TokenStore in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[TokenRecord, bytes]] = {}
        self.finds = 0
        self.hold: asyncio.Event | None = None

    async def add(self, record: TokenRecord, secret_hash: bytes) -> None:
        if record.id in self.rows:
            raise Conflict("Taken.")
        self.rows[record.id] = (record, secret_hash)

    async def find(self, token_id: str) -> tuple[TokenRecord, bytes] | None:
        self.finds += 1
        found = self.rows.get(token_id)
        if self.hold:
            await self.hold.wait()
        return found

    async def list(self, limit: int, after: TokenId | None, tenant: str | None) -> tuple[TokenRecord, ...]:
        found = [
            record
            for record, _ in self.rows.values()
            if (after is None or record.id > after) and tenant in {None, record.tenant}
        ]
        return tuple(sorted(found, key=lambda record: record.id)[:limit])

    async def revoke(self, token_id: TokenId, at: float) -> bool:
        record, secret_hash = self.rows[token_id]
        if record.revoked_at is not None:
            return False
        self.rows[token_id] = (replace(record, revoked_at=at), secret_hash)
        return True


@dataclass
class FakeGateway:
    """The part of MailGateway that accounts use; hosts in `refusing` fail with their error."""

    refusing: dict[str, MailhatchError] = field(default_factory=dict)
    checked: list[ConnectPlan] = field(default_factory=list)
    connected: list[AccountId] = field(default_factory=list)
    forgotten: list[AccountId] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def check(self, plan: ConnectPlan, timeout: float) -> CheckReport:
        self.checked.append(plan)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        error = self.refusing.get(plan.incoming.host)
        resolved = CheckStep("resolved", True, 0.001, "192.0.2.1")
        if error is None:
            return CheckReport(True, (resolved, CheckStep("login", True, 0.002, "Logged in.")))
        return CheckReport(False, (resolved, CheckStep("login", False, 0.002, error.detail, error.code)))

    async def capabilities(self, account_id: AccountId, timeout: float) -> Capabilities:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        self.connected.append(account_id)
        return Capabilities("imap", ("IMAP4REV1",), {})

    async def forget(self, account_id: AccountId) -> None:
        self.forgotten.append(account_id)

    async def mailboxes(self, *_: object) -> NoReturn:
        raise AssertionError("accounts read no mail")

    page = message = structure = sections = mailboxes

    def stream(self, *_: object) -> AsyncIterator[bytes]:
        raise AssertionError("accounts read no mail")
