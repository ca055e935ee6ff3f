"""A page of a search: newest first below the last UID, or sorted and found again by where it ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from app.domain.errors import CursorExpired, NotSupportedByServer
from app.domain.ids import Uid
from app.domain.lookup import Matches, MatchQuery, SearchHit, SearchQuery, SearchRows, SortedPlace
from app.domain.query import Row
from app.domain.sorting import in_order
from app.gateway.limits import REMEMBERED_PLACES, SCAN_BLOCK, SCANNED_ROWS, SORTED_BY_SERVICE
from app.gateway.scan import Scan


def search_page(scan: Scan, query: SearchQuery) -> SearchRows:
    """Answer a page. See `LookupGateway.search`."""
    if query.sort is not None:
        return _sorted_page(scan, query)
    found = scan.find(MatchQuery(query.mailbox, query.term, query.uidvalidity, query.before_uid))
    newest_first = found.uids[::-1]
    total = len(newest_first) if query.before_uid is None and not found.open_terms else None
    return _page(scan, query, found, newest_first, total)


def _page(scan: Scan, query: SearchQuery, found: Matches, uids: Sequence[int], total: int | None) -> SearchRows:
    """Take the first messages of a row of UIDs that answer, and tell how far it looked."""
    if found.open_terms:
        return _judged_page(scan, query, found, uids)
    taken = uids[: query.limit]
    has_more = len(uids) > query.limit
    reached = Uid(taken[-1]) if taken else None
    if query.dates_only:
        times = scan.received(found.uidvalidity, taken)
        hits = tuple([SearchHit(Uid(uid), times[Uid(uid)]) for uid in taken if uid in times])
        return SearchRows(found.uidvalidity, hits, (), has_more, reached, total)
    rows = scan.rows(found.uidvalidity, taken, with_preview=query.with_preview, with_facts=query.with_facts)
    return SearchRows(found.uidvalidity, _hits(rows), rows, has_more, reached, total)


def _judged_page(scan: Scan, query: SearchQuery, found: Matches, uids: Sequence[int]) -> SearchRows:
    rows: list[Row] = []
    looked_at = 0
    for _, row in scan.judged(found, uids, SCANNED_ROWS, with_preview=query.with_preview):
        looked_at += 1
        if row is not None:
            rows.append(row)
        if len(rows) == query.limit:
            break
    reached = Uid(uids[looked_at - 1]) if looked_at else None
    told = () if query.dates_only else tuple(rows)
    return SearchRows(
        found.uidvalidity, _hits(rows), told, looked_at < len(uids), reached, total=None, open_terms=found.open_terms
    )


def _hits(rows: Sequence[Row]) -> tuple[SearchHit, ...]:
    return tuple([SearchHit(row.uid, _seconds(row)) for row in rows])


def _seconds(row: Row) -> float | None:
    if row.facts is None or row.facts.received is None:
        return None
    return datetime.fromisoformat(row.facts.received).timestamp()


def _sorted_page(scan: Scan, query: SearchQuery) -> SearchRows:
    found, source = _sorted_matches(scan, query)
    start = _start(found.uids, query.place)
    rest = found.uids[start:]
    total = len(found.uids) if not found.open_terms else None
    page = _page(scan, query, found, rest, total)
    end = start + (rest.index(page.reached) + 1 if page.reached is not None else 0)
    last = tuple([Uid(uid) for uid in reversed(found.uids[max(0, end - REMEMBERED_PLACES) : end])])
    return SearchRows(
        page.uidvalidity,
        page.hits,
        page.rows,
        page.has_more,
        page.reached,
        page.total,
        page.open_terms,
        sorted_by=source,
        place=SortedPlace(end, last),
    )


def _sorted_matches(scan: Scan, query: SearchQuery) -> tuple[Matches, Literal["server", "service"]]:
    """Sort on the server, or here when that cannot and there are few enough. Raises NotSupportedByServer."""
    try:
        return scan.find(MatchQuery(query.mailbox, query.term, query.uidvalidity, sort=query.sort)), "server"
    except NotSupportedByServer as refused:
        if refused.capability != "sort":
            raise
    assert query.sort is not None
    found = scan.find(MatchQuery(query.mailbox, query.term, query.uidvalidity))
    if len(found.uids) > SORTED_BY_SERVICE:
        detail = f"The mail server does not sort, and the service sorts {SORTED_BY_SERVICE} messages at most."
        raise NotSupportedByServer(detail, "sort")
    facts = []
    for start in range(0, len(found.uids), SCAN_BLOCK):
        block = found.uids[start : start + SCAN_BLOCK]
        rows = scan.rows(found.uidvalidity, block, with_preview=False)
        facts.extend([row.facts for row in rows if row.facts is not None])
    uids = [one.uid for one in in_order(facts, query.sort)]
    return Matches(found.uidvalidity, uids, found.open_terms, found.cases), "service"


def _start(uids: Sequence[int], place: SortedPlace | None) -> int:
    """Find where the page before ended: nothing is told twice or left out while one of its last messages is there."""
    if place is None:
        return 0
    if 0 < place.position <= len(uids) and place.last and uids[place.position - 1] == place.last[0]:
        return place.position
    places = {uid: at for at, uid in enumerate(uids)}
    for uid in place.last:
        if uid in places:
            return places[uid] + 1
    raise CursorExpired("The messages at the end of the page before are gone; start again without the cursor.")
