"""Small stand-ins for the ports of accounts and access, and people who call."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
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
)
from app.domain.capabilities import Capabilities, CheckReport, CheckStep
from app.domain.errors import MailhatchError
from app.domain.ids import AccountId, TokenId, new_id
from app.domain.ports import NewAccount

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

    page = message = structure = structures = sections = many_sections = mailboxes
    store_flags = move = copy = erase = append = mailboxes
    search = matching = rows = conversations = members = mailboxes
    create_mailbox = rename_mailbox = delete_mailbox = subscribe = mailboxes

    def stream(self, *_: object) -> AsyncIterator[bytes]:
        raise AssertionError("accounts read no mail")
