"""Where the database is, read from its URL without ever showing the password."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.storage.errors import StorageError
from app.storage.tls import TlsMode

_SQLITE = {"sqlite", "sqlite+aiosqlite"}
_POSTGRESQL = {"postgres", "postgresql", "postgresql+asyncpg"}
_EXPECTED = "Expected sqlite+aiosqlite:///path or postgresql+asyncpg://user:password@host/name."
_QUERY = {"host", "port", "ssl", "sslmode", "sslrootcert"}


@dataclass(frozen=True, slots=True)
class Location:
    """A database's place: `url` for the engine (its repr hides the password), `shown` for people.

    `path` is the SQLite file; None for PostgreSQL, whose connections are encrypted as `tls` says, trusting the PEM file
    `authorities`, or whom the system trusts.
    """

    url: URL
    shown: str
    path: Path | None
    tls: TlsMode = "disable"
    authorities: Path | None = None


def locate(text: str) -> Location:
    """Read a database URL. Raises StorageError, without the URL in it, for one that cannot be used."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StorageError(f"The database URL cannot be read. {_EXPECTED}") from None
    if url.port is not None and not 0 < url.port < 65536:
        raise StorageError(f"The database URL has no valid port. {_EXPECTED}")
    if url.drivername in _SQLITE:
        return _sqlite(url)
    if url.drivername in _POSTGRESQL:
        return _postgresql(url)
    raise StorageError(f"The database URL names an unknown kind of database. {_EXPECTED}")


def _sqlite(url: URL) -> Location:
    if url.query or url.host or url.username:
        raise StorageError(f"The database URL of SQLite takes a path and nothing else. {_EXPECTED}")
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StorageError("The database URL of SQLite needs the path of a file, such as sqlite+aiosqlite:///mail.db.")
    path = Path(url.database).absolute()
    return Location(URL.create("sqlite+aiosqlite", database=str(path)), str(path), path)


def _postgresql(url: URL) -> Location:
    if unknown := sorted(set(url.query) - _QUERY):
        raise StorageError(
            f"The database URL has an unknown argument. Allowed are {', '.join(sorted(_QUERY))}; there are"
            f" {len(unknown)} others."
        )
    if not url.database:
        raise StorageError(f"The database URL names no database. {_EXPECTED}")
    query = dict(url.query)
    host = url.host or query.get("host") or "localhost"
    place = host if isinstance(host, str) else ",".join(host)
    shown = f"{url.database} at {place}" + (f":{url.port}" if url.port else "")
    mode = query.pop("sslmode", None) or query.pop("ssl", None) or ("disable" if place.startswith("/") else "prefer")
    query.pop("ssl", None)
    authorities = query.pop("sslrootcert", None)
    if mode not in get_args(TlsMode) or isinstance(authorities, tuple):
        raise StorageError(f"The database URL's sslmode is one of {', '.join(get_args(TlsMode))}.")
    plain = url.set(drivername="postgresql+asyncpg", query=query)
    return Location(plain, shown, None, cast("TlsMode", mode), Path(authorities) if authorities else None)
