"""A user of a test server, and what a test does on its behalf past the service."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from imapclient import IMAPClient

from tests.support import mailfill
from tests.support.access_token import access_token

if TYPE_CHECKING:
    from tests.support.dovecot import Dovecot


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
            with suppress(imap.Error):
                imap.logout()
        finally:
            with suppress(OSError):
                imap.shutdown()

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
        """Remove messages for good, whatever the server announces."""
        numbers = ",".join(str(uid) for uid in uids)
        self.server.doveadm("expunge", "-u", self.username, "mailbox", mailbox, "uid", numbers)

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

    def restrict(self, rights: str, mailbox: str = "INBOX") -> None:
        """Give the user these rights alone in a mailbox (RFC 4314 section 2.1); on a server with `ACCESS_LISTS`."""
        folder = self.server.home(self.username) / "mail" / mailfill.modified_utf7(mailbox)
        (folder / "dovecot-acl").write_text(f"owner {rights}\n", "ascii")

    def connections(self) -> int:
        """Count this user's connections to the server now."""
        return sum(1 for line in self.server.who() if line.split()[0] == self.username)

    def has_connections(self, count: int) -> bool:
        """Whether the server soon counts so many connections of this user: it hears of logins and ends late."""
        until = time.monotonic() + 10
        while self.connections() != count:
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    def kick(self) -> None:
        """Make the server close every connection of this user, those included that it has not counted yet."""
        until = time.monotonic() + 10
        while not self.connections() and time.monotonic() < until:
            time.sleep(0.02)
        self.server.doveadm("kick", self.username)
        assert self.has_connections(0), "the server does not let go"
