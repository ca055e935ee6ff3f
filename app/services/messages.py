"""Messages: pages of summaries, an open message, its body."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from app.domain.access import Principal, Scope
from app.domain.account import Account
from app.domain.errors import CursorExpired, NotFound, StaleReference
from app.domain.ids import AccountId, MessageKey, Seq, mailbox_id, message_id, message_key
from app.domain.message import Body, Message, MessageFacts, Part, Summary
from app.domain.ports import MailGateway
from app.domain.query import MessageAddress, PageQuery, Row, SectionRange
from app.mime.body import FetchedText, wanted
from app.mime.html import POLICY_VERSION
from app.services.accounts import Accounts
from app.services.cursors import read_cursor
from app.services.limits import RANGES_AT_ONCE
from app.services.links import PartLinks
from app.services.mailboxes import Mailboxes
from app.services.moved_messages import MovedMessages
from app.services.pages import SummaryPage, make_summary
from app.services.recent_pages import RecentPages
from app.services.texts import composed, fetched_texts, text_ranges
from app.services.version import write_version

_T = TypeVar("_T")

#: Changes whenever the same message would be cleaned differently; part of a body's ETag.
BODY_POLICY = str(POLICY_VERSION)


@dataclass(frozen=True, slots=True)
class OpenedMessage:
    """A message somebody may read, found: for the services that go on to its parts."""

    account: Account
    key: MessageKey
    address: MessageAddress


class Messages:
    """The messages of every account a principal reaches."""

    def __init__(
        self,
        accounts: Accounts,
        mailboxes: Mailboxes,
        gateway: MailGateway,
        links: PartLinks,
        moved: MovedMessages,
        timeout: float,
    ) -> None:
        """Take the finders, the way to the mail, the maker of signed links, what knows where messages went, and the
        deadline in seconds.
        """
        self._accounts = accounts
        self._mailboxes = mailboxes
        self._gateway = gateway
        self._links = links
        self._moved = moved
        self._timeout = timeout
        self._recent = RecentPages()

    async def page(
        self,
        principal: Principal,
        account_id: str,
        mailbox: str,
        *,
        limit: int,
        cursor: str | None,
        with_preview: bool,
        with_facts: bool = True,
    ) -> SummaryPage:
        """List summaries of a mailbox (id or role), newest first by UID.

        Needs `mail.meta.read`, with `with_preview` also `mail.body.read`. Without `with_facts` only ids and flags are
        fetched. Raises InvalidRequest for a foreign cursor, CursorExpired when UIDVALIDITY changed.
        """
        account = await self._accounts.reachable(principal, account_id, Scope.MAIL_META_READ)
        if with_preview:
            principal.require(Scope.MAIL_BODY_READ)
        row = await self._mailboxes.find(account, mailbox)
        start = read_cursor(cursor, row.row) if cursor else None
        query = PageQuery(
            mailbox=row.name,
            limit=limit,
            before_uid=start.uid if start else None,
            uidvalidity=start.uidvalidity if start else None,
            seq_hint=start.seq if start else None,
            with_preview=with_preview,
            with_facts=with_facts,
        )
        try:
            rows = await self._gateway.page(account.id, query, self._timeout)
        except NotFound:  # renamed or deleted behind our back: its id follows a rename
            await self._mailboxes.refresh(account)
            row = await self._mailboxes.find(account, mailbox)
            rows = await self._gateway.page(account.id, replace(query, mailbox=row.name), self._timeout)
        except CursorExpired:
            await self._mailboxes.refresh(account)
            raise
        if row.uidvalidity != rows.uidvalidity:
            await self._mailboxes.refresh(account)
        return self._recent.page((account.id, query), rows, row.row)

    async def open(self, principal: Principal, account_id: str, reference: str, scope: Scope) -> OpenedMessage:
        """Find where a message is. Raises NotFound, StaleReference (with its new id where we moved it), Forbidden."""
        account = await self._accounts.reachable(principal, account_id, scope)
        key = message_key(reference)
        try:
            return OpenedMessage(account, key, await self._mailboxes.locate(account, key))
        except StaleReference as error:
            raise await self._moved.stale(account.id, key, error) from None

    async def message(self, principal: Principal, account_id: str, reference: str, base_url: str) -> Message:
        """Open a message: everything but its bodies. Needs `mail.meta.read`; links need `mail.body.read`.

        `base_url` is what signed links begin with.
        """
        opened = await self.open(principal, account_id, reference, Scope.MAIL_META_READ)
        facts = await self._fetch(opened, self._gateway.message)
        summary = make_summary(
            Row(opened.key.uid, Seq(0), facts.flags, facts.summary),
            message_id(opened.key),
            mailbox_id(opened.key.mailbox),
        )
        values = {name: getattr(summary, name) for name in Summary.__slots__}
        if principal.has(Scope.MAIL_BODY_READ):
            values["attachments"] = tuple(
                replace(item, url=self._links.url(base_url, principal, opened.account.id, reference, item.part))
                for item in summary.attachments
            )
        version = write_version(reference, facts.flags, facts.modseq)
        return Message(**values, headers=facts.headers, structure=facts.structure, version=version)

    async def body(self, principal: Principal, account_id: str, reference: str, max_bytes: int, base_url: str) -> Body:
        """Read a message as text and as safe HTML, each of at most `max_bytes` characters. Needs `mail.body.read`.

        Inline images point to signed links under `base_url`. Reading does not mark as seen.
        """
        opened = await self.open(principal, account_id, reference, Scope.MAIL_BODY_READ)
        facts = await self._fetch(opened, self._gateway.structure)
        parts = wanted(facts.structure)
        contents = await self._texts(opened, parts, max_bytes)

        def link(section: str) -> str:
            return self._links.url(base_url, principal, opened.account.id, reference, section)

        # In a thread: a sender can write HTML that takes seconds to clean, and nobody else is to wait for that.
        return await asyncio.to_thread(composed, facts, contents, max_bytes, link)

    async def open_body(self, principal: Principal, account_id: str, reference: str) -> OpenedMessage:
        """Find a message whose content the caller may read, without asking the mail server."""
        return await self.open(principal, account_id, reference, Scope.MAIL_BODY_READ)

    async def structure(self, opened: OpenedMessage) -> MessageFacts:
        """Return what never changes about an opened message."""
        return await self._fetch(opened, self._gateway.structure)

    async def found_again(self, opened: OpenedMessage) -> MessageAddress | None:
        """Tell where a message is that is not at its address: its mailbox may have been renamed, which leaves it there.

        None when it is nowhere else. Raises StaleReference when its mailbox is gone.
        """
        await self._mailboxes.refresh(opened.account)
        try:
            address = await self._mailboxes.locate(opened.account, opened.key)
        except StaleReference as error:
            raise await self._moved.stale(opened.account.id, opened.key, error) from None
        return None if address == opened.address else address

    async def gone(self, opened: OpenedMessage, error: NotFound | StaleReference) -> NotFound | StaleReference:
        """Return what to raise for a message that is nowhere else, with its new id where we moved it."""
        if isinstance(error, NotFound):
            return error
        return await self._moved.stale(opened.account.id, opened.key, error)

    async def _fetch(
        self, opened: OpenedMessage, ask: Callable[[AccountId, MessageAddress, float], Awaitable[_T]]
    ) -> _T:
        try:
            return await ask(opened.account.id, opened.address, self._timeout)
        except (NotFound, StaleReference) as error:
            address = await self.found_again(opened)
            if address is None:
                raise await self.gone(opened, error) from None
            return await ask(opened.account.id, address, self._timeout)

    async def _texts(self, opened: OpenedMessage, parts: tuple[Part, ...], max_bytes: int) -> dict[str, FetchedText]:
        """Fetch the text parts, each up to what `max_bytes` decoded characters can take: one round trip for any message
        that a person wrote; a message of very many or very large texts takes a few, and its rest counts as cut off.
        """
        ranges = text_ranges(parts, max_bytes)
        pieces: list[bytes] = []
        for start in range(0, len(ranges), RANGES_AT_ONCE):
            pieces += await self._sections(opened, ranges[start : start + RANGES_AT_ONCE])
        return fetched_texts(parts, ranges, pieces, max_bytes)

    async def _sections(self, opened: OpenedMessage, asked: Sequence[SectionRange]) -> tuple[bytes, ...]:
        async def ask(account_id: AccountId, address: MessageAddress, timeout: float) -> tuple[bytes, ...]:
            return await self._gateway.sections(account_id, address, asked, timeout)

        return await self._fetch(opened, ask)
