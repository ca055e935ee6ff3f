"""A copy of a mailbox, while the mailbox changes under it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from app.domain.errors import Conflict
from app.domain.ids import AccountId, Uid
from app.domain.mailbox import Role
from app.domain.ports import EventLog, SnapshotStore
from app.domain.positions import LogHead
from app.domain.snapshots import Chunk, Depth, SnapshotHeader
from app.services import mailbox_copies
from app.services.accounts import Accounts
from app.services.mailbox_copies import MailboxCopies
from tests.services.fakes import ADMIN

BOX = SnapshotHeader(1, "INBOX", ("INBOX",), Role.INBOX, Depth.MESSAGES, 7, 100, None, 6, 0, 6, True, 1)


class Mailbox:
    """Account, log and snapshot in one. `then` are states that follow, one after each read."""

    id = AccountId("acc")

    def __init__(self, *states: tuple[SnapshotHeader | None, Sequence[Chunk]]) -> None:
        self.states = list(states)

    async def get(self, *_: object) -> "Mailbox":
        return self

    async def head(self) -> LogHead:
        return LogHead(1, 5, 0)

    async def headers(self, _: AccountId) -> tuple[SnapshotHeader, ...]:
        header = self.states[0][0]
        return () if header is None else (header,)

    async def content(self, _: AccountId, __: int, after: int, count: int) -> Any:
        header, chunks = self.states[0] if len(self.states) == 1 else self.states.pop(0)
        return None if header is None else (header, tuple([one for one in chunks if one.first > after][:count]))


def chunk(first: int, *uids: int) -> Chunk:
    return Chunk(first, tuple(Uid(uid) for uid in uids), tuple(("seen",) for _ in uids))


async def copied(box: Mailbox, mailbox: str = "inbox") -> int:
    copies = MailboxCopies(cast("Accounts", box), cast("EventLog", box), cast("SnapshotStore", box))
    _, batches = await copies.open(ADMIN, "acc", mailbox)
    messages = [state.id async for batch in batches for state in batch]
    assert len(set(messages)) == len(messages)
    return len(messages)


@pytest.fixture(autouse=True)
def _one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_copies, "COPIED_CHUNKS", 1)


async def test_chunks_that_are_divided_meanwhile_lose_and_repeat_nothing() -> None:
    before = (BOX, [chunk(1, 1, 2), chunk(3, 3, 4, 5, 6)])
    unread_divided = (BOX, [chunk(1, 1, 2), chunk(3, 3, 4), chunk(5, 5, 6)])
    read_divided = (BOX, [chunk(1, 1), chunk(2, 2), chunk(3, 3, 4, 5, 6)])
    assert await copied(Mailbox(before)) == 6
    assert await copied(Mailbox(before, unread_divided)) == 6
    assert await copied(Mailbox(before, read_divided)) == 6


@pytest.mark.parametrize("later", [replace(BOX, uidvalidity=8), replace(BOX, is_scanned=False), None])
async def test_a_copy_of_two_mailboxes_is_never_called_whole(later: SnapshotHeader | None) -> None:
    chunks = [chunk(1, 1, 2), chunk(3, 3)]
    with pytest.raises(Conflict, match="begin again"):
        await copied(Mailbox((BOX, chunks), (later, chunks)))


@pytest.mark.parametrize("header", [replace(BOX, depth=Depth.COUNTS), replace(BOX, is_scanned=False), None])
async def test_what_the_service_does_not_know_is_no_empty_mailbox(header: SnapshotHeader | None) -> None:
    with pytest.raises(Conflict):
        await copied(Mailbox((header, ())))


async def test_an_empty_mailbox_has_no_messages() -> None:
    assert await copied(Mailbox((BOX, ()))) == 0
