"""Where moved messages went: kept over a restart, for a while, and of each account apart."""

import pytest

from app.domain.edits import MovedMessage
from app.domain.ids import AccountId, MessageKey, Uid
from app.storage import limits
from app.storage.accounts import SqlAccountStore
from app.storage.engine import Database
from app.storage.moved_messages import SqlMovedMessageStore
from tests.storage.samples import PASSWORD, an_account

NOW = 1_800_000_000.0


def key(uid: int, mailbox: int = 1, uidvalidity: int = 7) -> MessageKey:
    return MessageKey(mailbox, uidvalidity, Uid(uid))


@pytest.fixture
def store(database: Database) -> SqlMovedMessageStore:
    return SqlMovedMessageStore(database)


@pytest.fixture
async def mine(account_store: SqlAccountStore) -> AccountId:
    account = an_account()
    await account_store.add(account, PASSWORD)
    return account.id


async def test_a_move_is_told_after_a_restart(store: SqlMovedMessageStore, mine: AccountId, url: str) -> None:
    await store.record(mine, [MovedMessage(key(1), key(9, mailbox=2**62))], NOW)
    again = await Database.open(url)
    found = await SqlMovedMessageStore(again).find(mine, [key(1), key(2), key(1, uidvalidity=8)], NOW)
    await again.close()
    assert found == {key(1): key(9, mailbox=2**62)}


async def test_moves_of_moves_are_followed(store: SqlMovedMessageStore, mine: AccountId) -> None:
    for start in (1, 2, 3):
        moved = [MovedMessage(key(5, mailbox=start), key(5, mailbox=start + 1))]
        await store.record(mine, [*moved, MovedMessage(key(6, start), key(6, start + 1))], NOW)
    found = await store.find(mine, [key(5), key(6), key(5, mailbox=3)], NOW)
    assert found == {key(5): key(5, 4), key(6): key(6, 4), key(5, 3): key(5, 4)}


async def test_a_circle_that_no_server_makes_ends(store: SqlMovedMessageStore, mine: AccountId) -> None:
    await store.record(mine, [MovedMessage(key(1), key(2)), MovedMessage(key(2), key(1))], NOW)
    assert set(await store.find(mine, [key(1)], NOW)) == {key(1)}


async def test_another_account_is_told_nothing(
    store: SqlMovedMessageStore, account_store: SqlAccountStore, mine: AccountId
) -> None:
    other = an_account()
    await account_store.add(other, PASSWORD)
    await store.record(mine, [MovedMessage(key(1), key(2))], NOW)
    assert await store.find(other.id, [key(1)], NOW) == {}


async def test_the_ids_of_an_account_go_with_it(
    store: SqlMovedMessageStore, account_store: SqlAccountStore, mine: AccountId
) -> None:
    await store.record(mine, [MovedMessage(key(1), key(2))], NOW)
    await account_store.remove(mine)
    assert await store.find(mine, [key(1)], NOW) == {}
    await store.record(mine, [MovedMessage(key(1), key(2))], NOW)  # a move that ended after the account did
    assert await store.find(mine, [key(1)], NOW) == {}


async def test_what_has_had_its_time_is_told_no_more_and_purged(store: SqlMovedMessageStore, mine: AccountId) -> None:
    await store.record(mine, [MovedMessage(key(1), key(2))], NOW)
    await store.record(mine, [MovedMessage(key(3), key(4))], NOW + 10)
    ended = NOW + limits.MOVED_KEPT
    assert await store.find(mine, [key(1), key(3)], ended) == {key(3): key(4)}
    assert await store.purge(ended) == 1
    assert await store.purge(ended) == 0
    assert await store.find(mine, [key(1), key(3)], NOW) == {key(3): key(4)}


async def test_of_very_many_the_oldest_are_forgotten(
    store: SqlMovedMessageStore, mine: AccountId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOVED_ROWS", 20)
    for round_ in range(5):
        uids = range(round_ * 10 + 1, round_ * 10 + 11)
        await store.record(mine, [MovedMessage(key(uid), key(uid, 2)) for uid in uids], NOW + round_)
    found = await store.find(mine, [key(uid) for uid in range(1, 51)], NOW)
    assert {old.uid for old in found} == set(range(31, 51))


async def test_a_thousand_at_once(store: SqlMovedMessageStore, mine: AccountId) -> None:
    moved = [MovedMessage(key(uid), key(uid + 5000, 2)) for uid in range(1, 2501)]
    await store.record(mine, moved, NOW)
    found = await store.find(mine, [each.old for each in moved], NOW)
    assert found == {each.old: each.new for each in moved}


async def test_a_made_up_id_is_not_found(store: SqlMovedMessageStore, mine: AccountId) -> None:
    assert await store.find(mine, [key(2**32 - 1, mailbox=2**64 - 1, uidvalidity=2**32 - 1)], NOW) == {}
