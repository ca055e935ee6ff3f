"""Connecting step by step, each step timed and told: resolved, connected, TLS, greeting, login, capabilities."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, Literal, Protocol, TypeVar

from app.domain.account import Credentials, IncomingServer, Security
from app.domain.capabilities import CheckStep
from app.domain.errors import MailhatchError
from app.domain.ports import StepListener
from app.net.dialer import Dialer
from app.net.tls import TlsContexts, describe_peer, wrap

_Name = Literal["resolved", "connected", "tls", "greeting", "login", "capabilities"]


class Openable(Protocol):
    """A connection of any protocol while it is being opened. Deadlines are monotonic seconds."""

    @property
    def sock(self) -> socket.socket:
        """The socket it stands on now."""

    @property
    def is_preauthenticated(self) -> bool:
        """Whether there is nothing to log in to."""

    @property
    def announced(self) -> int:
        """How many capabilities the server announced last."""

    def start_tls(self, wrap: Callable[[socket.socket], socket.socket], deadline: float) -> None:
        """Upgrade, or raise TlsFailed."""

    def log_in(self, username: str, credentials: Credentials, deadline: float) -> None:
        """Log in. Raises what the server's refusal means."""

    def introduce(self, deadline: float) -> None:
        """Learn what the server can do."""


C = TypeVar("C", bound=Openable)
C_co = TypeVar("C_co", covariant=True)


class Greet(Protocol[C_co]):
    """Makes a connection from a connected socket, reading the greeting."""

    def __call__(self, sock: socket.socket, *, is_encrypted: bool, deadline: float) -> C_co:
        """Raises what the greeting means when it is none."""


class Opening(Generic[C]):
    """One attempt to connect and log in, blocking until `deadline` (monotonic seconds) at most."""

    def __init__(
        self,
        greet: Greet[C],
        dialer: Dialer,
        contexts: TlsContexts,
        incoming: IncomingServer,
        deadline: float,
        listener: StepListener | None,
    ) -> None:
        """Take what makes the connection, the way out, the server, and who hears of the steps."""
        self._greet = greet
        self._dialer = dialer
        self._contexts = contexts
        self._incoming = incoming
        self._deadline = deadline
        self._listener = listener
        self._sock: socket.socket | None = None

    def run(self, credentials: Credentials) -> C:
        """Return the connection, logged in. Raises what went wrong; the listener has heard of the failed step then."""
        incoming = self._incoming
        sock = self._dial()
        if incoming.security is Security.TLS:
            with self._step("tls") as found:
                sock = self._wrap(sock)
                found.append(_peer(sock))
        with self._step("greeting"):
            connection = self._greet(sock, is_encrypted=incoming.security is Security.TLS, deadline=self._deadline)
        if incoming.security is Security.STARTTLS:
            with self._step("tls") as found:
                connection.start_tls(self._wrap, self._deadline)
                found.append(_peer(connection.sock))
        with self._step("login") as found:
            connection.log_in(incoming.username, credentials, self._deadline)
            if connection.is_preauthenticated:
                found.append("the server asks for none")
        with self._step("capabilities") as found:
            connection.introduce(self._deadline)
            found.append(f"{connection.announced} announced")
        return connection

    def close(self) -> None:
        """Close whatever is open."""
        if self._sock is not None:
            self._sock.close()

    def _dial(self) -> socket.socket:
        name: _Name = "resolved"
        began = time.monotonic()

        def resolved(addresses: Sequence[str], took: float) -> None:
            nonlocal name, began
            plural = "" if len(addresses) == 1 else "es"
            self._tell(CheckStep("resolved", True, took, f"{len(addresses)} address{plural}"))
            name, began = "connected", time.monotonic()

        incoming = self._incoming
        try:
            self._sock = self._dialer.dial(incoming.host, incoming.port, self._deadline, resolved)
        except MailhatchError as error:
            self._tell(CheckStep(name, False, time.monotonic() - began, error.detail, error.code))
            raise
        self._tell(CheckStep("connected", True, time.monotonic() - began, f"port {incoming.port}"))
        return self._sock

    def _wrap(self, sock: socket.socket) -> socket.socket:
        context = self._contexts.context_for(self._incoming.ca_pem)
        self._sock = wrap(sock, context, self._incoming.host, self._deadline)
        return self._sock

    @contextmanager
    def _step(self, name: _Name) -> Iterator[list[str]]:
        found: list[str] = []
        began = time.monotonic()
        try:
            yield found
        except MailhatchError as error:
            self._tell(CheckStep(name, False, time.monotonic() - began, error.detail, error.code))
            raise
        self._tell(CheckStep(name, True, time.monotonic() - began, ", ".join(found) or "ok"))

    def _tell(self, step: CheckStep) -> None:
        if self._listener is not None:
            self._listener(step)


def _peer(sock: socket.socket) -> str:
    return describe_peer(sock) if isinstance(sock, ssl.SSLSocket) else "ok"
