r"""Changing flags: one flush for up to some thousand messages (RFC 9051 section 6.4.6, RFC 7162 section 3.1.3).

What a message has afterwards is asked with a FETCH behind the STORE, in the same flush: Dovecot answers a STORE only
for messages it changed, says OK to one on a read-only mailbox, and leaves out flags its access control list forbids.
"""

import re
from collections.abc import Sequence

from app.domain.edits import FlagEdit, FlagOutcome, ItemState, MessageSet
from app.domain.errors import (
    InvalidRequest,
    MailhatchError,
    NotSupportedByServer,
    PermissionDenied,
)
from app.domain.flags import from_imap
from app.domain.ids import Uid
from app.imap.dialogue import Reply
from app.imap.errors import edit_refusal
from app.imap.limits import MAX_FLAGS_WRITTEN
from app.imap.reading import modseq_of
from app.imap.selection import Selection, View
from app.imap.sending import Sent, enter_for, flags_written, flushes, send
from app.imap.window import Window
from app.imap.wire.commands import Command, command
from app.imap.wire.fetch import FetchRow
from app.imap.wire.flags import is_keyword
from app.imap.wire.responses import Untagged
from app.imap.wire.uid_codes import modified_uids
from app.imap.wire.uid_sets import format_set

#: What a server that counts changes answers even to .SILENT (RFC 7162 section 3.1.3): no flags, which FETCH tells.
_COUNT_ALONE = re.compile(rb"\((?:UID [0-9]{1,10} MODSEQ \([0-9]{1,20}\)|MODSEQ \([0-9]{1,20}\) UID [0-9]{1,10})\)")


def store_flags(
    selection: Selection, messages: MessageSet, edit: FlagEdit, unchanged_since: int | None, deadline: float
) -> tuple[FlagOutcome, ...]:
    """Add and remove flags. See `FlagSession.store_flags`.

    With `unchanged_since`, adding and removing takes two round trips: the first change would be in the way of the
    second one's condition, so that the second goes, without one, to the messages that passed.
    """
    work = _Work(selection, edit, unchanged_since)
    work.view = enter_for(selection, messages, deadline)
    refused = work.refused()
    if refused is not None:
        return tuple([FlagOutcome(uid, ItemState.FAILED, error=refused) for uid in messages.uids])
    for sets in flushes(messages.uids):
        work.flush(sets, deadline)
    return tuple([work.outcomes[uid] for uid in messages.uids])


class _Work:
    def __init__(self, selection: Selection, edit: FlagEdit, unchanged_since: int | None) -> None:
        self._selection = selection
        self._since = unchanged_since
        self._add = flags_written(edit.add)
        self._remove = flags_written(edit.remove)
        if sum(map(len, self._add + self._remove)) + len(self._add + self._remove) > MAX_FLAGS_WRITTEN:
            raise InvalidRequest("These are more flags than can be changed at once.")
        self._lost: MailhatchError | None = None
        self.view: View | None = None
        self.outcomes: dict[Uid, FlagOutcome] = {}
        self._judged: dict[tuple[str, ...], tuple[tuple[str, ...], bool]] = {}

    def refused(self) -> MailhatchError | None:
        """Why this mailbox cannot take this change, None when it can. Raises NotSupportedByServer for a condition that
        the server cannot keep.
        """
        assert self.view is not None
        if self._since is not None and self.view.modseq is None:
            raise NotSupportedByServer("The mail server does not count changes.", "conditional_flags")
        permanent = self.view.permanent
        if permanent is None:
            return None
        for flag in [*self._add, *self._remove]:
            if not is_keyword(flag) and flag.lower() not in permanent:
                return PermissionDenied("The mail server does not let this user change one of these flags.")
        if rb"\*" not in permanent and any(is_keyword(flag) and flag.lower() not in permanent for flag in self._add):
            return NotSupportedByServer("The mailbox takes no new keywords.", "keywords")
        return None

    def flush(self, sets: Sequence[tuple[Uid, ...]], deadline: float) -> None:
        """Change some sets, unless the connection was lost before."""
        if self._lost is not None:
            for uid in _all(sets):
                self.outcomes[uid] = FlagOutcome(uid, ItemState.FAILED, error=self._lost)
            return
        changed: set[Uid] = set()
        stores = self._stores(sets)
        if self._since is not None and len(stores) > len(sets):
            sent = send(self._selection, stores[: len(sets)], deadline)
            changed = _changed(sent.replies, sets)
            if sent.lost is not None or any(not reply.is_ok and not _is_modified(reply) for reply in sent.replies):
                self._tell(sets, sent, {}, changed)
                return
            stores = stores[len(sets) :]
            left = [tuple(uid for uid in part if uid not in changed) for part in sets]
            stores = self._stores([part for part in left if part], is_second=True)
        window = Window(len(_all(sets)), _all(sets))

        def take(untagged: Untagged) -> None:
            if len(untagged.rest) > 1 or not _COUNT_ALONE.fullmatch(untagged.rest[0]):
                window.take(untagged)

        sent = send(self._selection, [*stores, *self._fetches(sets)], deadline, take)
        changed |= _changed(sent.replies, sets)
        self._tell(sets, sent, {row.uid: row for row in window.rows.values()}, changed)

    def _stores(self, sets: Sequence[tuple[Uid, ...]], *, is_second: bool = False) -> list[Command]:
        edits = [(b"+FLAGS.SILENT", self._add), (b"-FLAGS.SILENT", self._remove)]
        condition = [] if self._since is None or is_second else [f"(UNCHANGEDSINCE {self._since})"]
        return [
            command("UID STORE", format_set(part), *condition, item, b"(" + b" ".join(flags) + b")", expects=["FETCH"])
            for item, flags in (edits[1:] if is_second and self._add else edits)
            if flags
            for part in sets
        ]

    def _fetches(self, sets: Sequence[tuple[Uid, ...]]) -> list[Command]:
        items = "(UID FLAGS)" if self.view is None or self.view.modseq is None else "(UID FLAGS MODSEQ)"
        return [command("UID FETCH", format_set(part), items, expects=["FETCH"]) for part in sets]

    def _tell(self, sets: Sequence[tuple[Uid, ...]], sent: Sent, rows: dict[Uid, FetchRow], changed: set[Uid]) -> None:
        self._lost = sent.lost
        for place, part in enumerate(sets):
            refusal = _refusal(sent.replies, place, len(sets))
            for uid in part:
                self.outcomes[uid] = self._outcome(uid, rows.get(uid), uid in changed, refusal, sent.lost)

    def _outcome(
        self,
        uid: Uid,
        row: FetchRow | None,
        is_changed: bool,
        refusal: MailhatchError | None,
        lost: MailhatchError | None,
    ) -> FlagOutcome:
        if row is None:
            if lost is not None:
                return FlagOutcome(uid, ItemState.CHANGED if is_changed else ItemState.UNKNOWN, error=lost)
            if refusal is not None:
                return FlagOutcome(uid, ItemState.FAILED, error=refusal)
            return FlagOutcome(uid, ItemState.GONE)
        (flags, is_done), modseq = self._judge(row.flags()), modseq_of(row)
        if is_changed:
            return FlagOutcome(uid, ItemState.CHANGED, flags, modseq)
        if is_done:
            return FlagOutcome(uid, ItemState.DONE, flags, modseq)
        error = refusal or PermissionDenied("The mail server did not change these flags.")
        return FlagOutcome(uid, ItemState.FAILED, flags, modseq, error)

    def _judge(self, names: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
        """Tell our words for flags, and whether they are as asked; most messages of a batch have the same."""
        found = self._judged.get(names)
        if found is None:
            has = {name.encode("utf-8").lower() for name in names}
            is_done = has.issuperset(flag.lower() for flag in self._add) and has.isdisjoint(
                flag.lower() for flag in self._remove
            )
            found = self._judged[names] = (from_imap(names), is_done)
        return found


def _all(sets: Sequence[tuple[Uid, ...]]) -> set[Uid]:
    return {uid for part in sets for uid in part}


def _changed(replies: Sequence[Reply], sets: Sequence[tuple[Uid, ...]]) -> set[Uid]:
    return {uid for reply in replies for uid in modified_uids(reply.code, _all(sets))}


def _refusal(replies: Sequence[Reply], place: int, count: int) -> MailhatchError | None:
    """What went wrong with one of `count` sets: its commands stand at equal places, unless a flush left sets out."""
    for reply in replies[place::count] if len(replies) % count == 0 else replies:
        if reply.status and not reply.is_ok and not _is_modified(reply) and not _is_expunge(reply):
            return edit_refusal(reply.status, reply.code, reply.text)
    return None


def _is_modified(reply: Reply) -> bool:
    return reply.code is not None and reply.code.name == b"MODIFIED"


def _is_expunge(reply: Reply) -> bool:
    """Whether it failed for messages that are gone (RFC 5530): the others were changed."""
    return reply.code is not None and reply.code.name == b"EXPUNGEISSUED"
