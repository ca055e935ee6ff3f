"""A socket under a deadline: bytes out, responses in, with caps; and the count of round trips."""

import socket
import ssl
from collections.abc import Callable

from app.domain.errors import TlsFailed, UpstreamProtocolError, UpstreamUnavailable
from app.imap.errors import HUNG_UP, io_error
from app.imap.limits import MAX_BEFORE_LOGIN, MAX_RESPONSES_BEFORE_LOGIN, MAX_UNASKED_READS, RECEIVE_SIZE
from app.imap.wire.reader import Pieces, ResponseReader
from app.net.deadline import remaining


class Transport:
    """Owns the socket. Used by one thread at a time, but for `abort`.

    Each receive may take what is left until the deadline (monotonic seconds), so a dripping server gains nothing.
    """

    def __init__(self, sock: socket.socket) -> None:
        """Take a connected socket, under TLS or not."""
        self._sock = sock
        self._reader = ResponseReader()
        self._awaits_answer = False
        self._bytes_left = MAX_BEFORE_LOGIN
        self._responses_left = MAX_RESPONSES_BEFORE_LOGIN
        self.round_trips = 0
        self.bytes_received = 0

    @property
    def sock(self) -> socket.socket:
        """The socket, for those who only look at it."""
        return self._sock

    def allow(self, max_bytes: int, max_responses: int) -> None:
        """Say how much may come in from now on, until said again."""
        self._bytes_left = max_bytes
        self._responses_left = max_responses

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

    def receive(self, deadline: float) -> Pieces:
        """Return the next response. Raises UpstreamTimeout, UpstreamUnavailable at the end of the stream, and
        UpstreamProtocolError when a bound is broken.
        """
        while (pieces := self._reader.next_response()) is None:
            self._fill(deadline)
        self._count(1)
        return pieces

    def receive_run(self, length: Callable[[bytearray, int], int], deadline: float) -> bytes:
        """Return whole lines of one form that came next, b"" when something else did. See `ResponseReader.take_run`.

        Raises like `receive`.
        """
        if not self._reader.has_line:
            self._fill(deadline)
        run = self._reader.take_run(length)
        if run:
            self._count(run.count(b"\n"))
        return run

    def has_ended(self) -> bool:
        """Whether the server has closed the connection, as far as can be seen without waiting. Never raises.

        What came in meanwhile is kept. A goodbye that came ahead of the end is seen too, since the end follows it.
        """
        try:
            self._sock.settimeout(0)
            for _ in range(MAX_UNASKED_READS):
                data = self._sock.recv(RECEIVE_SIZE)
                if not data:
                    return True
                self._bytes_left -= len(data)
                self._reader.feed(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:
            return True
        return True  # a flood: not a connection to be trusted with a change

    def upgrade(self, wrap: Callable[[socket.socket], socket.socket]) -> None:
        """Put TLS on the connection. Raises TlsFailed when anything came in before it (STARTTLS injection)."""
        if not self._reader.is_empty:
            raise TlsFailed("The mail server, or somebody between, sent data ahead of the encryption.")
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

    def _count(self, responses: int) -> None:
        self._responses_left -= responses
        if self._responses_left < 0:
            raise UpstreamProtocolError("The mail server floods the connection.")

    def _fill(self, deadline: float) -> None:
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
        self._reader.feed(data)
