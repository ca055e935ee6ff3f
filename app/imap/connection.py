"""The seam to imapclient and imaplib, and the one module that imports them.

imapclient keeps the verbs of connecting (STARTTLS, the SASL mechanisms, LOGOUT). Everything under it is ours from the
first byte: `_create_IMAP4` hands in an imaplib whose socket, reading, writing and login go through `Dialogue`, so no
byte passes imaplib's unbounded reader, its unquoted LOGIN or its debug log.
"""

import imaplib
import socket
from collections.abc import Callable
from typing import Any

import imapclient
from imapclient.exceptions import CapabilityError

from app import __version__
from app.domain.account import AccessToken, Credentials, Password
from app.domain.errors import (
    AuthenticationFailed,
    FieldProblem,
    InvalidRequest,
    MailhatchError,
    NotSupportedByServer,
    TlsFailed,
    UpstreamProtocolError,
)
from app.imap.dialogue import Dialogue, Reply
from app.imap.errors import login_refusal, refusal
from app.imap.limits import MAX_CREDENTIAL, MAX_OPERATION, MAX_RESPONSES
from app.imap.transport import Transport
from app.imap.wire.commands import Argument, Command, astring, command
from app.imap.wire.responses import Code

Wrap = Callable[[socket.socket], socket.socket]


class Connection:
    """One connection to an IMAP server, from greeting to logout. Blocking; used by one thread at a time.

    Any error leaves it unusable. Deadlines are monotonic seconds.
    """

    def __init__(self, sock: socket.socket, *, is_encrypted: bool, deadline: float) -> None:
        """Take a connected socket, on which TLS stands already or not, and read the greeting."""
        self.transport = Transport(sock)
        self.dialogue = Dialogue(self.transport)
        self._is_encrypted = is_encrypted
        self._client = _Client(_Engine(self.transport, self.dialogue, deadline))

    @property
    def sock(self) -> socket.socket:
        """The socket it stands on now."""
        return self.transport.sock

    @property
    def announced(self) -> int:
        """How many capabilities the server announced last."""
        return len(self._engine.capabilities)

    @property
    def is_preauthenticated(self) -> bool:
        """Whether the server greeted with PREAUTH: there is nothing to log in to."""
        return self._engine.welcome == b"PREAUTH"

    @property
    def capabilities(self) -> frozenset[str]:
        """What the server announced last, in upper case."""
        return frozenset(self._engine.capabilities)

    @property
    def _engine(self) -> "_Engine":
        return self._client.engine

    def start_tls(self, wrap: Wrap, deadline: float) -> None:
        """Upgrade to TLS (RFC 9051 section 6.2.1), or fail: there is no way on without it. `wrap` does the handshake.

        Raises TlsFailed when the server does not offer it, refuses it, greeted with PREAUTH, or sent anything ahead of
        the handshake. What it announced before is forgotten.
        """
        if self.is_preauthenticated:
            raise TlsFailed("The mail server skips the encryption by letting everybody in (PREAUTH).")
        self._engine.need_capabilities(deadline)
        try:
            self._client.starttls(wrap)
        except CapabilityError:
            raise TlsFailed("The mail server does not offer STARTTLS on this port.") from None
        except imaplib.IMAP4.error:
            raise TlsFailed("The mail server refused STARTTLS.") from None
        self._is_encrypted = True

    def log_in(self, username: str, credentials: Credentials, deadline: float) -> None:
        """Log in by the safest way the server offers. Raises AuthenticationFailed, what the server's code means, and
        InvalidRequest for a name or secret that no mechanism can carry.
        """
        engine = self._engine
        engine.deadline = deadline
        if not self.is_preauthenticated:
            engine.need_capabilities(deadline)
            try:
                if isinstance(credentials, AccessToken):
                    self._log_in_with_token(username, credentials.token)
                else:
                    self._log_in_with_password(username, credentials)
            except imaplib.IMAP4.error:
                raise AuthenticationFailed("The mail server refused the login.") from None
        self.transport.allow(MAX_OPERATION, MAX_RESPONSES)

    def introduce(self, deadline: float) -> None:
        """Learn what the server can do now, and tell it who we are (RFC 2971).

        Some providers turn clients away that do not. The count of round trips begins here.
        """
        engine = self._engine
        may_identify = "ID" in engine.capabilities
        commands = [] if engine.knows_capabilities else [command("CAPABILITY", expects=["CAPABILITY"])]
        if may_identify:
            commands.append(_identification())
        replies = self.dialogue.execute(commands, deadline) if commands else []
        if not engine.knows_capabilities:
            replies[0].require_ok()
            engine.learn(replies[0])
        if not may_identify and "ID" in engine.capabilities:
            self.dialogue.execute([_identification()], deadline)
        self.dialogue.has_literal_plus = "LITERAL+" in engine.capabilities
        self.dialogue.has_literal_minus = "LITERAL-" in engine.capabilities or "IMAP4REV2" in engine.capabilities
        self.transport.begin_count()

    def log_out(self, deadline: float) -> None:
        """Say goodbye and close; never raises."""
        self._engine.deadline = deadline
        try:
            self._client.logout()
        except (MailhatchError, imaplib.IMAP4.error, OSError):
            return
        finally:
            self.transport.close()

    def _log_in_with_token(self, username: str, token: str) -> None:
        # \x01 separates the fields of these mechanisms (RFC 7628 section 3.1).
        _refuse_controls(username, "/incoming/username", 0x20)
        _refuse_controls(token, "/incoming/auth/token", 0x21)
        if "AUTH=OAUTHBEARER" in self._engine.capabilities:
            self._client.oauthbearer_login(username, token)
        elif "AUTH=XOAUTH2" in self._engine.capabilities:
            self._client.oauth2_login(username, token)
        else:
            raise NotSupportedByServer("The mail server takes no access tokens.", "access_token")

    def _log_in_with_password(self, username: str, credentials: Password) -> None:
        password = credentials.password
        _refuse_controls(username, "/incoming/username", 0x01)
        _refuse_controls(password, "/incoming/auth/password", 0x01)
        can_plain = "AUTH=PLAIN" in self._engine.capabilities
        if "LOGINDISABLED" not in self._engine.capabilities:
            # LOGIN is what every server has; odd characters are safest in PLAIN's base64 (RFC 4616: UTF-8).
            if (_is_plain(username) and _is_plain(password)) or not can_plain:
                self._client.login(username, password)
                return
        elif not can_plain:
            if self._is_encrypted:
                raise NotSupportedByServer("The mail server takes no passwords.", "password")
            raise TlsFailed("The mail server lets nobody log in without encryption. Use `tls` or `starttls`.")
        self._client.plain_login(username, password)


class _Client(imapclient.IMAPClient):  # type: ignore[misc] # imapclient has no type information
    """imapclient on our engine; `ssl=True` would only make it refuse to upgrade."""

    def __init__(self, engine: "_Engine") -> None:
        self.engine = engine
        super().__init__("mail-server", port=0, ssl=False)
        self.engine.debug = 0  # imapclient turns logging of every byte on

    def _create_IMAP4(self) -> "_Engine":  # noqa: N802 - imapclient's name
        self.engine.begin()
        return self.engine


class _Engine(imaplib.IMAP4):
    """imaplib's interface as imapclient uses it, on our dialogue. It never opens, reads or writes by itself."""

    def __init__(self, transport: Transport, dialogue: Dialogue, deadline: float) -> None:
        self._transport = transport
        self._dialogue = dialogue
        self.deadline = deadline
        self.capabilities: tuple[str, ...] = ()
        self.knows_capabilities = False

    def begin(self) -> None:
        """Do what imaplib's constructor does."""
        super().__init__("mail-server", 0)

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:  # noqa: ARG002 - imaplib's
        self.host, self.port = host, port
        self.sock = self._transport.sock

    def shutdown(self) -> None:
        self._transport.close()

    def _connect(self) -> None:
        status, code = self._dialogue.greeting(self.deadline)
        self.welcome = status
        self.state = "AUTH" if status == b"PREAUTH" else "NONAUTH"
        self._learn_from_code(code)

    def need_capabilities(self, deadline: float) -> None:
        """Ask for the capabilities unless the server told them by itself."""
        self.deadline = deadline
        if not self.knows_capabilities:
            self._get_capabilities()

    def learn(self, reply: Reply) -> None:
        """Take the capabilities a reply brings, in its code or its data. Raises UpstreamProtocolError for a server that
        speaks something else than IMAP4rev1 or rev2.
        """
        self._learn_from_code(reply.code)
        for untagged in reply.data:
            if untagged.kind == b"CAPABILITY":
                self._set_capabilities(untagged.rest[0])

    def _get_capabilities(self) -> None:
        reply = self._run(command("CAPABILITY", expects=["CAPABILITY"]))
        reply.require_ok()
        self.learn(reply)
        if not self.knows_capabilities:
            raise UpstreamProtocolError("The mail server does not tell its capabilities.")

    def starttls(self, ssl_context: Any = None) -> Any:
        """Upgrade; what imapclient passes through as a context is `wrap` of `Connection.start_tls`."""
        reply = self._run(command("STARTTLS"))
        if reply.is_ok:
            self._transport.upgrade(ssl_context)
            self.sock = self._transport.sock
            self.knows_capabilities = False
            self._get_capabilities()
        return reply.status.decode("ascii"), [b""]

    def login(self, user: str, password: str) -> Any:
        return self._logged_in(
            self._run(Command(b"LOGIN", (astring(user), astring(password)), frozenset((b"CAPABILITY",))))
        )

    def authenticate(self, mechanism: str, authobject: Callable[[Any], Any]) -> Any:
        # After an error challenge these mechanisms end the exchange so (RFC 7628 section 3.2.3); others cancel.
        endings = {"OAUTHBEARER": b"\x01", "XOAUTH2": b""}
        answers: list[bytes | None] = [authobject(b"").encode("utf-8"), endings.get(mechanism)]

        def respond(_challenge: bytes) -> bytes | None:
            return answers.pop(0) if answers else None

        has_initial = "SASL-IR" in self.capabilities
        return self._logged_in(self._dialogue.authenticate(mechanism, respond, self.deadline, initial=has_initial))

    def _logged_in(self, reply: Reply) -> Any:
        reply.require_ok(login_refusal)
        self.state = "AUTH"
        self.knows_capabilities = False
        self.learn(reply)
        return "OK", [b""]

    def logout(self) -> Any:
        self.state = "LOGOUT"
        self._run(command("LOGOUT")).require_ok(refusal)
        return "BYE", [b""]

    def _run(self, what: Command) -> Reply:
        return self._dialogue.execute([what], self.deadline)[0]

    def _learn_from_code(self, code: Code | None) -> None:
        if code is not None and code.name == b"CAPABILITY":
            self._set_capabilities(code.arguments)

    def _set_capabilities(self, words: bytes) -> None:
        self.capabilities = tuple(sorted(set(words.upper().decode("ascii", "replace").split())))
        self.knows_capabilities = True
        if not {"IMAP4REV1", "IMAP4REV2"} & set(self.capabilities):
            raise UpstreamProtocolError("The mail server speaks no version of IMAP that this service knows.")


def _identification() -> Command:
    fields: list[Argument] = [astring(word) for word in ("name", "Mailhatch", "version", __version__)]
    return command("ID", b"(" + b" ".join(one for one in fields if isinstance(one, bytes)) + b")")


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable() and not set(value) & {'"', "\\"}


def _refuse_controls(value: str, pointer: str, lowest: int) -> None:
    is_bounded = 0 < len(value) <= MAX_CREDENTIAL
    if not is_bounded or any(ord(sign) < lowest or "\ud800" <= sign <= "\udfff" for sign in value):
        problem = FieldProblem(f"must have 1 to {MAX_CREDENTIAL} characters and no control characters", pointer)
        raise InvalidRequest("The credentials cannot be sent to a mail server.", [problem])
