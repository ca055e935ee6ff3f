"""Accounts, tokens and principals as tests need them."""

from dataclasses import replace
from typing import Any

from app.domain.access import Principal, Scope
from app.domain.account import (
    AccessToken,
    Account,
    AccountState,
    Credentials,
    IncomingServer,
    MailProtocol,
    Password,
    Security,
)
from app.domain.ids import AccountId, TokenId, new_id
from app.domain.ports import TokenRecord

SECRET = "correct horse battery staple"
PASSWORD: Credentials = Password(SECRET)
ACCESS_TOKEN: Credentials = AccessToken("ya29.a-token-nobody-may-read", 1_800_003_600.5)


def an_account(**changes: Any) -> Account:
    """An account with a fresh id; `changes` are fields."""
    account = Account(
        id=AccountId(new_id("acc")),
        external_id=None,
        tenant=None,
        email="ada@example.org",
        metadata={"plan": "gold", "ключ": "значение"},
        incoming=IncomingServer(MailProtocol.IMAP, "imap.example.org", 993, Security.TLS, "ada", "-----BEGIN"),
        auth_type="password",
        auth_expires_at=None,
        state=AccountState.PENDING,
        reason=None,
        created_at=1_800_000_000.125,
        updated_at=1_800_000_000.25,
        revision=1,
    )
    return replace(account, **changes)


def a_principal(*, accounts: frozenset[AccountId] | None = None, tenant: str | None = None) -> Principal:
    """An administrator, but for what is given."""
    return Principal(TokenId(new_id("tok")), "test", frozenset({Scope.ADMIN}), accounts, tenant, None, 6000)


ADMIN = a_principal()


def a_token(**changes: Any) -> TokenRecord:
    """A token with a fresh id; `changes` are fields."""
    record = TokenRecord(
        id=TokenId(new_id("tok")),
        name="phone",
        scopes=("mail.meta.read", "mail.body.read"),
        accounts=None,
        tenant=None,
        requests_per_minute=600,
        created_at=1_800_000_000.125,
        expires_at=1_800_086_400.0,
        revoked_at=None,
        created_by=None,
    )
    return replace(record, **changes)
