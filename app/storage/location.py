"""Where the database is, read from its URL without ever showing the password."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.storage.errors import StorageError

_SQLITE = {"sqlite", "sqlite+aiosqlite"}
_POSTGRESQL = {"postgres", "postgresql", "postgresql+asyncpg"}
_EXPECTED = "Expected sqlite+aiosqlite:///path or postgresql+asyncpg://user:password@host/name."
_QUERY = {"host", "port", "ssl", "sslmode"}


@dataclass(frozen=True, slots=True)
class Location:
    """A database's place: `url` for the engine (its repr hides the password), `shown` for people.

    `path` is the SQLite file; None for PostgreSQL.
    """

    url: URL
    shown: str
    path: Path | None


def locate(text: str) -> Location:
    """Read a database URL. Raises StorageError, without the URL in it, for one that cannot be used."""
    try:
        url = make_url(text)
        port = url.port
    except (ArgumentError, ValueError):
        raise StorageError(f"The database URL cannot be read. {_EXPECTED}") from None
    if url.drivername in _SQLITE:
        return _sqlite(url)
    if url.drivername in _POSTGRESQL:
        return _postgresql(url, port)
    raise StorageError(f"The database URL names an unknown kind of database. {_EXPECTED}")


def _sqlite(url: URL) -> Location:
    if url.query or url.host or url.username:
        raise StorageError(f"The database URL of SQLite takes a path and nothing else. {_EXPECTED}")
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StorageError("The database URL of SQLite needs the path of a file, such as sqlite+aiosqlite:///mail.db.")
    path = Path(url.database).absolute()
    return Location(URL.create("sqlite+aiosqlite", database=str(path)), str(path), path)


def _postgresql(url: URL, port: int | None) -> Location:
    if unknown := sorted(set(url.query) - _QUERY):
        raise StorageError(
            f"The database URL has an unknown argument. Allowed are {', '.join(sorted(_QUERY))}; there are"
            f" {len(unknown)} others."
        )
    if not url.database:
        raise StorageError(f"The database URL names no database. {_EXPECTED}")
    query = dict(url.query)
    if "sslmode" in query:  # libpq's name for it; asyncpg calls it ssl
        query.setdefault("ssl", query.pop("sslmode"))
    query.pop("sslmode", None)
    host = url.host or query.get("host") or "localhost"
    place = host if isinstance(host, str) else ",".join(host)
    shown = f"{url.database} at {place}" + (f":{port}" if port else "")
    return Location(url.set(drivername="postgresql+asyncpg", query=query), shown, None)
