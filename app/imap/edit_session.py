"""The verbs of a session that change mail. See `app.domain.ports.editing`."""

from app.domain.edits import Appended, FlagEdit, FlagOutcome, MessageSet, MessageSource, MoveReport
from app.imap.appending import append
from app.imap.mailbox_edits import create_mailbox, delete_mailbox, rename_mailbox, subscribe
from app.imap.moving import copy, move
from app.imap.removing import erase
from app.imap.session_base import SessionBase
from app.imap.storing import store_flags


class EditSession(SessionBase):
    """`FlagSession`, `MoveSession`, `AppendSession` and `MailboxEditSession` on an IMAP connection."""

    def store_flags(
        self, messages: MessageSet, edit: FlagEdit, unchanged_since: int | None, deadline: float
    ) -> tuple[FlagOutcome, ...]:
        """Add and remove flags and tell what each message has then, in the order asked."""
        with self._operation():
            return store_flags(self._selection, messages, edit, unchanged_since, deadline)

    def move(self, messages: MessageSet, to: str, deadline: float) -> MoveReport:
        """Move messages to another mailbox."""
        with self._operation():
            return move(self._selection, messages, to, deadline)

    def copy(self, messages: MessageSet, to: str, deadline: float) -> MoveReport:
        """Copy messages to a mailbox."""
        with self._operation():
            return copy(self._selection, messages, to, deadline)

    def erase(self, messages: MessageSet, deadline: float) -> MoveReport:
        """Remove messages for good."""
        with self._operation():
            return erase(self._selection, messages, deadline)

    def append(
        self, mailbox: str, message: MessageSource, flags: tuple[str, ...], received: str | None, deadline: float
    ) -> Appended:
        """Store a message, in constant memory."""
        with self._operation():
            return append(self._selection, mailbox, message, flags, received, deadline)

    def create_mailbox(self, name: str, deadline: float) -> None:
        """Make a mailbox."""
        with self._operation():
            create_mailbox(self._selection, name, deadline)

    def rename_mailbox(self, name: str, new_name: str, deadline: float) -> None:
        """Rename a mailbox and all that lies in it."""
        with self._operation():
            rename_mailbox(self._selection, name, new_name, deadline)

    def delete_mailbox(self, name: str, deadline: float) -> None:
        """Delete a mailbox with all that is in it."""
        with self._operation():
            delete_mailbox(self._selection, name, deadline)

    def subscribe(self, name: str, is_subscribed: bool, deadline: float) -> None:
        """Subscribe or unsubscribe."""
        with self._operation():
            subscribe(self._selection, name, is_subscribed, deadline)
