"""Operations on an account's mail, and what connecting needs and tells."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from app.domain.account import ConnectPlan
from app.domain.capabilities import Capabilities, CheckReport
from app.domain.errors import MailhatchError
from app.domain.ids import AccountId, Uid
from app.domain.mailbox import MailboxFacts
from app.domain.message import MessageFacts
from app.domain.ports.edit_gateway import EditGateway
from app.domain.ports.lookup import LookupGateway
from app.domain.query import MessageAddress, PageQuery, PageRows, SectionRange


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


class MailGateway(EditGateway, LookupGateway, Protocol):
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

    async def structures(
        self, account_id: AccountId, mailbox: str, uidvalidity: int, uids: Sequence[Uid], timeout: float
    ) -> Mapping[Uid, MessageFacts]:
        """Like `structure`, for messages of one mailbox, in one round trip; those that are gone are left out.

        Raises StaleReference when the mailbox is not there, or has another UIDVALIDITY.
        """

    async def sections(
        self, account_id: AccountId, address: MessageAddress, wanted: Sequence[SectionRange], timeout: float
    ) -> tuple[bytes, ...]:
        """Fetch section bytes in one round trip."""

    async def many_sections(
        self,
        account_id: AccountId,
        mailbox: str,
        uidvalidity: int,
        wanted: Mapping[Uid, Sequence[SectionRange]],
        timeout: float,
    ) -> Mapping[Uid, tuple[bytes, ...]]:
        """Like `sections`, for messages of one mailbox, in few commands and one round trip, unless what could come back
        is over a bound; messages that are gone are left out.

        Raises StaleReference when the mailbox is not there, or has another UIDVALIDITY; NotFound for a section that no
        message can have.
        """

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
