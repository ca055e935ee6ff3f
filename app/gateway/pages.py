"""Pages of summaries: facts from the cache where it has them, flags and order from the server."""

from collections.abc import Container
from dataclasses import replace
from typing import Protocol

from app.domain.ids import AccountId, Uid
from app.domain.ports import Clock, MailSession
from app.domain.query import PageQuery, PageRows, Row
from app.gateway.operations import Operations
from app.gateway.summary_cache import EVERY_UID, KnownSummaries, SummaryCache


class CacheMeter(Protocol):
    """Counts what the summary cache does. Must not block or raise."""

    def count_cache(self, hits: int, misses: int) -> None:
        """Rows of a page were in the cache, or were not."""

    def set_cache_size(self, size: int, entries: int) -> None:
        """Bytes and summaries in the cache."""


class Pages:
    """The pages of every account."""

    def __init__(self, operations: Operations, summaries: SummaryCache, clock: Clock, meter: CacheMeter | None) -> None:
        """Take the way to sessions and the cache."""
        self._operations = operations
        self._summaries = summaries
        self._clock = clock
        self._meter = meter

    async def page(self, account_id: AccountId, query: PageQuery, timeout: float) -> PageRows:
        """Answer a page; every row has its facts.

        When the mailbox has another UIDVALIDITY than the one cached under, what was told to be known was wrong, and the
        page is asked for once more with nothing known. Rows that still come without facts are of messages that have
        gone meanwhile, and are left out. Without `with_facts` no row has any.
        """
        if not query.with_facts:
            return await self._page(account_id, query, EVERY_UID, timeout)
        ends = self._clock.monotonic() + timeout
        known = self._summaries.known(account_id, query.mailbox, query.with_preview)
        rows = await self._page(account_id, query, known, timeout)
        answer = _complete(rows, known)
        if len(answer.rows) < len(rows.rows):
            nothing = KnownSummaries(None, query.with_preview)
            answer = _complete(await self._page(account_id, query, nothing, ends - self._clock.monotonic()), nothing)
        return answer

    def forget(self, account_id: AccountId) -> None:
        """Drop what is cached of an account."""
        self._summaries.forget(account_id)
        self._tell_size()

    async def _page(self, account_id: AccountId, query: PageQuery, known: Container[Uid], timeout: float) -> PageRows:
        """Ask the server, and keep what it told."""

        def operation(session: MailSession, deadline: float) -> PageRows:
            return session.page(query, known, deadline)

        epoch = self._operations.epoch(account_id)
        rows = await self._operations.run(account_id, query.mailbox, operation, timeout, "page")
        if not epoch.is_over:
            told = [row.facts for row in rows.rows if row.facts is not None]
            self._summaries.learn(account_id, query.mailbox, rows.uidvalidity, told, query.with_preview)
            cached = [row.uid for row in rows.rows if row.facts is None and query.with_facts]
            self._summaries.touch(account_id, query.mailbox, cached)
            if self._meter is not None:
                self._meter.count_cache(len(cached), len(told))
            self._tell_size()
        return rows

    def _tell_size(self) -> None:
        if self._meter is not None:
            self._meter.set_cache_size(self._summaries.size, len(self._summaries))


def _complete(rows: PageRows, known: KnownSummaries) -> PageRows:
    """Give every row its facts; those that have none anywhere are left out."""
    if all(row.facts is not None for row in rows.rows):  # nothing was known: nothing to add
        return rows
    is_same = known.uidvalidity == rows.uidvalidity
    full = []
    for row in rows.rows:
        facts = row.facts or (known.get(row.uid) if is_same else None)
        if facts is not None:
            full.append(Row(row.uid, row.seq, row.flags, facts))
    return replace(rows, rows=tuple(full))
