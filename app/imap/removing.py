r"""Removing messages for good: `\Deleted`, then UID EXPUNGE (RFC 4315 section 2.1), so that nothing else goes too.

Without UIDPLUS there is EXPUNGE alone, which takes whatever is marked as `\Deleted`. It is sent only when a search made
right before it finds nobody's marks but ours; otherwise our messages stay marked, and the outcome says so.
"""

from collections.abc import Sequence

from app.domain.edits import ItemState, MessageSet, MoveOutcome, MoveReport
from app.domain.errors import Conflict, MailhatchError, PermissionDenied
from app.domain.ids import Uid
from app.imap.dialogue import Reply
from app.imap.errors import edit_refusal
from app.imap.limits import MAX_EDIT_ATTEMPTS, MAX_SET_UIDS
from app.imap.presence import ANSWERS, has_only, is_answer
from app.imap.selection import Selection
from app.imap.sending import enter_for, flushes, send
from app.imap.tracking import Tracked
from app.imap.wire.commands import Command, command
from app.imap.wire.responses import Untagged
from app.imap.wire.uid_sets import format_set

_Sets = Sequence[tuple[Uid, ...]]


def erase(selection: Selection, messages: MessageSet, deadline: float) -> MoveReport:
    """Remove messages for good. See `MoveSession.erase`."""
    view = enter_for(selection, messages, deadline)
    if view.permanent is not None and rb"\deleted" not in view.permanent:
        denied = PermissionDenied("The mail server does not let this user remove messages here.")
        return MoveReport(None, tuple([MoveOutcome(uid, ItemState.FAILED, error=denied) for uid in messages.uids]))
    removal = _Removal(selection)
    for sets in flushes(messages.uids):
        removal.flush(sets, deadline)
    return MoveReport(None, tuple([removal.outcomes[uid] for uid in messages.uids]))


class _Removal:
    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._lost: MailhatchError | None = None
        self.outcomes: dict[Uid, MoveOutcome] = {}

    def flush(self, sets: _Sets, deadline: float) -> None:
        """Remove some sets, unless the connection was lost before."""
        uids = {uid for part in sets for uid in part}
        if self._lost is not None:
            self._tell(uids, ItemState.FAILED, self._lost)
            return
        messages = Tracked(uids)
        is_safe = self._selection.features.has_uidplus
        looks = [command("UID FETCH", format_set(part), "(UID)", expects=["FETCH"]) for part in sets]
        commands = [*looks, *(_mark(part) for part in sets)]
        if is_safe:
            commands += [_expunge(part) for part in sets]
        sent = send(self._selection, commands, deadline, messages.take)
        self._lost = sent.lost
        refusal = _refusal(sent.replies)
        if is_safe and refusal is None:
            refusal = self._expunge_again(messages, deadline)
        if not is_safe and refusal is None and sent.lost is None and messages.seen:
            refusal = self._expunge_if_alone(uids, messages, deadline)
        is_seen = all(reply.is_ok for reply in sent.replies[: len(sets)])
        self._tell_all(uids, messages, refusal, is_seen=is_seen)

    def _expunge_again(self, messages: Tracked, deadline: float) -> MailhatchError | None:
        """Ask once more for messages that stayed: Dovecot passes over some when it learns of another client's expunge
        while it carries out ours. Returns what a refusal meant.
        """
        for _ in range(MAX_EDIT_ATTEMPTS - 1):
            left = sorted(messages.seen - messages.gone)
            if not left or self._lost is not None:
                break
            sets = [left[start : start + MAX_SET_UIDS] for start in range(0, len(left), MAX_SET_UIDS)]
            sent = send(self._selection, [_expunge(part) for part in sets], deadline, messages.take)
            self._lost = sent.lost
            if (refusal := _refusal(sent.replies)) is not None:
                return refusal
        return None

    def _expunge_if_alone(self, uids: set[Uid], messages: Tracked, deadline: float) -> MailhatchError | None:
        """Send EXPUNGE unless messages of others would go too. Returns why not."""
        is_alone: list[bool] = []

        def take(untagged: Untagged) -> None:
            messages.take(untagged)
            if is_answer(untagged):
                is_alone.append(has_only(untagged, uids))

        sent = send(self._selection, [command("UID SEARCH", "DELETED", expects=ANSWERS)], deadline, take)
        if sent.lost is None and is_alone == [True]:
            sent = send(self._selection, [command("EXPUNGE")], deadline, messages.take)
            self._lost = sent.lost
            return _refusal(sent.replies)
        self._lost = sent.lost
        return Conflict("The message is marked as deleted; removing it would remove others that are marked too.")

    def _tell_all(self, uids: set[Uid], messages: Tracked, refusal: MailhatchError | None, *, is_seen: bool) -> None:
        if self._lost is not None:
            unseen = uids - messages.seen if is_seen else set()
            self._tell(uids - unseen, ItemState.UNKNOWN, self._lost)
        else:
            unseen = uids - messages.seen
            error = refusal or PermissionDenied("The mail server did not remove the message.")
            self._tell(uids - unseen, ItemState.FAILED, error)
        self._tell(unseen, ItemState.GONE)
        self._tell(messages.gone, ItemState.DONE)

    def _tell(self, uids: set[Uid], state: ItemState, error: MailhatchError | None = None) -> None:
        for uid in uids:
            self.outcomes[uid] = MoveOutcome(uid, state, error=error)


def _mark(uids: Sequence[Uid]) -> Command:
    return command("UID STORE", format_set(uids), r"+FLAGS.SILENT (\Deleted)")


def _expunge(uids: Sequence[Uid]) -> Command:
    return command("UID EXPUNGE", format_set(uids))


def _refusal(replies: Sequence[Reply]) -> MailhatchError | None:
    """Why one of the commands was not carried out; that some messages were gone already is no reason."""
    for reply in replies:
        if reply.status and not reply.is_ok and not (reply.code is not None and reply.code.name == b"EXPUNGEISSUED"):
            return edit_refusal(reply.status, reply.code, reply.text)
    return None
