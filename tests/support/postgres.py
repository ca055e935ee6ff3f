"""A real PostgreSQL of its own: a throw-away cluster on a loopback port, run by another user than root."""

import itertools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from tests.support.certificates import Certificate

_USER = "mailhatch"
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")
_SETTINGS = {
    "fsync": "off",  # nothing here survives the session
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "deadlock_timeout": "100ms",
    "autovacuum": "off",
    "logging_collector": "off",
}


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[str | int]


class PostgresUnavailable(Exception):
    """There is no PostgreSQL here; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running cluster. `tools` is the folder of its programs."""

    port: int
    password: str = field(repr=False)
    tools: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    def url(self, database: str) -> str:
        """The address of a database, as Mailhatch takes it."""
        return f"postgresql+asyncpg://{_USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str | None = None) -> str:
        """Make a database, empty or like `template` (which nobody may be connected to), and return its name."""
        name = f"t{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database and end who is connected to it."""
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def run(self, statement: str, database: str = "postgres") -> str:
        """Run one statement as the superuser; return its rows, columns separated by `|`."""
        finished = subprocess.run(
            [self.tools / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement],
            env={
                "PGHOST": "127.0.0.1",
                "PGPORT": str(self.port),
                "PGUSER": _USER,
                "PGPASSWORD": self.password,
                "PGDATABASE": database,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if finished.returncode != 0:
            raise RuntimeError(f"PostgreSQL refused {statement!r}: {finished.stderr.strip()}")
        return finished.stdout.strip()


@contextmanager
def running_postgres(certificate: Certificate | None = None) -> Iterator[PostgresServer]:
    """Run a cluster for as long as the block lasts, with TLS if it has a certificate. Raises PostgresUnavailable."""
    tools, account = _tools(), _account()
    folder = Path(tempfile.mkdtemp(prefix="mailhatch-pg-"))
    try:
        password = secrets.token_hex(12)
        secret = folder / "password"
        secret.write_text(password)
        for path in (folder, secret):
            if account is not None:
                os.chown(path, account.pw_uid, account.pw_gid)
        data = folder / "data"
        _as_user(
            account,
            [
                *(tools / "initdb", "-D", data, "-U", _USER, "-E", "UTF8", "--no-sync"),
                *("--auth=scram-sha-256", f"--pwfile={secret}"),
                *("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"),  # sorts unlike SQLite
            ],
        )
        with _serving(tools, account, folder, password, _tls_settings(account, folder, certificate)) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _serving(
    tools: Path, account: pwd.struct_passwd | None, folder: Path, password: str, extra: dict[str, str]
) -> Iterator[PostgresServer]:
    log = folder / "log"
    for _ in range(3):
        port = _free_port()
        process = _launch(tools, account, folder, log, {**_SETTINGS, **extra, "port": str(port)})
        if _is_ready(process, folder / "data" / "postmaster.pid"):
            break
        _stop(process)  # somebody else took the port in the meantime
    else:
        raise PostgresUnavailable(f"PostgreSQL did not start: {log.read_text(errors='replace')[-500:]}")
    try:
        yield PostgresServer(port, password, tools)
    finally:
        _stop(process)


def _launch(
    tools: Path, account: pwd.struct_passwd | None, folder: Path, log: Path, settings: dict[str, str]
) -> subprocess.Popen[bytes]:
    settings = {**settings, "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
    arguments = [item for name, value in settings.items() for item in ("-c", f"{name}={value}")]
    # The server ends with the tests even when they are killed.
    dies_with_us = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
    with log.open("wb") as output:
        return subprocess.Popen(
            [*dies_with_us, tools / "postgres", "-D", folder / "data", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", os.defpath)},
            **_identity(account),
        )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tls_settings(account: pwd.struct_passwd | None, folder: Path, certificate: Certificate | None) -> dict[str, str]:
    if certificate is None:
        return {}
    for name, pem in (("server.crt", certificate.certificate_pem), ("server.key", certificate.key_pem)):
        path = folder / name
        path.touch(0o600)
        path.write_text(pem)
        if account is not None:
            os.chown(path, account.pw_uid, account.pw_gid)
    return {"ssl": "on", "ssl_cert_file": str(folder / "server.crt"), "ssl_key_file": str(folder / "server.key")}


def _is_ready(process: subprocess.Popen[bytes], pid_file: Path) -> bool:
    """Wait until the server says so in its own file; its port may be answered by another one."""
    for _ in range(600):
        if process.poll() is not None:
            break
        lines = pid_file.read_text().splitlines() if pid_file.exists() else []
        if len(lines) >= 8 and lines[7].strip() == "ready":  # LOCK_FILE_LINE_PM_STATUS
            return True
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
    return False


def _tools() -> Path:
    found = [path for place in _PLACES for path in Path("/").glob(place.lstrip("/")) if (path / "initdb").exists()]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    if not found:
        raise PostgresUnavailable("PostgreSQL is not installed; `apt-get install postgresql` brings it.")
    return max(found, key=lambda path: [int(part) for part in path.parts if part.isdigit()])


def _account() -> pwd.struct_passwd | None:
    """Whom to run as: PostgreSQL refuses root."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresUnavailable("PostgreSQL refuses to run as root, and there is no user postgres or nobody.")


def _identity(account: pwd.struct_passwd | None) -> _Identity:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _as_user(account: pwd.struct_passwd | None, command: list[str | Path]) -> None:
    finished = subprocess.run(
        command, capture_output=True, text=True, cwd="/", timeout=120, check=False, **_identity(account)
    )
    if finished.returncode != 0:
        raise PostgresUnavailable(f"PostgreSQL cannot make a cluster: {finished.stderr.strip()[-500:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
