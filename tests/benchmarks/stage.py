"""The mail server of a run, filled, and the real service in front of it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from app.demo import rest_client
from app.security.tokens import new_token
from tests.benchmarks import mail, processes
from tests.benchmarks.imap_load import RawClient
from tests.benchmarks.scale import MEBIBYTE, Scale
from tests.contracts.repository import ROOT
from tests.support.dovecot import Dovecot, MailUser, free_ports
from tests.support.proxy import Proxy

LARGE = "Large"
FILES = "Files"
#: Id of the account whose way to the mail server leads through a proxy that counts.
COUNTED = "counted"
#: Where files lie in memory, and how many bytes must be free there.
_MEMORY = Path("/dev/shm")
_ROOM = 3 * 1024 * MEBIBYTE
#: Entering a large maildir must not list its folder each time, for anybody.
_SETTINGS = ("maildir_very_dirty_syncs = yes",)


@dataclass(frozen=True, slots=True)
class MailServer:
    """A running Dovecot and its users; the first has the large mailbox and the files. `proxy` leads to it."""

    dovecot: Dovecot
    users: tuple[MailUser, ...]
    proxy: Proxy

    def logins(self, accounts: int) -> list[tuple[str, str]]:
        """Return names and passwords of the first `accounts` users."""
        return [(user.username, user.password) for user in self.users[:accounts]]


@contextmanager
def mail_server(scale: Scale) -> Iterator[MailServer]:
    """Run a Dovecot with all the mail of a scale."""
    with _dovecot() as dovecot, Proxy(dovecot.plain.host, dovecot.plain.port) as proxy:
        users = tuple(dovecot.add_user() for _ in range(scale.accounts))
        for user in users:
            user.fill(scale.small, make=mail.ordinary)
            for number in range(scale.mailboxes - 7):
                user.fill(0, f"Folder {number}")
        first = users[0]
        first.fill(scale.large, LARGE, mail.ordinary)
        first.fill(scale.part_messages, FILES, lambda number: mail.with_part(number, scale.part_bytes))
        first.fill(1, FILES, lambda number: mail.with_part(number, scale.big_part_bytes))
        for user in users:  # the server's own index is made at the first look, which is not ours to measure
            _look(user, "INBOX", scale.small)
        _look(first, LARGE, 1)
        _look(first, FILES, scale.part_messages + 1)
        yield MailServer(dovecot, users, proxy)


@contextmanager
def _dovecot() -> Iterator[Dovecot]:
    """Run a Dovecot whose mail lies in memory where there is room: 90,000 files on a disk take minutes to remove."""
    before = tempfile.tempdir
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
        tempfile.tempdir = str(_MEMORY)
    try:
        dovecot = Dovecot(settings=_SETTINGS)
        dovecot.start()
    finally:
        tempfile.tempdir = before
    try:
        yield dovecot
    finally:
        dovecot.stop()


def _look(user: MailUser, mailbox: str, count: int) -> None:
    client = RawClient(user.plain.host, user.plain.port, (user.username, user.password), mailbox)
    client.do("page", [1, count])
    client.close()


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the service: `path` is where its calls begin, `mailboxes` gives ids by name."""

    path: str
    mailboxes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: its accounts are one for each user, in order, and the counted one."""

    pid: int
    host: str
    port: int
    token: str
    accounts: tuple[Account, ...]
    counted: Account
    idle_bytes: int

    def get(self, path: str) -> dict[str, object]:
        """Make one call. Raises CallFailed."""
        found: dict[str, object] = rest_client.call("GET", f"http://{self.host}:{self.port}{path}", self.token)
        return found

    def ids(self, account: Account, mailbox: str, count: int) -> tuple[list[str], str | None]:
        """Return ids of the newest `count` messages of a mailbox, and the cursor of what follows."""
        found: list[str] = []
        cursor: str | None = None
        while len(found) < count:
            limit = min(200, count - len(found))
            after = f"&cursor={quote(cursor)}" if cursor else ""
            path = f"{account.path}/mailboxes/{account.mailboxes[mailbox]}/messages"
            page = self.get(f"{path}?fields=id&limit={limit}{after}")
            assert isinstance(page["items"], list)
            found += [item["id"] for item in page["items"]]
            cursor = page["next"] if isinstance(page["next"], str) else None
            if cursor is None:
                break
        return found, cursor


@contextmanager
def service(mail_server: MailServer, *, with_cache: bool) -> Iterator[Service]:
    """Run `mailhatch serve` with an account for each user; without the cache every summary comes from the server."""
    host, port, token = "127.0.0.1", free_ports(("127.0.0.1",))[0], new_token()[1]
    with tempfile.TemporaryDirectory(prefix="mailhatch-bench-") as folder, Path(folder, "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            cwd=ROOT,
            env=_environment(Path(folder), port, token, with_cache=with_cache),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            url = f"http://{host}:{port}"
            _wait_until_ready(process, url, Path(folder, "log"))
            idle = processes.resident(process.pid)
            plain = mail_server.dovecot.plain
            accounts = [_register(url, token, f"a{at}", user, plain.port) for at, user in enumerate(mail_server.users)]
            counted = _register(url, token, COUNTED, mail_server.users[0], mail_server.proxy.port)
            yield Service(process.pid, host, port, token, tuple(accounts), counted, idle)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _environment(folder: Path, port: int, token: str, *, with_cache: bool) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAILHATCH_")}
    settings = {
        "PORT": str(port),
        "DATA_DIR": str(folder),
        "ADMIN_TOKEN": token,
        "ALLOWED_MAIL_NETWORKS": "127.0.0.0/8",
        "ALLOW_INSECURE_MAIL": "true",
        "WATCH": "false",  # a watcher would be measured along
        "LOG_LEVEL": "warning",
        "REQUESTS_PER_MINUTE": "10000000",
        "LOGINS_PER_HOST": "1000",
        "SHUTDOWN_TIMEOUT": "3",
    }
    if not with_cache:
        settings["SUMMARY_CACHE_BYTES"] = "0"
    return kept | {f"MAILHATCH_{name}": value for name, value in settings.items()}


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + 30
    while not rest_client.is_ready(url):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the service did not start:\n{log.read_text('utf-8', 'replace')[-4000:]}")
        time.sleep(0.05)


def _register(url: str, token: str, name: str, user: MailUser, port: int) -> Account:
    body = {
        "email": f"{name}@example.org",
        "incoming": {
            "protocol": "imap",
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "username": user.username,
            "auth": {"type": "password", "password": user.password},
        },
    }
    made = rest_client.call("PUT", f"{url}/v1/accounts/by-external-id/{name}?verify=now", token, body)
    path = f"/v1/accounts/{made['id']}"
    tree = rest_client.call("GET", f"{url}{path}/mailboxes", token)
    return Account(path, {"/".join(item["path"]): item["id"] for item in tree["items"]})
