"""Changes through the gateway on a real server: seen by every connection's next read, and never done twice."""

import asyncio
import threading

import pytest

from app.domain.edits import FlagEdit, ItemState, MessageSet, MessageSource
from app.domain.errors import NotFound, OutcomeUnknown, StaleReference
from app.domain.ids import Uid
from app.domain.ports import MailSession
from app.domain.query import MessageAddress, PageQuery, PageRows, SectionRange
from app.telemetry.trace import begin_call
from tests.gateway.conftest import Desk
from tests.pool.fakes import A

pytestmark = pytest.mark.dovecot

INBOX = PageQuery("INBOX", 20)
RAW = b"Subject: stored\r\n\r\nhello\r\n"
SOURCE = MessageSource(len(RAW), lambda: iter([RAW]))


async def filled(desk: Desk, count: int) -> PageRows:
    await asyncio.to_thread(desk.user.fill, count)
    return await desk.gateway.page(A, INBOX, 10)


def chosen(page: PageRows, *uids: int) -> MessageSet:
    return MessageSet("INBOX", page.uidvalidity, tuple(Uid(uid) for uid in uids))


async def pages_on_each(desk: Desk, query: PageQuery = INBOX, count: int = 3) -> list[PageRows]:
    """The page as each of the account's connections answers it, all at once."""
    together = threading.Barrier(count)

    def operation(session: MailSession, deadline: float) -> PageRows:
        together.wait(20)
        return session.page(query, frozenset(), deadline)

    return list(await asyncio.gather(*(desk.pool.run(A, None, operation, 30) for _ in range(count))))


async def test_every_connection_sees_each_change_at_its_next_read(desk: Desk) -> None:
    page = await filled(desk, 12)
    await pages_on_each(desk)
    await pages_on_each(desk, PageQuery("Trash", 20), 1)
    await pages_on_each(desk)
    left = list(range(12, 0, -1))
    for turn in range(10):
        uid = turn + 1
        flags = ("flagged",) if turn % 2 else ("flagged", "seen")
        edit = FlagEdit(("flagged",), ("seen",) if turn % 2 else ())
        outcome = (await desk.gateway.store_flags(A, chosen(page, uid), edit, None, 10))[0]
        assert (outcome.state, outcome.flags) == (ItemState.DONE, flags)
        for seen in await pages_on_each(desk):
            assert {row.uid: row.flags for row in seen.rows}[Uid(uid)] == flags
        verb = (
            desk.gateway.erase(A, chosen(page, uid), 10)
            if turn % 3
            else desk.gateway.move(A, chosen(page, uid), "Trash", 10)
        )
        assert (await verb).items[0].state is ItemState.DONE
        left.remove(uid)
        for seen in await pages_on_each(desk):
            assert (seen.total, [row.uid for row in seen.rows]) == (len(left), left)
        if turn % 4 == 0:
            stored = await desk.gateway.append(A, "INBOX", SOURCE, ("draft",), None, 10)
            assert stored.uid is not None
            left.insert(0, int(stored.uid))
            for seen in await pages_on_each(desk):
                assert [row.uid for row in seen.rows] == left
                assert seen.rows[0].flags == ("draft",)


async def test_the_flags_of_an_open_message_are_those_of_now_on_any_connection(desk: Desk) -> None:
    page = await filled(desk, 3)
    await pages_on_each(desk)
    address = MessageAddress("INBOX", page.uidvalidity, Uid(2))
    await desk.gateway.message(A, address, 10)
    together = threading.Barrier(3)

    def flags(session: MailSession, deadline: float) -> tuple[str, ...]:
        together.wait(20)
        return session.flags(address, deadline)

    for turn in range(20):
        edit = FlagEdit(("flagged",)) if turn % 2 else FlagEdit((), ("flagged",))
        await desk.gateway.store_flags(A, chosen(page, 2), edit, None, 10)
        expected = ("flagged", "seen") if turn % 2 else ("seen",)
        assert await asyncio.gather(*(desk.pool.run(A, None, flags, 30) for _ in range(3))) == [expected] * 3


async def test_one_flag_on_a_warm_connection_is_one_round_trip(desk: Desk) -> None:
    page = await filled(desk, 5)
    costs = []
    for edit in (FlagEdit(("flagged",)), FlagEdit((), ("flagged",)), FlagEdit(("seen",), ("flagged",))):
        cost = begin_call()
        with desk.proxy.measure() as counts:
            await desk.gateway.store_flags(A, chosen(page, 3), edit, None, 10)
        assert counts.round_trips == cost.round_trips
        costs.append(cost.round_trips)
    assert costs == [2, 1, 1], "the account's first change ever also selects the mailbox for writing"
    await desk.gateway.page(A, PageQuery("Trash", 5), 10)
    await desk.connect(3)
    await desk.gateway.page(A, INBOX, 10)
    cost = begin_call()
    await desk.gateway.store_flags(A, chosen(page, 3), FlagEdit(("flagged",)), None, 10)
    assert cost.round_trips == 1, "from then on the account's connections enter mailboxes for writing"


async def test_what_was_opened_and_moved_is_not_answered_from_the_cache(desk: Desk) -> None:
    page = await filled(desk, 4)
    for uid in (1, 2):
        await desk.gateway.message(A, MessageAddress("INBOX", page.uidvalidity, Uid(uid)), 10)
    await desk.gateway.move(A, chosen(page, 1), "Trash", 10)
    await desk.gateway.erase(A, chosen(page, 2), 10)
    for uid in (1, 2):
        with pytest.raises(StaleReference):
            await desk.gateway.structure(A, MessageAddress("INBOX", page.uidvalidity, Uid(uid)), 10)


async def test_a_renamed_or_deleted_mailbox_is_gone_on_every_connection(desk: Desk) -> None:
    await desk.gateway.create_mailbox(A, "Old", 10)
    await desk.gateway.create_mailbox(A, "Old/inner", 10)
    await desk.gateway.append(A, "Old/inner", SOURCE, (), None, 10)
    inner = PageQuery("Old/inner", 10)
    assert [page.total for page in await pages_on_each(desk, inner)] == [1, 1, 1]
    await desk.gateway.rename_mailbox(A, "Old", "New", 10)
    for _ in range(3):
        with pytest.raises(NotFound):
            await desk.gateway.page(A, inner, 10)
    inner = PageQuery("New/inner", 10)
    assert [page.total for page in await pages_on_each(desk, inner)] == [1, 1, 1]
    await desk.gateway.delete_mailbox(A, "New/inner", 10)
    for _ in range(3):
        with pytest.raises(NotFound):
            await desk.gateway.page(A, inner, 10)
    await desk.gateway.create_mailbox(A, "New/inner", 10)
    assert [page.total for page in await pages_on_each(desk, inner)] == [0, 0, 0]


async def test_a_connection_that_died_while_idle_costs_no_change_twice_and_no_error(desk: Desk) -> None:
    page = await filled(desk, 6)
    await pages_on_each(desk)
    for uid, verb in ((1, desk.gateway.move), (2, desk.gateway.copy)):
        desk.proxy.cut()
        await asyncio.sleep(0.05)  # until the resets are in: what is looked at is what has come
        report = await verb(A, chosen(page, uid), "Trash", 10)
        assert report.items[0].state is ItemState.DONE
        await pages_on_each(desk)
    desk.proxy.cut()
    await asyncio.sleep(0.05)
    await desk.gateway.append(A, "Trash", SOURCE, (), None, 10)
    assert await asyncio.to_thread(desk.user.uids, "Trash") == [1, 2, 3]
    desk.proxy.cut()
    flagged = await desk.gateway.store_flags(A, chosen(page, 3), FlagEdit(("flagged",)), None, 10)
    assert flagged[0].state is ItemState.DONE


async def test_an_answer_that_is_lost_is_told_and_nothing_is_done_again(desk: Desk) -> None:
    page = await filled(desk, 6)
    await desk.gateway.store_flags(A, chosen(page, 1), FlagEdit(), None, 10)
    desk.proxy.cut_after(0)
    report = await desk.gateway.copy(A, chosen(page, 1, 2), "Trash", 10)
    assert [item.state for item in report.items] == [ItemState.UNKNOWN] * 2
    desk.proxy.accept()
    assert len(await asyncio.to_thread(desk.user.uids, "Trash")) in {0, 2}
    before = len(await asyncio.to_thread(desk.user.uids, "Trash"))
    await desk.gateway.page(A, INBOX, 10)
    desk.proxy.cut_after(0)
    with pytest.raises(OutcomeUnknown) as raised:
        await desk.gateway.append(A, "Trash", SOURCE, (), None, 10)
    assert "may have been stored" in raised.value.detail
    desk.proxy.accept()
    assert len(await asyncio.to_thread(desk.user.uids, "Trash")) <= before + 1


async def test_a_flag_whose_answer_is_lost_is_set_again(desk: Desk) -> None:
    page = await filled(desk, 2)
    await desk.gateway.store_flags(A, chosen(page, 1), FlagEdit(), None, 10)
    desk.proxy.cut_after(0)

    async def mend() -> None:
        while desk.proxy.open_connections:
            await asyncio.sleep(0.001)
        desk.proxy.accept()

    mending = asyncio.create_task(mend())
    outcomes = await desk.gateway.store_flags(A, chosen(page, 1, 2), FlagEdit(("flagged",)), None, 10)
    await mending
    # Where the repeat is quicker than the mending on a busy machine, nobody can know: then it is asked once more.
    if {one.state for one in outcomes} == {ItemState.UNKNOWN}:
        outcomes = await desk.gateway.store_flags(A, chosen(page, 1, 2), FlagEdit(("flagged",)), None, 10)
    assert [one.state for one in outcomes] == [ItemState.DONE] * 2
    conditional = outcomes[0].modseq
    desk.proxy.cut_after(0)
    unsure = await desk.gateway.store_flags(A, chosen(page, 1), FlagEdit(("answered",)), conditional, 10)
    assert [one.state for one in unsure] == [ItemState.UNKNOWN], "one with a condition would meet itself"
    desk.proxy.accept()


async def test_a_move_the_server_never_answers_ends_as_unknown(desk: Desk) -> None:
    page = await filled(desk, 2)
    await desk.gateway.store_flags(A, chosen(page, 1), FlagEdit(), None, 10)
    desk.proxy.stall()
    report = await desk.gateway.move(A, chosen(page, 1, 2), "Trash", 0.5)
    assert [item.state for item in report.items] == [ItemState.UNKNOWN] * 2
    desk.proxy.resume()
    assert len(await asyncio.to_thread(desk.user.uids, "Trash")) == 2
    await desk.gateway.page(A, INBOX, 10)
    desk.proxy.stall()
    with pytest.raises(OutcomeUnknown):
        await desk.gateway.append(A, "Trash", SOURCE, (), None, 0.5)
    desk.proxy.resume()


async def test_structures_and_bodies_of_a_page_are_a_round_trip_each(desk: Desk) -> None:
    page = await filled(desk, 20)
    uids = [row.uid for row in page.rows]
    cost = begin_call()
    structures = await desk.gateway.structures(A, "INBOX", page.uidvalidity, [*uids, Uid(900)], 10)
    assert cost.round_trips == 1
    assert set(structures) == set(uids)
    wanted = {uid: (SectionRange("1", 0, 400),) for uid in uids}
    bodies = await desk.gateway.many_sections(A, "INBOX", page.uidvalidity, wanted, 10)
    assert cost.round_trips == 2
    assert [bodies[uid][0] for uid in uids] == [f"This is the text of message {uid - 1}.\r\n".encode() for uid in uids]
    assert await desk.gateway.structures(A, "INBOX", page.uidvalidity, uids, 10) == structures
    assert cost.round_trips == 2, "structures are cached"
    assert await desk.gateway.many_sections(A, "INBOX", page.uidvalidity, {}, 10) == {}
