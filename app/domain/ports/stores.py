"""What is kept at rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from app.domain.access import Principal
from app.domain.account import Account, AccountState, ConnectPlan, Credentials, IncomingServer, StateReason
from app.domain.edits import MovedMessage
from app.domain.ids import AccountId, MessageKey, TokenId


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

    async def owner(self, row: int) -> AccountId | None:
        """Tell whose mailbox a row is; None when there is none. For those who ask next whether it is in reach."""

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


class MovedMessageStore(Protocol):
    """Remembers the new ids of messages that were moved, for a while. Asked only about accounts already reached."""

    async def record(self, account_id: AccountId, moved: Sequence[MovedMessage], now: float) -> None:
        """Remember, in one transaction; the oldest of an account are forgotten over a bound."""

    async def find(
        self, account_id: AccountId, keys: Sequence[MessageKey], now: float
    ) -> Mapping[MessageKey, MessageKey]:
        """Tell where messages went, moves of moves followed; those of which nothing is known are left out."""
