"""The gateway on sessions in memory: what is asked of the server, and what is answered from caches."""

import asyncio
import threading
from collections.abc import AsyncIterator, Container, Sequence
from dataclasses import dataclass, field, replace

import pytest

from app.domain.account import ConnectPlan, Password
from app.domain.capabilities import Capabilities, CheckStep
from app.domain.errors import AuthenticationFailed, StaleReference, UpstreamRejected
from app.domain.ids import Seq, Uid
from app.domain.mailbox import MailboxFacts
from app.domain.message import MessageFacts
from app.domain.ports import MailGateway
from app.domain.query import MessageAddress, PageQuery, PageRows, Row, SectionRange
from app.gateway.limits import STREAM_CHUNK
from app.gateway.local import LocalGateway
from app.gateway.structure_cache import StructureCache
from app.gateway.summary_cache import SummaryCache
from tests.gateway.samples import message, summary
from tests.pool.fakes import A, B, FakeServer, FakeSession, World, build, incoming, until
from tests.support.clock import FakeClock

QUERY = PageQuery("INBOX", 50)
ADDRESS = MessageAddress("INBOX", 1, Uid(5))


@dataclass(eq=False)
class MailSessionInMemory(FakeSession):
    """A mailbox of ten messages."""

    def page(self, query: PageQuery, known: Container[Uid], deadline: float) -> PageRows:
        self.touch(query.mailbox, deadline)
        mail = mail_of(self)
        rows = []
        for uid in mail.uids:
            is_known = uid in known
            mail.asked.append((uid, is_known))
            preview = f"preview {uid}" if query.with_preview else None
            facts = None if is_known else summary(uid, mail.subject, preview)
            rows.append(Row(Uid(uid), Seq(uid), mail.flags, facts))
        self.pause()
        return PageRows(mail.uidvalidity, len(rows), None, tuple(rows), False)

    def pause(self) -> None:
        """Stay here until the gate opens, if the test has put one up."""
        reached = mail_of(self).reached
        if reached is not None:
            reached.release()
            assert mail_of(self).gate.wait(60)

    def message(self, address: MessageAddress, deadline: float) -> MessageFacts:
        self.touch(address.mailbox, deadline)
        self.pause()
        if mail_of(self).is_gone:
            raise StaleReference("gone")
        return message(address.uid, mail_of(self).flags)

    def flags(self, address: MessageAddress, deadline: float) -> tuple[str, ...]:
        self.touch(address.mailbox, deadline)
        if mail_of(self).is_gone:
            raise StaleReference("gone")
        return mail_of(self).flags

    def sections(self, address: MessageAddress, wanted: Sequence[SectionRange], deadline: float) -> tuple[bytes, ...]:
        self.touch(address.mailbox, deadline)
        self.pause()
        content = mail_of(self).content
        return tuple(content[one.offset : one.offset + (one.length or len(content))] for one in wanted)

    def mailboxes(self, deadline: float) -> tuple[MailboxFacts, ...]:
        self.touch(None, deadline)
        if mail_of(self).refuses_list:
            raise UpstreamRejected("no LIST today")
        return (MailboxFacts("INBOX", "/", None, True, True),)

    def capabilities(self) -> Capabilities:
        return Capabilities("imap", ("IMAP4REV1",), {})


@dataclass(eq=False)
class Mail(FakeServer):
    """The server behind these sessions."""

    uids: tuple[int, ...] = tuple(range(10, 0, -1))
    uidvalidity: int = 1
    subject: str = "one"
    flags: tuple[str, ...] = ("seen",)
    content: bytes = b""
    is_gone: bool = False
    refuses_list: bool = False
    asked: list[tuple[int, bool]] = field(default_factory=list)
    reached: threading.Semaphore | None = None
    gate: threading.Event = field(default_factory=threading.Event)


def mail_of(session: FakeSession) -> Mail:
    assert isinstance(session.server, Mail)
    return session.server


@dataclass
class House:
    world: World
    mail: Mail
    gateway: LocalGateway
    summaries: SummaryCache
    counted: "CacheCounts"

    def put_up_gate(self) -> None:
        """Have operations wait within the server until `mail.gate` opens."""
        self.mail.reached = threading.Semaphore(0)

    async def at_gate(self) -> None:
        """Return when one operation waits there."""
        await until(lambda: self.mail.reached is not None and self.mail.reached.acquire(blocking=False))

    @property
    def calls(self) -> int:
        return sum(len(session.calls) for session in self.mail.sessions)


@dataclass
class CacheCounts:
    hits: int = 0
    misses: int = 0
    size: int = 0

    def count_cache(self, hits: int, misses: int) -> None:
        self.hits += hits
        self.misses += misses

    def set_cache_size(self, size: int, entries: int) -> None:
        self.size = size


@pytest.fixture
async def house(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(asyncio.get_running_loop(), "time", clock.monotonic)
    mail = Mail(make=MailSessionInMemory)
    world = build(clock, mail)
    summaries, counted = SummaryCache(1_000_000), CacheCounts()
    gateway = LocalGateway(world.pool, mail, summaries, StructureCache(), clock, counted)
    yield House(world, mail, gateway, summaries, counted)
    mail.gate.set()
    await world.pool.close(0)


def subjects(rows: PageRows) -> list[str]:
    assert all(row.facts is not None for row in rows.rows)
    return [row.facts.subject for row in rows.rows if row.facts]


async def test_it_is_a_mail_gateway(house: House) -> None:
    gateway: MailGateway = house.gateway
    assert await gateway.mailboxes(A, 10) == (MailboxFacts("INBOX", "/", None, True, True),)


async def test_a_page_is_asked_for_once_and_then_for_its_flags_alone(house: House) -> None:
    first = await house.gateway.page(A, QUERY, 10)
    house.mail.flags, house.mail.subject = ("flagged",), "never asked for"
    house.mail.asked.clear()
    second = await house.gateway.page(A, QUERY, 10)
    assert all(is_known for _, is_known in house.mail.asked)
    assert second == replace(first, rows=tuple(replace(row, flags=("flagged",)) for row in first.rows))
    assert (house.counted.hits, house.counted.misses) == (10, 10)
    assert house.counted.size == house.summaries.size
    assert house.calls == 2


async def test_a_new_message_is_asked_for_alone(house: House) -> None:
    await house.gateway.page(A, QUERY, 10)
    house.mail.uids = (11, *house.mail.uids[:5])
    house.mail.asked.clear()
    rows = await house.gateway.page(A, QUERY, 10)
    assert [uid for uid, is_known in house.mail.asked if not is_known] == [11]
    assert [row.uid for row in rows.rows] == [11, 10, 9, 8, 7, 6]


async def test_another_account_shares_nothing(house: House) -> None:
    await house.gateway.page(A, QUERY, 10)
    house.mail.subject = "two"
    assert subjects(await house.gateway.page(B, QUERY, 10)) == ["two"] * 10


async def test_previews_are_fetched_when_asked_for_and_shown_only_then(house: House) -> None:
    query = replace(QUERY, with_preview=True)
    await house.gateway.page(A, QUERY, 10)
    rows = await house.gateway.page(A, query, 10)
    assert [row.facts.preview for row in rows.rows if row.facts][:2] == ["preview 10", "preview 9"]
    house.mail.asked.clear()
    assert await house.gateway.page(A, query, 10) == rows
    assert all(is_known for _, is_known in house.mail.asked)
    plain = await house.gateway.page(A, QUERY, 10)
    assert {row.facts.preview for row in plain.rows if row.facts} == {None}


async def test_the_old_message_is_never_shown_under_a_reused_uid(house: House) -> None:
    await house.gateway.page(A, QUERY, 10)
    house.mail.uidvalidity, house.mail.subject = 2, "two"
    rows = await house.gateway.page(A, QUERY, 10)
    assert rows.uidvalidity == 2
    assert subjects(rows) == ["two"] * 10
    assert house.calls == 3  # asked once more, with nothing known
    assert subjects(await house.gateway.page(A, QUERY, 10)) == ["two"] * 10
    assert house.calls == 4


async def test_a_page_of_uids_and_flags_alone_is_asked_for_once(house: House) -> None:
    rows = await house.gateway.page(A, replace(QUERY, with_facts=False), 10)
    assert [(row.uid, row.flags, row.facts) for row in rows.rows] == [
        (uid, ("seen",), None) for uid in range(10, 0, -1)
    ]
    assert house.calls == 1
    assert (house.counted.hits, house.counted.misses, house.counted.size) == (0, 0, 0)


async def test_eviction_while_a_page_is_under_way_leaves_no_hole(house: House) -> None:
    await house.gateway.page(A, QUERY, 10)
    house.put_up_gate()
    page = asyncio.create_task(house.gateway.page(A, QUERY, 10))
    await house.at_gate()
    house.summaries.forget(A)
    house.mail.gate.set()
    assert subjects(await page) == ["one"] * 10
    assert house.calls == 2


async def test_rows_nobody_can_tell_the_facts_of_are_left_out_without_a_loop(house: House) -> None:
    class Forgetful(MailSessionInMemory):
        def page(self, query: PageQuery, known: Container[Uid], deadline: float) -> PageRows:
            rows = super().page(query, known, deadline)
            return replace(rows, rows=tuple(replace(row, facts=None) if row.uid == 5 else row for row in rows.rows))

    house.mail.make = Forgetful
    rows = await house.gateway.page(A, QUERY, 10)
    assert [row.uid for row in rows.rows] == [10, 9, 8, 7, 6, 4, 3, 2, 1]
    assert house.calls == 2


async def test_an_answer_from_before_forget_is_not_kept_after_it(house: House) -> None:
    house.put_up_gate()
    page = asyncio.create_task(house.gateway.page(A, QUERY, 10))
    await house.at_gate()
    await house.gateway.forget(A)
    house.mail.reached = None
    house.mail.gate.set()
    assert subjects(await page) == ["one"] * 10
    house.mail.subject = "of another server"
    assert subjects(await house.gateway.page(A, QUERY, 10)) == ["of another server"] * 10


async def test_a_message_of_the_old_server_is_not_opened_on_the_new(house: House) -> None:
    house.put_up_gate()
    opening = asyncio.create_task(house.gateway.message(A, ADDRESS, 10))
    await house.at_gate()
    await house.gateway.forget(A)
    house.mail.reached = None
    house.mail.gate.set()
    await opening
    asked = house.calls
    await house.gateway.structure(A, ADDRESS, 10)
    assert house.calls == asked + 1
    await house.gateway.capabilities(A, 10)  # known again, from the new server
    assert house.calls == asked + 1


async def test_capabilities_of_the_old_server_are_not_told_of_the_new(house: House) -> None:
    house.put_up_gate()
    opening = asyncio.create_task(house.gateway.message(A, ADDRESS, 10))
    await house.at_gate()
    await house.gateway.forget(A)
    house.mail.reached = None
    house.mail.gate.set()
    await opening
    assert len(house.mail.logins) == 1
    await house.gateway.capabilities(A, 10)
    assert len(house.mail.logins) == 2


async def test_downloads_leave_a_connection_to_who_reads(house: House) -> None:
    house.mail.content = bytes(STREAM_CHUNK)
    house.put_up_gate()

    async def download() -> bytes:
        return b"".join([chunk async for chunk in house.gateway.stream(A, ADDRESS, "2", 10)])

    streams = [asyncio.create_task(download()) for _ in range(3)]
    await house.at_gate()
    await house.at_gate()
    stats = house.world.pool.stats()
    assert (stats.leased, stats.waiting) == (2, 1)
    assert await house.gateway.mailboxes(A, 10)
    house.mail.gate.set()
    assert await asyncio.gather(*streams) == [house.mail.content] * 3


async def test_a_message_opened_again_costs_its_flags_alone(house: House) -> None:
    assert (await house.gateway.message(A, ADDRESS, 10)).flags == ("seen",)
    house.mail.flags = ("flagged",)
    again = await house.gateway.message(A, ADDRESS, 10)
    assert again == replace(message(5), flags=("flagged",))
    assert house.calls == 2
    assert (await house.gateway.structure(A, ADDRESS, 10)).structure == again.structure
    assert house.calls == 2
    await house.gateway.forget(A)
    await house.gateway.structure(A, ADDRESS, 10)
    assert house.calls == 3


async def test_a_message_that_is_gone_leaves_the_cache(house: House) -> None:
    await house.gateway.message(A, ADDRESS, 10)
    house.mail.is_gone = True
    for _ in range(2):
        with pytest.raises(StaleReference):
            await house.gateway.message(A, ADDRESS, 10)
    with pytest.raises(StaleReference):
        await house.gateway.structure(A, ADDRESS, 10)


async def test_sections_come_in_the_order_asked(house: House) -> None:
    house.mail.content = b"0123456789"
    wanted = [SectionRange("1", 5, 3), SectionRange("1", 0, 2)]
    assert await house.gateway.sections(A, ADDRESS, wanted, 10) == (b"567", b"01")


@pytest.mark.parametrize("size", [0, 1, STREAM_CHUNK - 1, STREAM_CHUNK, STREAM_CHUNK + 1, 3 * STREAM_CHUNK])
async def test_a_stream_is_the_section_whatever_its_length(house: House, size: int) -> None:
    house.mail.content = bytes(n % 251 for n in range(size))
    chunks = [chunk async for chunk in house.gateway.stream(A, ADDRESS, "2", 10)]
    assert b"".join(chunks) == house.mail.content
    assert all(chunks)
    assert house.calls == size // STREAM_CHUNK + 1


async def test_a_slow_reader_holds_no_connection(house: House) -> None:
    house.mail.content = bytes(3 * STREAM_CHUNK)
    stream = house.gateway.stream(A, ADDRESS, "2", 10)
    async for _ in stream:
        stats = house.world.pool.stats()
        assert (stats.leased, stats.idle) == (0, 1)


async def test_the_first_chunk_tells_what_is_wrong(house: House) -> None:
    house.mail.login_faults = [AuthenticationFailed("no")]
    with pytest.raises(AuthenticationFailed):
        await anext(aiter(house.gateway.stream(A, ADDRESS, "2", 10)))


async def test_capabilities_are_those_of_the_last_connection(house: House) -> None:
    assert (await house.gateway.capabilities(A, 10)).server == ("IMAP4REV1",)
    assert len(house.mail.logins) == 1
    await house.world.pool.forget(A)
    await house.gateway.capabilities(A, 10)
    assert len(house.mail.logins) == 1  # remembered
    await house.gateway.forget(A)
    await house.gateway.capabilities(A, 10)
    assert len(house.mail.logins) == 2


async def test_forgetting_an_account_nobody_knows_is_nothing(house: House) -> None:
    await house.gateway.forget(A)
    assert house.world.pool.stats().accounts == 0


def plan() -> ConnectPlan:
    return ConnectPlan(A, incoming(A), Password("secret"))


async def test_a_check_lists_the_mailboxes_as_its_last_step_and_logs_out(house: House) -> None:
    report = await house.gateway.check(plan(), 10)
    assert report.ok
    assert [(step.name, step.detail) for step in report.steps] == [("mailboxes", "1 mailbox")]
    assert house.mail.alive == []
    assert house.world.pool.stats().accounts == 0
    assert house.world.pool._capacity.open == 0


async def test_a_check_never_raises_for_the_server(house: House) -> None:
    house.mail.login_faults = [AuthenticationFailed("refused")]
    report = await house.gateway.check(plan(), 10)
    assert not report.ok
    assert report.steps[-1].error_code == "authentication_failed"
    house.mail.refuses_list = True
    report = await house.gateway.check(plan(), 10)
    assert [(step.name, step.ok, step.error_code) for step in report.steps] == [
        ("mailboxes", False, "upstream_rejected")
    ]
    assert house.mail.alive == []


@pytest.mark.parametrize("tells", [True, False])
async def test_a_failed_step_is_told_once(house: House, tells: bool) -> None:
    class Telling:
        def open(self, incoming: object, credentials: object, deadline: float, listener: object = None) -> FakeSession:
            assert callable(listener)
            for name in ("resolved", "connected", "tls", "greeting"):
                listener(CheckStep(name, True, 0.1, "fine"))
            if tells:
                listener(CheckStep("login", False, 0.1, "refused", "authentication_failed"))
            raise AuthenticationFailed("refused")

    gateway = LocalGateway(house.world.pool, Telling(), house.summaries, StructureCache(), house.world.clock)
    report = await gateway.check(plan(), 10)
    assert [step.name for step in report.steps] == ["resolved", "connected", "tls", "greeting", "login"]
    assert [step.ok for step in report.steps] == [True] * 4 + [False]
    assert report.steps[-1].error_code == "authentication_failed"
