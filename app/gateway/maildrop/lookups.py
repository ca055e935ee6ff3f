"""Searching maildrops: what the service holds of them, after a look when the last one is not fresh."""

# ruff: noqa: ARG002 - the signatures are the port's

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from app.domain.errors import NotFound, NotSupportedByServer, StaleReference
from app.domain.ids import AccountId
from app.domain.lookup import Conversations, MatchingUids, MatchQuery, RowsQuery, SearchQuery, SearchRows
from app.domain.ports import MaildropStore
from app.domain.query import Row
from app.gateway.maildrop.held import HeldMessages, not_whole
from app.gateway.maildrop.limits import FRESH, HELD
from app.gateway.maildrop.looks import Looks
from app.gateway.scan import NOTHING_KNOWN, Scan
from app.gateway.search_pages import search_page

T = TypeVar("T")

_NO_DEADLINE = float("inf")


class MaildropLookups:
    """`LookupGateway` for maildrops. Terms that what is held cannot answer whole are told as open."""

    def __init__(self, looks: Looks, store: MaildropStore) -> None:
        """Take what brings maildrops up to date, and where they are kept."""
        self._looks = looks
        self._store = store

    async def search(self, account_id: AccountId, query: SearchQuery, timeout: float) -> SearchRows:
        """Answer a page of a search."""

        def work(held: HeldMessages) -> SearchRows:
            page = search_page(Scan(held, NOTHING_KNOWN, query.mailbox, _NO_DEADLINE), query)
            page = replace(page, open_terms=not_whole(query.term))
            return page if page.sorted_by is None else replace(page, sorted_by="service")

        return await self._with_held(account_id, query.mailbox, work, timeout)

    async def matching(self, account_id: AccountId, query: MatchQuery, most: int, timeout: float) -> MatchingUids:
        """Tell the newest messages that answer."""

        def work(held: HeldMessages) -> MatchingUids:
            return Scan(held, NOTHING_KNOWN, query.mailbox, _NO_DEADLINE).all_of(query, most)

        return await self._with_held(account_id, query.mailbox, work, timeout)

    async def rows(self, account_id: AccountId, query: RowsQuery, timeout: float) -> tuple[Row, ...]:
        """Answer rows of messages named by UID, in the order asked, from the store alone."""
        header = await self._store.header(account_id)
        if header is None or header.uidvalidity != query.uidvalidity:
            raise StaleReference("This maildrop is not the one that the messages were in; list it again.")
        rows = await self._store.rows(account_id, query.uids)
        held = HeldMessages(header.uidvalidity, rows, is_complete=True)
        return held.rows(query, (), _NO_DEADLINE)

    async def conversations(self, account_id: AccountId, mailbox: str, timeout: float) -> Conversations:
        """Group the maildrop by what its messages say of each other."""
        return await self._with_held(account_id, mailbox, HeldMessages.conversations, timeout)

    async def members(self, account_id: AccountId, mailbox: str, server_id: str, timeout: float) -> MatchingUids:
        """Refuse: a maildrop has no ids of conversations."""
        raise NotSupportedByServer("A POP3 server has no ids of conversations.", "threads")

    async def _with_held(
        self, account_id: AccountId, mailbox: str, work: Callable[[HeldMessages], T], timeout: float
    ) -> T:
        """Work on all that is held, in a thread: judging twenty thousand rows takes a while."""
        if mailbox != "INBOX":
            raise NotFound("A maildrop has an inbox alone.")
        header = await self._looks.refresh(account_id, timeout, max_age=FRESH)
        rows = await self._store.page(account_id, None, HELD + 1)
        held = HeldMessages(header.uidvalidity, rows[:HELD], is_complete=len(rows) <= HELD)
        return await asyncio.to_thread(work, held)
