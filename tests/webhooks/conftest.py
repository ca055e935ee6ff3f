from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from app.net.guard import AddressGuard
from app.net.http import open_http
from app.net.tls import TlsContexts
from app.webhooks.sender import Sender, Times

LOOPBACK = AddressGuard([ip_network("127.0.0.0/8"), ip_network("::1/128")])


@pytest.fixture(scope="session")
def contexts() -> TlsContexts:
    return TlsContexts()


@pytest.fixture
async def sender(contexts: TlsContexts) -> AsyncIterator[Sender]:
    """A sender that may reach this machine, unencrypted too."""
    async with open_http(LOOPBACK, contexts.context_for(None)) as session:
        yield Sender(session, allow_insecure=True, times=Times(connect=1.0, total=2.0, answer=0.3))
