"""Which messages of a mailbox answer: one flush, the mailbox entered in it.

A term that the server has no word for, or no charset, is left open: the search is sent once for each way the open terms
may turn out, and whoever knows the messages' rows decides. Most ways leave nothing to search for: with `has:attachment`
beside other terms, one search is left.
"""

from array import array
from collections.abc import Sequence
from itertools import product

from app.domain.errors import CursorExpired, NotSupportedByServer, UpstreamProtocolError
from app.domain.lookup import Matches, MatchQuery, Sort, SortKey
from app.domain.search import HasAttachment, Leaf, Nothing, Term, can_judge_row, leaves, normal, replaced, some
from app.imap.answers import ask, search
from app.imap.limits import MAX_OPEN_TERMS
from app.imap.selection import Selection
from app.imap.wire.commands import Command, command
from app.imap.wire.search_keys import beyond_ascii, search_keys

_EMPTY = array("I")
_KEYS = {
    SortKey.DATE: "DATE",
    SortKey.RECEIVED: "ARRIVAL",
    SortKey.SIZE: "SIZE",
    SortKey.SUBJECT: "SUBJECT",
    SortKey.FROM: "FROM",
}


class _NoCharset(Exception):
    """The server does not know UTF-8 (RFC 5530 has no code for it; RFC 3501 section 7.1, BADCHARSET)."""


def find(selection: Selection, query: MatchQuery, deadline: float) -> Matches:
    """Tell which messages answer. See `SearchSession.find`."""
    return _Search(selection, query, deadline).run()


class _Search:
    def __init__(self, selection: Selection, query: MatchQuery, deadline: float) -> None:
        self._selection = selection
        self._query = query
        self._term = normal(query.term)
        self._deadline = deadline
        self._is_fresh = False
        if query.sort is not None and not selection.features.has_sort:
            raise NotSupportedByServer("The mail server does not sort.", "sort")

    def run(self) -> Matches:
        term = self._term
        open_terms = tuple(dict.fromkeys(leaf for leaf in leaves(term) if isinstance(leaf, HasAttachment)))
        try:
            return self._find(open_terms)
        except _NoCharset:
            return self._find((*open_terms, *beyond_ascii(term)))

    def _find(self, open_terms: tuple[Leaf, ...]) -> Matches:
        _require_judged(open_terms)
        terms = {
            truths: replaced(self._term, dict(zip(open_terms, truths, strict=True)))
            for truths in product((True, False), repeat=len(open_terms))
        }
        if not open_terms:
            return Matches(*self._ask(self._term, self._query.sort))
        asked: dict[Term, tuple[int, Sequence[int]]] = {}
        union: Sequence[int] = _EMPTY
        if self._query.sort is not None:
            either = some(*terms.values())
            asked[either] = self._ask(either, self._query.sort)
            union = asked[either][1]
        for term in terms.values():
            if term not in asked:
                asked[term] = self._ask(term, None)
        cases = {truths: frozenset(asked[term][1]) for truths, term in terms.items()}
        if self._query.sort is None:
            union = array("I", sorted(frozenset().union(*cases.values())))
        uidvalidity = next(iter(asked.values()))[0]
        return Matches(uidvalidity, union, open_terms, cases)

    def _ask(self, term: Term, sort: Sort | None) -> tuple[int, Sequence[int]]:
        """Return UIDVALIDITY and the UIDs that answer a term."""
        nothing = isinstance(term, Nothing) or self._query.before_uid == 1
        commands = [] if nothing else [self._command(term, sort)]
        view, answers, replies = ask(
            self._selection, self._query.mailbox, self._query.uidvalidity, commands, self._deadline,
            is_fresh=self._is_fresh,
        )  # fmt: skip
        self._is_fresh = True
        if self._query.uidvalidity is not None and self._query.uidvalidity != view.uidvalidity:
            raise CursorExpired("The mailbox was renumbered; start again without the cursor.")
        if nothing:
            return view.uidvalidity, _EMPTY
        reply = replies[-1]
        if reply.status == b"NO" and reply.code is not None and reply.code.name == b"BADCHARSET":
            if not beyond_ascii(term):
                raise UpstreamProtocolError("The mail server refuses a charset that was not asked for.")
            raise _NoCharset
        reply.require_ok()
        return view.uidvalidity, answers.found() if sort is None else answers.sorted()

    def _command(self, term: Term, sort: Sort | None) -> Command:
        keys = search_keys(term, self._query.before_uid)
        is_ascii = not beyond_ascii(term)
        if sort is not None:
            charset = "US-ASCII" if is_ascii else "UTF-8"
            return command("UID SORT", self._criteria(sort), charset, keys, expects=["SORT"])
        return search(self._selection, keys, is_ascii=is_ascii)

    def _criteria(self, sort: Sort) -> str:
        key = _KEYS[sort.key]
        if sort.key is SortKey.FROM and self._selection.features.has_display_sort:
            key = "DISPLAYFROM"  # RFC 5957: the name that a person sees
        return f"(REVERSE {key})" if sort.is_descending else f"({key})"


def _require_judged(open_terms: tuple[Leaf, ...]) -> None:
    """Raise NotSupportedByServer unless the service can judge, from rows, what is left open, and it is not too much."""
    if not all(can_judge_row(leaf) for leaf in open_terms):
        raise NotSupportedByServer("The mail server looks for ASCII alone in the text of messages.", "search_charset")
    if len(open_terms) > MAX_OPEN_TERMS:
        raise NotSupportedByServer(
            f"The mail server can run too few of the terms; the service adds {MAX_OPEN_TERMS}.", "search"
        )
