"""What some mail servers can do to mail beside showing it: narrow Protocols that a session has or has not.

The contract of `MailSession` holds for all: blocking, one deadline (`time.monotonic()` seconds) for the whole call,
errors of `app.domain.errors`, a dead session after all but the harmless ones. Methods that take a set of messages
raise only when nothing was changed; once a command that changes something has left they return, with what is known of
every message, and a session may be dead after that too. They raise StaleReference when the mailbox of the messages is
not there or has another UIDVALIDITY (NotFound is said of `to` alone), and PermissionDenied when all of it is read-only.
"""

from typing import Protocol, runtime_checkable

from app.domain.edits import Appended, FlagEdit, FlagOutcome, MessageSet, MessageSource, MoveReport


@runtime_checkable
class FlagSession(Protocol):
    """Changes flags (RFC 9051 section 6.4.6)."""

    def store_flags(
        self, messages: MessageSet, edit: FlagEdit, unchanged_since: int | None, deadline: float
    ) -> tuple[FlagOutcome, ...]:
        """Add and remove flags and tell what each message has then, in the order asked: one round trip.

        With `unchanged_since` (a MODSEQ; RFC 7162 section 3.1.3) messages changed later are left alone as `changed`;
        raises NotSupportedByServer where there is no CONDSTORE.
        """


@runtime_checkable
class MoveSession(Protocol):
    """Moves, copies and erases messages (RFC 6851, RFC 4315). Never touches a message that was not named."""

    def move(self, messages: MessageSet, to: str, deadline: float) -> MoveReport:
        r"""Move to another mailbox, in one step where the server can; else COPY, then \Deleted and UID EXPUNGE.

        Without UIDPLUS other messages marked \Deleted by somebody else are not expunged. Raises NotFound when `to`
        is not there.
        """

    def copy(self, messages: MessageSet, to: str, deadline: float) -> MoveReport:
        """Copy to a mailbox, flags and dates included. Raises NotFound when `to` is not there."""

    def erase(self, messages: MessageSet, deadline: float) -> MoveReport:
        """Remove for good."""


@runtime_checkable
class AppendSession(Protocol):
    """Stores messages (RFC 9051 section 6.3.12)."""

    def append(
        self, mailbox: str, message: MessageSource, flags: tuple[str, ...], received: str | None, deadline: float
    ) -> Appended:
        """Store a message, in constant memory; `received` (ISO 8601 with offset) becomes INTERNALDATE.

        Raises NotFound when the mailbox is not there, PayloadTooLarge where the server says how much it takes, and
        QuotaExceeded.
        """


@runtime_checkable
class MailboxEditSession(Protocol):
    """Makes, renames, removes and subscribes to mailboxes (RFC 9051 sections 6.3.4 to 6.3.8). Names are decoded."""

    def create_mailbox(self, name: str, deadline: float) -> None:
        """Make a mailbox, with those above it. Raises Conflict when it exists, InvalidRequest for a refused name."""

    def rename_mailbox(self, name: str, new_name: str, deadline: float) -> None:
        """Rename a mailbox and all that lies in it. Raises NotFound and Conflict."""

    def delete_mailbox(self, name: str, deadline: float) -> None:
        """Delete a mailbox with the messages in it, whatever they are. Raises NotFound."""

    def subscribe(self, name: str, is_subscribed: bool, deadline: float) -> None:
        """Subscribe or unsubscribe. Raises NotFound."""
