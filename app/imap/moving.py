r"""Copying and moving messages (RFC 9051 section 6.4.7, RFC 6851), each told what became of it.

A SEARCH goes ahead of each command, in the same flush: it tells which messages were there, where COPYUID does not. A
server that refuses because some had gone meanwhile (EXPUNGEISSUED) has done nothing, and has told of them by then; it
is asked again, for those that are left.
"""

from collections.abc import Sequence

from app.domain.edits import ItemState, MessageSet, MoveOutcome, MoveReport
from app.domain.errors import MailhatchError, NotFound, NotSupportedByServer
from app.domain.ids import Uid
from app.imap.dialogue import Reply
from app.imap.errors import edit_refusal
from app.imap.limits import MAX_EDIT_ATTEMPTS
from app.imap.presence import find_present, is_answer, read_found, search_for
from app.imap.removing import erase
from app.imap.selection import Selection
from app.imap.sending import Sent, enter_for, flushes, send, target_name
from app.imap.wire.commands import Command, command
from app.imap.wire.responses import Code, Untagged
from app.imap.wire.uid_codes import copied_uids
from app.imap.wire.uid_sets import format_set


def copy(selection: Selection, messages: MessageSet, to: str, deadline: float) -> MoveReport:
    """Copy messages. See `MoveSession.copy`."""
    transfer = _Transfer(selection, to, "UID COPY")
    enter_for(selection, messages, deadline, to_write=False)
    return transfer.run(messages, deadline)


def move(selection: Selection, messages: MessageSet, to: str, deadline: float) -> MoveReport:
    r"""Move messages. See `MoveSession.move`.

    Without MOVE they are copied first, and what was copied is erased: a message is never without a place. Where it
    could not be erased, the outcome is `failed` and names the copy.
    """
    if selection.features.has_move:
        transfer = _Transfer(selection, to, "UID MOVE")
        enter_for(selection, messages, deadline)
        return transfer.run(messages, deadline)
    transfer = _Transfer(selection, to, "UID COPY")
    enter_for(selection, messages, deadline)
    copied = transfer.run(messages, deadline)
    done = tuple(item.uid for item in copied.items if item.state is ItemState.DONE)
    if not done or selection.is_lost:
        return MoveReport(copied.uidvalidity, tuple([_left(item) for item in copied.items]))
    erased = erase(selection, MessageSet(messages.mailbox, messages.uidvalidity, done), deadline)
    after = {item.uid: item for item in erased.items}
    return MoveReport(copied.uidvalidity, tuple([_moved(item, after.get(item.uid)) for item in copied.items]))


def _left(copied: MoveOutcome) -> MoveOutcome:
    """What a copied message is after the connection was lost before it could be erased."""
    if copied.state is not ItemState.DONE:
        return copied
    error = NotSupportedByServer("The message was copied, but the connection was lost before it was removed.", "move")
    return MoveOutcome(copied.uid, ItemState.FAILED, copied.target, error)


def _moved(copied: MoveOutcome, erased: MoveOutcome | None) -> MoveOutcome:
    if erased is None or erased.state in {ItemState.DONE, ItemState.GONE}:
        return copied
    return MoveOutcome(copied.uid, erased.state, copied.target, erased.error)


class _Transfer:
    """One verb on the selected mailbox, set by set. Raises NotFound for a target that no mailbox can be."""

    def __init__(self, selection: Selection, to: str, verb: str) -> None:
        self._selection = selection
        self._to = target_name(to)
        self._verb = verb
        self._uidvalidity: int | None = None
        self._targets: dict[Uid, Uid] = {}
        self._there: set[Uid] = set()
        self._outcomes: dict[Uid, MoveOutcome] = {}
        self._lost: MailhatchError | None = None
        self._asked: set[Uid] = set()

    def run(self, messages: MessageSet, deadline: float) -> MoveReport:
        for sets in flushes(messages.uids):
            self._flush(sets, deadline)
        return MoveReport(self._uidvalidity, tuple([self._outcomes[uid] for uid in messages.uids]))

    def _flush(self, sets: Sequence[tuple[Uid, ...]], deadline: float) -> None:
        for attempt in range(1, MAX_EDIT_ATTEMPTS + 1):
            if self._lost is not None:
                self._tell_unsent(sets)
                return
            self._asked = {uid for part in sets for uid in part}
            self._there.clear()
            commands = [one for part in sets for one in (search_for(part), self._command(part))]
            sent = send(self._selection, commands, deadline, self._take)
            self._lost = sent.lost
            again = []
            for place, part in enumerate(sets):
                searched, reply = sent.replies[2 * place], sent.replies[2 * place + 1]
                if _is_expunge(reply) and attempt < MAX_EDIT_ATTEMPTS:
                    again.append(part)
                else:
                    self._tell(part, searched, reply, sent, deadline)
            sets = again
            if not sets:
                return

    def _command(self, uids: Sequence[Uid]) -> Command:
        return command(self._verb, format_set(uids), self._to, expects=["OK"])

    def _take(self, untagged: Untagged) -> None:
        if is_answer(untagged):
            self._there |= read_found(untagged, self._asked)
        elif untagged.kind == b"OK":  # MOVE tells so, ahead of the EXPUNGEs (RFC 6851 section 4.3)
            self._learn(untagged.code())

    def _learn(self, code: Code | None) -> None:
        found = copied_uids(code, self._asked, len(self._asked))
        if found is None:
            return
        if self._uidvalidity is None:
            self._uidvalidity = found[0]
        if self._uidvalidity == found[0]:
            self._targets.update(found[1])

    def _tell(self, part: tuple[Uid, ...], searched: Reply, reply: Reply, sent: Sent, deadline: float) -> None:
        self._learn(reply.code)
        gone = {uid for uid in part if uid not in self._there and uid not in self._targets} if searched.is_ok else set()
        is_told = any(uid in self._targets for uid in part)
        state, error = ItemState.DONE, None
        present: set[Uid] = set()
        if not reply.status:
            state, error = ItemState.UNKNOWN, sent.lost
        elif not reply.is_ok:
            state, error = ItemState.FAILED, edit_refusal(reply.status, reply.code, reply.text)
            if isinstance(error, NotFound) and not self._has_done:
                raise error
            present = self._still_there(part, error, deadline)
        for uid in part:
            if uid in self._targets:
                outcome = MoveOutcome(uid, ItemState.DONE, self._targets[uid])
            elif uid in gone or (state is ItemState.DONE and is_told):
                outcome = MoveOutcome(uid, ItemState.GONE)
            elif state is ItemState.FAILED and uid not in present:
                outcome = MoveOutcome(uid, ItemState.UNKNOWN, error=error)
            else:
                outcome = MoveOutcome(uid, state, error=error)
            self._outcomes[uid] = outcome

    def _still_there(self, part: tuple[Uid, ...], error: MailhatchError, deadline: float) -> set[Uid]:
        """Which messages a refused command left alone: COPY does all or nothing, MOVE may stop half-way (RFC 6851
        section 3.3).
        """
        if self._verb == "UID COPY" or isinstance(error, NotFound):
            return set(part)
        if self._lost is not None:
            return set()
        sent, found = find_present(self._selection, [part], deadline)
        self._lost = sent.lost
        return found

    @property
    def _has_done(self) -> bool:
        return bool(self._targets) or any(one.state is ItemState.DONE for one in self._outcomes.values())

    def _tell_unsent(self, sets: Sequence[tuple[Uid, ...]]) -> None:
        for part in sets:
            for uid in part:
                self._outcomes[uid] = MoveOutcome(uid, ItemState.FAILED, error=self._lost)


def _is_expunge(reply: Reply) -> bool:
    """Whether it was refused since some messages are gone (RFC 5530)."""
    return not reply.is_ok and reply.code is not None and reply.code.name == b"EXPUNGEISSUED"
