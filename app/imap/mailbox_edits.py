"""Making, renaming, removing and subscribing to mailboxes (RFC 9051 sections 6.3.4 to 6.3.8)."""

from app.domain.errors import InvalidRequest, NotFound, UpstreamRejected
from app.imap.dialogue import Reply
from app.imap.errors import edit_refusal
from app.imap.limits import MAX_MAILBOX_NAME
from app.imap.selection import Selection
from app.imap.wire.commands import Argument, Command, UnsafeCommand, command, mailbox


def create_mailbox(selection: Selection, name: str, deadline: float) -> None:
    """Make a mailbox. See `MailboxEditSession.create_mailbox`."""
    _run(selection, [command("CREATE", _new_name(name))], deadline)


def rename_mailbox(selection: Selection, name: str, new_name: str, deadline: float) -> None:
    """Rename a mailbox. See `MailboxEditSession.rename_mailbox`. It is left before, if it is the selected one."""
    renaming = command("RENAME", _known_name(name), _new_name(new_name))
    _run(selection, [*_leaving(selection, name), renaming], deadline)


def delete_mailbox(selection: Selection, name: str, deadline: float) -> None:
    """Delete a mailbox. See `MailboxEditSession.delete_mailbox`. It is left before, if it is the selected one."""
    _run(selection, [*_leaving(selection, name), command("DELETE", _known_name(name))], deadline)


def subscribe(selection: Selection, name: str, is_subscribed: bool, deadline: float) -> None:
    """Subscribe or unsubscribe. See `MailboxEditSession.subscribe`.

    Dovecot says NO without a code to a subscription to what is not there.
    """
    verb = "SUBSCRIBE" if is_subscribed else "UNSUBSCRIBE"
    try:
        _run(selection, [command(verb, _known_name(name))], deadline)
    except UpstreamRejected:
        raise NotFound("There is no such mailbox.") from None


def _run(selection: Selection, commands: list[Command], deadline: float) -> None:
    reply: Reply = selection.run(commands, deadline)[-1]
    reply.require_ok(edit_refusal)


def _leaving(selection: Selection, name: str) -> list[Command]:
    """Leave the selected mailbox when it is the one named, or may lie in it: its name begins alike."""
    view = selection.view
    return selection.leave() if view is not None and view.name.startswith(name) else []


def _known_name(name: str) -> Argument:
    try:
        return mailbox(name)
    except UnsafeCommand:
        raise NotFound("There is no such mailbox.") from None


def _new_name(name: str) -> Argument:
    try:
        argument = mailbox(name)
    except UnsafeCommand:
        raise InvalidRequest("A mailbox name holds no line breaks.") from None
    length = len(argument) if isinstance(argument, bytes) else len(argument.data)
    if not name or length > MAX_MAILBOX_NAME:
        raise InvalidRequest("The mailbox name is empty or too long.")
    return argument
