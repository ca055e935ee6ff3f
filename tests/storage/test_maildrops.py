import asyncio
from dataclasses import replace
from typing import Any

import pytest

from app.domain.account import AccountState
from app.domain.edits import FlagEdit
from app.domain.errors import Conflict, NotFound
from app.domain.ids import AccountId, Uid
from app.domain.maildrop import KnownMessage, Look, MaildropHeader, NewMessage
from app.domain.ports import MaildropStore
from app.mime.summary import summary_from_header
from app.storage.accounts import SqlAccountStore
from app.storage.engine import Database
from app.storage.maildrops import SqlMaildropStore
from tests.storage.protocols import public_methods
from tests.storage.samples import PASSWORD, an_account

NOTHING = Look("uidl", 100.0, 0, (), (), (), (), (), ())


def new(uid: int, uidl: str | None = "", *, is_read: bool = True) -> NewMessage:
    facts = summary_from_header(Uid(uid), b"Subject: no %d\r\n" % uid, 10 + uid, 0.0, is_cut=False)
    known = KnownMessage(Uid(uid), f"u{uid}" if uidl == "" else uidl, f"f{uid}" if is_read else "", 10 + uid)
    return NewMessage(known, facts if is_read else None)


@pytest.fixture
def store(database: Database) -> SqlMaildropStore:
    return SqlMaildropStore(database)


@pytest.fixture
async def account_id(account_store: SqlAccountStore) -> AccountId:
    account = an_account(state=AccountState.CONNECTED)
    await account_store.add(account, PASSWORD)
    return account.id


@pytest.fixture
async def three(store: SqlMaildropStore, account_id: AccountId) -> SqlMaildropStore:
    """A maildrop of three messages, the last not read yet, at revision 1."""
    await store.write(account_id, 0, 77, 4, replace(NOTHING, unread=1, new=(new(1), new(2), new(3, is_read=False))))
    return store


def test_it_is_a_maildrop_store() -> None:
    assert public_methods(SqlMaildropStore) == public_methods(MaildropStore)


async def test_a_look_comes_back_as_it_was_written(three: SqlMaildropStore, account_id: AccountId) -> None:
    assert await three.header(account_id) == MaildropHeader(77, 4, 1, "uidl", 100.0, 1)
    assert [one.known for one in await three.messages(account_id)] == [
        new(1).known,
        new(2).known,
        new(3, is_read=False).known,
    ]
    page = await three.page(account_id, None, 10)
    assert [(row.uid, row.size, row.facts and row.facts.subject) for row in page] == [
        (3, 13, None), (2, 12, "no 2"), (1, 11, "no 1"),
    ]  # fmt: skip
    assert [row.uid for row in await three.page(account_id, Uid(3), 1)] == [2]
    assert await three.counts(account_id) == (3, 3)


async def test_uidls_of_any_bytes(store: SqlMaildropStore, account_id: AccountId) -> None:
    odd = "\x00\xff'\"" + "u" * 400
    await store.write(account_id, 0, 1, 3, replace(NOTHING, new=(new(1, odd), new(2, None))))
    assert [one.known.uidl for one in await store.messages(account_id)] == [odd, None]


async def test_what_a_look_found_is_written_together(three: SqlMaildropStore, account_id: AccountId) -> None:
    read = new(3)
    look = replace(NOTHING, known=(read.known,), read=(read.facts,), missed=(Uid(2),), gone=(Uid(1),), new=(new(4),))  # type: ignore[arg-type]
    await three.write(account_id, 1, 77, 5, look)
    stored = {one.known.uid: one for one in await three.messages(account_id)}
    assert (stored[Uid(1)].is_gone, stored[Uid(2)].missed, stored[Uid(3)].known) == (True, 1, read.known)
    assert [row.uid for row in await three.page(account_id, None, 10)] == [4, 3, 2]
    assert await three.counts(account_id) == (3, 3)
    await three.write(account_id, 2, 77, 5, replace(NOTHING, known=(new(1).known, new(2).known), returned=(Uid(1),)))
    stored = {one.known.uid: one for one in await three.messages(account_id)}
    assert (stored[Uid(1)].is_gone, stored[Uid(2)].missed) == (False, 0)


async def test_of_two_looks_from_one_state_one_is_written(three: SqlMaildropStore, account_id: AccountId) -> None:
    async def look(number: int) -> bool:
        try:
            await three.write(account_id, 1, 77, 5, replace(NOTHING, new=(new(4),), looked_at=float(number)))
        except Conflict:
            return False
        return True

    assert sum(await asyncio.gather(*(look(number) for number in range(4)))) == 1
    assert len(await three.messages(account_id)) == 4


async def test_a_first_look_that_another_had_too_is_a_conflict(three: SqlMaildropStore, account_id: AccountId) -> None:
    with pytest.raises(Conflict):
        await three.write(account_id, 0, 99, 2, replace(NOTHING, new=(new(1),)))
    assert (await three.header(account_id) or NOTHING).looked_at == 100.0


async def test_a_look_at_an_account_that_is_gone(store: SqlMaildropStore) -> None:
    with pytest.raises(NotFound):
        await store.write(AccountId("acc_gone"), 0, 1, 1, NOTHING)


async def test_flags_are_edited_without_regard_to_case(three: SqlMaildropStore, account_id: AccountId) -> None:
    first = await three.store_flags(account_id, [Uid(1), Uid(9)], FlagEdit(("seen", "Later"), ()))
    assert first == {1: ("Later", "seen")}
    second = await three.store_flags(account_id, [Uid(1), Uid(2)], FlagEdit(("LATER", "flagged"), ("SEEN",)))
    assert second == {1: ("Later", "flagged"), 2: ("LATER", "flagged")}
    await three.store_flags(account_id, [Uid(2)], FlagEdit(("seen",), ()))
    assert await three.counts(account_id) == (3, 2)


async def test_two_devices_at_once_lose_no_flag(three: SqlMaildropStore, account_id: AccountId) -> None:
    names = [f"k{number}" for number in range(8)]
    await asyncio.gather(*(three.store_flags(account_id, [Uid(1)], FlagEdit((name,), ())) for name in names))
    (row,) = await three.rows(account_id, [Uid(1)])
    assert row.flags == tuple(names)


async def test_the_dead_are_buried_and_in_time_forgotten(three: SqlMaildropStore, account_id: AccountId) -> None:
    await three.bury(account_id, [Uid(1)], 50.0)
    assert [row.uid for row in await three.rows(account_id, [Uid(1), Uid(2)])] == [2]
    assert await three.store_flags(account_id, [Uid(1)], FlagEdit(("seen",), ())) == {}
    assert await three.purge(50.0) == 0
    assert await three.purge(51.0) == 1
    assert [one.known.uid for one in await three.messages(account_id)] == [2, 3]


@pytest.mark.parametrize("change", [{"host": "other.example.org"}, {"username": "bob"}])
async def test_another_server_or_user_has_another_maildrop(
    account_store: SqlAccountStore, store: SqlMaildropStore, change: dict[str, Any]
) -> None:
    account = an_account()
    await account_store.add(account, PASSWORD)
    await store.write(account.id, 0, 1, 2, replace(NOTHING, new=(new(1),)))
    await account_store.replace(replace(account, incoming=replace(account.incoming, **change)), PASSWORD)
    assert await store.header(account.id) is None
    assert await store.messages(account.id) == ()
