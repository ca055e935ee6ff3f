"""What every test may ask for, and is held to: nothing blocks the event loop, nothing is left running."""

import asyncio
import inspect
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from blockbuster import blockbuster_ctx
from hypothesis import HealthCheck, settings

from tests.support.certificates import CertificateAuthority
from tests.support.clock import FakeClock
from tests.support.dovecot import Dovecot, DovecotUnavailable, MailUser
from tests.support.dovecot_configuration import ACCESS_LISTS, SMALL_QUOTA
from tests.support.requirements import missing

# Debian keeps servers where only root's PATH looks.
os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"

# Speed is not what a property test judges, and the machine may be shared: no deadlines.
settings.register_profile(
    "default", max_examples=100, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("soak", parent=settings.get_profile("default"), max_examples=10_000)
settings.load_profile("default")

#: Seconds a thread or task may take to end after its test.
GRACE = 5.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hold asynchronous tests to leaving no task behind; first in, so that it looks last."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.fixturenames.insert(0, "_no_task_left")


@pytest.fixture(autouse=True, scope="session")
def _loop_never_blocked() -> Iterator[None]:
    """A blocking call of ours on an event loop fails the test; calls of the tests themselves are let be."""
    with blockbuster_ctx("app") as watcher:
        # Coverage takes a lock of its own, in whatever frame of ours it is counting.
        watcher.functions["threading.Lock.acquire"].can_block_in("coverage/collector.py", "lock_data")
        yield


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """A test that sets up logging would leave a handler behind that writes into its closed capture."""
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    yield
    root.setLevel(before[0])
    for handler in [handler for handler in root.handlers if handler not in before[1]]:
        root.removeHandler(handler)


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + GRACE
    for thread in set(threading.enumerate()) - before:
        # Theirs, not ours: a request's worker waits for more work and is ended with its loop.
        if thread.name.startswith(("AnyIO worker", "asyncio_")):
            continue
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            pytest.fail(f"The thread {thread.name!r} still runs after the test.")


@pytest.fixture
async def _no_task_left() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:
        _, left = await asyncio.wait(left, timeout=GRACE)
    if left:
        pytest.fail(f"Tasks still run after the test: {sorted(str(task.get_coro()) for task in left)}")


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
def acl_user(dovecot_with: Callable[..., Dovecot]) -> MailUser:
    """A fresh user of a server that keeps access control lists."""
    return dovecot_with(settings=ACCESS_LISTS).add_user()


@pytest.fixture
def quota_user(dovecot_with: Callable[..., Dovecot]) -> MailUser:
    """A fresh user of a server that gives each 100 kB."""
    return dovecot_with(settings=SMALL_QUOTA).add_user()


@pytest.fixture
def mail_user(dovecot: Dovecot) -> MailUser:
    """A fresh user of the real server, with an empty inbox."""
    return dovecot.add_user()


@pytest.fixture
def clock() -> FakeClock:
    """Time that moves only when told."""
    return FakeClock()
