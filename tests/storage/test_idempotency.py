import asyncio

import pytest
from sqlalchemy import func, select, update

from app.domain.errors import IdempotencyConflict, IdempotencyMismatch
from app.domain.ids import TokenId
from app.domain.ports import IdempotencyStore, StoredAnswer
from app.security.vault import SealBroken
from app.storage import limits
from app.storage.engine import Database
from app.storage.idempotency import SqlIdempotencyStore
from app.storage.tables import idempotency
from app.storage.unit import read, write
from tests.storage.protocols import public_methods
from tests.support.clock import FakeClock

TOKEN, OTHER = TokenId("tok_a"), TokenId("tok_b")
ANSWER = StoredAnswer(201, (("location", "/v1/accounts/acc_1"), ("etag", '"x"')), b'{"id":"acc_1"}\x00\xff')
PRINT, ANOTHER_PRINT = bytes(32), bytes([1]) * 32


def test_it_is_an_idempotency_store() -> None:
    assert public_methods(SqlIdempotencyStore).items() >= public_methods(IdempotencyStore).items()


async def test_the_first_is_new_and_its_answer_is_replayed(answers: SqlIdempotencyStore, clock: FakeClock) -> None:
    store: IdempotencyStore = answers
    assert await store.begin(TOKEN, "k", PRINT, clock.now()) == "new"
    await store.finish(TOKEN, "k", ANSWER)
    for _ in range(2):
        assert await store.begin(TOKEN, "k", PRINT, clock.now()) == ANSWER


async def test_while_the_first_runs_the_second_is_refused(answers: SqlIdempotencyStore, clock: FakeClock) -> None:
    await answers.begin(TOKEN, "k", PRINT, clock.now())
    with pytest.raises(IdempotencyConflict) as refused:
        await answers.begin(TOKEN, "k", PRINT, clock.now())
    assert refused.value.retry_after == 1.0


async def test_another_payload_is_a_mismatch_running_or_finished(
    answers: SqlIdempotencyStore, clock: FakeClock
) -> None:
    await answers.begin(TOKEN, "k", PRINT, clock.now())
    with pytest.raises(IdempotencyMismatch):
        await answers.begin(TOKEN, "k", ANOTHER_PRINT, clock.now())
    await answers.finish(TOKEN, "k", ANSWER)
    with pytest.raises(IdempotencyMismatch):
        await answers.begin(TOKEN, "k", ANOTHER_PRINT, clock.now())


async def test_keys_belong_to_their_token(answers: SqlIdempotencyStore, clock: FakeClock) -> None:
    await answers.begin(TOKEN, "k", PRINT, clock.now())
    assert await answers.begin(OTHER, "k", PRINT, clock.now()) == "new"
    assert await answers.begin(TOKEN, "K", PRINT, clock.now()) == "new"


async def test_an_abandoned_key_is_free_but_an_answered_one_stays(
    answers: SqlIdempotencyStore, clock: FakeClock
) -> None:
    await answers.begin(TOKEN, "k", PRINT, clock.now())
    await answers.abandon(TOKEN, "k")
    assert await answers.begin(TOKEN, "k", ANOTHER_PRINT, clock.now()) == "new"
    await answers.finish(TOKEN, "k", ANSWER)
    await answers.abandon(TOKEN, "k")
    assert await answers.begin(TOKEN, "k", ANOTHER_PRINT, clock.now()) == ANSWER


async def test_a_claim_whose_process_died_is_free_after_its_bound(
    answers: SqlIdempotencyStore, clock: FakeClock
) -> None:
    await answers.begin(TOKEN, "k", PRINT, clock.now())
    clock.advance(limits.CLAIM - 1)
    with pytest.raises(IdempotencyConflict):
        await answers.begin(TOKEN, "k", PRINT, clock.now())
    clock.advance(1)
    assert await answers.begin(TOKEN, "k", ANOTHER_PRINT, clock.now()) == "new"
    with pytest.raises(IdempotencyConflict):  # and taken again
        await answers.begin(TOKEN, "k", ANOTHER_PRINT, clock.now())


async def test_an_answer_is_kept_for_a_day(answers: SqlIdempotencyStore, clock: FakeClock) -> None:
    await answers.begin(TOKEN, "k", PRINT, clock.now())
    clock.advance(60)
    await answers.finish(TOKEN, "k", ANSWER)
    clock.advance(limits.ANSWER_KEPT - 1)
    assert await answers.begin(TOKEN, "k", PRINT, clock.now()) == ANSWER
    clock.advance(1)
    assert await answers.begin(TOKEN, "k", ANOTHER_PRINT, clock.now()) == "new"


async def test_an_answer_too_large_to_keep_leaves_the_key_taken(answers: SqlIdempotencyStore, clock: FakeClock) -> None:
    await answers.begin(TOKEN, "k", PRINT, clock.now())
    await answers.finish(TOKEN, "k", StoredAnswer(200, (), bytes(limits.ANSWER_BYTES + 1)))
    with pytest.raises(IdempotencyConflict):
        await answers.begin(TOKEN, "k", PRINT, clock.now())


async def test_purging_removes_what_is_over_and_nothing_else(
    answers: SqlIdempotencyStore, clock: FakeClock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PURGE", 2)
    for number in range(5):
        await answers.begin(TOKEN, f"old{number}", PRINT, clock.now())
    await answers.begin(TOKEN, "answered", PRINT, clock.now())
    await answers.finish(TOKEN, "answered", ANSWER)
    clock.advance(limits.CLAIM)
    await answers.begin(TOKEN, "running", PRINT, clock.now())
    assert await answers.purge(clock.now()) == 5
    assert await answers.purge(clock.now()) == 0
    async with read(database) as connection:
        assert (await connection.execute(select(func.count()).select_from(idempotency))).scalar_one() == 2
    assert await answers.begin(TOKEN, "answered", PRINT, clock.now()) == ANSWER


async def test_of_many_at_once_one_is_new(answers: SqlIdempotencyStore, clock: FakeClock) -> None:
    async def begin() -> str:
        try:
            return str(await answers.begin(TOKEN, "k", PRINT, clock.now()))
        except IdempotencyConflict:
            return "refused"

    outcomes = await asyncio.gather(*(begin() for _ in range(8)))
    assert sorted(outcomes) == ["new"] + ["refused"] * 7


async def test_an_answer_moved_to_another_token_does_not_open(
    answers: SqlIdempotencyStore, clock: FakeClock, database: Database
) -> None:
    await answers.begin(TOKEN, "k", PRINT, clock.now())
    await answers.finish(TOKEN, "k", ANSWER)
    async with write(database) as connection:
        await connection.execute(update(idempotency).values(token_id=OTHER))
    with pytest.raises(SealBroken):
        await answers.begin(OTHER, "k", PRINT, clock.now())


@pytest.mark.parametrize("key", ["", "nul\0", "half \ud800", "x" * 100_000], ids=["empty", "nul", "half", "long"])
async def test_odd_keys_work_like_any(answers: SqlIdempotencyStore, clock: FakeClock, key: str) -> None:
    assert await answers.begin(TOKEN, key, PRINT, clock.now()) == "new"
    await answers.finish(TOKEN, key, ANSWER)
    assert await answers.begin(TOKEN, key, PRINT, clock.now()) == ANSWER
