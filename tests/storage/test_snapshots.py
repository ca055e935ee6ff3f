import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Conflict, NotFound
from app.domain.events import AccountChanged, EventType, NewEvent
from app.domain.ids import AccountId, Uid
from app.domain.mailbox import Role
from app.domain.ports import SnapshotStore
from app.domain.snapshots import Chunk, Depth, MailboxWrite, SnapshotHeader, SnapshotStep, SyncHow, Watch
from app.storage import limits
from app.storage.accounts import SqlAccountStore
from app.storage.engine import Database
from app.storage.events import SqlEventLog
from app.storage.snapshot_rows import chunk_content, chunk_from
from app.storage.snapshots import SqlSnapshotStore
from tests.storage.protocols import public_methods
from tests.storage.samples import PASSWORD, an_account
from tests.support.clock import FakeClock

EVENT = NewEvent(EventType.ACCOUNT_CONNECTED, AccountChanged())
INBOX = SnapshotHeader(1, "INBOX", ("INBOX",), Role.INBOX, Depth.MESSAGES)
FULL = SnapshotHeader(
    2, "a/half \ud800", ("a", "half ?"), None, Depth.COUNTS, 2**32 - 1, 2**32 - 1, 2**63 - 1, 7, 3, 7, True
)
SEEN, NONE = ("seen",), ()


def chunk(first: int, *uids: int) -> Chunk:
    return Chunk(first, tuple(Uid(uid) for uid in uids), tuple([SEEN if uid % 2 else NONE for uid in uids]))


@pytest.fixture
def store(database: Database, clock: FakeClock) -> SqlSnapshotStore:
    return SqlSnapshotStore(database, clock)


@pytest.fixture
def log(database: Database, clock: FakeClock) -> SqlEventLog:
    return SqlEventLog(database, clock)


@pytest.fixture
async def account_id(account_store: SqlAccountStore) -> AccountId:
    account = an_account()
    await account_store.add(account, PASSWORD)
    return account.id


def test_it_is_a_snapshot_store() -> None:
    assert public_methods(SqlSnapshotStore) == public_methods(SnapshotStore)


async def test_snapshots_and_events_come_back_as_they_were_written(
    store: SqlSnapshotStore, log: SqlEventLog, account_id: AccountId
) -> None:
    chunks = (chunk(1, 1, 2, 5), chunk(9, 9, 4_294_967_295))
    watch = Watch(1.5, 2.5, SyncHow.PUSH)
    step = SnapshotStep((MailboxWrite(INBOX, chunks), MailboxWrite(FULL)), watch=watch)
    written = await store.commit(account_id, step, [EVENT])
    assert await store.headers(account_id) == (replace(INBOX, revision=1), replace(FULL, revision=1))
    assert await store.firsts(1) == (1, 9)
    assert await store.chunks(1, [9, 1, 77]) == chunks
    assert await store.chunks(1, [9]) == chunks[1:]
    assert await store.watch(account_id) == watch
    assert (await log.tail(0, 9)).events == written


async def test_an_account_nobody_watched_has_an_empty_watch(store: SqlSnapshotStore, account_id: AccountId) -> None:
    assert await store.watch(account_id) == Watch()
    assert await store.watches([account_id]) == {}
    assert await store.headers(account_id) == ()


async def test_chunks_are_rewritten_dropped_and_cleared(store: SqlSnapshotStore, account_id: AccountId) -> None:
    await store.commit(account_id, SnapshotStep((MailboxWrite(INBOX, (chunk(1, 1), chunk(5, 5), chunk(9, 9))),)), [])
    second = MailboxWrite(replace(INBOX, revision=1), (chunk(5, 5, 6),), dropped=(9,))
    await store.commit(account_id, SnapshotStep((second,)), [])
    assert await store.chunks(1, await store.firsts(1)) == (chunk(1, 1), chunk(5, 5, 6))
    third = MailboxWrite(replace(INBOX, revision=2), (chunk(5, 7),), clears=True)
    await store.commit(account_id, SnapshotStep((third,)), [])
    assert await store.chunks(1, await store.firsts(1)) == (chunk(5, 7),)
    gone = SnapshotStep(gone=(replace(INBOX, revision=3),))
    await store.commit(account_id, gone, [])
    assert await store.headers(account_id) == ()
    assert await store.firsts(1) == ()


@pytest.mark.parametrize(
    "late",
    [
        SnapshotStep((MailboxWrite(INBOX),)),
        SnapshotStep((MailboxWrite(replace(INBOX, revision=1, total=9)),)),
        SnapshotStep(gone=(replace(INBOX, revision=1),)),
        SnapshotStep((MailboxWrite(replace(FULL, revision=1)),)),
        SnapshotStep(gone=(replace(FULL, revision=1),)),
        SnapshotStep((MailboxWrite(replace(INBOX, revision=2)), MailboxWrite(replace(FULL, revision=1)))),
        SnapshotStep((MailboxWrite(replace(INBOX, revision=2)), MailboxWrite(replace(INBOX, revision=2)))),
    ],
    ids=["made already", "changed", "removed after a change", "gone", "gone twice", "one of two", "twice"],
)
async def test_a_late_watcher_writes_nothing(
    store: SqlSnapshotStore, log: SqlEventLog, account_id: AccountId, late: SnapshotStep
) -> None:
    await store.commit(account_id, SnapshotStep((MailboxWrite(INBOX),)), [])
    await store.commit(account_id, SnapshotStep((MailboxWrite(replace(INBOX, revision=1)),)), [])
    with pytest.raises(Conflict):
        await store.commit(account_id, replace(late, watch=Watch(9.0)), [EVENT])
    assert await store.headers(account_id) == (replace(INBOX, revision=2),)
    assert await store.watch(account_id) == Watch()
    assert (await log.head()).position == 0


async def test_of_watchers_at_once_one_commits_the_difference(
    store: SqlSnapshotStore, log: SqlEventLog, account_id: AccountId
) -> None:
    await store.commit(account_id, SnapshotStep((MailboxWrite(INBOX), MailboxWrite(FULL))), [])

    async def commit(number: int) -> bool:
        writes = [MailboxWrite(replace(INBOX, revision=1)), MailboxWrite(replace(FULL, revision=1))]
        try:
            await store.commit(account_id, SnapshotStep(tuple(writes[:: 1 if number % 2 else -1])), [EVENT])
        except Conflict:
            return False
        return True

    assert sum(await asyncio.gather(*(commit(number) for number in range(6)))) == 1
    assert (await log.head()).position == 1


async def test_the_row_of_another_account_is_never_touched(
    store: SqlSnapshotStore, account_store: SqlAccountStore, account_id: AccountId
) -> None:
    other = an_account()
    await account_store.add(other, PASSWORD)
    await store.commit(other.id, SnapshotStep((MailboxWrite(INBOX),)), [])
    for step in (
        SnapshotStep((MailboxWrite(replace(INBOX, revision=1)),)),
        SnapshotStep(gone=(replace(INBOX, revision=1),)),
        SnapshotStep((MailboxWrite(INBOX),)),
    ):
        with pytest.raises(Conflict):
            await store.commit(account_id, step, [])
    assert await store.headers(other.id) == (replace(INBOX, revision=1),)


async def test_a_removed_account_takes_its_snapshots_along(
    store: SqlSnapshotStore, account_store: SqlAccountStore, account_id: AccountId
) -> None:
    step = SnapshotStep((MailboxWrite(INBOX, (chunk(1, 1),)),), watch=Watch(1.0))
    await store.commit(account_id, step, [])
    await account_store.remove(account_id)
    assert (await store.headers(account_id), await store.firsts(1), await store.watches([account_id])) == ((), (), {})
    with pytest.raises(NotFound):
        await store.commit(account_id, SnapshotStep((MailboxWrite(INBOX),)), [])


@pytest.mark.parametrize("change", [{"host": "other.example.org"}, {"username": "bob"}])
async def test_another_server_or_user_is_seen_for_the_first_time(
    store: SqlSnapshotStore, account_store: SqlAccountStore, change: dict[str, Any]
) -> None:
    account = an_account()
    await account_store.add(account, PASSWORD)
    await store.commit(account.id, SnapshotStep((MailboxWrite(INBOX),), watch=Watch(1.0)), [])
    await account_store.replace(replace(account, email="new@example.org"), None)
    assert await store.watch(account.id) == Watch(1.0)
    moved = replace(account, incoming=replace(account.incoming, **change), revision=2)
    await account_store.replace(moved, PASSWORD)
    assert await store.watch(account.id) == Watch()
    assert len(await store.headers(account.id)) == 1  # the next look tells that these mailboxes are gone


async def test_being_in_sync_is_noted_for_many(
    store: SqlSnapshotStore, account_store: SqlAccountStore, account_id: AccountId
) -> None:
    await store.commit(account_id, SnapshotStep(watch=Watch(1.0)), [])
    later = Watch(1.0, 9.0, SyncHow.POLL)
    await store.synced([(account_id, later), (AccountId("acc_gone"), later)])
    await store.synced([])
    assert await store.watches([account_id, AccountId("acc_gone")]) == {account_id: later}


async def test_a_large_mailbox_takes_several_statements(store: SqlSnapshotStore, account_id: AccountId) -> None:
    count = limits.CHUNK_ROWS + 1
    chunks = tuple(chunk(number * 1000 + 1, number * 1000 + 1) for number in range(count))
    await store.commit(account_id, SnapshotStep((MailboxWrite(INBOX, chunks),)), [])
    assert await store.chunks(1, await store.firsts(1)) == chunks
    gone = tuple(one.first for one in chunks)
    await store.commit(account_id, SnapshotStep((MailboxWrite(replace(INBOX, revision=1), dropped=gone),)), [])
    assert await store.firsts(1) == ()


@given(
    st.sets(st.integers(1, 2**32 - 1), max_size=30),
    st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=3), min_size=30, max_size=30),
    st.data(),
)
def test_any_chunk_comes_back(uids: set[int], flags: list[list[str]], data: st.DataObject) -> None:
    ordered = [Uid(uid) for uid in sorted(uids)]
    first = data.draw(st.integers(1, ordered[0] if ordered else 9))
    made = Chunk(first, tuple(ordered), tuple([tuple(one) for one in flags[: len(ordered)]]))
    assert chunk_from(first, chunk_content(made)) == made


def test_a_full_chunk_is_small() -> None:
    full = chunk(1, *range(1, limits.CHUNK_UIDS + 1))
    assert len(chunk_content(full)) < 3000


async def test_a_mailbox_is_read_on_behind_a_chunk(store: SqlSnapshotStore, account_id: AccountId) -> None:
    written = MailboxWrite(INBOX, (chunk(1, 1, 3), chunk(4, 4), chunk(9, 9)))
    await store.commit(account_id, SnapshotStep((written,)), ())
    header = replace(INBOX, revision=1)
    assert await store.content(account_id, 1, 0, 2) == (header, (chunk(1, 1, 3), chunk(4, 4)))
    assert await store.content(account_id, 1, 4, 2) == (header, (chunk(9, 9),))
    assert await store.content(account_id, 1, 9, 2) == (header, ())
    assert await store.content(account_id, 2, 0, 2) is None
    assert await store.content(AccountId("acc_other"), 1, 0, 2) is None
