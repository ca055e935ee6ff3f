"""What every test may ask for: real servers, a clock that stands still, a loop that must not be blocked."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.certificates import CertificateAuthority
from tests.support.clock import FakeClock
from tests.support.dovecot import Dovecot, DovecotUnavailable, MailUser
from tests.support.requirements import missing


@pytest.fixture(scope="session")
def certificate_authority() -> CertificateAuthority:
    """The authority behind every test server; `ca_pem` is whom to trust."""
    return CertificateAuthority()


@pytest.fixture(scope="session")
def dovecot_with(certificate_authority: CertificateAuthority) -> Iterator[Callable[..., Dovecot]]:
    """Start a Dovecot with the arguments of `Dovecot(...)`, once per session for equal arguments."""
    running: dict[tuple[object, ...], Dovecot] = {}

    def start(*, capability: str | None = None, storage: str = "maildir", settings: tuple[str, ...] = ()) -> Dovecot:
        key = (capability, storage, settings)
        if key not in running:
            server = Dovecot(
                capability=capability,
                storage="sdbox" if storage == "sdbox" else "maildir",
                settings=settings,
                authority=certificate_authority,
            )
            try:
                server.start()
            except DovecotUnavailable as error:
                missing(str(error))
            running[key] = server
        return running[key]

    yield start
    for server in running.values():
        server.stop()


@pytest.fixture(scope="session")
def dovecot(dovecot_with: Callable[..., Dovecot]) -> Dovecot:
    """A real IMAP server with all it can do; one for the whole session."""
    return dovecot_with()


@pytest.fixture
def mail_user(dovecot: Dovecot) -> MailUser:
    """A fresh user of the real server, with an empty inbox."""
    return dovecot.add_user()


@pytest.fixture
def clock() -> FakeClock:
    """Time that moves only when told."""
    return FakeClock()
