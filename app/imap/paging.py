"""A page of rows in as few round trips as can be: one when what is cached still stands, two after a change."""

from collections.abc import Container, Iterable

from app.domain.errors import CursorExpired, PermissionDenied, UpstreamProtocolError, UpstreamRejected
from app.domain.flags import from_imap
from app.domain.ids import Seq, Uid
from app.domain.message import SummaryFacts
from app.domain.query import PageQuery, PageRows, Row
from app.imap.dialogue import Reply
from app.imap.errors import refusal
from app.imap.facts import UNREADABLE_ENVELOPE, read_summary
from app.imap.guess import Guess, guess_from_page, guess_from_top
from app.imap.items import FLAGS, rescue_items, row_items
from app.imap.limits import MAX_PAGE, MAX_PAGE_FLUSHES, PROBES
from app.imap.place import count_below, count_of, probes
from app.imap.selection import Selection, View
from app.imap.window import Window
from app.imap.wire.commands import Command, command
from app.imap.wire.fetch import FetchRow
from app.imap.wire.flags_run import require_order, rows_of
from app.imap.wire.responses import Untagged
from app.imap.wire.uid_sets import format_set


def read_page(selection: Selection, query: PageQuery, known: Container[Uid], deadline: float) -> PageRows:
    """Answer a page, newest first by UID. See `MailSession.page`.

    In the mailbox already, NOOP and FETCH go together: the server's news of arrivals and expunges then come before the
    rows, and a second flush asks for what they changed. In another mailbox EXAMINE goes first, by itself, because
    nobody knows its sequence numbers.
    """
    entering = selection.enter(query.mailbox, query.uidvalidity)
    view = selection.entered(entering, selection.run(entering, deadline) if entering else [])
    if query.uidvalidity is not None and query.uidvalidity != view.uidvalidity:
        raise CursorExpired("The mailbox was renumbered; start again without the cursor.")
    page = _Page(selection, view, query, known, is_fresh=bool(entering))
    page.load(deadline)
    return page.answer()


class _Page:
    def __init__(
        self, selection: Selection, view: View, query: PageQuery, known: Container[Uid], *, is_fresh: bool
    ) -> None:
        self._selection = selection
        self._view = view
        self._query = query
        self._known = known
        self._is_fresh = is_fresh
        self._limit = max(1, min(query.limit, MAX_PAGE))
        self._window = Window(max_rows=2 * MAX_PAGE + PROBES * MAX_PAGE_FLUSHES)
        self._facts: dict[int, SummaryFacts] = {}
        self._guess = self._guess_known()
        self._hint: int | None = query.seq_hint
        self._may_search = selection.features.has_esearch
        self._asked: set[int] = set()
        self._rescued: set[int] = set()
        self._missed: list[int] = []
        self._old_exists = view.exists

    def load(self, deadline: float) -> None:
        """Flush until every row is there. Raises UpstreamProtocolError for a mailbox that never rests."""
        for turn in range(MAX_PAGE_FLUSHES):
            commands = self._wanted(is_first=turn == 0)
            if turn == 0 and not self._is_fresh:
                commands.insert(0, command("NOOP"))
            if not commands:
                break
            changes = self._view.changes
            replies = self._selection.run(commands, deadline, self._take, self._window.take_run)
            has_changed = self._view.changes != changes
            self._check(commands, replies, has_changed=has_changed)
            if has_changed:
                self._missed = []
        if self._bounds() is None:
            raise UpstreamProtocolError("The mailbox changes faster than it can be read.")

    def answer(self) -> PageRows:
        """Put the page together, whatever rows came."""
        low, high = self._bounds() or (1, 0)
        rows = self._rows(low, high)
        if self._query.before_uid is None:
            self._view.newest = tuple([row.uid for row in rows])
        return PageRows(
            uidvalidity=self._view.uidvalidity,
            total=self._view.exists,
            modseq=self._view.modseq if self._is_fresh else None,
            rows=rows,
            has_more=low > 1,
        )

    def _rows(self, low: int, high: int) -> tuple[Row, ...]:
        run = self._window.run
        if run is not None and not self._asked and not self._facts:
            return rows_of(run, low, high)  # all known, and told in one way: the very rows of the last time, mostly
        found = self._window.rows
        rows = [(seq, found[seq]) for seq in range(high, low - 1, -1) if seq in found]
        require_order(rows)
        return tuple([Row(row.uid, Seq(seq), from_imap(row.flags()), self._facts_of(row)) for seq, row in rows])

    def _wanted(self, *, is_first: bool) -> list[Command]:
        bounds = self._bounds()
        if bounds is None:
            return self._locate()
        seqs = range(bounds[0], bounds[1] + 1)
        missing = [seq for seq in seqs if seq not in self._window.rows]
        if missing == self._missed:  # the server does not want to tell of these
            missing = []
        self._missed = missing
        commands = self._fetch_missing(missing, bounds[0], is_first=is_first)
        if is_first and self._guess.newer_than is not None:
            commands.append(self._fetch(f"{self._guess.newer_than + 1}:*", self._row_items(), by_uid=True))
        return commands + self._fetch_incomplete([self._window.rows[seq] for seq in seqs if seq in self._window.rows])

    def _fetch_missing(self, missing: list[int], low: int, *, is_first: bool) -> list[Command]:
        if is_first or not self._guess.is_mostly_known:
            full = [] if self._guess.is_mostly_known else missing
        else:  # what slid in from below, and what arrived
            top = self._old_exists - self._window.expunged
            full = [seq for seq in missing if seq > top or seq < low + self._window.expunged]
        asked_full = set(full)
        flags = [seq for seq in missing if seq not in asked_full]
        commands = [self._fetch(format_set(flags), FLAGS)] if flags else []
        return [*commands, self._fetch(format_set(full), self._row_items())] if full else commands

    def _fetch_incomplete(self, rows: Iterable[FetchRow]) -> list[Command]:
        """Ask for rows that came with flags alone and are not known, and in another way for those that came broken."""
        plain: list[int] = []
        broken: list[int] = []
        if self._window.run is not None:  # nothing but UIDs and flags
            plain = [row.uid for row in rows if row.uid not in self._known and row.uid not in self._asked]
            rows = ()
        for row in rows:
            if row.is_broken or self._has_bad_envelope(row):
                if row.uid not in self._rescued:
                    broken.append(row.uid)
            elif not _is_full(row) and row.uid not in self._known and row.uid not in self._asked:
                plain.append(row.uid)
        self._asked.update(plain)
        self._rescued.update(broken)
        commands = [self._fetch(format_set(plain), self._row_items(), by_uid=True)] if plain else []
        if broken:
            commands.append(self._fetch(format_set(broken), rescue_items(self._selection.features), by_uid=True))
        return commands

    def _locate(self) -> list[Command]:
        """Ask where the cursor's message is: first where it was, then by counting or probing."""
        exists = self._view.exists
        if self._hint is not None:
            high = max(1, min(self._hint, exists))
            low = max(1, high - self._limit)
            self._hint = None
            items = FLAGS if self._guess.is_mostly_known else self._row_items()
            return [self._fetch(f"{low}:{high}", items)]
        before = self._query.before_uid or 1
        if self._may_search and before > 1:
            return [count_below(before)]
        below, above = self._window.place_of(before, exists)
        return [self._fetch(format_set(probes(below, above)), FLAGS)]

    def _bounds(self) -> tuple[int, int] | None:
        """Return the first and last sequence number of the page, (1, 0) when it is empty; None while not known."""
        end = self._view.exists + 1
        if self._query.before_uid is not None:
            below, end = self._window.place_of(self._query.before_uid, self._view.exists)
            if below + 1 != end:
                return None
        return max(1, end - self._limit), end - 1

    def _take(self, untagged: Untagged) -> None:
        if untagged.kind != b"ESEARCH":
            self._window.take(untagged)
            return
        count = count_of(untagged)
        if count is None:
            self._may_search = False
        else:
            self._hint = min(count + 1, self._view.exists)

    def _check(self, commands: list[Command], replies: list[Reply], *, has_changed: bool) -> None:
        """Raise what a refusal means; one that a change under way explains, or that cost single rows, is no error."""
        for what, reply in zip(commands, replies, strict=True):
            if reply.is_ok or (has_changed and what.name != b"NOOP"):
                continue
            error = refusal(reply.status, reply.code, reply.text)
            if not (isinstance(error, UpstreamRejected | PermissionDenied) and self._window.rows):
                raise error

    def _facts_of(self, row: FetchRow) -> SummaryFacts | None:
        """Read a row's facts once; None when the caller knows them and nobody asked."""
        if row.uid not in self._facts:
            if not _is_full(row) and row.uid in self._known:
                return None
            self._facts[row.uid] = read_summary(row, with_preview=self._query.with_preview)
        return self._facts[row.uid]

    def _has_bad_envelope(self, row: FetchRow) -> bool:
        if not _is_full(row) or row.uid in self._rescued:
            return False
        facts = self._facts_of(row)
        if facts is None or UNREADABLE_ENVELOPE not in facts.defects:
            return False
        del self._facts[row.uid]  # to be read again with what the rescue brings
        return True

    def _guess_known(self) -> Guess:
        before, view = self._query.before_uid, self._view
        needed = min(self._limit, view.exists)
        if before is not None:
            return Guess(guess_from_top(self._known, before - 1, needed).is_mostly_known)
        if view.newest:
            return guess_from_page(self._known, view.newest, needed)
        return guess_from_top(self._known, (view.uidnext or 1) - 1, needed)

    def _row_items(self) -> str:
        return row_items(self._selection.features, with_preview=self._query.with_preview)

    def _fetch(self, numbers: str, items: str, *, by_uid: bool = False) -> Command:
        return command("UID FETCH" if by_uid else "FETCH", numbers, items, expects=["FETCH"])


def _is_full(row: FetchRow) -> bool:
    return row.envelope is not None or b"ENVELOPE" in row.items or b"BODYSTRUCTURE" in row.items
