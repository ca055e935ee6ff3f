"""What every verb of a session needs: a connection that is alive or dead, and the mailbox it is in."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.domain.capabilities import Capabilities
from app.domain.errors import NotFound, UpstreamUnavailable
from app.domain.ports import HARMLESS
from app.imap.capabilities import describe
from app.imap.connection import Connection
from app.imap.features import Features
from app.imap.limits import MAX_OPERATION, MAX_RESPONSES
from app.imap.selection import Selection
from app.imap.wire.commands import UnsafeCommand, command


class SessionBase:
    """An IMAP connection that is logged in."""

    def __init__(self, connection: Connection) -> None:
        """Take a connection after `Connection.introduce`."""
        self._connection = connection
        self._capabilities = describe(connection.capabilities)
        self._selection = Selection(connection.dialogue, Features.of(connection.capabilities))
        self._is_usable = True

    def __repr__(self) -> str:
        """Tell the mailbox and the state, nothing of the account."""
        return f"<{type(self).__name__} {'usable' if self._is_usable else 'dead'} in {self.selected!r}>"

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

    @property
    def bytes_received(self) -> int:
        """How many bytes came since login."""
        return self._connection.transport.bytes_received

    def capabilities(self) -> Capabilities:
        """Tell what the server can do; asks nothing."""
        return self._capabilities

    def ping(self, deadline: float) -> None:
        """Find out whether the connection is alive (NOOP)."""
        with self._operation():
            self._selection.run([command("NOOP")], deadline)[0].require_ok()

    def has_hung_up(self) -> bool:
        """Whether the server has closed the connection, as far as can be seen without asking; never raises."""
        if self._is_usable and self._connection.transport.has_ended():
            self._is_usable = False
        return not self._is_usable

    def expect_writes(self) -> None:
        """Enter mailboxes for reading and writing from now on; asks nothing, and may be called from any thread."""
        self._selection.expects_writes = True

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
        except HARMLESS:
            raise
        except BaseException:
            self._is_usable = False
            raise
        if self._selection.is_lost:  # an edit that told of its loss, message by message
            self._is_usable = False
