from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from app.net.guard import AddressGuard
from app.net.http import open_http
from app.net.tls import TlsContexts
from app.security.vault import Vault
from app.storage.engine import Database
from app.webhooks.sender import Sender, Times
from tests.storage.conftest import (  # noqa: F401 - the databases of both engines, here too
    database,
    engine_name,
    migrated_postgres,
    migrated_sqlite,
    postgres,
    url,
    vault,
)
from tests.support.clock import FakeClock
from tests.webhooks.post_office import PostOffice

LOOPBACK = AddressGuard([ip_network("127.0.0.0/8"), ip_network("::1/128")])


@pytest.fixture(scope="session")
def contexts() -> TlsContexts:
    return TlsContexts()


@pytest.fixture
async def sender(contexts: TlsContexts) -> AsyncIterator[Sender]:
    """A sender that may reach this machine, unencrypted too."""
    async with open_http(LOOPBACK, contexts.context_for(None)) as session:
        yield Sender(session, allow_insecure=True, times=Times(connect=1.0, total=2.0, answer=0.3))


@pytest.fixture
def office(database: Database, vault: Vault, clock: FakeClock) -> PostOffice:  # noqa: F811
    """A dispatcher on an empty database."""
    return PostOffice(database, vault, clock)
