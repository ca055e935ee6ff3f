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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Self

from tests.support import mailfill
from tests.support.certificates import CertificateAuthority
from tests.support.dovecot_configuration import OAUTH, Listener, configuration
from tests.support.mail_user import Endpoint, MailUser

__all__ = ["Dovecot", "DovecotUnavailable", "Endpoint", "MailUser", "require_dovecot"]

Storage = Literal["maildir", "sdbox"]


class DovecotUnavailable(Exception):
    """There is no Dovecot 2.3 here; the message is a sentence for people."""


class Dovecot:
    """One running server. Use as a context manager, or `start()` and `stop()`.

    `capability` replaces what the server announces (`imap_capability`): the whole list, or `+X` to add to
    it. `settings` are further lines of configuration. All listeners are on loopback:

    - `plain`      127.0.0.1, no TLS needed
    - `starttls`   127.0.0.2, refuses to log in before STARTTLS
    - `tls`        127.0.0.1, implicit TLS
    - `expired`    127.0.0.3, implicit TLS with a certificate that ended
    - `wrong_host` 127.0.0.4, implicit TLS with a certificate for another host
    - `lmtp`       127.0.0.1
    - `pop3`, `pop3_stls`, `pop3_tls`  POP3 on 127.0.0.1, 127.0.0.2 and 127.0.0.1, secured as the first three
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
            # All its processes at once: a polite end takes Dovecot seconds, and nobody will read this mail again.
            os.killpg(self._process.pid, signal.SIGKILL)
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
        hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.3", "127.0.0.4", "127.0.0.1")
        ports = free_ports((*hosts, *hosts[:3]))
        self.plain = Endpoint("127.0.0.1", ports[0], "none")
        self.starttls = Endpoint("127.0.0.2", ports[1], "starttls")
        self.tls = Endpoint("127.0.0.1", ports[2], "tls")
        self.expired = Endpoint("127.0.0.3", ports[3], "tls")
        self.wrong_host = Endpoint("127.0.0.4", ports[4], "tls")
        self.lmtp = Endpoint("127.0.0.1", ports[5], "none")
        self.pop3 = Endpoint("127.0.0.1", ports[6], "none")
        self.pop3_stls = Endpoint("127.0.0.2", ports[7], "starttls")
        self.pop3_tls = Endpoint("127.0.0.1", ports[8], "tls")
        endpoints = {
            "plain": self.plain,
            "starttls": self.starttls,
            "tls": self.tls,
            "expired": self.expired,
            "wrong_host": self.wrong_host,
        }
        listeners = [Listener(name, e.host, e.port, e.security == "tls") for name, e in endpoints.items()]
        pop3 = {"pop3_plain": self.pop3, "pop3_stls": self.pop3_stls, "pop3_tls": self.pop3_tls}
        pop3_listeners = [Listener(name, e.host, e.port, e.security == "tls") for name, e in pop3.items()]
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
            pop3_listeners=pop3_listeners,
            lmtp_port=self.lmtp.port,
            storage=self._storage,
            capability=self._capability,
            settings=self._settings,
        )
        (self.folder / "dovecot.conf").write_text(text, "utf-8")
        (self.folder / "oauth.conf").write_text(OAUTH.format(folder=self.folder), "utf-8")

    def _launch(self) -> bool:
        # A test run that is killed takes its server along.
        tied = ["setpriv", "--pdeathsig", "TERM", "--"] if shutil.which("setpriv") else []
        self._process = subprocess.Popen(
            [*tied, "dovecot", "-F", "-c", str(self.folder / "dovecot.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + 15
        while time.monotonic() < until and self._process.poll() is None:
            try:
                with socket.create_connection((self.plain.host, self.plain.port), timeout=5) as sock:
                    # It writes its pid file once it has all its ports; until then another server may have answered.
                    if sock.recv(64).startswith(b"* OK") and (self.folder / "run" / "master.pid").exists():
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
