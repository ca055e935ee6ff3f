"""A real Dovecot 2.3 of its own: own folder, own users, loopback ports, up in well under a second."""

import base64
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from imapclient import IMAPClient

from tests.support import mailfill
from tests.support.access_token import access_token
from tests.support.certificates import CertificateAuthority
from tests.support.dovecot_configuration import OAUTH, Listener, configuration

Storage = Literal["maildir", "sdbox"]


class DovecotUnavailable(Exception):
    """There is no Dovecot 2.3 here; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens, and how a client has to speak to it."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class MailUser:
    """A user of a running Dovecot. `plain`, `starttls` and `tls` are where to log in; `ca_pem` is whom to trust."""

    server: "Dovecot"
    username: str
    password: str = field(repr=False)

    @property
    def plain(self) -> Endpoint:
        return self.server.plain

    @property
    def starttls(self) -> Endpoint:
        return self.server.starttls

    @property
    def tls(self) -> Endpoint:
        return self.server.tls

    @property
    def ca_pem(self) -> str:
        return self.server.ca_pem

    @contextmanager
    def client(self) -> Iterator[Any]:
        """Log in with a plain imapclient, for arranging things: `with user.client() as imap: imap.noop()`."""
        imap = IMAPClient(self.plain.host, port=self.plain.port, ssl=False, timeout=20)
        try:
            imap.login(self.username, self.password)
            yield imap
        except BaseException:
            imap.shutdown()
            raise
        with suppress(imap.Error):
            imap.logout()

    @contextmanager
    def client_with_token(self, token: str) -> Iterator[Any]:
        """Log in with an access token (XOAUTH2)."""
        imap = IMAPClient(self.plain.host, port=self.plain.port, ssl=False, timeout=20)
        try:
            imap.oauth2_login(self.username, token)
            yield imap
        finally:
            imap.shutdown()

    def access_token(self, lifetime: float = 600.0) -> str:
        """Make an access token for XOAUTH2 and OAUTHBEARER that ends in `lifetime` seconds."""
        return access_token(self.username, self.server.token_secret, lifetime)

    def append(
        self, raw: bytes, mailbox: str = "INBOX", flags: Sequence[str] = (), received: float | None = None
    ) -> int:
        """Append one message and return its UID. `flags` as IMAP spells them; `received` is Unix seconds."""
        return self.append_all([raw], mailbox, flags, received)[0]

    def append_all(
        self, raws: Sequence[bytes], mailbox: str = "INBOX", flags: Sequence[str] = (), received: float | None = None
    ) -> list[int]:
        """Append messages over one connection and return their UIDs."""
        when = mailfill.internal_date(received)
        uids = []
        with self.client() as imap:
            for raw in raws:
                answer = imap.append(mailbox, raw, flags=flags, msg_time=when)
                uids.append(int(bytes(answer).split(b"APPENDUID ")[1].split(b"]")[0].split()[1]))
        return uids

    def deliver(self, raw: bytes) -> None:
        """Deliver one message to the inbox by LMTP, as new mail comes."""
        self.server.deliver(self.username, raw)

    def create_mailbox(self, *names: str) -> None:
        """Create mailboxes; names are Unicode, `/` separates levels."""
        with self.client() as imap:
            for name in names:
                imap.create_folder(name)
                imap.subscribe_folder(name)

    def set_flags(self, uids: Sequence[int], flags: Sequence[str], mailbox: str = "INBOX") -> None:
        """Replace the flags of messages."""
        with self.client() as imap:
            imap.select_folder(mailbox)
            imap.set_flags(list(uids), list(flags))

    def expunge(self, uids: Sequence[int], mailbox: str = "INBOX") -> None:
        """Remove messages for good."""
        with self.client() as imap:
            imap.select_folder(mailbox)
            imap.delete_messages(list(uids))
            imap.uid_expunge(list(uids))

    def uids(self, mailbox: str = "INBOX") -> list[int]:
        """List the UIDs of a mailbox, oldest first."""
        with self.client() as imap:
            imap.select_folder(mailbox, readonly=True)
            return sorted(imap.search("ALL"))

    def fill(
        self, count: int, mailbox: str = "INBOX", make: Callable[[int], bytes] = mailfill.numbered_message
    ) -> None:
        """Put `count` messages into a mailbox quickly (50,000 in a few seconds); `make(n)` builds the n-th, from 0.

        Maildir files are written past the server, which finds them at its next look.
        """
        self.server.fill(self.username, count, mailbox, make)

    def change_uidvalidity(self, mailbox: str = "INBOX") -> int:
        """Give the mailbox another UIDVALIDITY, as a restore from backup does, and return it."""
        new = int(self.server.doveadm("mailbox", "status", "-u", self.username, "uidvalidity", mailbox).split("=")[1])
        new += 1000
        self.server.doveadm("mailbox", "update", "-u", self.username, "--uid-validity", str(new), mailbox)
        return new

    def connections(self) -> int:
        """Count this user's connections to the server now."""
        return sum(1 for line in self.server.who() if line.split()[0] == self.username)

    def kick(self) -> None:
        """Make the server close every connection of this user."""
        self.server.doveadm("kick", self.username)


class Dovecot:
    """One running server. Use as a context manager, or `start()` and `stop()`.

    `capability` replaces what the server announces (`imap_capability`; `+X` or `-X` is not understood by Dovecot 2.3,
    write the whole list). `settings` are further lines of configuration. All listeners are on loopback:

    - `plain`      127.0.0.1, no TLS needed
    - `starttls`   127.0.0.2, refuses to log in before STARTTLS
    - `tls`        127.0.0.1, implicit TLS
    - `expired`    127.0.0.3, implicit TLS with a certificate that ended
    - `wrong_host` 127.0.0.4, implicit TLS with a certificate for another host
    - `lmtp`       127.0.0.1
    """

    def __init__(
        self,
        *,
        capability: str | None = None,
        storage: Storage = "maildir",
        settings: Sequence[str] = (),
        authority: CertificateAuthority | None = None,
    ) -> None:
        self._capability = capability
        self._storage = storage
        self._settings = tuple(settings)
        self._authority = authority or CertificateAuthority()
        self._process: subprocess.Popen[bytes] | None = None
        self._users = 0
        self.token_secret = secrets.token_bytes(32)
        self.folder = Path()
        self.ca_pem = self._authority.ca_pem

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Dovecot {'running' if self._process else 'stopped'} in {self.folder}>"

    @property
    def log(self) -> str:
        """What the server logged so far."""
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def start(self) -> None:
        """Start and wait until it greets. Raises DovecotUnavailable when there is none."""
        require_dovecot()
        self.folder = Path(tempfile.mkdtemp(prefix="mailhatch-dovecot-"))
        self.folder.chmod(0o755)
        (self.folder / "users").mkdir()
        for attempt in range(3):
            self._listen_on_free_ports()
            if self._launch():
                return
            if attempt == 2:
                log = self.log
                self.stop()
                raise RuntimeError(f"Dovecot did not start:\n{log}")

    def stop(self) -> None:
        """End it and remove its folder."""
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def add_user(self, name: str | None = None, password: str = "correct horse 1") -> MailUser:
        """Add a user; without a name it is a fresh one."""
        self._users += 1
        username = name or f"user{self._users}"
        home = self.folder / "homes" / f"{self._users}"
        home.mkdir(parents=True)
        uid, gid = mail_owner()
        if os.getuid() == 0:
            os.chown(home, uid, gid)
            home.parent.chmod(0o755)
        # A file per user: Dovecot looks no more than once a second whether one it knows has changed.
        entry = f"{username}:{{PLAIN}}{password}:{uid}:{gid}::{home}::\n"
        (self.folder / "users" / username).write_text(entry, "utf-8")
        return MailUser(self, username, password)

    def home(self, username: str) -> Path:
        """Return a user's home folder."""
        return Path((self.folder / "users" / username).read_text("utf-8").split(":")[5])

    def deliver(self, username: str, raw: bytes) -> None:
        """Deliver one message by LMTP (RFC 2033)."""
        with (
            socket.create_connection((self.lmtp.host, self.lmtp.port), timeout=20) as sock,
            sock.makefile("rb") as file,
        ):
            body = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in raw.splitlines())
            for command, expected in (
                (b"", b"220"),
                (b"LHLO test\r\n", b"250"),
                (b"MAIL FROM:<sender@example.org>\r\n", b"250"),
                (b"RCPT TO:<" + username.encode() + b">\r\n", b"250"),
                (b"DATA\r\n", b"354"),
                (body + b"\r\n.\r\n", b"250"),
            ):
                sock.sendall(command)
                line = file.readline()
                while line[3:4] == b"-":
                    line = file.readline()
                if not line.startswith(expected):
                    raise RuntimeError(f"LMTP answered {line!r} to {command[:40]!r}")
            sock.sendall(b"QUIT\r\n")

    def fill(
        self,
        username: str,
        count: int,
        mailbox: str = "INBOX",
        make: Callable[[int], bytes] = mailfill.numbered_message,
    ) -> None:
        """Put `count` messages into a mailbox quickly; see `MailUser.fill`."""
        if self._storage != "maildir":
            raise ValueError("only a maildir can be filled past the server")
        folder = self.home(username) / "mail" / mailfill.modified_utf7(mailbox)
        mailfill.fill_maildir(folder, count, make, mail_owner())

    def who(self) -> list[str]:
        """List current connections, one line each, the user name first."""
        return self.doveadm("-f", "flow", "who", "-1").replace("username=", "").splitlines()

    def doveadm(self, *arguments: str) -> str:
        """Run doveadm against this server and return what it prints."""
        command = ["doveadm", "-c", str(self.folder / "dovecot.conf"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def _listen_on_free_ports(self) -> None:
        ports = free_ports(("127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.3", "127.0.0.4", "127.0.0.1"))
        self.plain = Endpoint("127.0.0.1", ports[0], "none")
        self.starttls = Endpoint("127.0.0.2", ports[1], "starttls")
        self.tls = Endpoint("127.0.0.1", ports[2], "tls")
        self.expired = Endpoint("127.0.0.3", ports[3], "tls")
        self.wrong_host = Endpoint("127.0.0.4", ports[4], "tls")
        self.lmtp = Endpoint("127.0.0.1", ports[5], "none")
        endpoints = {
            "plain": self.plain,
            "starttls": self.starttls,
            "tls": self.tls,
            "expired": self.expired,
            "wrong_host": self.wrong_host,
        }
        listeners = [Listener(name, e.host, e.port, e.security == "tls") for name, e in endpoints.items()]
        oauth = self.folder / "oauth"
        key = oauth / "default" / "HS256" / "default"
        key.parent.mkdir(parents=True, exist_ok=True)
        key.write_text(base64.b64encode(self.token_secret).decode(), "ascii")
        certificates = {
            "valid": self._authority.valid(),
            "expired": self._authority.expired(),
            "wrong_host": self._authority.wrong_host(),
        }
        for name, certificate in certificates.items():
            (self.folder / f"{name}.pem").write_text(certificate.certificate_pem, "ascii")
            (self.folder / f"{name}.key").write_text(certificate.key_pem, "ascii")
        text = configuration(
            folder=self.folder,
            listeners=listeners,
            lmtp_port=self.lmtp.port,
            storage=self._storage,
            capability=self._capability,
            settings=self._settings,
        )
        (self.folder / "dovecot.conf").write_text(text, "utf-8")
        (self.folder / "oauth.conf").write_text(OAUTH.format(folder=self.folder), "utf-8")

    def _launch(self) -> bool:
        self._process = subprocess.Popen(
            ["dovecot", "-F", "-c", str(self.folder / "dovecot.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + 15
        while time.monotonic() < until and self._process.poll() is None:
            try:
                with socket.create_connection((self.plain.host, self.plain.port), timeout=5) as sock:
                    if sock.recv(64).startswith(b"* OK"):
                        return True
            except OSError:
                time.sleep(0.01)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
        self._process = None
        return False


def mail_owner() -> tuple[int, int]:
    """Return the uid and gid that own the mail: Dovecot refuses to read mail as root."""
    return (65534, 65534) if os.getuid() == 0 else (os.getuid(), os.getgid())


def free_ports(hosts: Sequence[str]) -> list[int]:
    """Find a free port on each host, all different where the hosts are equal."""
    sockets = []
    try:
        for host in hosts:
            sock = socket.socket()
            sockets.append(sock)
            sock.bind((host, 0))
        return [int(sock.getsockname()[1]) for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()


def require_dovecot() -> None:
    """Raise DovecotUnavailable unless Dovecot 2.3 with doveadm is installed."""
    if not shutil.which("dovecot") or not shutil.which("doveadm"):
        raise DovecotUnavailable("Dovecot is not installed (Debian: dovecot-imapd dovecot-lmtpd dovecot-pop3d).")
    version = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    if not version.startswith("2.3."):
        raise DovecotUnavailable(f"The tests need Dovecot 2.3; this is {version.strip() or 'unknown'}.")
