"""The responses of a connection: read from a channel, cut and counted."""

import socket
from collections.abc import Callable

from app.domain.errors import TlsFailed, UpstreamProtocolError
from app.imap.limits import MAX_BEFORE_LOGIN, MAX_RESPONSES_BEFORE_LOGIN, MAX_UNASKED_READS
from app.imap.wire.reader import Pieces, ResponseReader
from app.net.channel import Channel


class Transport:
    """A channel that speaks in responses. Used by one thread at a time, but for `abort`."""

    def __init__(self, sock: socket.socket) -> None:
        """Take a connected socket, under TLS or not."""
        self._channel = Channel(sock, MAX_BEFORE_LOGIN)
        self._reader = ResponseReader()
        self._responses_left = MAX_RESPONSES_BEFORE_LOGIN
        self.send = self._channel.send
        self.abort = self._channel.abort
        self.close = self._channel.close

    @property
    def sock(self) -> socket.socket:
        """The socket, for those who only look at it."""
        return self._channel.sock

    @property
    def round_trips(self) -> int:
        """How often something had to be waited for."""
        return self._channel.round_trips

    @property
    def bytes_received(self) -> int:
        """What the server has sent."""
        return self._channel.bytes_received

    def begin_count(self) -> None:
        """Count round trips and bytes from here on."""
        self._channel.round_trips = self._channel.bytes_received = 0

    def allow(self, max_bytes: int, max_responses: int) -> None:
        """Say how much may come in from now on, until said again."""
        self._channel.allow(max_bytes)
        self._responses_left = max_responses

    def receive(self, deadline: float) -> Pieces:
        """Return the next response. Raises UpstreamTimeout, UpstreamUnavailable at the end of the stream, and
        UpstreamProtocolError when a bound is broken.
        """
        while (pieces := self._reader.next_response()) is None:
            self._reader.feed(self._channel.receive(deadline))
        self._count(1)
        return pieces

    def receive_run(self, length: Callable[[bytearray, int], int], deadline: float) -> bytes:
        """Return whole lines of one form that came next, b"" when something else did. See `ResponseReader.take_run`.

        Raises like `receive`.
        """
        if not self._reader.has_line:
            self._reader.feed(self._channel.receive(deadline))
        run = self._reader.take_run(length)
        if run:
            self._count(run.count(b"\n"))
        return run

    def has_ended(self) -> bool:
        """Whether the server has closed the connection, as far as can be seen without waiting. Never raises.

        What came in meanwhile is kept. A goodbye that came ahead of the end is seen too, since the end follows it.
        """
        for _ in range(MAX_UNASKED_READS):
            data = self._channel.receive_now()
            if data is None:
                return False
            if not data:
                return True
            self._reader.feed(data)
        return True  # a flood: not a connection to be trusted with a change

    def upgrade(self, wrap: Callable[[socket.socket], socket.socket]) -> None:
        """Put TLS on the connection. Raises TlsFailed when anything came in before it (STARTTLS injection)."""
        if not self._reader.is_empty:
            raise TlsFailed("The mail server, or somebody between, sent data ahead of the encryption.")
        self._channel.upgrade(wrap)

    def _count(self, responses: int) -> None:
        self._responses_left -= responses
        if self._responses_left < 0:
            raise UpstreamProtocolError("The mail server floods the connection.")
