"""An account: a mail server, credentials and an owner."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from app.domain.ids import AccountId


class MailProtocol(StrEnum):
    """How the incoming server speaks."""

    IMAP = "imap"
    POP3 = "pop3"


class Security(StrEnum):
    """`tls` is implicit TLS (RFC 8314), `starttls` a required upgrade, `none` is plain and must be allowed."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


_PORTS = {
    (MailProtocol.IMAP, True): 993,
    (MailProtocol.IMAP, False): 143,
    (MailProtocol.POP3, True): 995,
    (MailProtocol.POP3, False): 110,
}


def standard_port(protocol: MailProtocol, security: Security) -> int:
    """Return the port that servers listen on unless they say otherwise (RFC 8314, RFC 9051, RFC 1939)."""
    return _PORTS[protocol, security is Security.TLS]


class AccountState(StrEnum):
    """Where an account stands; `reason` tells why."""

    PENDING = "pending"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DEGRADED = "degraded"
    AUTHENTICATION_FAILED = "authentication_failed"
    DISCONNECTED = "disconnected"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Password:
    """A user's password or app password."""

    password: str = field(repr=False)
    type: Literal["password"] = "password"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An OAuth access token somebody else refreshes; `expires_at` is Unix seconds, None when not known."""

    token: str = field(repr=False)
    expires_at: float | None = None
    type: Literal["access_token"] = "access_token"


Credentials = Password | AccessToken


@dataclass(frozen=True, slots=True)
class IncomingServer:
    """Where the mail is. `ca_pem` adds trusted certificate authorities for this server alone."""

    protocol: MailProtocol
    host: str
    port: int
    security: Security
    username: str
    ca_pem: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class StateReason:
    """Why an account is in its state: `code` is an error code, times are Unix seconds, `action` is advice."""

    code: str
    detail: str
    since: float
    next_attempt_at: float | None = None
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the service knows it, without its secret. Times are Unix seconds."""

    id: AccountId
    external_id: str | None
    tenant: str | None
    email: str | None
    metadata: Mapping[str, str]
    incoming: IncomingServer
    auth_type: Literal["password", "access_token"]
    auth_expires_at: float | None
    state: AccountState
    reason: StateReason | None
    created_at: float
    updated_at: float
    revision: int


@dataclass(frozen=True, slots=True)
class ConnectPlan:
    """All that is needed to log in once: whose account, where, and with what."""

    account_id: AccountId
    incoming: IncomingServer
    credentials: Credentials
