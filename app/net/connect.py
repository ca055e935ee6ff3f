"""Connecting to the first address that answers: Happy Eyeballs (RFC 8305 section 5), for addresses already checked."""

import errno
import os
import selectors
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain, zip_longest
from typing import Self

from app.domain.errors import MailhatchError, TooManyConnections, UpstreamTimeout, UpstreamUnavailable
from app.net.deadline import remaining
from app.net.limits import ATTEMPT_DELAY, KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, KEEPALIVE_PROBES, MAX_ADDRESSES

_IN_PROGRESS = {0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR}
_OUT_OF_SOCKETS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


def connect_first(addresses: Sequence[str], port: int, deadline: float) -> socket.socket:
    """Connect to the first of `addresses` (numeric) that answers; nothing is looked up.

    Families take turns and the next address starts a quarter of a second after the one before, or as soon as all
    before it failed, so a dead IPv6 route costs little. The socket has TCP_NODELAY and keepalive, and its timeout is
    what is left of the deadline. Raises UpstreamUnavailable when every address failed, UpstreamTimeout, and
    TooManyConnections when this process is out of descriptors.
    """
    with _Race(port) as race:
        waiting = list(_alternate(addresses)[:MAX_ADDRESSES])
        next_start = time.monotonic()
        while True:
            if waiting and (time.monotonic() >= next_start or not race.is_running):
                race.start(waiting.pop(0))
                next_start = time.monotonic() + ATTEMPT_DELAY
                continue
            if not race.is_running:
                raise race.failure or UpstreamUnavailable("The mail server has no address.")
            left = remaining(deadline)
            winner = race.step(min(left, max(next_start - time.monotonic(), 0)) if waiting else left)
            if winner is not None:
                _tune(winner)
                winner.settimeout(remaining(deadline))
                return race.keep(winner)


class _Race:
    """Connection attempts under way; leaving the block closes all but the kept one."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._running: list[socket.socket] = []
        self.failure: MailhatchError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        for sock in self._running:
            sock.close()

    @property
    def is_running(self) -> bool:
        return bool(self._running)

    def start(self, address: str) -> None:
        """Begin one attempt; a failure is remembered, not raised."""
        try:
            # Numeric only: this parses (zones included), and never asks a name server again.
            family, kind, proto, _, target = socket.getaddrinfo(
                address, self._port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
            )[0]
            sock = socket.socket(family, kind, proto)
        except OSError as error:
            self._remember(error)
            return
        self._running.append(sock)
        sock.setblocking(False)
        code = sock.connect_ex(target)
        if code not in _IN_PROGRESS:
            self._fail(sock, code)
            return
        self._selector.register(sock, selectors.EVENT_WRITE)

    def step(self, timeout: float) -> socket.socket | None:
        """Wait for news at most `timeout` seconds; return a socket that is connected."""
        for key, _ in self._selector.select(timeout):
            sock = next(one for one in self._running if one is key.fileobj)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code == 0:
                return sock
            self._selector.unregister(sock)
            self._fail(sock, code)
        return None

    def keep(self, sock: socket.socket) -> socket.socket:
        """Hand `sock` over to the caller."""
        self._running.remove(sock)
        return sock

    def _fail(self, sock: socket.socket, code: int) -> None:
        self._running.remove(sock)
        sock.close()
        self._remember(OSError(code, os.strerror(code)))

    def _remember(self, error: OSError) -> None:
        # Where this machine has no IPv6, "no route" says less than what the other family met.
        if self.failure is None or error.errno not in _NO_ROUTE:
            self.failure = _translate(error, self._port)


def _alternate(addresses: Sequence[str]) -> tuple[str, ...]:
    """Let the families take turns, beginning with the resolver's first (RFC 8305 section 4)."""
    first_is_v6 = bool(addresses) and ":" in addresses[0]
    same = [address for address in addresses if (":" in address) == first_is_v6]
    other = [address for address in addresses if (":" in address) != first_is_v6]
    return tuple(address for address in chain(*zip_longest(same, other)) if address is not None)


def _tune(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", KEEPALIVE_IDLE),
        ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL),
        ("TCP_KEEPCNT", KEEPALIVE_PROBES),
    ):
        option = getattr(socket, name, None)  # macOS lacks the first by this name
        if option is not None:
            with suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, option, value)


def _translate(error: OSError, port: int) -> MailhatchError:
    if error.errno in _OUT_OF_SOCKETS:
        return TooManyConnections("The service has no free sockets.", retry_after=5)
    if error.errno == errno.ECONNREFUSED:
        return UpstreamUnavailable(f"The mail server refused the connection on port {port}.")
    if error.errno == errno.ETIMEDOUT:
        return UpstreamTimeout(f"The mail server did not answer on port {port}.")
    if error.errno in _NO_ROUTE:
        return UpstreamUnavailable("There is no network route to the mail server.")
    return UpstreamUnavailable("The connection to the mail server failed.")
