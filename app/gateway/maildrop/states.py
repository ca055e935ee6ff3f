"""What watching asks of maildrops: the state is that of the store, after a look."""

from app.domain.errors import NotFound
from app.domain.ids import AccountId, Uid
from app.domain.looks import FlagRows, MailboxView, UidListing, UidRanges, UidWindow
from app.domain.mailbox import MailboxFacts
from app.domain.maildrop import MaildropHeader
from app.domain.ports import MaildropStore
from app.gateway.maildrop.looks import Looks

INBOX = "INBOX"


class MaildropStates:
    """`WatchGateway` for maildrops. The list of mailboxes takes the look of a round; what follows asks the store alone,
    where flags of the service and messages of the server meet.
    """

    def __init__(self, looks: Looks, store: MaildropStore, max_age: float) -> None:
        """Take what brings maildrops up to date, where they are kept, and how old a round's look may be, in seconds."""
        self._max_age = max_age
        self._looks = looks
        self._store = store

    async def watched_mailboxes(self, account_id: AccountId, timeout: float) -> tuple[MailboxFacts, ...]:
        """Tell the one mailbox there is, after a look unless there was one a moment ago."""
        header = await self._looks.refresh(account_id, timeout, max_age=self._max_age)
        return await self.inbox(account_id, header)

    async def inbox(self, account_id: AccountId, header: MaildropHeader) -> tuple[MailboxFacts, ...]:
        """Tell the one mailbox there is, with its counts as they are stored."""
        total, unseen = await self._store.counts(account_id)
        return (
            MailboxFacts(
                name=INBOX, delimiter=None, special_use=None, is_selectable=True, is_subscribed=True, messages=total,
                unseen=unseen, uidnext=header.next_uid, uidvalidity=header.uidvalidity,
            ),
        )  # fmt: skip

    async def changes_since(
        self,
        account_id: AccountId,
        mailbox: str,
        modseq: int | None,
        window: UidWindow,
        timeout: float,  # noqa: ARG002
    ) -> FlagRows:
        """Tell the flags of all messages of a window; there are no numbers of changes to begin from."""
        view = await self._view(account_id, mailbox)
        rows = await self._store.flags(account_id, Uid(window.first), None if window.last is None else Uid(window.last))
        return FlagRows(view, rows if modseq is None else None, vanished=None)

    async def uids(self, account_id: AccountId, mailbox: str, timeout: float) -> UidListing:  # noqa: ARG002
        """List every message there is."""
        view = await self._view(account_id, mailbox)
        rows = await self._store.flags(account_id, Uid(1), None)
        return UidListing(view, _ranges([uid for uid, _ in rows]))

    async def _view(self, account_id: AccountId, mailbox: str) -> MailboxView:
        header = await self._store.header(account_id)
        if mailbox != INBOX or header is None:
            raise NotFound("A maildrop has an inbox alone.")
        total, _ = await self._store.counts(account_id)
        return MailboxView(header.uidvalidity, header.next_uid, None, total)


def _ranges(uids: list[Uid]) -> UidRanges:
    """Write ascending UIDs as ranges."""
    ranges: list[tuple[int, int]] = []
    for uid in uids:
        if ranges and uid == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], uid)
        else:
            ranges.append((uid, uid))
    return tuple(ranges)
