"""A search on one session: which messages answer, and their rows."""

from collections.abc import Iterator, Mapping, Sequence

from app.domain.ids import Uid
from app.domain.lookup import Matches, MatchingUids, MatchQuery, RowsQuery
from app.domain.message import SummaryFacts
from app.domain.ports import SearchSession
from app.domain.query import Row
from app.domain.search import SearchableMessage, matches
from app.gateway.limits import SCAN_BLOCK, SCANNED_FOR_ALL
from app.gateway.summary_cache import KnownSummaries

NOTHING_KNOWN = KnownSummaries(None, with_preview=False)


class Scan:
    """Looks at the messages of one mailbox, with what is cached of it. Blocking, in the pool's thread.

    `told` are the summaries that the server told, to be cached afterwards.
    """

    def __init__(self, session: SearchSession, known: KnownSummaries, mailbox: str, deadline: float) -> None:
        """Take what searches, and what is cached of the mailbox."""
        self._session = session
        self._known = known
        self._mailbox = mailbox
        self._deadline = deadline
        self.told: list[SummaryFacts] = []
        self.cached: list[Uid] = []

    def find(self, query: MatchQuery) -> Matches:
        """Tell which messages answer."""
        return self._session.find(query, self._deadline)

    def rows(
        self, uidvalidity: int, uids: Sequence[int], *, with_preview: bool, with_facts: bool = True
    ) -> tuple[Row, ...]:
        """Fetch rows in the order of `uids`, each with its facts unless nobody wants them."""
        is_same = self._known.uidvalidity == uidvalidity
        known = self._known if is_same else NOTHING_KNOWN
        wanted = tuple([Uid(uid) for uid in uids])
        query = RowsQuery(self._mailbox, uidvalidity, wanted, with_preview, with_facts)
        rows = self._session.rows(query, known, self._deadline)
        if not with_facts:
            return rows
        full: list[Row] = []
        for row in rows:
            facts = row.facts
            if facts is None:
                facts = known.get(row.uid)
                self.cached.append(row.uid)
            else:
                self.told.append(facts)
            if facts is not None:
                full.append(Row(row.uid, row.seq, row.flags, facts))
        return tuple(full)

    def received(self, uidvalidity: int, uids: Sequence[int]) -> Mapping[Uid, float | None]:
        """Tell when messages were received; those that are gone are left out."""
        return self._session.received(self._mailbox, uidvalidity, [Uid(uid) for uid in uids], self._deadline)

    def judged(
        self, found: Matches, uids: Sequence[int], most: int, *, with_preview: bool = False
    ) -> Iterator[tuple[int, Row | None]]:
        """Go over UIDs in their order and yield each with its row when it answers, None when it does not.

        Ends after `most` of them.
        """
        for start in range(0, min(len(uids), most), SCAN_BLOCK):
            block = uids[start : min(start + SCAN_BLOCK, most)]
            rows = {row.uid: row for row in self.rows(found.uidvalidity, block, with_preview=with_preview)}
            for uid in block:
                row = rows.get(Uid(uid))
                yield uid, row if row is not None and _answers(found, row) else None

    def all_of(self, query: MatchQuery, most: int) -> MatchingUids:
        """Tell the newest messages that answer, at most `most`."""
        found = self.find(query)
        newest_first = list(reversed(found.uids))
        if not found.open_terms:
            uids = tuple([Uid(uid) for uid in newest_first[:most]])
            return MatchingUids(found.uidvalidity, uids, is_complete=len(newest_first) <= most)
        answering: list[Uid] = []
        looked_at = 0
        for uid, row in self.judged(found, newest_first, SCANNED_FOR_ALL):
            looked_at += 1
            if row is not None:
                answering.append(Uid(uid))
            if len(answering) == most:
                break
        return MatchingUids(found.uidvalidity, tuple(answering), is_complete=looked_at == len(newest_first))


def _answers(found: Matches, row: Row) -> bool:
    assert row.facts is not None
    message = SearchableMessage.of(row.facts, row.flags)
    return found.holds(row.uid, tuple([matches(leaf, message) for leaf in found.open_terms]))
