"""Acting on many messages: few commands, and the truth of each message."""

import asyncio

import pytest

from app.domain.access import Scope
from app.domain.account import Account
from app.domain.edits import CopyAction, DeleteAction, FlagAction, FlagEdit, ItemState, MessageFilter, MoveAction
from app.domain.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    NotSupportedByServer,
    PermissionDenied,
    RoleMissing,
    StaleReference,
    TooManyConnections,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.domain.ids import Uid
from app.domain.ports import MailboxRow
from app.services.edits import batches, limits
from app.services.matching import FoundMessages
from tests.services.edits.conftest import Desk
from tests.services.fakes import ADMIN, caller

SEEN = FlagAction(FlagEdit(("seen",)))


async def ids(desk: Desk, name: str) -> list[str]:
    return [await desk.id(name, uid) for uid in sorted(desk.server.boxes[name].messages)]


class Everything:
    """A search that matches all, newest first; it remembers what it was asked."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.queries: list[str] = []

    async def find(self, account: Account, mailbox: str, query: str, most: int) -> FoundMessages:
        self.queries.append(query)
        row = await self.desk.mailboxes.find(account, mailbox)
        box = self.desk.server.boxes[row.name]
        uids = tuple(Uid(uid) for uid in sorted(box.messages, reverse=True))
        return FoundMessages(row, box.uidvalidity, uids[:most], is_complete=len(uids) <= most)


class Nothing:
    """A search for what can be in no mailbox."""

    async def find(self, account: Account, mailbox: str, query: str, most: int) -> FoundMessages:
        return FoundMessages(MailboxRow(1, "INBOX", 1, None), None, (), is_complete=True)


async def test_a_thousand_messages_of_three_mailboxes_are_three_commands(desk: Desk) -> None:
    for name, many in (("A", 400), ("B", 400), ("C", 200)):
        desk.server.box(name, messages=many)
    wanted = [each for name in "ABC" for each in await ids(desk, name)]
    wanted = wanted[::2] + wanted[1::2]
    desk.server.calls.clear()
    report = await desk.batches.of_messages(ADMIN, desk.account.id, wanted, SEEN)
    assert [item.id for item in report.items] == wanted
    assert {item.state for item in report.items} == {ItemState.DONE}
    assert {item.flags for item in report.items} == {("seen",)}
    assert desk.server.calls == ["store_flags"] * 3


async def test_each_message_has_its_own_truth(desk: Desk) -> None:
    box = desk.server.box("Mixed", messages=4)
    good, gone, refused, lost = await ids(desk, "Mixed")
    del box.messages[2]
    desk.server.refused = {3: PermissionDenied("No.")}
    desk.server.lost = {4}
    wanted = [lost, "msg_nonsense", good, gone, refused, good]
    report = await desk.batches.of_messages(ADMIN, desk.account.id, wanted, MoveAction("archive"))
    assert [(item.state, item.error and item.error.code) for item in report.items] == [
        (ItemState.UNKNOWN, "outcome_unknown"),
        (ItemState.FAILED, "not_found"),
        (ItemState.DONE, None),
        (ItemState.GONE, "stale_reference"),
        (ItemState.FAILED, "permission_denied"),
        (ItemState.DONE, None),
    ]
    assert report.items[2] == report.items[5]
    assert report.items[2].moved_to == await desk.id("Archive", 1)


async def test_a_mailbox_that_refuses_does_not_hold_up_the_others(desk: Desk) -> None:
    desk.server.box("Closed", messages=2, is_read_only=True)
    wanted = [*await ids(desk, "Closed"), *await ids(desk, "INBOX")]
    report = await desk.batches.of_messages(ADMIN, desk.account.id, wanted, DeleteAction())
    assert [item.state for item in report.items] == [ItemState.FAILED] * 2 + [ItemState.DONE] * 3


@pytest.mark.parametrize(
    "error", [UpstreamUnavailable("Gone."), UpstreamTimeout("Late."), TooManyConnections("Busy.", retry_after=1)]
)
async def test_a_server_that_cannot_be_reached_is_asked_once(desk: Desk, error: UpstreamUnavailable) -> None:
    for name in "ABCDE":
        desk.server.box(name, messages=1)
    wanted = [(await ids(desk, name))[0] for name in "ABCDE"]
    desk.server.calls.clear()
    desk.server.failing = {"store_flags": error}
    report = await desk.batches.of_messages(ADMIN, desk.account.id, wanted, SEEN)
    assert desk.server.calls == ["store_flags"]
    assert {item.error for item in report.items} == {error}
    assert {item.state for item in report.items} == {ItemState.FAILED}


async def test_what_a_lost_connection_left_is_told_apart_from_what_was_not_begun(desk: Desk) -> None:
    desk.server.box("A", messages=2)
    desk.server.box("B", messages=1)
    wanted = [*await ids(desk, "A"), *await ids(desk, "B")]
    desk.server.lost = {2}
    report = await desk.batches.of_messages(ADMIN, desk.account.id, wanted, MoveAction("archive"))
    assert [item.state for item in report.items] == [ItemState.DONE, ItemState.UNKNOWN, ItemState.FAILED]
    assert len(desk.server.boxes["B"].messages) == 1
    again = await desk.batches.of_messages(ADMIN, desk.account.id, wanted, MoveAction("archive"))
    assert isinstance(again.items[0].error, StaleReference)
    assert again.items[0].error.moved_to == report.items[0].moved_to


async def test_a_batch_that_takes_too_long_leaves_the_rest_alone(desk: Desk) -> None:
    for name in "ABC":
        desk.server.box(name, messages=1)
    wanted = [(await ids(desk, name))[0] for name in "ABC"]
    desk.server.during = lambda verb: desk.clock.advance(limits.BATCH_DEADLINES * 10 / 2)
    report = await desk.batches.of_messages(ADMIN, desk.account.id, wanted, SEEN)
    assert [item.state for item in report.items] == [ItemState.DONE, ItemState.DONE, ItemState.FAILED]
    assert not desk.server.boxes["C"].messages[1]


async def test_a_thousand_unknown_mailboxes_cost_one_look(desk: Desk) -> None:
    from app.domain.ids import MessageKey, message_id

    wanted = [message_id(MessageKey(row, 1, Uid(1))) for row in range(10_001, 11_001)]
    read = 0
    rows = desk.mailboxes._directory._store.rows

    async def counted(account_id: object) -> object:
        nonlocal read
        read += 1
        return await rows(account_id)  # type: ignore[arg-type]

    desk.mailboxes._directory._store.rows = counted  # type: ignore[method-assign,assignment]
    report = await desk.batches.of_messages(ADMIN, desk.account.id, wanted, SEEN)
    assert {item.state for item in report.items} == {ItemState.GONE}
    assert read <= 2


async def test_what_concerns_all_is_refused_before_anything_is_done(desk: Desk) -> None:
    wanted = await ids(desk, "INBOX")
    account = desk.account.id
    with pytest.raises(NotFound):
        await desk.batches.of_messages(ADMIN, account, wanted, MoveAction("mbx_AAAAAAAAAAE"))
    with pytest.raises(InvalidRequest):
        await desk.batches.of_messages(ADMIN, account, [], SEEN)
    with pytest.raises(InvalidRequest):
        await desk.batches.of_messages(ADMIN, account, wanted * 334, SEEN)
    del desk.server.boxes["Trash"]
    await desk.mailboxes.refresh(desk.account)
    with pytest.raises(RoleMissing):
        await desk.batches.of_messages(ADMIN, account, wanted, DeleteAction())
    assert desk.server.boxes["INBOX"].messages == {1: set(), 2: set(), 3: set()}


async def test_messages_in_the_trash_are_not_erased_by_a_batch(desk: Desk) -> None:
    desk.server.boxes["Trash"].add(set())
    wanted = [*await ids(desk, "Trash"), *await ids(desk, "INBOX")]
    report = await desk.batches.of_messages(ADMIN, desk.account.id, wanted, DeleteAction())
    assert [item.state for item in report.items] == [ItemState.FAILED] + [ItemState.DONE] * 3
    assert isinstance(report.items[0].error, Conflict)
    assert len(desk.server.boxes["Trash"].messages) == 4


async def test_a_filter_acts_on_all_that_match_newest_first(desk: Desk) -> None:
    desk.server.box("Large", messages=2500)
    search = Everything(desk)
    run = desk.batches_with(search)
    which = MessageFilter(await desk.box_id("Large"), "is:unread")
    desk.server.calls.clear()
    report = await run.of_filter(ADMIN, desk.account.id, which, CopyAction("archive"))
    assert search.queries == ["is:unread"]
    assert len(report.items) == 2500
    assert report.items[0].id == await desk.id("Large", 2500)
    assert not report.has_more
    assert desk.server.calls[:3] == ["copy"] * 3


async def test_a_filter_that_matches_more_tells_how_many_remain(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "FILTER_MESSAGES", 2)
    run = desk.batches_with(Everything(desk))
    which = MessageFilter("inbox", "")
    first = await run.of_filter(ADMIN, desk.account.id, which, MoveAction("archive"))
    assert (len(first.items), first.has_more) == (2, True)
    second = await run.of_filter(ADMIN, desk.account.id, which, MoveAction("archive"))
    assert (len(second.items), second.has_more) == (1, False)
    third = await run.of_filter(ADMIN, desk.account.id, which, MoveAction("archive"))
    assert (len(third.items), third.has_more) == (0, False)


async def test_a_filter_that_nothing_can_match_does_nothing(desk: Desk) -> None:
    desk.server.calls.clear()
    report = await desk.batches_with(Nothing()).of_filter(ADMIN, desk.account.id, MessageFilter("inbox", "in:x"), SEEN)
    assert report.items == ()
    assert desk.server.calls == []


async def test_a_filter_needs_to_see_what_it_matches(desk: Desk) -> None:
    blind = caller("blind", frozenset({Scope.MAIL_WRITE}))
    with pytest.raises(Forbidden):
        await desk.batches_with(Everything(desk)).of_filter(blind, desk.account.id, MessageFilter("inbox", ""), SEEN)


async def test_without_a_search_there_is_no_filter(desk: Desk) -> None:
    with pytest.raises(NotSupportedByServer):
        await desk.batches.of_filter(ADMIN, desk.account.id, MessageFilter("inbox", ""), SEEN)


async def test_every_group_is_heard_of(desk: Desk) -> None:
    desk.server.box("A", messages=2)
    wanted = [*await ids(desk, "A"), *await ids(desk, "INBOX")]
    await desk.batches.of_messages(ADMIN, desk.account.id, wanted, SEEN, client_mutation_id="b-1")
    assert [(len(edit.messages), edit.client_mutation_id) for edit in desk.notebook.edits] == [(2, "b-1"), (3, "b-1")]


async def test_two_batches_at_once_both_tell_the_truth(desk: Desk) -> None:
    wanted = await ids(desk, "INBOX")
    run = desk.batches.of_messages
    one, two = await asyncio.gather(
        run(ADMIN, desk.account.id, wanted, MoveAction("archive")),
        run(ADMIN, desk.account.id, wanted, MoveAction("trash")),
    )
    done = [item for report in (one, two) for item in report.items if item.state is ItemState.DONE]
    assert len(done) == 3
    arrived = len(desk.server.boxes["Archive"].messages) + len(desk.server.boxes["Trash"].messages)
    assert arrived == 3
