"""A way to log in to real and scripted maildrops."""

from collections.abc import Callable, Iterator
from ipaddress import ip_network

import pytest

from app.domain.account import Credentials, IncomingServer, MailProtocol, Password, Security
from app.domain.ports import StepListener
from app.net.dialer import Dialer
from app.net.guard import AddressGuard
from app.net.tls import TlsContexts
from app.pop3.session import Pop3Session, Pop3SessionFactory
from tests.imap.conftest import soon
from tests.support.mail_user import Endpoint, MailUser

Open = Callable[..., Pop3Session]


@pytest.fixture(scope="session")
def factory() -> Pop3SessionFactory:
    """Sessions to servers on loopback."""
    return Pop3SessionFactory(Dialer(AddressGuard([ip_network("127.0.0.0/8")])), TlsContexts())


@pytest.fixture
def open_session(factory: Pop3SessionFactory) -> Iterator[Open]:
    """Log in; what is still open at the end of the test is closed."""
    opened: list[Pop3Session] = []

    def open_one(
        endpoint: Endpoint,
        username: str = "user",
        credentials: Credentials | None = None,
        *,
        ca_pem: str | None = None,
        timeout: float = 20.0,
        listener: StepListener | None = None,
    ) -> Pop3Session:
        server = IncomingServer(
            MailProtocol.IMAP, endpoint.host, endpoint.port, Security(endpoint.security), username, ca_pem
        )
        session = factory.open(server, credentials or Password("secret"), soon(timeout), listener)
        opened.append(session)
        return session

    yield open_one
    for session in opened:
        session.close(soon(5))


@pytest.fixture
def log_in(open_session: Open) -> Callable[[MailUser], Pop3Session]:
    """Log a user of the real server in, without encryption."""

    def log_one_in(user: MailUser) -> Pop3Session:
        return open_session(user.server.pop3, user.username, Password(user.password))

    return log_one_in
