"""IMAP sessions: what the ports ask for, on one connection."""

from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager

from app.domain.account import Credentials, IncomingServer
from app.domain.capabilities import Capabilities
from app.domain.errors import (
    CursorExpired,
    NotFound,
    NotSupportedByServer,
    StaleReference,
    UpstreamRejected,
    UpstreamUnavailable,
)
from app.domain.ids import Uid
from app.domain.mailbox import MailboxFacts
from app.domain.message import MessageFacts
from app.domain.ports import StepListener
from app.domain.query import MessageAddress, PageQuery, PageRows, SectionRange
from app.imap.capabilities import describe
from app.imap.connection import Connection
from app.imap.features import Features
from app.imap.limits import MAX_OPERATION, MAX_RESPONSES
from app.imap.listing import read_mailboxes
from app.imap.paging import read_page
from app.imap.reading import read_flags, read_message, read_sections
from app.imap.selection import Selection
from app.imap.wire.commands import UnsafeCommand, command
from app.net.dialer import Dialer
from app.net.opening import Opening
from app.net.tls import TlsContexts

#: After these the connection is as good as before: the server understood, and said no.
_HARMLESS = (UpstreamRejected, StaleReference, NotFound, NotSupportedByServer, CursorExpired)


class ImapSession:
    """`MailSession` on an IMAP connection that is logged in."""

    def __init__(self, connection: Connection) -> None:
        """Take a connection after `Connection.introduce`."""
        self._connection = connection
        self._capabilities = describe(connection.capabilities)
        self._selection = Selection(connection.dialogue, Features.of(connection.capabilities))
        self._is_usable = True

    def __repr__(self) -> str:
        """Tell the mailbox and the state, nothing of the account."""
        return f"<ImapSession {'usable' if self._is_usable else 'dead'} in {self.selected!r}>"

    @property
    def is_usable(self) -> bool:
        """Whether another operation may be tried."""
        return self._is_usable

    @property
    def selected(self) -> str | None:
        """Name of the mailbox this connection is in; None when in none."""
        return self._selection.view.name if self._selection.view else None

    @property
    def round_trips(self) -> int:
        """How often it has waited for an answer since login."""
        return self._connection.transport.round_trips

    def capabilities(self) -> Capabilities:
        """Tell what the server can do; asks nothing."""
        return self._capabilities

    def ping(self, deadline: float) -> None:
        """Find out whether the connection is alive (NOOP)."""
        with self._operation():
            self._selection.run([command("NOOP")], deadline)[0].require_ok()

    def mailboxes(self, deadline: float) -> tuple[MailboxFacts, ...]:
        """List every mailbox with its counts."""
        with self._operation():
            return read_mailboxes(self._selection, deadline)

    def page(self, query: PageQuery, known: Container[Uid], deadline: float) -> PageRows:
        """Answer a page; rows whose UID is in `known` come with flags alone."""
        with self._operation():
            return read_page(self._selection, query, known, deadline)

    def message(self, address: MessageAddress, deadline: float) -> MessageFacts:
        """Tell all about one message but its bodies."""
        with self._operation():
            return read_message(self._selection, address, deadline)

    def flags(self, address: MessageAddress, deadline: float) -> tuple[str, ...]:
        """Tell one message's flags."""
        with self._operation():
            return read_flags(self._selection, address, deadline)

    def sections(self, address: MessageAddress, wanted: Sequence[SectionRange], deadline: float) -> tuple[bytes, ...]:
        """Fetch section bytes, in the order asked."""
        with self._operation():
            return read_sections(self._selection, address, wanted, deadline)

    def close(self, deadline: float) -> None:
        """Log out politely, unless the connection is dead; never raises."""
        if self._is_usable:
            self._is_usable = False
            self._connection.log_out(deadline)
        self._connection.transport.close()

    def abort(self) -> None:
        """Cut the connection, from any thread; never raises."""
        self._is_usable = False
        self._connection.transport.abort()

    @contextmanager
    def _operation(self) -> Iterator[None]:
        """Bound what the server may send, and give the connection up after what leaves it in doubt."""
        if not self._is_usable:
            raise UpstreamUnavailable("The connection to the mail server was lost.")
        self._connection.transport.allow(MAX_OPERATION, MAX_RESPONSES)
        try:
            yield
        except UnsafeCommand:  # refused before a byte left: no mailbox has such a name, no message such a part
            raise NotFound("There is no such mailbox or part.") from None
        except _HARMLESS:
            raise
        except BaseException:
            self._is_usable = False
            raise


class ImapSessionFactory:
    """`SessionFactory` for IMAP servers. Safe from any thread."""

    def __init__(self, dialer: Dialer, contexts: TlsContexts) -> None:
        """Take the way out and the TLS contexts."""
        self._dialer = dialer
        self._contexts = contexts

    def open(
        self, incoming: IncomingServer, credentials: Credentials, deadline: float, listener: StepListener | None = None
    ) -> ImapSession:
        """Connect and log in, blocking until `deadline` (monotonic seconds) at most.

        Whether an unencrypted server is allowed has been decided before. Raises what went wrong, after having told
        `listener`; nothing stays open then.
        """
        opening = Opening(Connection, self._dialer, self._contexts, incoming, deadline, listener)
        try:
            return ImapSession(opening.run(credentials))
        except BaseException:
            opening.close()
            raise
