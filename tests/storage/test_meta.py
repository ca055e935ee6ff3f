import asyncio

import pytest

from app.domain.ids import TokenId
from app.domain.ports import StoredAnswer
from app.security.keyring import generate_key, parse_keyring
from app.security.vault import Vault
from app.storage.accounts import SqlAccountStore
from app.storage.engine import Database
from app.storage.errors import StorageError, WrongKey
from app.storage.idempotency import SqlIdempotencyStore
from app.storage.meta import check_keys, instance_id, retire_keys
from app.storage.rotation import reseal_answers
from tests.storage.samples import PASSWORD, an_account
from tests.support.clock import FakeClock

OLD, NEW = generate_key("k1"), generate_key("k2")
TOKEN = TokenId("tok_a")
ANSWER = StoredAnswer(201, (), b"{}")


def _vault(*keys: str) -> Vault:
    return Vault(parse_keyring(",".join(keys)))


async def test_the_instance_keeps_its_id(database: Database) -> None:
    ids = await asyncio.gather(*(instance_id(database) for _ in range(4)))
    assert len(set(ids)) == 1
    assert ids[0].startswith("ins_")
    await check_keys(database, _vault(OLD))
    assert await instance_id(database) == ids[0]


async def test_the_same_keys_start_again_and_again(database: Database) -> None:
    for _ in range(3):
        await check_keys(database, _vault(OLD))


@pytest.mark.parametrize(
    "keys", [(NEW,), (generate_key("k1"),), (NEW, generate_key("k1"))], ids=["missing", "wrong", "wrong second"]
)
async def test_a_missing_or_wrong_key_refuses_to_start_and_changes_nothing(
    database: Database, keys: tuple[str, ...]
) -> None:
    await check_keys(database, _vault(OLD))
    with pytest.raises(WrongKey, match="`k1`") as refused:
        await check_keys(database, _vault(*keys))
    assert isinstance(refused.value, StorageError)
    assert not any(key.partition(":")[2] in str(refused.value) for key in keys)
    await check_keys(database, _vault(OLD))


async def test_a_new_key_needs_the_old_one_beside_it(database: Database) -> None:
    await check_keys(database, _vault(OLD))
    await check_keys(database, _vault(NEW, OLD))
    for keys in ((NEW,), (OLD,)):
        with pytest.raises(WrongKey):
            await check_keys(database, _vault(*keys))


async def test_of_two_first_starts_with_different_keys_one_is_refused(database: Database) -> None:
    outcomes = await asyncio.gather(
        check_keys(database, _vault(OLD)), check_keys(database, _vault(NEW)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [WrongKey]


async def test_an_old_key_retires_when_nothing_is_sealed_with_it(database: Database, clock: FakeClock) -> None:
    old, both = _vault(OLD), _vault(NEW, OLD)
    await check_keys(database, old)
    account = an_account()
    await SqlAccountStore(database, old, clock).add(account, PASSWORD)
    answers = SqlIdempotencyStore(database, old, clock)
    await answers.begin(TOKEN, "k", b"", clock.now())
    await answers.finish(TOKEN, "k", ANSWER)

    await check_keys(database, both)
    assert await retire_keys(database, both) == ()
    assert await SqlAccountStore(database, both, clock).rotate_secrets() == 1
    assert await retire_keys(database, both) == ()  # the answer still needs it
    assert await reseal_answers(database, both, 100) == 1
    assert await retire_keys(database, both) == ("k1",)
    await check_keys(database, both)  # the retired key may stay in the ring for a while

    new = _vault(NEW)
    await check_keys(database, new)
    assert (await SqlAccountStore(database, new, clock).plan(account.id))[0].credentials == PASSWORD
    replayed = await SqlIdempotencyStore(database, new, clock).begin(TOKEN, "k", b"", clock.now())
    assert replayed == ANSWER
