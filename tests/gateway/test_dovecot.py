"""Pool and gateway on a real server: its own books say what is open, a proxy counts round trips and cuts."""

import asyncio
import time
from dataclasses import replace

import pytest

from app.domain.errors import AuthenticationFailed, StaleReference, UpstreamTimeout, UpstreamUnavailable
from app.domain.ids import Uid
from app.domain.query import MessageAddress, PageQuery
from app.gateway.limits import STREAM_CHUNK
from tests.gateway.conftest import Desk
from tests.pool.fakes import A
from tests.support.dovecot import MailUser

pytestmark = pytest.mark.dovecot

INBOX = PageQuery("INBOX", 20)


async def test_the_server_itself_never_counts_more_than_the_budget(desk: Desk) -> None:
    await asyncio.to_thread(desk.user.create_mailbox, *(f"M{n}" for n in range(5)))
    running = asyncio.gather(*(desk.gateway.page(A, PageQuery(f"M{n % 5}", 10), 30) for n in range(60)))
    seen = []
    while not running.done():
        seen.append(await asyncio.to_thread(desk.user.connections))
    await running
    seen.append(await asyncio.to_thread(desk.user.connections))
    assert max(seen) == 3
    assert desk.proxy.counts.connections == 3
    await desk.gateway.forget(A)
    assert desk.pool.stats().open == 0
    await asyncio.to_thread(wait_until_gone, desk.user)


def wait_until_gone(user: MailUser) -> None:
    """Dovecot takes a moment to notice a LOGOUT in its books."""
    until = time.monotonic() + 5
    while user.connections():
        assert time.monotonic() < until


async def test_a_warm_page_is_one_round_trip_and_mailboxes_keep_their_connections(desk: Desk) -> None:
    await asyncio.to_thread(desk.user.create_mailbox, "Archive")
    await asyncio.to_thread(desk.user.fill, 30)
    await asyncio.to_thread(desk.user.fill, 30, "Archive")
    archive = PageQuery("Archive", 20)
    await desk.connect(2)
    for query in (INBOX, archive):
        await desk.gateway.page(A, query, 10)
    for _ in range(3):
        assert await desk.round_trips(INBOX) == 1
        assert await desk.round_trips(archive) == 1


async def test_pages_tell_the_same_cold_and_warm_and_after_uidvalidity_changed(desk: Desk) -> None:
    await asyncio.to_thread(desk.user.fill, 30)
    cold = await desk.gateway.page(A, INBOX, 10)
    assert len(cold.rows) == 20
    assert replace(await desk.gateway.page(A, INBOX, 10), modseq=cold.modseq) == cold  # a warm page does not tell it
    address = MessageAddress("INBOX", cold.uidvalidity, cold.rows[0].uid)
    facts = await desk.gateway.message(A, address, 10)
    assert facts.summary == cold.rows[0].facts
    await desk.pool.forget(A)  # closes, but keeps what is cached
    new = await asyncio.to_thread(desk.user.change_uidvalidity)
    after = await desk.gateway.page(A, INBOX, 10)
    assert after.uidvalidity == new
    assert [row.facts and row.facts.subject for row in after.rows] == [r.facts and r.facts.subject for r in cold.rows]
    with pytest.raises(StaleReference):
        await desk.gateway.message(A, address, 10)
    assert desk.pool.stats().open == 1


async def test_an_attachment_streams_whole(desk: Desk) -> None:
    raw = b"Subject: big\r\nContent-Type: application/octet-stream\r\n\r\n" + b"0123456789abcdef\r\n" * 40_000
    uid = await asyncio.to_thread(desk.user.append, raw)
    page = await desk.gateway.page(A, INBOX, 10)
    address = MessageAddress("INBOX", page.uidvalidity, Uid(uid))
    chunks = [chunk async for chunk in desk.gateway.stream(A, address, "", 10)]
    assert b"".join(chunks) == raw
    assert max(map(len, chunks)) == STREAM_CHUNK
    assert desk.proxy.counts.connections == 1


async def test_a_connection_the_server_ended_while_idle_is_not_noticed(desk: Desk) -> None:
    await desk.connect(3)
    before = desk.proxy.counts.connections
    await asyncio.to_thread(desk.user.kick)
    async with asyncio.timeout(20):  # the kick is a signal, and each process takes its time to go
        while desk.proxy.ended < 3:
            await asyncio.sleep(0.001)
    await desk.gateway.page(A, INBOX, 10)
    assert desk.proxy.counts.connections == before + 1


async def test_a_server_lost_in_mid_operation_is_told_and_the_next_call_works(desk: Desk) -> None:
    desk.proxy.stall()
    call = asyncio.create_task(desk.gateway.page(A, INBOX, 10))
    while not desk.proxy.open_connections:
        await asyncio.sleep(0.001)
    desk.proxy.cut()
    desk.proxy.resume()
    with pytest.raises(UpstreamUnavailable):
        await call
    desk.clock.skipped += 2
    await desk.gateway.page(A, INBOX, 10)


async def test_a_silent_server_costs_the_deadline_and_no_more(desk: Desk) -> None:
    await desk.gateway.page(A, INBOX, 10)
    desk.proxy.stall()
    with pytest.raises(UpstreamTimeout):
        await desk.gateway.page(A, INBOX, 0.3)
    desk.proxy.resume()
    await desk.gateway.page(A, INBOX, 10)
    assert desk.pool.stats().open == 1


async def test_a_cancelled_call_leaves_no_connection_behind(desk: Desk) -> None:
    await desk.gateway.page(A, INBOX, 10)
    desk.proxy.stall()
    call = asyncio.create_task(desk.gateway.page(A, INBOX, 30))
    while not desk.pool.stats().leased:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    desk.proxy.resume()
    while desk.pool.stats().leased or desk.pool.stats().closing:
        await asyncio.sleep(0.001)
    assert desk.pool.stats().open == 0
    await asyncio.to_thread(wait_until_gone, desk.user)


async def test_a_restarted_server_is_found_again(desk: Desk) -> None:
    await desk.connect(3)
    desk.proxy.refuse()
    desk.proxy.cut()
    with pytest.raises(UpstreamUnavailable):
        await desk.gateway.page(A, INBOX, 10)
    tried = desk.witness.heard.count((A, "upstream_unavailable"))
    with pytest.raises(UpstreamUnavailable) as error:
        await desk.gateway.page(A, INBOX, 10)
    assert error.value.retry_after
    assert desk.witness.heard.count((A, "upstream_unavailable")) == tried == 1
    desk.proxy.accept()
    desk.clock.skipped += 2
    await desk.gateway.page(A, INBOX, 10)
    assert desk.witness.heard[-1] == (A, "connected")


async def test_refused_credentials_are_tried_once(desk: Desk) -> None:
    desk.password = "wrong"
    for _ in range(5):
        with pytest.raises(AuthenticationFailed):
            await desk.gateway.page(A, INBOX, 20)
    assert desk.proxy.counts.connections == 1
    desk.password = desk.user.password
    await desk.gateway.forget(A)
    await desk.gateway.page(A, INBOX, 20)


async def test_a_check_tells_every_step(desk: Desk) -> None:
    report = await desk.gateway.check(await desk.plan(A), 10)
    assert report.ok
    assert [step.name for step in report.steps] == [
        "resolved",
        "connected",
        "greeting",
        "login",
        "capabilities",
        "mailboxes",
    ]
    desk.password = "wrong"
    report = await desk.gateway.check(await desk.plan(A), 20)
    assert [step.ok for step in report.steps] == [True, True, True, False]
    assert (report.steps[-1].name, report.steps[-1].error_code) == ("login", "authentication_failed")
    assert desk.pool.stats().accounts == 0
