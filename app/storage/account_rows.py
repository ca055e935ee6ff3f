"""Accounts and credentials as columns, and back."""

from typing import Any, Literal

import msgspec
from sqlalchemy import Row

from app.domain.account import (
    AccessToken,
    Account,
    AccountState,
    Credentials,
    IncomingServer,
    MailProtocol,
    Password,
    Security,
    StateReason,
)
from app.domain.ids import AccountId


class _Plain(msgspec.Struct, omit_defaults=True):
    """Credentials as they are sealed; every type in one shape, told apart by `type`."""

    type: Literal["password", "access_token"]
    secret: str
    expires_at: float | None = None

    def __repr__(self) -> str:
        return f"_Plain(type={self.type!r})"


_plain_decoder = msgspec.json.Decoder(_Plain)
_metadata_decoder = msgspec.json.Decoder(dict[str, str])
_reason_decoder = msgspec.json.Decoder(StateReason)


def account_values(account: Account) -> dict[str, Any]:
    """Spell an account as its columns."""
    incoming = account.incoming
    return {
        "id": account.id,
        "external_id": account.external_id,
        "tenant": account.tenant,
        "email": account.email,
        "metadata": msgspec.json.encode(dict(account.metadata)).decode(),
        "protocol": incoming.protocol.value,
        "host": incoming.host,
        "port": incoming.port,
        "security": incoming.security.value,
        "username": incoming.username,
        "ca_pem": incoming.ca_pem,
        "auth_type": account.auth_type,
        "auth_expires_at": account.auth_expires_at,
        "state": account.state.value,
        "reason": reason_text(account.reason),
        "created_at": account.created_at,
        "updated_at": account.updated_at,
        "revision": account.revision,
    }


def account_from(row: Row[Any]) -> Account:
    """Read an account from its columns."""
    return Account(
        id=AccountId(row.id),
        external_id=row.external_id,
        tenant=row.tenant,
        email=row.email,
        metadata=_metadata_decoder.decode(row.metadata),
        incoming=incoming_from(row),
        auth_type=row.auth_type,
        auth_expires_at=row.auth_expires_at,
        state=AccountState(row.state),
        reason=None if row.reason is None else _reason_decoder.decode(row.reason),
        created_at=row.created_at,
        updated_at=row.updated_at,
        revision=row.revision,
    )


def incoming_from(row: Row[Any]) -> IncomingServer:
    """Read the incoming server from an account's columns."""
    return IncomingServer(
        protocol=MailProtocol(row.protocol),
        host=row.host,
        port=row.port,
        security=Security(row.security),
        username=row.username,
        ca_pem=row.ca_pem,
    )


def reason_text(reason: StateReason | None) -> str | None:
    """Spell a reason as JSON."""
    return None if reason is None else msgspec.json.encode(reason).decode()


def plain_credentials(credentials: Credentials) -> bytes:
    """Spell credentials as the bytes to be sealed."""
    match credentials:
        case Password(password):
            return msgspec.json.encode(_Plain("password", password))
        case AccessToken(token, expires_at):
            return msgspec.json.encode(_Plain("access_token", token, expires_at))


def credentials_from(plain: bytes) -> Credentials:
    """Read credentials from what was sealed."""
    found = _plain_decoder.decode(plain)
    if found.type == "password":
        return Password(found.secret)
    return AccessToken(found.secret, found.expires_at)
