"""Once is once: through failures of the database, callers that hang up, and answers that were never kept."""

import asyncio

import pytest

from app.domain.errors import IdempotencyConflict, IdempotencyMismatch, NotFound, StorageUnavailable
from app.domain.ids import TokenId
from app.domain.ports import StoredAnswer
from app.security.keyring import generate_key, parse_keyring
from app.security.vault import Vault
from app.services.idempotency import Idempotency
from app.storage.engine import Database
from app.storage.idempotency import SqlIdempotencyStore
from tests.support.clock import FakeClock

TOKEN = TokenId("t1")
ANSWER = StoredAnswer(201, (), b"made")


class Work:
    """Counts how often it is done."""

    def __init__(self) -> None:
        self.done = 0
        self.error: Exception | None = None
        self.hold: asyncio.Event | None = None

    async def __call__(self) -> StoredAnswer:
        if self.hold:
            await self.hold.wait()
        self.done += 1
        if self.error:
            raise self.error
        return ANSWER


class FallingStore(SqlIdempotencyStore):
    """The real one; `is_down` fails what comes after the claim."""

    is_down = False

    async def finish(self, token_id: TokenId, key: str, answer: StoredAnswer) -> None:
        if self.is_down:
            raise StorageUnavailable("Down.")
        await super().finish(token_id, key, answer)

    async def abandon(self, token_id: TokenId, key: str) -> None:
        if self.is_down:
            raise StorageUnavailable("Down.")
        await super().abandon(token_id, key)


@pytest.fixture
def store(database: Database, clock: FakeClock) -> FallingStore:
    return FallingStore(database, Vault(parse_keyring(generate_key("k1"))), clock)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def once(store: FallingStore, clock: FakeClock) -> Idempotency:
    return Idempotency(store, clock)


async def test_the_first_answer_is_given_again(once: Idempotency, work: Work) -> None:
    assert await once.once(TOKEN, "k", b"f", work) == (ANSWER, False)
    assert await once.once(TOKEN, "k", b"f", work) == (ANSWER, True)
    assert work.done == 1


async def test_an_answer_that_was_not_kept_is_no_failure_and_not_done_again(
    once: Idempotency, store: FallingStore, work: Work, clock: FakeClock
) -> None:
    store.is_down = True
    assert await once.once(TOKEN, "k", b"f", work) == (ANSWER, False)
    assert await once.once(TOKEN, "k", b"f", work) == (ANSWER, True)
    with pytest.raises(IdempotencyMismatch):
        await once.once(TOKEN, "k", b"other", work)
    store.is_down = False
    other = Work()
    await once.once(TOKEN, "another", b"f", other)  # whoever comes next hands it to the database
    assert await Idempotency(store, clock).once(TOKEN, "k", b"f", work) == (ANSWER, True)
    assert work.done == 1


async def test_a_failure_is_not_kept_and_told_as_it_was(once: Idempotency, store: FallingStore, work: Work) -> None:
    work.error = NotFound("No.")
    with pytest.raises(NotFound):
        await once.once(TOKEN, "k", b"f", work)
    work.error = None
    assert await once.once(TOKEN, "k", b"f", work) == (ANSWER, False)
    work.error = NotFound("No.")
    store.is_down = True
    with pytest.raises(NotFound):  # not the database's trouble
        await once.once(TOKEN, "l", b"f", work)


async def test_a_caller_that_hangs_up_finds_the_answer_later(once: Idempotency, work: Work) -> None:
    work.hold = asyncio.Event()
    first = asyncio.create_task(once.once(TOKEN, "k", b"f", work))
    while not once._running:
        await asyncio.sleep(0)
    with pytest.raises(IdempotencyConflict):
        await once.once(TOKEN, "k", b"f", work)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    work.hold.set()
    await once.close()
    assert await once.once(TOKEN, "k", b"f", work) == (ANSWER, True)
    assert work.done == 1


async def test_very_many_unkept_answers_do_not_fill_the_memory(
    once: Idempotency, store: FallingStore, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.idempotency.UNKEPT_ANSWERS", 3)
    store.is_down = True
    for number in range(6):
        await once.once(TOKEN, f"k{number}", b"f", work)
    assert len(once._unkept) == 3
