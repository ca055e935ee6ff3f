"""What a maildrop is asked for, and what the store and the cache answer without it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from app.domain.account import AccountState
from app.domain.errors import StaleReference
from app.domain.ids import AccountId, Uid
from app.domain.maildrop import Arrival, HeaderBlock, KnownMessage, Survey
from app.domain.query import MessageAddress, SectionRange
from app.gateway.maildrop.bodies import Bodies
from app.gateway.maildrop.limits import FRESH
from app.gateway.maildrop.looks import Looks
from app.pop3.matching import fingerprint
from app.security.keyring import generate_key, parse_keyring
from app.security.vault import Vault
from app.storage.accounts import SqlAccountStore
from app.storage.bodies import DiskBodyCache
from app.storage.engine import Database
from app.storage.maildrops import SqlMaildropStore
from app.storage.migrations import migrate
from tests.storage.samples import PASSWORD, an_account
from tests.support.clock import FakeClock

T = TypeVar("T")
RAW = b"Subject: hello\r\nContent-Type: text/plain\r\n\r\nthe text\r\n"


class Maildrop:
    """A session and its runner in one: two messages, and what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def run(
        self,
        account_id: AccountId,
        mailbox: str | None,
        operation: Callable[[Any, float], T],
        timeout: float,
        interactive: bool = True,
        *,
        name: str = "operation",
    ) -> T:
        self.asked.append(name)
        return await asyncio.to_thread(operation, self, 0.0)

    def survey(self, known: Sequence[KnownMessage], first: Collection[Uid], most: int, deadline: float) -> Survey:
        block = HeaderBlock(RAW[:40], fingerprint(RAW), is_cut=False)
        arrivals = tuple(Arrival(uidl, len(RAW), block) for uidl in "ab")
        return Survey(tuple(known), {}, () if known else arrivals, 0, 0, "uidl", is_partial=False)

    def retrieve(
        self, uid: Uid, known: Sequence[KnownMessage], take: Callable[[bytes], None], max_bytes: int, deadline: float
    ) -> None:
        take(RAW[:20])
        take(RAW[20:])


class Desk:
    """A maildrop on a real store and cache."""

    def __init__(self, database: Database, account: AccountId, cache: DiskBodyCache, clock: FakeClock) -> None:
        self.account, self.clock, self.maildrop = account, clock, Maildrop()
        self.store = SqlMaildropStore(database)
        self.looks = Looks(self.maildrop, self.store, clock)
        self.bodies = Bodies(self.maildrop, self.looks, self.store, cache)


@pytest.fixture
async def desk(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Desk]:
    cache = await asyncio.to_thread(DiskBodyCache, tmp_path / "bodies", 10**6, bytes(32))
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'mailhatch.db'}")
    await migrate(database)
    account = an_account(state=AccountState.CONNECTED)
    await SqlAccountStore(database, Vault(parse_keyring(generate_key("k1"))), clock).add(account, PASSWORD)
    yield Desk(database, account.id, cache, clock)
    await database.close()


async def test_a_fresh_look_is_not_repeated_and_an_old_one_is(desk: Desk) -> None:
    first = await desk.looks.refresh(desk.account, 5.0, max_age=FRESH)
    assert await desk.looks.refresh(desk.account, 5.0, max_age=FRESH) == first
    assert desk.maildrop.asked == ["survey"]
    desk.clock.advance(FRESH + 1)
    again = await desk.looks.refresh(desk.account, 5.0, max_age=FRESH)
    assert desk.maildrop.asked == ["survey", "survey"]
    assert (again.uidvalidity, again.next_uid) == (first.uidvalidity, 3)


async def test_a_message_that_was_opened_is_not_downloaded_again(desk: Desk) -> None:
    header = await desk.looks.refresh(desk.account, 5.0, max_age=FRESH)
    address = MessageAddress("INBOX", header.uidvalidity, Uid(1))
    opened = await desk.bodies.open(desk.account, address, 5.0)
    assert opened.structure.content_type == "text/plain"
    desk.bodies.forget(desk.account)  # what was parsed; the file stays
    assert await desk.bodies.open(desk.account, address, 5.0) == opened
    assert await desk.bodies.sections(desk.account, address, [SectionRange("1", 4, 4)], 5.0) == (b"text",)
    assert desk.maildrop.asked == ["survey", "retrieve"]
    await desk.bodies.erase(desk.account)
    await desk.bodies.open(desk.account, address, 5.0)
    assert desk.maildrop.asked == ["survey", "retrieve", "retrieve"]


async def test_a_message_nobody_knows_is_stale_without_asking(desk: Desk) -> None:
    header = await desk.looks.refresh(desk.account, 5.0, max_age=FRESH)
    with pytest.raises(StaleReference):
        await desk.bodies.open(desk.account, MessageAddress("INBOX", header.uidvalidity, Uid(9)), 5.0)
    assert desk.maildrop.asked == ["survey"]
