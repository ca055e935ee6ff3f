import pytest

from app.storage.errors import StorageError
from app.storage.location import Location, locate

SECRET = "hunter2-s3cret"


@pytest.mark.parametrize(
    ("text", "shown", "tls"),
    [
        (f"postgresql+asyncpg://u:{SECRET}@db.example.org/mail", "mail at db.example.org", "prefer"),
        (f"postgresql://u:{SECRET}@db.example.org:5433/mail", "mail at db.example.org:5433", "prefer"),
        (f"postgres://u:{SECRET}@[::1]:5433/mail?sslmode=require", "mail at ::1:5433", "require"),
        ("postgresql+asyncpg:///mail?host=/run/postgresql", "mail at /run/postgresql", "disable"),
        ("postgresql+asyncpg:///mail", "mail at localhost", "prefer"),
        (f"postgresql://u:{SECRET}@h/mail?ssl=verify-full&sslrootcert=/ca.pem", "mail at h", "verify-full"),
    ],
)
def test_addresses_of_postgresql(text: str, shown: str, tls: str) -> None:
    location = locate(text)
    assert (location.shown, location.tls, location.path) == (shown, tls, None)
    assert location.url.drivername == "postgresql+asyncpg"
    assert SECRET not in repr(location)


@pytest.mark.parametrize("text", ["sqlite+aiosqlite:////data/mail.db", "sqlite:////data/mail.db"])
def test_addresses_of_sqlite(text: str) -> None:
    location = locate(text)
    assert (str(location.path), location.shown) == ("/data/mail.db", "/data/mail.db")


def test_a_relative_path_is_made_absolute_at_once() -> None:
    path = locate("sqlite+aiosqlite:///var/mail.db").path
    assert path is not None
    assert path.is_absolute()


@pytest.mark.parametrize(
    "text",
    [
        "",
        SECRET,
        f"postgresql://u:{SECRET}@h:port/mail",
        f"postgresql://u:{SECRET}@h:99999999/mail",
        f"postgresql://u:{SECRET}@h/",
        f"mysql://u:{SECRET}@h/mail",
        f"postgresql+psycopg://u:{SECRET}@h/mail",
        f"postgresql://u@h/mail?password={SECRET}",
        f"postgresql://u@h/mail?{SECRET}=1",
        f"postgresql://u:{SECRET}@h/mail?sslmode=please",
        f"postgresql://u:{SECRET}@h/mail?sslmode=require&sslmode=disable",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///:memory:",
        "sqlite+aiosqlite:///file:x?mode=memory&uri=true",
        f"sqlite+aiosqlite:///x.db?key={SECRET}",
        f"sqlite+aiosqlite://u:{SECRET}@h/x.db",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(StorageError) as refused:
        locate(text)
    error: BaseException | None = refused.value
    assert str(error).endswith(".")
    while error is not None:  # what a traceback would print
        assert SECRET not in f"{error!s}{error!r}"
        error = error.__cause__ if error.__suppress_context__ else error.__context__


def test_a_location_says_nothing_secret() -> None:
    location = locate(f"postgresql://u:{SECRET}@h/mail")
    assert isinstance(location, Location)
    assert SECRET not in f"{location}{location!r}{location.url}{location.url!r}"
