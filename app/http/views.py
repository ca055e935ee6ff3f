"""Accounts and tokens as clients see them, in both faces: times as ISO 8601, auth under its server."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from app.domain.account import Account, AccountState, MailProtocol, Security
from app.domain.ports import TokenRecord


def iso(at: float) -> str:
    """Write Unix seconds as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _iso_or_none(at: float | None) -> str | None:
    return None if at is None else iso(at)


@dataclass(frozen=True, slots=True)
class AuthView:
    """How an account logs in; never with what."""

    type: Literal["password", "access_token"]
    expires_at: str | None


@dataclass(frozen=True, slots=True)
class TlsView:
    """Certificate authorities trusted for this server besides the usual."""

    ca_pem: str | None


@dataclass(frozen=True, slots=True)
class IncomingView:
    """Where the mail is."""

    protocol: MailProtocol
    host: str
    port: int
    security: Security
    username: str
    auth: AuthView
    tls: TlsView


@dataclass(frozen=True, slots=True)
class ReasonView:
    """Why the account is in its state."""

    code: str
    detail: str
    since: str
    next_attempt_at: str | None
    action: str | None


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account, without its secret."""

    id: str
    external_id: str | None
    tenant: str | None
    metadata: Mapping[str, str]
    email: str | None
    incoming: IncomingView
    state: AccountState
    reason: ReasonView | None
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, account: Account) -> "AccountView":
        """Show an account."""
        server, why = account.incoming, account.reason
        return cls(
            id=account.id,
            external_id=account.external_id,
            tenant=account.tenant,
            metadata=account.metadata,
            email=account.email,
            incoming=IncomingView(
                server.protocol,
                server.host,
                server.port,
                server.security,
                server.username,
                AuthView(account.auth_type, _iso_or_none(account.auth_expires_at)),
                TlsView(server.ca_pem),
            ),
            state=account.state,
            reason=ReasonView(why.code, why.detail, iso(why.since), _iso_or_none(why.next_attempt_at), why.action)
            if why
            else None,
            created_at=iso(account.created_at),
            updated_at=iso(account.updated_at),
        )


@dataclass(frozen=True, slots=True)
class TokenView:
    """An API token, without its secret."""

    id: str
    name: str
    scopes: list[str]
    accounts: list[str] | None
    tenant: str | None
    requests_per_minute: int
    created_at: str
    expires_at: str | None
    revoked_at: str | None

    @classmethod
    def of(cls, record: TokenRecord) -> "TokenView":
        """Show a token's record."""
        return cls(**_token_fields(record))


@dataclass(frozen=True, slots=True)
class NewTokenView(TokenView):
    """A token just made: `token` is shown this once."""

    token: str


def new_token_view(record: TokenRecord, token: str) -> NewTokenView:
    """Show a token with its secret, once."""
    return NewTokenView(**_token_fields(record), token=token)


def _token_fields(record: TokenRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "name": record.name,
        "scopes": list(record.scopes),
        "accounts": None if record.accounts is None else list(record.accounts),
        "tenant": record.tenant,
        "requests_per_minute": record.requests_per_minute,
        "created_at": iso(record.created_at),
        "expires_at": _iso_or_none(record.expires_at),
        "revoked_at": _iso_or_none(record.revoked_at),
    }
