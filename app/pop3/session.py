"""POP3 sessions: what a maildrop can be asked, on one connection that holds it alone."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from app.domain.account import Credentials, IncomingServer
from app.domain.capabilities import Capabilities
from app.domain.errors import (
    NotFound,
    NotSupportedByServer,
    PayloadTooLarge,
    StaleReference,
    UpstreamRejected,
    UpstreamUnavailable,
)
from app.domain.ids import Uid
from app.domain.maildrop import KnownMessage, Survey
from app.domain.ports import StepListener
from app.net.dialer import Dialer
from app.net.opening import Opening
from app.net.tls import TlsContexts
from app.pop3.capabilities import describe
from app.pop3.connection import Connection, require_ok
from app.pop3.limits import MAX_LISTING
from app.pop3.surveying import Maildrop
from app.pop3.wire.commands import command
from app.pop3.wire.errors import UnsafeCommand

#: After these the connection is as good as before: the server understood, and said no.
_HARMLESS = (UpstreamRejected, StaleReference, NotFound, NotSupportedByServer)


class Pop3Session:
    """`MaildropSession` on a connection that is logged in: message numbers stay in here."""

    def __init__(self, connection: Connection) -> None:
        """Take a connection after `Connection.introduce`."""
        self._connection = connection
        self._maildrop = Maildrop(connection)
        self._is_usable = True

    def __repr__(self) -> str:
        """Tell the state, nothing of the account."""
        return f"<Pop3Session {'usable' if self._is_usable else 'dead'}>"

    @property
    def is_usable(self) -> bool:
        """Whether another operation may be tried."""
        return self._is_usable

    @property
    def selected(self) -> str | None:
        """The one mailbox there is."""
        return "INBOX"

    @property
    def round_trips(self) -> int:
        """How often it has waited for an answer since login."""
        return self._connection.channel.round_trips

    @property
    def bytes_received(self) -> int:
        """How many bytes came since login."""
        return self._connection.channel.bytes_received

    def capabilities(self) -> Capabilities:
        """Tell what the account can do, as far as the server has shown; asks nothing."""
        drop = self._maildrop
        return describe(self._connection.capabilities, has_top=drop.has_top, has_uidl=drop.has_uidl)

    def ping(self, deadline: float) -> None:
        """Find out whether the connection is alive (NOOP)."""
        with self._operation():
            require_ok(self._connection.single(command("NOOP"), deadline))

    def has_hung_up(self) -> bool:
        """Whether the server has closed the connection, as far as can be seen without asking; never raises."""
        if self._is_usable and self._connection.channel.has_ended():
            self._is_usable = False
        return not self._is_usable

    def expect_writes(self) -> None:
        """Nothing to prepare: a maildrop is read and marked on the same session."""

    def survey(self, known: Sequence[KnownMessage], first: Collection[Uid], most: int, deadline: float) -> Survey:
        """Look what is there. See `MaildropSession.survey`."""
        with self._operation():
            return self._maildrop.survey(known, first, most, deadline)

    def retrieve(
        self,
        uid: Uid,
        known: Sequence[KnownMessage],
        take: Callable[[bytes], None],
        max_bytes: int,
        deadline: float,
    ) -> None:
        """Download a message. See `MaildropSession.retrieve`."""
        with self._operation():
            self._maildrop.retrieve(uid, known, take, max_bytes, deadline)

    def delete(self, uids: Sequence[Uid], known: Sequence[KnownMessage], deadline: float) -> tuple[Uid, ...]:
        """Delete messages. See `MaildropSession.delete`; the session ends with it."""
        with self._operation():
            marked = self._maildrop.mark_deleted(uids, known, deadline)
            if not marked:
                return ()
            self._is_usable = False
            try:
                return marked if self._connection.quit(deadline) else ()
            finally:
                self._connection.channel.close()

    def close(self, deadline: float) -> None:
        """Leave without changing anything, unless the connection is dead; never raises."""
        if self._is_usable:
            self._is_usable = False
            self._connection.log_out(deadline)
        self._connection.channel.close()

    def abort(self) -> None:
        """Cut the connection, from any thread; never raises."""
        self._is_usable = False
        self._connection.channel.abort()

    @contextmanager
    def _operation(self) -> Iterator[None]:
        """Bound what the server may send, and give the connection up after what leaves it in doubt."""
        if not self._is_usable:
            raise UpstreamUnavailable("The connection to the mail server was lost.")
        self._connection.channel.allow(MAX_LISTING)
        try:
            yield
        except UnsafeCommand:
            raise NotFound("There is no such message.") from None
        except _HARMLESS:
            raise
        except PayloadTooLarge:  # its bytes are still coming
            self.abort()
            raise
        except BaseException:
            self._is_usable = False
            raise


class Pop3SessionFactory:
    """Opens sessions on POP3 servers. Safe from any thread."""

    def __init__(self, dialer: Dialer, contexts: TlsContexts) -> None:
        """Take the way out and the TLS contexts."""
        self._dialer = dialer
        self._contexts = contexts

    def open(
        self, incoming: IncomingServer, credentials: Credentials, deadline: float, listener: StepListener | None = None
    ) -> Pop3Session:
        """Connect and log in, blocking until `deadline` (monotonic seconds) at most.

        Whether an unencrypted server is allowed has been decided before. Raises what went wrong, after having told
        `listener`; nothing stays open then.
        """
        opening = Opening(Connection, self._dialer, self._contexts, incoming, deadline, listener)
        try:
            return Pop3Session(opening.run(credentials))
        except BaseException:
            opening.close()
            raise
