"""Sending what changes mail: the mailbox is entered for writing first, and a lost connection is told, not raised."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.domain.edits import MessageSet
from app.domain.errors import InvalidRequest, MailhatchError, NotFound, PermissionDenied, StaleReference
from app.domain.ids import Uid
from app.imap.dialogue import Reply
from app.imap.limits import MAX_SET_UIDS, MAX_SETS_AT_ONCE
from app.imap.selection import Selection, Taker, View
from app.imap.wire.commands import Argument, Command, UnsafeCommand, mailbox
from app.imap.wire.flags import write_flag


@dataclass(slots=True)
class Sent:
    """What came of one flush. A reply without a status never came; then `lost` says why."""

    replies: list[Reply]
    lost: MailhatchError | None = None


def enter_for(selection: Selection, messages: MessageSet, deadline: float, *, to_write: bool = True) -> View:
    """Be in the mailbox of the messages, ready to change them: no round trip when the connection is.

    Its UIDVALIDITY is known before anything is sent that is about a message: what went with SELECT in one flush would
    change another message where the mailbox was made anew. Raises StaleReference, and PermissionDenied when it is
    `to_write` and the mailbox is read-only for us.
    """
    entering = selection.enter(messages.mailbox, messages.uidvalidity, to_write=to_write)
    try:
        view = selection.entered(entering, selection.run(entering, deadline) if entering else [])
    except NotFound:
        raise StaleReference("The mailbox of these messages is no longer there.") from None
    if view.uidvalidity != messages.uidvalidity:
        raise StaleReference("The mailbox was renumbered; its messages have new ids.")
    if to_write and not view.is_writable:
        raise PermissionDenied("The mailbox can only be read.")
    return view


def send(selection: Selection, commands: Sequence[Command], deadline: float, take: Taker | None = None) -> Sent:
    """Send commands in one flush, and tell what came back before the connection was lost, if it was."""
    replies: list[Reply] = []
    try:
        selection.run(commands, deadline, take, replies=replies)
    except MailhatchError as error:
        selection.is_lost = True
        return Sent([*replies, *(Reply() for _ in commands[len(replies) :])], error)
    return Sent(replies)


def flushes(uids: Sequence[Uid]) -> Iterator[list[tuple[Uid, ...]]]:
    """Split UIDs into sets of one command each, and those into what goes in one flush."""
    ordered = sorted(set(uids))
    sets = [tuple(ordered[start : start + MAX_SET_UIDS]) for start in range(0, len(ordered), MAX_SET_UIDS)]
    return (sets[start : start + MAX_SETS_AT_ONCE] for start in range(0, len(sets), MAX_SETS_AT_ONCE))


def flags_written(words: Sequence[str]) -> list[bytes]:
    """Write flags for the wire, each once. Raises InvalidRequest for what no flag can be."""
    try:
        return [write_flag(word) for word in dict.fromkeys(words)]
    except UnsafeCommand:
        raise InvalidRequest("One of the flags is not a name that a flag can have.") from None


def target_name(name: str) -> Argument:
    """Write the name of a mailbox that mail goes to. Raises NotFound for one that no mailbox can have."""
    try:
        return mailbox(name)
    except UnsafeCommand:
        raise NotFound("There is no such mailbox.") from None
