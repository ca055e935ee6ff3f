"""Searching an account: one mailbox, or all of them as one list."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from heapq import merge
from itertools import islice
from typing import Literal, TypeVar

from app.domain.access import Principal, Scope
from app.domain.account import Account
from app.domain.errors import CursorExpired, FieldProblem, InvalidRequest, MailhatchError, NotFound
from app.domain.ids import MailboxId, MessageKey, Uid, mailbox_id, mailbox_row, message_id
from app.domain.lookup import RowsQuery, SearchHit, SearchQuery, SearchRows, Sort
from app.domain.mailbox import Mailbox
from app.domain.message import Summary
from app.domain.ports import Clock, MailboxRow, MailGateway
from app.domain.query import Row
from app.domain.search import Leaf, Nothing, Term, parse, settle, to_text
from app.services.accounts import Accounts
from app.services.limits import SEARCHED_MAILBOXES, SEARCHES_AT_ONCE
from app.services.mailbox_terms import has_in, is_in, require_scope, today
from app.services.mailboxes import Mailboxes
from app.services.pages import make_summary
from app.services.search_cursors import (
    MailboxPlace,
    SearchCursor,
    fingerprint,
    read_search_cursor,
    write_search_cursor,
)
from app.services.search_targets import targets

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What somebody looks for. `mailbox` is an id or a role, None all of the account; `query` is in the grammar."""

    query: str
    mailbox: str | None = None
    sort: Sort | None = None
    limit: int = 50
    cursor: str | None = None
    with_preview: bool = False
    with_facts: bool = True


@dataclass(frozen=True, slots=True)
class SearchFailure:
    """A mailbox that could not be searched, and why."""

    mailbox_id: MailboxId
    error: MailhatchError


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class SearchPage:
    """A page of what was found. `unsupported_terms` are those the mail server could not run and the service judged by
    itself: a page may then be short, even empty, and `next` goes on. `total` is told with the first page, where known.
    """

    items: tuple[Summary, ...]
    next: str | None
    total: int | None
    unsupported_terms: tuple[str, ...]
    failures: tuple[SearchFailure, ...]
    sorted_by: Literal["server", "service"] | None


@dataclass(frozen=True, slots=True)
class _Target:
    """A mailbox to search, what for, and where to go on."""

    row: MailboxRow
    term: Term
    place: MailboxPlace


class Searches:
    """The searches of every account a principal reaches."""

    def __init__(
        self, accounts: Accounts, mailboxes: Mailboxes, gateway: MailGateway, clock: Clock, timeout: float
    ) -> None:
        """Take the finders, the way to the mail, the day's date, and the deadline of each mailbox in seconds."""
        self._accounts = accounts
        self._mailboxes = mailboxes
        self._gateway = gateway
        self._clock = clock
        self._timeout = timeout

    async def search(self, principal: Principal, account_id: str, asked: SearchRequest) -> SearchPage:
        """Find messages, newest first, or sorted where one mailbox is searched.

        Needs `mail.meta.read`; a text in the body or anywhere, and a preview, need `mail.body.read`. Raises
        InvalidRequest for a bad query before any server hears of it, CursorExpired, and what went wrong when no mailbox
        could be searched at all.
        """
        term = parse(asked.query)
        account = await self._accounts.reachable(principal, account_id, Scope.MAIL_META_READ)
        require_scope(principal, term)
        if asked.with_preview:
            principal.require(Scope.MAIL_BODY_READ)
        sort = asked.sort
        search = fingerprint(
            account.id, asked.mailbox, to_text(term), f"{sort.key} {sort.is_descending}" if sort else None
        )
        start = read_search_cursor(asked.cursor, search) if asked.cursor else None
        day = start.day if start else today(self._clock)
        found = await self._targets(account, asked.mailbox, term, day, start)
        if sort is not None and len(found) > 1:
            detail = "Sorting needs one mailbox: give `mailbox`, or name one with in:."
            raise InvalidRequest(detail, [FieldProblem(detail, "/query/sort")])
        if not found:
            return SearchPage((), None, 0, (), (), None)
        if len(found) == 1:
            return await self._one(account, found[0], asked, day, search, start)
        return await _Merge(self._gateway, self._timeout, account, asked, day, search).page(
            found, is_first=start is None
        )

    async def _targets(
        self, account: Account, mailbox: str | None, term: Term, day: date, start: SearchCursor | None
    ) -> list[_Target]:
        places = {one.mailbox: one for one in start.places} if start else None
        if not has_in(term) and (mailbox is not None or places is not None):
            settled = settle(term, day, lambda _: True)
            if places is None:
                assert mailbox is not None
                row = await self._mailboxes.find(account, mailbox)
                return [_Target(row, settled, MailboxPlace(row.row))]
            rows = [await self._mailboxes.find(account, mailbox_id(number)) for number in places]
            return [_Target(row, settled, places[row.row]) for row in rows]
        boxes: Sequence[Mailbox] = await self._mailboxes.listed(account)
        if places is not None:
            boxes = [box for box in boxes if mailbox_row(box.id) in places]
        elif mailbox is not None:
            wanted = (await self._mailboxes.find(account, mailbox)).row
            boxes = [box for box in boxes if mailbox_row(box.id) == wanted]
        else:
            boxes = targets(boxes, term)
        result = []
        for box in boxes:
            settled = settle(term, day, lambda value, box=box: is_in(box, value))  # type: ignore[misc]  # bound now
            if not isinstance(settled, Nothing):
                row = await self._mailboxes.find(account, box.id)
                result.append(_Target(row, settled, places[row.row] if places else MailboxPlace(row.row)))
        return result

    async def _one(
        self, account: Account, target: _Target, asked: SearchRequest, day: date, search: bytes,
        start: SearchCursor | None,
    ) -> SearchPage:  # fmt: skip
        query = replace(query_of(target, asked), place=start.sorted_place if start else None)
        try:
            rows = await self._gateway.search(account.id, query, self._timeout)
        except NotFound:  # renamed or deleted behind our back: its id follows a rename
            await self._mailboxes.refresh(account)
            row = await self._mailboxes.find(account, mailbox_id(target.row.row))
            rows = await self._gateway.search(account.id, replace(query, mailbox=row.name), self._timeout)
        except CursorExpired:
            await self._mailboxes.refresh(account)
            raise
        if target.row.uidvalidity != rows.uidvalidity:
            await self._mailboxes.refresh(account)
        following = None
        if rows.has_more and rows.reached is not None:
            before = rows.reached if asked.sort is None else 0
            places = (MailboxPlace(target.row.row, rows.uidvalidity, before),)
            following = write_search_cursor(SearchCursor(day, places, rows.place), search)
        items = tuple([summary_of(target.row.row, rows.uidvalidity, row) for row in rows.rows])
        return SearchPage(items, following, rows.total, written(rows.open_terms), (), rows.sorted_by)


class _Merge:
    """A page over several mailboxes: the newest of each, one list of the newest, then the rows of these."""

    def __init__(
        self, gateway: MailGateway, timeout: float, account: Account, asked: SearchRequest, day: date, search: bytes
    ) -> None:
        self._gateway = gateway
        self._timeout = timeout
        self._account = account
        self._asked = asked
        self._day = day
        self._search = search
        self._failures: dict[int, MailhatchError] = {}
        self._turn = asyncio.Semaphore(SEARCHES_AT_ONCE)

    async def page(self, found: Sequence[_Target], *, is_first: bool) -> SearchPage:
        for target in found[SEARCHED_MAILBOXES:]:
            detail = f"A search goes through {SEARCHED_MAILBOXES} mailboxes at most; name this one."
            self._failures[target.row.row] = InvalidRequest(detail)
        searched = {target.row.row: target for target in found[:SEARCHED_MAILBOXES]}
        answers = await self._each({row: self._asks(target) for row, target in searched.items()})
        if not answers:
            raise next(iter(self._failures.values()))
        chosen = self._newest(answers)
        wanted: dict[int, list[Uid]] = {}
        for row, hit in chosen:
            wanted.setdefault(row, []).append(hit.uid)
        rows = await self._each(
            {row: self._fetches(searched[row], answers[row].uidvalidity, uids) for row, uids in wanted.items()}
        )
        by_key = {(box, row.uid): row for box, some in rows.items() for row in some}
        items = [
            summary_of(box, answers[box].uidvalidity, by_key[box, hit.uid])
            for box, hit in chosen
            if (box, hit.uid) in by_key
        ]
        totals = [answer.total for answer in answers.values()]
        is_known = is_first and not self._failures
        total = sum([one or 0 for one in totals]) if is_known and None not in totals else None
        open_terms = tuple(dict.fromkeys(leaf for answer in answers.values() for leaf in answer.open_terms))
        failures = tuple([SearchFailure(mailbox_id(row), error) for row, error in self._failures.items()])
        return SearchPage(
            tuple(items), self._following(searched, answers, chosen), total, written(open_terms), failures, None
        )

    def _newest(self, answers: dict[int, SearchRows]) -> list[tuple[int, SearchHit]]:
        """Merge by time, newest first, within a mailbox by UID as its list is; not past the end of what was looked at
        in a mailbox that has more.
        """
        chosen: list[tuple[int, SearchHit]] = []
        left = {row: len(answer.hits) for row, answer in answers.items()}
        if any(answer.has_more and not answer.hits for answer in answers.values()):
            return []
        streams = [
            [(-(hit.received or 0.0), row, place, hit) for place, hit in enumerate(answer.hits)]
            for row, answer in sorted(answers.items())
        ]
        for _, row, _, hit in islice(merge(*streams, key=lambda one: one[:1]), self._asked.limit):
            chosen.append((row, hit))
            left[row] -= 1
            if not left[row] and answers[row].has_more:
                break
        return chosen

    def _following(
        self, searched: dict[int, _Target], answers: dict[int, SearchRows], chosen: Sequence[tuple[int, SearchHit]]
    ) -> str | None:
        last = {row: hit.uid for row, hit in chosen}
        told: dict[int, int] = {}
        for row, _ in chosen:
            told[row] = told.get(row, 0) + 1
        places = []
        for row, answer in answers.items():
            is_used_up = told.get(row, 0) == len(answer.hits)
            if is_used_up and not answer.has_more:
                continue
            if is_used_up:
                before: int = answer.reached or 0
            elif row in last:
                before = last[row]
            else:  # nothing of it was told yet; what arrives later stays out
                before = min(max(hit.uid for hit in answer.hits) + 1, 0xFFFFFFFF)
            places.append(MailboxPlace(row, answer.uidvalidity, before))
        if not places:
            return None
        places.extend(
            [searched[row].place for row, error in self._failures.items() if row in searched and error.is_retryable]
        )
        return write_search_cursor(SearchCursor(self._day, tuple(places)), self._search)

    async def _each(self, work: dict[int, Awaitable[_T]]) -> dict[int, _T]:
        """Do all, few at a time; what fails is kept as the failure of its mailbox."""

        async def one(row: int, doing: Awaitable[_T]) -> tuple[int, _T] | None:
            async with self._turn:
                try:
                    return row, await doing
                except MailhatchError as error:
                    self._failures[row] = error
                    return None

        done = await asyncio.gather(*[one(row, doing) for row, doing in work.items()])
        return dict([each for each in done if each is not None])

    async def _asks(self, target: _Target) -> SearchRows:
        query = replace(query_of(target, self._asked), dates_only=True)
        return await self._gateway.search(self._account.id, query, self._timeout)

    async def _fetches(self, target: _Target, uidvalidity: int, uids: Sequence[Uid]) -> tuple[Row, ...]:
        query = RowsQuery(target.row.name, uidvalidity, uids, self._asked.with_preview, self._asked.with_facts)
        return await self._gateway.rows(self._account.id, query, self._timeout)


def query_of(target: _Target, asked: SearchRequest) -> SearchQuery:
    """What to ask of one mailbox."""
    place = target.place
    return SearchQuery(
        mailbox=target.row.name,
        term=target.term,
        limit=asked.limit,
        uidvalidity=place.uidvalidity or None,
        before_uid=Uid(place.before_uid) if place.before_uid else None,
        sort=asked.sort,
        with_preview=asked.with_preview,
        with_facts=asked.with_facts,
    )


def summary_of(mailbox: int, uidvalidity: int, row: Row) -> Summary:
    """Make a list row of what was found."""
    return make_summary(row, message_id(MessageKey(mailbox, uidvalidity, row.uid)), mailbox_id(mailbox))


def written(open_terms: Sequence[Leaf]) -> tuple[str, ...]:
    """Write terms as a query has them."""
    return tuple([to_text(leaf) for leaf in open_terms])
