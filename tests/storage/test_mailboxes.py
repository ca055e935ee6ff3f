import asyncio
from dataclasses import replace
from typing import Any

import pytest

from app.domain.account import AccountState
from app.domain.errors import Conflict, NotFound
from app.domain.ids import AccountId, new_row
from app.domain.ports import MailboxRow, MailboxStore
from app.storage import limits
from app.storage.accounts import SqlAccountStore
from app.storage.mailboxes import SqlMailboxStore
from tests.storage.protocols import public_methods
from tests.storage.samples import PASSWORD, an_account

LARGEST = 2**62 - 1


@pytest.fixture
async def account_id(account_store: SqlAccountStore) -> AccountId:
    account = an_account(state=AccountState.CONNECTED)
    await account_store.add(account, PASSWORD)
    return account.id


def test_it_is_a_mailbox_store() -> None:
    assert public_methods(SqlMailboxStore) == public_methods(MailboxStore)


async def test_rows_come_back_as_they_were_written(mailbox_store: SqlMailboxStore, account_id: AccountId) -> None:
    store: MailboxStore = mailbox_store
    rows = (
        MailboxRow(1, "INBOX", 4_294_967_295, "M1"),
        MailboxRow(2, "Entwürfe/日本語 📁", None, None),
        MailboxRow(LARGEST, "", 1, "M2"),
    )
    await store.write(account_id, rows, [])
    assert await store.rows(account_id) == rows


async def test_rows_are_updated_and_deleted_together(mailbox_store: SqlMailboxStore, account_id: AccountId) -> None:
    await mailbox_store.write(account_id, [MailboxRow(n, f"m{n}", 1, f"s{n}") for n in (1, 2, 3)], [])
    await mailbox_store.write(account_id, [MailboxRow(1, "m2", 9, "s2"), MailboxRow(4, "m4", 1, None)], [2])
    assert await mailbox_store.rows(account_id) == (
        MailboxRow(1, "m2", 9, "s2"),
        MailboxRow(3, "m3", 1, "s3"),
        MailboxRow(4, "m4", 1, None),
    )


async def test_names_and_server_ids_can_be_swapped(mailbox_store: SqlMailboxStore, account_id: AccountId) -> None:
    await mailbox_store.write(account_id, [MailboxRow(1, "a", 1, "x"), MailboxRow(2, "b", 1, "y")], [])
    swapped = (MailboxRow(1, "b", 1, "y"), MailboxRow(2, "a", 1, "x"))
    await mailbox_store.write(account_id, swapped, [])
    assert await mailbox_store.rows(account_id) == swapped


@pytest.mark.parametrize("second", [MailboxRow(2, "a", 1, None), MailboxRow(2, "b", 1, "x")], ids=["name", "server id"])
async def test_what_another_writer_took_is_a_conflict_and_nothing_is_written(
    mailbox_store: SqlMailboxStore, account_id: AccountId, second: MailboxRow
) -> None:
    first = MailboxRow(1, "a", 1, "x")
    await mailbox_store.write(account_id, [first], [])
    with pytest.raises(Conflict):
        await mailbox_store.write(account_id, [MailboxRow(3, "c", 1, None), second], [])
    assert await mailbox_store.rows(account_id) == (first,)


async def test_a_row_of_another_account_is_never_touched(
    mailbox_store: SqlMailboxStore, account_store: SqlAccountStore, account_id: AccountId
) -> None:
    other = an_account()
    await account_store.add(other, PASSWORD)
    theirs = MailboxRow(7, "INBOX", 1, "x")
    await mailbox_store.write(other.id, [theirs], [])
    with pytest.raises(Conflict):
        await mailbox_store.write(account_id, [MailboxRow(7, "stolen", 2, None)], [])
    await mailbox_store.write(account_id, [MailboxRow(8, "INBOX", 1, "x")], [7])
    assert await mailbox_store.rows(other.id) == (theirs,)


async def test_the_same_row_twice_is_a_conflict(mailbox_store: SqlMailboxStore, account_id: AccountId) -> None:
    with pytest.raises(Conflict):
        await mailbox_store.write(account_id, [MailboxRow(1, "a", 1, None), MailboxRow(1, "b", 1, None)], [])
    assert await mailbox_store.rows(account_id) == ()


async def test_mailboxes_of_a_removed_account_are_not_found(mailbox_store: SqlMailboxStore) -> None:
    with pytest.raises(NotFound):
        await mailbox_store.write(AccountId("acc_gone"), [MailboxRow(1, "INBOX", 1, None)], [])


async def test_a_servers_odd_names_break_nothing(mailbox_store: SqlMailboxStore, account_id: AccountId) -> None:
    names = ("nul\0", "half \ud800", "x" * 70_000, "ctrl\r\n\x7f", "1", "2")
    rows = tuple(MailboxRow(number, name, 1, None) for number, name in enumerate(names, 1))
    await mailbox_store.write(account_id, rows, [])
    assert await mailbox_store.rows(account_id) == rows


@pytest.mark.parametrize("odd", ["", "x" * 256, "nul\0", "half \ud800"], ids=["empty", "long", "nul", "half"])
async def test_what_is_no_mailboxid_is_not_kept(
    mailbox_store: SqlMailboxStore, account_id: AccountId, odd: str
) -> None:
    await mailbox_store.write(account_id, [MailboxRow(1, "a", 1, odd), MailboxRow(2, "b", 1, odd)], [])
    assert [row.server_id for row in await mailbox_store.rows(account_id)] == [None, None]


async def test_many_mailboxes_take_several_statements(mailbox_store: SqlMailboxStore, account_id: AccountId) -> None:
    count = 2 * limits.MAILBOX_ROWS + 1
    rows = tuple(MailboxRow(number, f"m{number}", 1, f"s{number}") for number in range(1, count + 1))
    await mailbox_store.write(account_id, rows, [])
    assert await mailbox_store.rows(account_id) == rows
    await mailbox_store.write(account_id, [], [row.row for row in rows])
    assert await mailbox_store.rows(account_id) == ()


async def test_of_writers_who_take_the_same_names_one_wins(
    mailbox_store: SqlMailboxStore, account_id: AccountId
) -> None:
    names = [f"m{number}" for number in range(40)]

    async def take(order: list[str]) -> bool:
        try:
            await mailbox_store.write(account_id, [MailboxRow(new_row(), name, 1, None) for name in order], [])
        except Conflict:
            return False
        return True

    won = await asyncio.gather(*(take(names if number % 2 else names[::-1]) for number in range(6)))  # deadlock bait
    assert sum(won) == 1
    assert sorted(row.name for row in await mailbox_store.rows(account_id)) == sorted(names)


@pytest.mark.parametrize("change", [{"host": "other.example.org"}, {"port": 1143}, {"username": "bob"}])
async def test_another_server_or_user_has_other_mailboxes(
    account_store: SqlAccountStore, mailbox_store: SqlMailboxStore, change: dict[str, Any]
) -> None:
    account = an_account()
    await account_store.add(account, PASSWORD)
    await mailbox_store.write(account.id, [MailboxRow(7, "INBOX", 1, None)], [])
    await account_store.replace(replace(account, email="new@example.org"), PASSWORD)
    assert len(await mailbox_store.rows(account.id)) == 1
    moved = replace(account, incoming=replace(account.incoming, **change), revision=2)
    await account_store.replace(moved, PASSWORD)
    assert await mailbox_store.rows(account.id) == ()
