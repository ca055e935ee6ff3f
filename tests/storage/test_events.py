import asyncio
from dataclasses import replace

import pytest

from app.domain.errors import NotFound
from app.domain.events import (
    DATA,
    AccountChanged,
    Cause,
    EndpointChanged,
    Event,
    EventData,
    EventType,
    MailboxChanged,
    MailboxRef,
    MailboxState,
    MessageCreated,
    MessageDeleted,
    MessageMoved,
    MessagePlace,
    MessageRef,
    MessageState,
    MessageUpdated,
    NewEvent,
)
from app.domain.ids import AccountId, MailboxId, MessageId
from app.domain.mailbox import Role
from app.domain.ports import EventLog
from app.storage import limits
from app.storage.accounts import SqlAccountStore
from app.storage.engine import Database
from app.storage.event_log import count_events, write_events
from app.storage.events import SqlEventLog
from app.storage.unit import write
from tests.storage.protocols import public_methods
from tests.storage.samples import ADMIN, PASSWORD, a_principal, an_account
from tests.support.clock import FakeClock

REF = MailboxRef(MailboxId("mbx_a"), Role.INBOX)
STATE = MailboxState(MailboxId("mbx_a"), None, ("a", "日本 \0 📁"), 3, None)
SEEN = MessageState(MessageId("msg_a"), ("$Forwarded", "seen"))
SAMPLES: dict[EventType, EventData] = {
    EventType.MESSAGE_CREATED: MessageCreated(REF, SEEN, backfill=True),
    EventType.MESSAGE_UPDATED: MessageUpdated(REF, SEEN, ("seen",), ("flagged",)),
    EventType.MESSAGE_DELETED: MessageDeleted(REF, MessageRef(MessageId("msg_a"))),
    EventType.MESSAGE_MOVED: MessageMoved(REF, SEEN, MessagePlace(REF, MessageRef(MessageId("msg_b")))),
    EventType.MAILBOX_CREATED: MailboxChanged(STATE),
    EventType.MAILBOX_UPDATED: MailboxChanged(STATE),
    EventType.MAILBOX_DELETED: MailboxChanged(STATE),
    EventType.MAILBOX_RESET: MailboxChanged(STATE),
    EventType.ACCOUNT_CONNECTED: AccountChanged(),
    EventType.ACCOUNT_DISCONNECTED: AccountChanged("upstream_timeout", "The mail server did not answer in time."),
    EventType.ACCOUNT_AUTHENTICATION_FAILED: AccountChanged("authentication_failed", "no"),
    EventType.ACCOUNT_BACKFILL_COMPLETED: AccountChanged(),
    EventType.ENDPOINT_DISABLED: EndpointChanged("end_a", "gone", "410"),
}
CONNECTED = NewEvent(EventType.ACCOUNT_CONNECTED, AccountChanged())


@pytest.fixture
def log(database: Database, clock: FakeClock) -> SqlEventLog:
    return SqlEventLog(database, clock)


async def account(store: SqlAccountStore, **changes: object) -> AccountId:
    made = an_account(**changes)
    await store.add(made, PASSWORD)
    return made.id


async def positions(log: SqlEventLog, after: int = 0) -> list[int]:
    return [event.position for event in (await log.tail(after, limits.EVENTS_AT_ONCE)).events]


def test_it_is_an_event_log() -> None:
    assert public_methods(SqlEventLog) == public_methods(EventLog)


async def test_every_type_comes_back_as_it_was_written(
    log: SqlEventLog, account_store: SqlAccountStore, clock: FakeClock
) -> None:
    assert SAMPLES.keys() == DATA.keys()
    owner = await account(account_store, tenant="blue", external_id="42")
    new = [
        NewEvent(kind, data, Cause(f"m-{kind}") if number % 2 else None)
        for number, (kind, data) in enumerate(SAMPLES.items())
    ]
    written = await log.append(owner, None, new)
    page = await log.tail(0, 100)
    assert page.events == written
    first = written[0]
    assert first.id.startswith("evt_")
    assert first == Event(
        first.id, new[0].type, owner, "42", "blue", 1, 1, clock.now(), None, SAMPLES[EventType.MESSAGE_CREATED]
    )
    assert [(event.sequence, event.position) for event in written] == [(n, n) for n in range(1, len(new) + 1)]
    assert page.reached == page.head.position == len(new)


async def test_sequences_count_by_account_and_positions_over_all(
    log: SqlEventLog, account_store: SqlAccountStore
) -> None:
    one, two = await account(account_store), await account(account_store)
    for owner in (one, two, two, one):
        await log.append(owner, None, [CONNECTED])
    await log.append(None, "blue", [NewEvent(EventType.ENDPOINT_DISABLED, SAMPLES[EventType.ENDPOINT_DISABLED])])
    told = [(event.account, event.tenant, event.sequence, event.position) for event in (await log.tail(0, 9)).events]
    assert told == [
        (one, None, 1, 1), (two, None, 1, 2), (two, None, 2, 3), (one, None, 2, 4), (None, "blue", 5, 5),
    ]  # fmt: skip


async def test_a_reader_sees_what_its_principal_reaches(log: SqlEventLog, account_store: SqlAccountStore) -> None:
    blue, red, none = [await account(account_store, tenant=tenant) for tenant in ("blue", "red", None)]
    for owner in (blue, red, none, blue):
        await log.append(owner, None, [CONNECTED])
    await log.append(None, "red", [NewEvent(EventType.ENDPOINT_DISABLED, SAMPLES[EventType.ENDPOINT_DISABLED])])

    async def seen(principal: object = ADMIN, owner: AccountId | None = None) -> list[int]:
        page = await log.read(principal, owner, 0, 100)  # type: ignore[arg-type]
        assert page.reached == 5
        return [event.position for event in page.events]

    assert await seen() == [1, 2, 3, 4, 5]
    assert await seen(a_principal(tenant="red")) == [2, 5]
    assert await seen(a_principal(accounts=frozenset({none, blue}))) == [1, 3, 4]
    assert await seen(a_principal(accounts=frozenset({none, blue}), tenant="blue")) == [1, 4]
    assert await seen(owner=blue) == [1, 4]
    assert await seen(a_principal(tenant="red"), blue) == []
    assert await seen(owner=AccountId("\0")) == []


async def test_a_page_that_is_full_leads_to_its_last_event(log: SqlEventLog, account_store: SqlAccountStore) -> None:
    one, two = await account(account_store), await account(account_store)
    for owner in (one, two, one, two):
        await log.append(owner, None, [CONNECTED])
    first = await log.read(ADMIN, one, 0, 1)
    assert (first.reached, [event.position for event in first.events]) == (1, [1])
    rest = await log.read(ADMIN, one, first.reached, 2)
    assert (rest.reached, [event.position for event in rest.events]) == (4, [3])
    assert (await log.read(ADMIN, one, 4, 2)).events == ()


@pytest.mark.parametrize("limit", [0, limits.EVENTS_AT_ONCE + 1])
async def test_a_page_is_bounded(log: SqlEventLog, limit: int) -> None:
    with pytest.raises(ValueError, match="page of events"):
        await log.tail(0, limit)


async def test_events_of_an_erased_account_go_with_it(log: SqlEventLog, account_store: SqlAccountStore) -> None:
    owner = await account(account_store)
    await log.append(owner, None, [CONNECTED])
    await account_store.remove(owner)
    page = await log.tail(0, 9)
    assert (page.events, page.reached) == ((), 1)
    with pytest.raises(NotFound):
        await log.append(owner, None, [CONNECTED])
    assert (await log.head()).position == 1  # nothing was taken by the one that failed


async def test_more_events_than_a_statement_takes_are_written(log: SqlEventLog, account_store: SqlAccountStore) -> None:
    owner = await account(account_store)
    count = 2 * limits.EVENT_ROWS + 1
    assert len(await log.append(owner, None, [CONNECTED] * count)) == count
    page = await log.tail(limits.EVENT_ROWS + 7, limits.EVENTS_AT_ONCE)
    assert [event.position for event in page.events] == list(range(limits.EVENT_ROWS + 8, count + 1))


async def test_writers_at_once_leave_no_gap_and_no_double(log: SqlEventLog, account_store: SqlAccountStore) -> None:
    owners = [await account(account_store) for _ in range(3)]

    async def tell(number: int) -> None:
        await log.append(owners[number % 3], None, [CONNECTED] * (number % 4 + 1))

    await asyncio.gather(*(tell(number) for number in range(24)))
    events = (await log.tail(0, 1000)).events
    assert [event.position for event in events] == list(range(1, 61))
    for owner in owners:
        mine = [event.sequence for event in events if event.account == owner]
        assert mine == list(range(1, len(mine) + 1))


@pytest.mark.postgresql
async def test_no_reader_steps_over_the_later_commit(
    database: Database, log: SqlEventLog, account_store: SqlAccountStore, clock: FakeClock, engine_name: str
) -> None:
    """Two event transactions overlap; the one that began first commits last, and its events come last."""
    if engine_name == "sqlite":
        pytest.skip("SQLite has one writer: transactions do not overlap")
    slow, fast = await account(account_store), await account(account_store)
    read_so_far: list[Event] = []
    reached = 0

    async def follow() -> None:
        nonlocal reached
        page = await log.tail(reached, 100)
        read_so_far.extend(page.events)
        reached = page.reached

    async with write(database) as connection:
        counted = await count_events(connection, slow, 1)  # begun first …
        (told_early,) = await log.append(fast, None, [CONNECTED])
        await follow()
        (told_late,) = await write_events(connection, counted, [CONNECTED], clock.now())
        await follow()
        second = asyncio.create_task(log.append(fast, None, [CONNECTED]))  # waits for the head's row
        await asyncio.wait({second}, timeout=0.3)
        assert not second.done()
        await follow()
        assert [event.id for event in read_so_far] == [told_early.id]
    await follow()
    (told_last,) = await second
    await follow()
    assert [event.id for event in read_so_far] == [told_early.id, told_late.id, told_last.id]
    assert [event.position for event in read_so_far] == [1, 2, 3]


@pytest.mark.postgresql
async def test_a_rolled_back_transaction_leaves_no_gap(
    database: Database, log: SqlEventLog, account_store: SqlAccountStore, clock: FakeClock
) -> None:
    owner = await account(account_store)

    async def fail() -> None:
        async with write(database) as connection:
            counted = await count_events(connection, owner, 2)
            await write_events(connection, counted, [CONNECTED, CONNECTED], clock.now())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    (event,) = await log.append(owner, None, [CONNECTED])
    assert (event.sequence, event.position) == (1, 1)
    assert await positions(log) == [1]


async def test_old_events_are_trimmed_and_the_floor_tells_it(
    log: SqlEventLog, account_store: SqlAccountStore, clock: FakeClock
) -> None:
    owner = await account(account_store)
    await log.append(owner, None, [CONNECTED] * (limits.PURGE + 3))
    clock.advance(100)
    await log.append(owner, None, [CONNECTED])
    end = limits.PURGE + 4
    assert await log.trim(clock.now() - 50, keep_after=5) == 5
    assert (await log.head()).floor == 5
    assert await log.trim(clock.now() - 50, keep_after=end) == limits.PURGE - 2
    assert await positions(log) == [end]
    head = await log.head()
    assert (head.floor, head.position) == (end - 1, end)
    assert await log.trim(clock.now() - 50, keep_after=end) == 0


async def test_a_renewed_log_is_another_one(log: SqlEventLog) -> None:
    before = await log.head()
    assert before == await log.head()
    after = await log.renew_epoch()
    assert after == replace(before, epoch=after.epoch)
    assert after.epoch != before.epoch
