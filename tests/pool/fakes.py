"""Sessions in memory whose every call can be held, failed and counted, and the world a pool needs around them."""

import asyncio
import threading
import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field

from app.domain.account import ConnectPlan, Credentials, IncomingServer, MailProtocol, Password, Security
from app.domain.capabilities import Capabilities
from app.domain.errors import MailhatchError, UpstreamUnavailable
from app.domain.ids import AccountId, Uid
from app.domain.mailbox import MailboxFacts
from app.domain.message import MessageFacts
from app.domain.ports import MailSession, StepListener
from app.domain.query import MessageAddress, PageQuery, PageRows, SectionRange
from app.pool.options import PoolOptions
from app.pool.pool import Pool
from app.pool.stats import SilentMeter
from tests.support.clock import FakeClock

A = AccountId("acc_a")
B = AccountId("acc_b")
C = AccountId("acc_c")


@dataclass(eq=False)
class FakeSession:
    """A session that is told what to do: `hold` waits for `release`, and `abort` wakes it, as a socket would."""

    server: "FakeServer"
    username: str
    is_usable: bool = True
    selected: str | None = None
    round_trips: int = 0
    bytes_received: int = 0
    fault: MailhatchError | None = None
    is_closed: bool = False
    was_polite: bool = False
    is_aborted: bool = False
    ignores_abort: bool = False
    has_left: bool = False
    expects_writes: bool = False
    calls: list[str] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def touch(self, mailbox: str | None, deadline: float) -> str:
        """Do something in a mailbox."""
        del deadline
        if mailbox is not None and mailbox != self.selected:
            self.round_trips += 1
            self.selected = mailbox
        self.round_trips += 1
        self.calls.append(mailbox or "-")
        self._fail()
        return self.username

    def hold(self, deadline: float) -> str:
        """Be busy until released or aborted."""
        del deadline
        self.calls.append("hold")
        self.server.busy.release()
        assert self.release.wait(60)
        self.release.clear()
        self._fail()
        return self.username

    def _fail(self) -> None:
        if self.is_aborted:
            self.is_usable = False
            raise UpstreamUnavailable("cut")
        fault = self.fault or self.server.fault
        if fault is not None:
            self.fault = None
            self.is_usable = False
            raise type(fault)(fault.detail, retry_after=fault.retry_after)

    def capabilities(self) -> Capabilities:
        return Capabilities("imap", ("IMAP4REV1",), {})

    def ping(self, deadline: float) -> None:
        self.touch(None, deadline)

    def has_hung_up(self) -> bool:
        return self.has_left

    def expect_writes(self) -> None:
        self.expects_writes = True

    def mailboxes(self, deadline: float) -> tuple[MailboxFacts, ...]:
        self.touch(None, deadline)
        return ()

    def page(self, query: PageQuery, known: Container[Uid], deadline: float) -> PageRows:
        raise AssertionError

    def message(self, address: MessageAddress, deadline: float) -> MessageFacts:
        raise AssertionError

    def flags(self, address: MessageAddress, deadline: float) -> tuple[str, ...]:
        raise AssertionError

    def sections(self, address: MessageAddress, wanted: Sequence[SectionRange], deadline: float) -> tuple[bytes, ...]:
        raise AssertionError

    def close(self, deadline: float) -> None:
        if self.server.logout_gate is not None and not self.is_aborted:
            assert self.server.logout_gate.wait(60)
        self.was_polite = self.is_usable and not self.is_aborted
        self.is_usable = False
        self.is_closed = True
        self.server.gone(self)

    def abort(self) -> None:
        self.is_aborted = True
        if not self.ignores_abort:
            self.release.set()
            if self.server.logout_gate is not None:
                self.server.logout_gate.set()


@dataclass(eq=False)
class FakeServer:
    """Opens sessions and keeps the books: `most` is the largest number of connections there ever was at a time."""

    sessions: list[FakeSession] = field(default_factory=list)
    fault: MailhatchError | None = None
    login_faults: list[Exception] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    login_gate: threading.Event | None = None
    logout_gate: threading.Event | None = None
    dialling: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    busy: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    most: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    make: Callable[["FakeServer", str], FakeSession] = FakeSession
    _open: dict[str, int] = field(default_factory=dict)

    def open(
        self, incoming: IncomingServer, credentials: Credentials, deadline: float, listener: StepListener | None = None
    ) -> MailSession:
        del credentials, deadline, listener
        name = incoming.username
        with self.lock:
            self.logins.append(name)
            for key in (name, incoming.host, "*"):
                self._open[key] = self._open.get(key, 0) + 1
                self.most[key] = max(self.most.get(key, 0), self._open[key])
            fault = self.login_faults.pop(0) if self.login_faults else None
        self.dialling.release()
        if self.login_gate is not None:
            assert self.login_gate.wait(60)
        session = self.make(self, f"{name}@{incoming.host}")
        if fault is not None:
            self.gone(session)
            raise fault
        with self.lock:
            self.sessions.append(session)
        return session

    def gone(self, session: FakeSession) -> None:
        name, host = session.username.split("@")
        with self.lock:
            for key in (name, host, "*"):
                self._open[key] -= 1

    @property
    def alive(self) -> list[FakeSession]:
        """Sessions that are not closed."""
        return [session for session in self.sessions if not session.is_closed]


@dataclass
class FakeCredentials:
    """Every account is on `host` of its own entry, else on mail.example."""

    hosts: dict[AccountId, str] = field(default_factory=dict)
    fault: MailhatchError | None = None
    asked: int = 0
    gate: asyncio.Event | None = None

    async def plan(self, account_id: AccountId) -> ConnectPlan:
        self.asked += 1
        fault = self.fault
        host = self.hosts.get(account_id, "mail.example")
        if self.gate is not None:
            await self.gate.wait()
        if fault is not None:
            raise fault
        return ConnectPlan(account_id, incoming(account_id, host), Password("secret"))


def incoming(name: str, host: str = "mail.example") -> IncomingServer:
    """A server to log in to."""
    return IncomingServer(MailProtocol.IMAP, host, 993, Security.TLS, name)


@dataclass
class Witness:
    """Hears how connecting goes."""

    heard: list[tuple[str, str]] = field(default_factory=list)
    next_attempts: list[float | None] = field(default_factory=list)

    def connecting(self, account_id: AccountId) -> None:
        self.heard.append((account_id, "connecting"))

    def connected(self, account_id: AccountId) -> None:
        self.heard.append((account_id, "connected"))

    def failed(self, account_id: AccountId, error: MailhatchError, next_attempt_at: float | None) -> None:
        self.heard.append((account_id, error.code))
        self.next_attempts.append(next_attempt_at)


@dataclass
class CountingMeter(SilentMeter):
    """Remembers operations and their outcomes."""

    mail: list[tuple[str, str]] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    round_trips: int = 0

    def observe_mail(self, operation: str, outcome: str, seconds: float) -> None:
        self.mail.append((operation, outcome))

    def observe_pool_wait(self, seconds: float, outcome: str = "ok") -> None:
        self.waits.append(outcome)

    def count_round_trips(self, round_trips: int) -> None:
        self.round_trips += round_trips


@dataclass
class World:
    """A pool and everything around it, on a clock that moves only when told, the event loop's timers included."""

    clock: FakeClock
    server: FakeServer
    credentials: FakeCredentials
    witness: Witness
    meter: CountingMeter
    pool: Pool[MailSession]

    async def touch(self, account: AccountId = A, mailbox: str | None = "INBOX", timeout: float = 10.0) -> str:
        """One short operation in a mailbox."""
        return await self.pool.run(account, mailbox, lambda s, d: as_fake(s).touch(mailbox, d), timeout)

    async def hold(
        self, account: AccountId = A, *, interactive: bool = True, timeout: float = 10.0
    ) -> "asyncio.Task[str]":
        """One operation that stays busy; returns when it has begun."""
        task = asyncio.create_task(self.holding(account, interactive=interactive, timeout=timeout))
        await until(lambda: self.server.busy.acquire(blocking=False))
        return task

    async def holding(self, account: AccountId = A, *, interactive: bool = True, timeout: float = 10.0) -> str:
        return await self.pool.run(account, None, lambda s, d: as_fake(s).hold(d), timeout, interactive)

    async def advance(self, seconds: float) -> None:
        """Let time pass, and everything that is due happen."""
        self.clock.advance(seconds)
        await settle()

    def release_all(self) -> None:
        """Let every held operation end."""
        for session in self.server.sessions:
            session.release.set()

    @property
    def now(self) -> str:
        """The pool in its own words."""
        return repr(self.pool)


def as_fake(session: MailSession) -> FakeSession:
    assert isinstance(session, FakeSession)
    return session


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop and the threads run until something holds; the test's own timeout ends it otherwise."""
    while not condition():
        time.sleep(0.0002)  # the threads' turn; the loop's own clock stands still
        await asyncio.sleep(0)


async def settle() -> None:
    """Let the loop run what is due by now."""
    for _ in range(20):
        await asyncio.sleep(0)


def build(clock: FakeClock, server: FakeServer | None = None, **options: float) -> World:
    server = server or FakeServer()
    credentials, witness, meter = FakeCredentials(), Witness(), CountingMeter()
    chosen = PoolOptions(**options)  # type: ignore[arg-type]  # ints and floats by name
    pool = Pool(server, credentials, witness, chosen, clock, meter)
    return World(clock, server, credentials, witness, meter, pool)
