"""What policy needs from the outside, as Protocols. Types here come from `app.domain` alone.

Two clocks: a *deadline* is a point on `time.monotonic()` in float seconds, by which an operation must have ended from
DNS to last byte; every other time is Unix seconds.
"""

from collections.abc import AsyncIterator, Container, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from app.domain.access import Principal
from app.domain.account import Account, AccountState, ConnectPlan, Credentials, IncomingServer, StateReason
from app.domain.capabilities import Capabilities, CheckReport, CheckStep
from app.domain.errors import MailhatchError
from app.domain.ids import AccountId, TokenId, Uid
from app.domain.mailbox import MailboxFacts
from app.domain.message import MessageFacts
from app.domain.query import MessageAddress, PageQuery, PageRows, SectionRange


class Clock(Protocol):
    """Time that a test can hold still."""

    def now(self) -> float:
        """Unix seconds."""

    def monotonic(self) -> float:
        """Seconds on the clock of deadlines."""


class MailSession(Protocol):
    """One logged-in connection to a mail server. Blocking, and used by one thread at a time.

    Every method takes a deadline and raises errors of `app.domain.errors` alone. After any error but
    UpstreamRejected, StaleReference, NotFound, CursorExpired and NotSupportedByServer the session is dead: `is_usable`
    is False and the owner closes it.
    """

    @property
    def is_usable(self) -> bool:
        """Whether another operation may be tried."""

    @property
    def selected(self) -> str | None:
        """Name of the mailbox this connection is in; None when in none."""

    @property
    def round_trips(self) -> int:
        """How often it has waited for an answer since login; for counters and tests."""

    def capabilities(self) -> Capabilities:
        """Tell what the server can do, from what was learned at login; asks nothing."""

    def ping(self, deadline: float) -> None:
        """Find out whether the connection is alive (NOOP)."""

    def mailboxes(self, deadline: float) -> tuple[MailboxFacts, ...]:
        """List every mailbox with its counts: one round trip with LIST-STATUS, else pipelined."""

    def page(self, query: PageQuery, known: Container[Uid], deadline: float) -> PageRows:
        """Answer a page; rows whose UID is in `known` come with flags alone.

        Raises CursorExpired when `query.uidvalidity` is not the mailbox's any more, NotFound when there is no such
        mailbox.
        """

    def message(self, address: MessageAddress, deadline: float) -> MessageFacts:
        """Tell all about one message but its bodies. Raises StaleReference when it is not there any more."""

    def flags(self, address: MessageAddress, deadline: float) -> tuple[str, ...]:
        """Tell one message's flags. Raises StaleReference when it is not there any more."""

    def sections(self, address: MessageAddress, wanted: Sequence[SectionRange], deadline: float) -> tuple[bytes, ...]:
        """Fetch section bytes, in the order asked, in one round trip, never marking the message as read.

        Raises StaleReference when the message is gone, NotFound when the server says that a section does not exist;
        some (Dovecot) answer an empty one instead.
        """

    def close(self, deadline: float) -> None:
        """Log out politely; never raises."""

    def abort(self) -> None:
        """Cut the connection, from any thread, waking a blocked call; never raises."""


class StepListener(Protocol):
    """Hears of each step while a connection is made."""

    def __call__(self, step: CheckStep) -> None:
        """Take a finished step."""


class SessionFactory(Protocol):
    """Opens sessions."""

    def open(
        self, incoming: IncomingServer, credentials: Credentials, deadline: float, listener: StepListener | None = None
    ) -> MailSession:
        """Connect and log in, blocking. Raises what went wrong; nothing stays open then."""


class CredentialSource(Protocol):
    """Hands out what is needed to log in; refreshing hides behind it."""

    async def plan(self, account_id: AccountId) -> ConnectPlan:
        """Return server and credentials. Raises NotFound, AccountPaused, or AuthenticationFailed for expired ones."""


class AccountObserver(Protocol):
    """Hears from the pool how connecting to an account goes. Must not block or raise."""

    def connecting(self, account_id: AccountId) -> None:
        """A first connection is being made."""

    def connected(self, account_id: AccountId) -> None:
        """A login succeeded."""

    def failed(self, account_id: AccountId, error: MailhatchError, next_attempt_at: float | None) -> None:
        """Connecting failed; the pool will not try again before `next_attempt_at` (Unix seconds)."""


class MailGateway(Protocol):
    """Does operations on an account's mail, wherever the account's connections are.

    Each call waits at most `timeout` seconds, the wait for a connection included.
    """

    async def mailboxes(self, account_id: AccountId, timeout: float) -> tuple[MailboxFacts, ...]:
        """List the mailboxes with counts."""

    async def page(self, account_id: AccountId, query: PageQuery, timeout: float) -> PageRows:
        """Answer a page of summaries; every row has its facts."""

    async def message(self, account_id: AccountId, address: MessageAddress, timeout: float) -> MessageFacts:
        """Tell all about one message but its bodies; facts may come from a cache, flags never."""

    async def structure(self, account_id: AccountId, address: MessageAddress, timeout: float) -> MessageFacts:
        """Like `message`, but the flags may be old: for those who need only what never changes."""

    async def sections(
        self, account_id: AccountId, address: MessageAddress, wanted: Sequence[SectionRange], timeout: float
    ) -> tuple[bytes, ...]:
        """Fetch section bytes in one round trip."""

    def stream(
        self, account_id: AccountId, address: MessageAddress, section: str, timeout: float
    ) -> AsyncIterator[bytes]:
        """Yield a section's encoded bytes chunk by chunk; `timeout` holds for each chunk, and no connection is held
        between chunks. The first chunk raises what is wrong; an empty section yields nothing.
        """

    async def capabilities(self, account_id: AccountId, timeout: float) -> Capabilities:
        """Tell what the server can do; connects when nothing is known yet."""

    async def check(self, plan: ConnectPlan, timeout: float) -> CheckReport:
        """Connect afresh, outside the pool's connections, and tell each step. Never raises for a server's failure."""

    async def forget(self, account_id: AccountId) -> None:
        """Close the account's connections, drop what is cached and any backoff: paused, changed or gone."""


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Which accounts to list; None does not filter."""

    external_id: str | None = None
    tenant: str | None = None
    state: AccountState | None = None


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What a caller gives to make an account."""

    external_id: str | None
    tenant: str | None
    email: str | None
    metadata: dict[str, str]
    incoming: IncomingServer
    credentials: Credentials


class AccountStore(Protocol):
    """Accounts at rest. Every finder takes the principal and sees only its reach; others' raise NotFound."""

    async def add(self, account: Account, credentials: Credentials) -> None:
        """Insert. Raises Conflict when (tenant, external_id) is taken."""

    async def get(self, principal: Principal, account_id: str) -> Account:
        """Find one. Raises NotFound."""

    async def by_external_id(self, principal: Principal, tenant: str | None, external_id: str) -> Account | None:
        """Find one by the caller's own id within a tenant; None when there is none."""

    async def list(
        self, principal: Principal, where: AccountFilter, limit: int, after: AccountId | None
    ) -> tuple[Account, ...]:
        """List by id, those after `after`."""

    async def replace(self, account: Account, credentials: Credentials | None) -> None:
        """Write all fields, and the credentials if given. `account.revision` is the one read; raises Conflict when it
        is not the stored one any more; the stored one grows by one.
        """

    async def set_state(self, account_id: AccountId, state: AccountState, reason: StateReason | None) -> bool:
        """Write the state alone, unless the account is paused or gone; tells whether it was written."""

    async def remove(self, account_id: AccountId) -> None:
        """Erase the account, its secret and its mailboxes."""

    async def plan(self, account_id: AccountId) -> tuple[ConnectPlan, AccountState]:
        """Decrypt what is needed to log in. Raises NotFound."""

    async def count_by_state(self) -> dict[AccountState, int]:
        """Count accounts by state, for metrics."""


@dataclass(frozen=True, slots=True)
class MailboxRow:
    """A mailbox at rest: what its id stands for. `server_id` is MAILBOXID."""

    row: int
    name: str
    uidvalidity: int | None
    server_id: str | None


class MailboxStore(Protocol):
    """Mailbox rows of an account."""

    async def rows(self, account_id: AccountId) -> tuple[MailboxRow, ...]:
        """All rows of the account."""

    async def write(self, account_id: AccountId, rows: Sequence[MailboxRow], gone: Sequence[int]) -> None:
        """Insert or update `rows` by number and delete those in `gone`, in one transaction.

        Raises Conflict when another writer took a name meanwhile: read again and retry.
        """


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """An API token at rest, without its secret. Times are Unix seconds."""

    id: TokenId
    name: str
    scopes: tuple[str, ...]
    accounts: tuple[AccountId, ...] | None
    tenant: str | None
    requests_per_minute: int
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    created_by: TokenId | None


class TokenStore(Protocol):
    """API tokens at rest: only the SHA-256 of the secret is kept."""

    async def add(self, record: TokenRecord, secret_hash: bytes) -> None:
        """Insert. Raises Conflict when the id is taken."""

    async def find(self, token_id: str) -> tuple[TokenRecord, bytes] | None:
        """Find one with its hash, revoked and expired ones too."""

    async def list(self, limit: int, after: TokenId | None, tenant: str | None) -> tuple[TokenRecord, ...]:
        """List by id, those after `after`, of one tenant if given."""

    async def revoke(self, token_id: TokenId, at: float) -> bool:
        """Mark as revoked; tells whether it was there and not revoked before."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was answered to a request with an Idempotency-Key."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class IdempotencyStore(Protocol):
    """Remembers answers by (token, key)."""

    async def begin(self, token_id: TokenId, key: str, fingerprint: bytes, now: float) -> Literal["new"] | StoredAnswer:
        """Claim the key. Raises IdempotencyConflict while the first runs, IdempotencyMismatch for another payload.

        A claim that was never finished (the process died) is free again after its bound.
        """

    async def finish(self, token_id: TokenId, key: str, answer: StoredAnswer) -> None:
        """Keep the answer."""

    async def abandon(self, token_id: TokenId, key: str) -> None:
        """Free the key: the request failed in a way that a retry may mend."""
