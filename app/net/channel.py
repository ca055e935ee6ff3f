"""A socket under a deadline: bytes out, bytes in, with a cap; and the count of round trips. For any line protocol."""

import socket
import ssl
from collections.abc import Callable

from app.domain.errors import MailhatchError, UpstreamProtocolError, UpstreamTimeout, UpstreamUnavailable
from app.net.deadline import remaining
from app.net.limits import RECEIVE_SIZE

HUNG_UP = "The mail server hung up."


class Channel:
    """Owns the socket. Used by one thread at a time, but for `abort`.

    Each receive may take what is left until the deadline (monotonic seconds), so a dripping server gains nothing. A
    round trip is a flush after which something has to be read.
    """

    def __init__(self, sock: socket.socket, max_bytes: int) -> None:
        """Take a connected socket, under TLS or not, and how much may come in until `allow` says otherwise."""
        self._sock = sock
        self._bytes_left = max_bytes
        self._awaits_answer = False
        self.round_trips = 0
        self.bytes_received = 0

    @property
    def sock(self) -> socket.socket:
        """The socket, for those who only look at it."""
        return self._sock

    def allow(self, max_bytes: int) -> None:
        """Say how many bytes may come in from now on, until said again."""
        self._bytes_left = max_bytes

    def send(self, data: bytes, deadline: float) -> None:
        """Send everything. Raises UpstreamTimeout and UpstreamUnavailable."""
        view = memoryview(data)
        try:
            while view:
                self._sock.settimeout(remaining(deadline))
                view = view[self._sock.send(view) :]
        except OSError as error:
            raise io_error(error) from None
        self._awaits_answer = True

    def receive(self, deadline: float) -> bytes:
        """Return the next bytes, at least one.

        Raises UpstreamTimeout, UpstreamUnavailable at the end of the stream, UpstreamProtocolError past the cap.
        """
        if self._awaits_answer:
            self._awaits_answer = False
            self.round_trips += 1
        try:
            self._sock.settimeout(remaining(deadline))
            data = self._sock.recv(RECEIVE_SIZE)
        except OSError as error:
            raise io_error(error) from None
        if not data:
            raise UpstreamUnavailable(HUNG_UP)
        self.bytes_received += len(data)
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise UpstreamProtocolError("The mail server sent more than the bound allows.")
        return data

    def receive_now(self) -> bytes | None:
        """Return what has come in, without waiting: None when nothing has, b"" when the peer has closed the connection.

        Never raises; a connection that is broken counts as closed, and so does one that passes the cap.
        """
        try:
            self._sock.settimeout(0)
            data = self._sock.recv(RECEIVE_SIZE)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError:
            return b""
        self.bytes_received += len(data)
        self._bytes_left -= len(data)
        return data if self._bytes_left >= 0 else b""

    def has_ended(self) -> bool:
        """Whether the peer has closed the connection, or spoken without being asked, as far as can be seen without
        waiting; of no further use then. Never raises.
        """
        return self.receive_now() is not None

    def upgrade(self, wrap: Callable[[socket.socket], socket.socket]) -> None:
        """Put TLS on the connection; the caller has made sure that nothing came in ahead of it."""
        self._sock = wrap(self._sock)

    def abort(self) -> None:
        """Cut the connection from any thread; a blocked receive wakes up and fails. Never raises."""
        try:
            # Not SSLSocket's own: it forgets that it is encrypted while another thread still reads.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        """Close the socket; never raises."""
        try:
            self._sock.close()
        except OSError:
            return


def io_error(error: OSError) -> MailhatchError:
    """Translate what a socket raised; ssl.SSLError is an OSError too."""
    if isinstance(error, TimeoutError):
        return UpstreamTimeout("The mail server did not answer in time.")
    return UpstreamUnavailable(HUNG_UP)
