"""What the watcher asks of a mail server."""

from typing import Protocol, runtime_checkable

from app.domain.ids import AccountId
from app.domain.looks import FlagRows, UidListing, UidWindow
from app.domain.mailbox import MailboxFacts


@runtime_checkable
class StateSession(Protocol):
    """Tells the state of a mailbox. The contract of `MailSession` holds: blocking, with a deadline.

    Both raise NotFound when there is no such mailbox, and cost one round trip.
    """

    def changes_since(self, mailbox: str, modseq: int | None, window: UidWindow, deadline: float) -> FlagRows:
        """Tell the flags of a window's messages: of those changed since `modseq`, or of all without one."""

    def uids(self, mailbox: str, deadline: float) -> UidListing:
        """List every UID there is."""


class WatchGateway(Protocol):
    """`StateSession` on an account, for background work: never the last connection that a person's call could have.

    Each call waits at most `timeout` seconds. Raises NotSupportedByServer where the server keeps no such state.
    """

    async def changes_since(
        self, account_id: AccountId, mailbox: str, modseq: int | None, window: UidWindow, timeout: float
    ) -> FlagRows:
        """See `StateSession`."""

    async def uids(self, account_id: AccountId, mailbox: str, timeout: float) -> UidListing:
        """See `StateSession`."""

    async def watched_mailboxes(self, account_id: AccountId, timeout: float) -> tuple[MailboxFacts, ...]:
        """List the mailboxes with counts, as background work."""
