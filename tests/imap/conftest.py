"""A way to log in to real and scripted servers, with deadlines a test can say."""

import time
from collections.abc import Callable, Iterator
from ipaddress import ip_network

import pytest

from app.domain.account import AccessToken, Credentials, IncomingServer, MailProtocol, Password, Security
from app.domain.ports import StepListener
from app.imap.session import ImapSession, ImapSessionFactory
from app.net.dialer import Dialer
from app.net.guard import AddressGuard
from app.net.tls import TlsContexts
from tests.support.mail_user import Endpoint, MailUser

Open = Callable[..., ImapSession]

SOON = 20.0


def soon(seconds: float = SOON) -> float:
    """A deadline."""
    return time.monotonic() + seconds


@pytest.fixture(scope="session")
def factory() -> ImapSessionFactory:
    """Sessions to servers on loopback."""
    return ImapSessionFactory(Dialer(AddressGuard([ip_network("127.0.0.0/8")])), TlsContexts())


def incoming(endpoint: Endpoint, username: str, ca_pem: str | None = None) -> IncomingServer:
    return IncomingServer(
        protocol=MailProtocol.IMAP,
        host=endpoint.host,
        port=endpoint.port,
        security=Security(endpoint.security),
        username=username,
        ca_pem=ca_pem,
    )


@pytest.fixture
def open_session(factory: ImapSessionFactory) -> Iterator[Open]:
    """Log in; what is still open at the end of the test is closed."""
    opened: list[ImapSession] = []

    def open_one(
        endpoint: Endpoint,
        username: str = "user",
        credentials: Credentials | None = None,
        *,
        ca_pem: str | None = None,
        timeout: float = SOON,
        listener: StepListener | None = None,
    ) -> ImapSession:
        server = incoming(endpoint, username, ca_pem)
        session = factory.open(server, credentials or Password("secret"), soon(timeout), listener)
        opened.append(session)
        return session

    yield open_one
    for session in opened:
        session.close(soon(5))


@pytest.fixture
def log_in(open_session: Open) -> Callable[[MailUser], ImapSession]:
    """Log a user of the real server in, without encryption."""

    def log_one_in(user: MailUser) -> ImapSession:
        return open_session(user.plain, user.username, Password(user.password))

    return log_one_in


__all__ = ["AccessToken", "Open", "incoming", "soon"]
