"""Deadlines: points on `time.monotonic()` in float seconds, by which a whole operation must have ended."""

import selectors
import socket
import time

from app.domain.errors import UpstreamTimeout

_LATE = "The mail server did not answer in time."


def remaining(deadline: float) -> float:
    """Return the seconds left, always above zero. Raises UpstreamTimeout when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise UpstreamTimeout(_LATE)
    return left


def wait_readable(sock: socket.socket, deadline: float) -> None:
    """Block until `sock` can be read. Under TLS this speaks of bytes on the wire: ask `pending()` first.

    Raises UpstreamTimeout.
    """
    _wait(sock, selectors.EVENT_READ, deadline)


def wait_writable(sock: socket.socket, deadline: float) -> None:
    """Block until `sock` can be written. Raises UpstreamTimeout."""
    _wait(sock, selectors.EVENT_WRITE, deadline)


def _wait(sock: socket.socket, event: int, deadline: float) -> None:
    with selectors.DefaultSelector() as selector:  # not select.select: descriptors go past 1,024 here
        selector.register(sock, event)
        while not selector.select(remaining(deadline)):
            continue
