"""Conversations: a page of a mailbox's, and all messages of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.domain.access import Principal, Scope
from app.domain.account import Account
from app.domain.errors import FieldProblem, InvalidRequest, StaleReference
from app.domain.ids import MessageKey, Seq, Uid, mailbox_id, mailbox_row, message_id
from app.domain.lookup import Conversation, Conversations, RowsQuery
from app.domain.mailbox import Role
from app.domain.message import Address, Summary
from app.domain.ports import MailboxRow, MailGateway
from app.domain.query import Row
from app.services.accounts import Accounts
from app.services.cursors import PageCursor, read_cursor, write_cursor
from app.services.limits import THREAD_MAILBOXES, THREAD_MESSAGES, THREAD_SAMPLE
from app.services.mailboxes import Mailboxes
from app.services.pages import make_summary
from app.services.thread_ids import of_message, of_server_id, read_thread_id

_GONE = "The message that names this thread is no longer there."

_VIEWS = frozenset((Role.ALL, Role.FLAGGED))


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation in a mailbox: `messages` and `unread` count those there. Subject and participants are read from
    its oldest message there and its newest ones, `latest` is the newest as a list row.
    """

    id: str
    subject: str
    participants: tuple[Address, ...]
    messages: int
    unread: int
    latest: Summary


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """A page of conversations, the one with the newest message first.

    `source` says who grouped, `scope` what an id of one covers: the account where the server has ids, else the mailbox.
    `is_complete` is false when only the newest messages of the mailbox were looked at.
    """

    items: tuple[Thread, ...]
    next: str | None
    source: Literal["server", "service"]
    scope: Literal["account", "mailbox"]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class ThreadMessages:
    """The messages of one conversation, oldest first; `total` is all of them, of which the newest are told."""

    id: str
    scope: Literal["account", "mailbox"]
    total: int
    items: tuple[Summary, ...]


class Threads:
    """The conversations of every account a principal reaches."""

    def __init__(self, accounts: Accounts, mailboxes: Mailboxes, gateway: MailGateway, timeout: float) -> None:
        """Take the finders, the way to the mail, and the deadline in seconds."""
        self._accounts = accounts
        self._mailboxes = mailboxes
        self._gateway = gateway
        self._timeout = timeout

    async def page(
        self, principal: Principal, account_id: str, mailbox: str, *, limit: int, cursor: str | None
    ) -> ThreadPage:
        """List conversations: two round trips where the server groups. Needs `mail.meta.read`.

        Raises NotFound, InvalidRequest for a foreign cursor, NotSupportedByServer.
        """
        account = await self._accounts.reachable(principal, account_id, Scope.MAIL_META_READ)
        row = await self._mailboxes.find(account, mailbox)
        start = read_cursor(cursor, row.row) if cursor else None
        found = await self._gateway.conversations(account.id, row.name, self._timeout)
        if start is not None and start.uidvalidity != found.uidvalidity:
            detail = "This cursor belongs to another state of the mailbox."
            raise InvalidRequest(detail, [FieldProblem(detail, "/query/cursor")])
        below = [one for one in found.items if start is None or one.uids[-1] < start.uid]
        chosen = below[:limit]
        rows = await self._samples(account, row, found.uidvalidity, chosen)
        items = [_thread(row, found, one, rows) for one in chosen if one.uids[-1] in rows]
        following = None
        if len(below) > limit:
            following = write_cursor(PageCursor(row.row, found.uidvalidity, chosen[-1].uids[-1], Seq(0)))
        source: Literal["server", "service"] = "service" if found.source == "service" else "server"
        scope: Literal["account", "mailbox"] = "account" if found.source == "server_id" else "mailbox"
        return ThreadPage(tuple(items), following, source, scope, found.is_complete)

    async def messages(self, principal: Principal, account_id: str, reference: str) -> ThreadMessages:
        """Tell the messages of a conversation, by its id or the id of one of its messages. Needs `mail.meta.read`.

        Raises NotFound, StaleReference when the message that names it is gone.
        """
        account = await self._accounts.reachable(principal, account_id, Scope.MAIL_META_READ)
        named = read_thread_id(reference)
        if isinstance(named, str):
            return await self._of_account(account, reference, named)
        address = await self._mailboxes.locate(account, named)
        found = await self._gateway.conversations(account.id, address.mailbox, self._timeout)
        one = next((each for each in found.items if named.uid in each.uids), None)
        if one is None or found.uidvalidity != named.uidvalidity:
            raise StaleReference(_GONE)
        if one.server_id is not None:
            return await self._of_account(account, of_server_id(one.server_id), one.server_id)
        items = await self._summaries(account, named.mailbox, address.mailbox, found.uidvalidity, one.uids)
        asked = one.uids[-THREAD_MESSAGES:]
        if named.uid in asked and message_id(named) not in {item.id for item in items}:
            raise StaleReference(_GONE)  # the server had not yet told that it is expunged
        first = _key(named.mailbox, found.uidvalidity, one.uids[0])
        return ThreadMessages(of_message(first), "mailbox", len(one.uids) - len(asked) + len(items), items)

    async def _of_account(self, account: Account, reference: str, server_id: str) -> ThreadMessages:
        """Gather a conversation from the mailboxes; where there is one of all mail, from that."""
        boxes = [box for box in await self._mailboxes.listed(account) if box.is_selectable and box.total != 0]
        everything = [box for box in boxes if box.role is Role.ALL]
        wanted = everything or [box for box in boxes if box.role not in _VIEWS]
        items: list[Summary] = []
        total = 0
        for box in wanted[:THREAD_MAILBOXES]:
            row = await self._mailboxes.find(account, box.id)
            found = await self._gateway.members(account.id, row.name, server_id, self._timeout)
            total += len(found.uids)
            uids = found.uids[::-1]
            items.extend(await self._summaries(account, mailbox_row(box.id), row.name, found.uidvalidity, uids))
        if not items:
            raise StaleReference("No message of this thread is there any more.")
        items.sort(key=_received)
        return ThreadMessages(reference, "account", total, tuple(items[-THREAD_MESSAGES:]))

    async def _summaries(
        self, account: Account, number: int, mailbox: str, uidvalidity: int, uids: Sequence[Uid]
    ) -> tuple[Summary, ...]:
        if not uids:
            return ()
        query = RowsQuery(mailbox, uidvalidity, uids[-THREAD_MESSAGES:])
        rows = await self._gateway.rows(account.id, query, self._timeout)
        return tuple([_summary(number, uidvalidity, row) for row in rows])

    async def _samples(
        self, account: Account, row: MailboxRow, uidvalidity: int, chosen: Sequence[Conversation]
    ) -> dict[int, Row]:
        """Fetch what tells of a conversation: its oldest message and its newest ones."""
        uids = sorted({uid for one in chosen for uid in (one.uids[0], *one.uids[-THREAD_SAMPLE:])})
        if not uids:
            return {}
        rows = await self._gateway.rows(account.id, RowsQuery(row.name, uidvalidity, uids), self._timeout)
        return {each.uid: each for each in rows}


def _thread(box: MailboxRow, found: Conversations, one: Conversation, rows: dict[int, Row]) -> Thread:
    known = [rows[uid] for uid in (one.uids[0], *one.uids[-THREAD_SAMPLE:]) if uid in rows]
    people: dict[str, Address] = {}
    for row in known:
        for who in row.facts.from_ if row.facts else ():
            people.setdefault((who.email or who.name or "").casefold(), who)
    first = _key(box.row, found.uidvalidity, one.uids[0])
    return Thread(
        id=of_server_id(one.server_id) if one.server_id else of_message(first),
        subject=known[0].facts.subject if known[0].facts else "",
        participants=tuple(people.values()),
        messages=len(one.uids),
        unread=sum([uid in found.unseen for uid in one.uids]),
        latest=_summary(box.row, found.uidvalidity, rows[one.uids[-1]]),
    )


def _key(mailbox: int, uidvalidity: int, uid: Uid) -> MessageKey:
    return MessageKey(mailbox, uidvalidity, uid)


def _summary(mailbox: int, uidvalidity: int, row: Row) -> Summary:
    return make_summary(row, message_id(_key(mailbox, uidvalidity, row.uid)), mailbox_id(mailbox))


def _received(summary: Summary) -> float:
    return datetime.fromisoformat(summary.received).timestamp() if summary.received else 0.0
