"""A mailbox as a whole, for a client that begins or has fallen too far behind: ids and flags from the snapshot."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from app.domain.access import Principal, Scope
from app.domain.errors import Conflict, NotFound
from app.domain.events import MailboxState, MessageState
from app.domain.ids import AccountId, MessageKey, Uid, mailbox_id, message_id
from app.domain.ports import EventLog, SnapshotStore
from app.domain.snapshots import Chunk, Depth, SnapshotHeader
from app.services.accounts import Accounts
from app.services.limits import COPIED_CHUNKS


@dataclass(frozen=True, slots=True)
class MailboxCopy:
    """What a copy begins with. Events behind `changes_token` lead on from it."""

    mailbox: MailboxState
    changes_token: str


class MailboxCopies:
    """Copies of mailboxes that are watched message by message. The mail server is not asked."""

    def __init__(self, accounts: Accounts, log: EventLog, store: SnapshotStore) -> None:
        """Take the finder of accounts, the log and the snapshots."""
        self._accounts = accounts
        self._log = log
        self._store = store

    async def open(
        self, principal: Principal, account_id: str, mailbox: str
    ) -> tuple[MailboxCopy, AsyncIterator[tuple[MessageState, ...]]]:
        """Begin a copy of a mailbox, by id or role: the head, and batches of its messages ascending by age.

        The token is older than all that is read, and events are safe to apply twice. Needs `mail.meta.read`. Raises
        NotFound, and Conflict for a mailbox whose messages are not watched or were not looked at yet. The iterator
        raises Conflict when the mailbox is reset or goes while it is read: what came until then is worth nothing.
        """
        principal.require(Scope.MAIL_META_READ)
        account = await self._accounts.get(principal, account_id)
        token = (await self._log.head()).token
        header = _named(await self._store.headers(account.id), mailbox)
        _require_messages(header)
        state = MailboxState(mailbox_id(header.mailbox), header.role, header.path, header.total, header.unread)
        return MailboxCopy(state, token), self._messages(account.id, header)

    async def _messages(self, account_id: AccountId, begun: SnapshotHeader) -> AsyncIterator[tuple[MessageState, ...]]:
        """Read on by where chunks begin, so that one divided meanwhile loses nothing; no message comes twice."""
        after, last = 0, 0
        while True:
            found = await self._store.content(account_id, begun.mailbox, after, COPIED_CHUNKS)
            if found is None or not found[0].is_scanned or found[0].uidvalidity != begun.uidvalidity:
                raise Conflict("The mailbox was reset while it was read; begin again.")
            assert begun.uidvalidity is not None
            for chunk in found[1]:
                yield _states(begun.mailbox, begun.uidvalidity, chunk, last)
                after, last = chunk.first, max(last, *chunk.uids)
            if len(found[1]) < COPIED_CHUNKS:
                return


def _named(headers: tuple[SnapshotHeader, ...], mailbox: str) -> SnapshotHeader:
    for header in headers:
        if mailbox == mailbox_id(header.mailbox) or (header.role is not None and mailbox == header.role.value):
            return header
    if not headers:
        raise Conflict("The mailboxes of this account were not looked at yet; ask again in a moment.")
    raise NotFound("No such mailbox.")


def _require_messages(header: SnapshotHeader) -> None:
    if header.depth is Depth.COUNTS:
        raise Conflict("Of this mailbox only counts are watched: events never tell of its messages. List them instead.")
    if not header.is_scanned or header.uidvalidity is None:
        raise Conflict("The messages of this mailbox were not looked at yet; ask again in a moment.")


def _states(mailbox: int, uidvalidity: int, chunk: Chunk, after: Uid | int) -> tuple[MessageState, ...]:
    return tuple(
        [
            MessageState(message_id(MessageKey(mailbox, uidvalidity, uid)), flags)
            for uid, flags in zip(chunk.uids, chunk.flags, strict=True)
            if uid > after
        ]
    )
