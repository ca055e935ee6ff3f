"""One connection to a POP3 server, from greeting to QUIT: commands out, replies in, pipelined where allowed."""

import base64
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from app.domain.account import AccessToken, Credentials, Password
from app.domain.errors import (
    FieldProblem,
    InvalidRequest,
    MailhatchError,
    NotSupportedByServer,
    TlsFailed,
    UpstreamProtocolError,
)
from app.net.channel import Channel
from app.pop3.errors import greeting_refusal, login_refusal, refusal
from app.pop3.limits import MAX_BEFORE_LOGIN, MAX_CREDENTIAL, PIPELINE
from app.pop3.wire.commands import command, credential, sasl_line
from app.pop3.wire.limits import MAX_CAPABILITIES, MAX_INITIAL_RESPONSE_LINE, MAX_MESSAGES
from app.pop3.wire.reader import StreamReader
from app.pop3.wire.responses import Status, read_capabilities, read_status

Wrap = Callable[[socket.socket], socket.socket]

#: Takes multi-line data piece by piece.
Sink = Callable[[bytes], None]

_NO_LISTING: Final = "The mail server's listing is longer than a maildrop can be."


class Connection:
    """Blocking; used by one thread at a time. Any error but a `-ERR` leaves it unusable. Deadlines: monotonic seconds.

    `capabilities` is what CAPA told last, by tag; None where the server does not know CAPA.
    """

    def __init__(self, sock: socket.socket, *, is_encrypted: bool, deadline: float) -> None:
        """Take a connected socket, on which TLS stands already or not, and read the greeting."""
        self.channel = Channel(sock, MAX_BEFORE_LOGIN)
        self._reader = StreamReader()
        self._is_encrypted = is_encrypted
        self.capabilities: dict[str, tuple[str, ...]] | None = None
        greeting = self._status(deadline)
        if not greeting.is_ok:
            raise greeting_refusal(greeting)
        #: Gmail lists part of the mail, and hides what was fetched once; it has no capability that says so.
        self.is_gmail = greeting.text.startswith(b"Gpop ")

    @property
    def sock(self) -> socket.socket:
        """The socket it stands on now."""
        return self.channel.sock

    @property
    def is_preauthenticated(self) -> bool:
        """Never: POP3 has no such greeting."""
        return False

    @property
    def announced(self) -> int:
        """How many capabilities the server announced last."""
        return len(self.capabilities or {})

    @property
    def can_pipeline(self) -> bool:
        """Whether several commands may be sent before the first is answered (RFC 2449 section 6.8)."""
        return "PIPELINING" in (self.capabilities or {})

    def ask_capabilities(self, deadline: float) -> None:
        """Ask for the capabilities (RFC 2449 section 5): first, and again after STLS and login."""
        status, lines = self.listing(command("CAPA"), deadline, MAX_CAPABILITIES)
        self.capabilities = read_capabilities(lines) if status.is_ok else None

    def start_tls(self, wrap: Wrap, deadline: float) -> None:
        """Upgrade to TLS (RFC 2595), or fail: there is no way on without it. `wrap` does the handshake.

        Raises TlsFailed when the server does not offer it, refuses it, or sent anything ahead of the handshake. What it
        announced before is forgotten.
        """
        if self.capabilities is not None and "STLS" not in self.capabilities:
            raise TlsFailed("The mail server does not offer STLS on this port.")
        self.channel.send(command("STLS"), deadline)
        if not self._status(deadline).is_ok:
            raise TlsFailed("The mail server refused STLS.")
        if not self._reader.is_empty:
            raise TlsFailed("The mail server, or somebody between, sent data ahead of the encryption.")
        self.channel.upgrade(wrap)
        self._is_encrypted = True
        self.capabilities = None
        self.ask_capabilities(deadline)

    def introduce(self, deadline: float) -> None:
        """Learn what the server can do for this user; the count of round trips begins here."""
        self.ask_capabilities(deadline)
        self.channel.round_trips = 0

    def log_in(self, username: str, credentials: Credentials, deadline: float) -> None:
        """Log in by the way the server offers that carries every character. Raises AuthenticationFailed, what the
        server's code means, and InvalidRequest for a name or secret that cannot be sent.
        """
        _refuse_controls(username, "/incoming/username")
        if isinstance(credentials, AccessToken):
            _refuse_controls(credentials.token, "/incoming/auth/token")
        else:
            _refuse_controls(credentials.password, "/incoming/auth/password")
        if self.capabilities is None:
            self.ask_capabilities(deadline)
        mechanisms = (self.capabilities or {}).get("SASL", ())
        if isinstance(credentials, AccessToken):
            self._log_in_with_token(username, credentials.token, mechanisms, deadline)
            return
        is_plain = username.isascii() and credentials.password.isascii() and " " not in username
        if "PLAIN" in mechanisms and not (is_plain and self._has_user):
            response = f"\0{username}\0{credentials.password}".encode()
            self._authenticate("PLAIN", response, deadline)
        else:
            self._log_in_with_user(username, credentials, deadline)

    def single(self, line: bytes, deadline: float) -> Status:
        """Send one command and return its status."""
        self.channel.send(line, deadline)
        return self._status(deadline)

    def many(self, lines: Sequence[bytes], deadline: float) -> list[Status]:
        """Send commands whose answers are one line each: in flushes, or one by one without pipelining."""
        statuses: list[Status] = []
        step = PIPELINE if self.can_pipeline else 1
        for start in range(0, len(lines), step):
            batch = lines[start : start + step]
            self.channel.send(b"".join(batch), deadline)
            statuses += [self._status(deadline) for _ in batch]
        return statuses

    def listing(self, line: bytes, deadline: float, most: int = MAX_MESSAGES) -> tuple[Status, list[bytes]]:
        """Send a command that is answered with lines; a refused one has none. Raises UpstreamProtocolError over the
        bound.
        """
        self.channel.send(line, deadline)
        return self._listed(deadline, most)

    def listings(self, lines: Sequence[bytes], deadline: float) -> list[tuple[Status, list[bytes]]]:
        """Send several such commands, in one flush where the server lets us."""
        if not self.can_pipeline:
            return [self.listing(line, deadline) for line in lines]
        self.channel.send(b"".join(lines), deadline)
        return [self._listed(deadline, MAX_MESSAGES) for _ in lines]

    def documents(self, lines: Sequence[bytes], deadline: float) -> Iterator[tuple[Status, Iterator[bytes]]]:
        """Send commands answered with data (TOP, RETR), and yield status and pieces of each in order.

        The pieces of one must be read to the end before the next. Without pipelining each is a flush of its own.
        """
        step = len(lines) if self.can_pipeline else 1
        for start in range(0, len(lines), step or 1):
            batch = lines[start : start + step]
            self.channel.send(b"".join(batch), deadline)
            for _ in batch:
                status = self._status(deadline)
                yield status, self._data(deadline) if status.is_ok else iter(())

    def quit(self, deadline: float) -> bool:
        """Say QUIT, which carries out what was marked for deletion; tells whether the server confirmed it."""
        return self.single(command("QUIT"), deadline).is_ok

    def log_out(self, deadline: float) -> None:
        """Leave without changing anything: RSET, QUIT, close. Never raises."""
        try:
            self.many([command("RSET"), command("QUIT")], deadline)
        except MailhatchError:
            return
        finally:
            self.channel.close()

    @property
    def _has_user(self) -> bool:
        """Whether USER and PASS may be used: where CAPA tells nothing of it, they are what there is."""
        return self.capabilities is None or "USER" in self.capabilities or "SASL" not in self.capabilities

    def _log_in_with_user(self, username: str, credentials: Password, deadline: float) -> None:
        if not self._has_user:
            raise NotSupportedByServer("The mail server takes no passwords.", "password")
        for line in (credential("USER", username), credential("PASS", credentials.password)):
            status = self.single(line, deadline)
            if not status.is_ok:
                raise login_refusal(status)

    def _log_in_with_token(self, username: str, token: str, mechanisms: Sequence[str], deadline: float) -> None:
        # \x01 separates the fields (RFC 7628 section 3.1).
        if "OAUTHBEARER" in mechanisms:
            name = username.replace("=", "=3D").replace(",", "=2C")
            self._authenticate("OAUTHBEARER", f"n,a={name},\x01auth=Bearer {token}\x01\x01".encode(), deadline)
        elif "XOAUTH2" in mechanisms:
            self._authenticate("XOAUTH2", f"user={username}\x01auth=Bearer {token}\x01\x01".encode(), deadline)
        else:
            raise NotSupportedByServer("The mail server takes no access tokens.", "access_token")

    def _authenticate(self, mechanism: str, response: bytes, deadline: float) -> None:
        """Run a SASL exchange of one response (RFC 5034); an error challenge after it is answered with nothing."""
        encoded = base64.b64encode(response)
        line = b"AUTH " + mechanism.encode("ascii")
        is_short = len(line) + 1 + len(encoded) <= MAX_INITIAL_RESPONSE_LINE
        self.channel.send(command("AUTH", mechanism, encoded.decode()) if is_short else line + b"\r\n", deadline)
        answers = [b"*"] if is_short else [encoded, b"*"]
        while (found := self._line(deadline)).startswith(b"+") and not found[:3].upper().startswith(b"+OK"):
            if not answers:
                raise UpstreamProtocolError("The mail server asks without end.")
            self.channel.send(sasl_line(answers.pop(0)), deadline)
        status = read_status(found)
        if not status.is_ok:
            raise login_refusal(status)

    def _status(self, deadline: float) -> Status:
        return read_status(self._line(deadline))

    def _line(self, deadline: float) -> bytes:
        while (line := self._reader.line()) is None:
            self._reader.feed(self.channel.receive(deadline))
        return line

    def _listed(self, deadline: float, most: int) -> tuple[Status, list[bytes]]:
        status = self._status(deadline)
        lines: list[bytes] = []
        if status.is_ok:
            is_end = False
            while not is_end:
                found, is_end = self._reader.lines()
                lines += found
                if len(lines) > most:
                    raise UpstreamProtocolError(_NO_LISTING)
                if not is_end:
                    self._reader.feed(self.channel.receive(deadline))
        return status, lines

    def _data(self, deadline: float) -> Iterator[bytes]:
        while True:
            data, is_end = self._reader.data()
            if data:
                yield data
            if is_end:
                return
            self._reader.feed(self.channel.receive(deadline))


def require_ok(status: Status) -> None:
    """Raise what a `-ERR` means."""
    if not status.is_ok:
        raise refusal(status)


def _refuse_controls(value: str, pointer: str) -> None:
    is_bounded = 0 < len(value) <= MAX_CREDENTIAL
    if not is_bounded or any(ord(sign) < 0x20 or ord(sign) == 0x7F or "\ud800" <= sign <= "\udfff" for sign in value):
        problem = FieldProblem(f"must have 1 to {MAX_CREDENTIAL} characters and no control characters", pointer)
        raise InvalidRequest("The credentials cannot be sent to a mail server.", [problem])
