from dataclasses import replace

import pytest

from app.domain.errors import Conflict, InvalidRequest
from app.domain.ids import AccountId, TokenId
from app.domain.ports import TokenStore
from app.storage import limits
from app.storage.tokens import SqlTokenStore
from tests.storage.protocols import public_methods
from tests.storage.samples import a_token

HASH = bytes(range(32))


def test_it_is_a_token_store() -> None:
    assert public_methods(SqlTokenStore) == public_methods(TokenStore)


async def test_tokens_come_back_as_they_were_given(token_store: SqlTokenStore) -> None:
    store: TokenStore = token_store
    plain = a_token()
    full = a_token(
        accounts=(AccountId("acc_b"), AccountId("acc_a")), tenant="acme", expires_at=None, created_by=plain.id
    )
    bound_to_none = a_token(accounts=())
    for record in (plain, full, bound_to_none):
        await store.add(record, HASH)
        assert await store.find(record.id) == (record, HASH)


async def test_an_id_is_taken_once(token_store: SqlTokenStore) -> None:
    record = a_token()
    await token_store.add(record, HASH)
    with pytest.raises(Conflict):
        await token_store.add(replace(record, name="other"), bytes(32))
    assert await token_store.find(record.id) == (record, HASH)


@pytest.mark.parametrize(
    "odd", ["tok_nobody", "", "a\0b", "\ud800", "x" * 5000], ids=["", "empty", "nul", "half", "long"]
)
async def test_an_unknown_token_is_none(token_store: SqlTokenStore, odd: str) -> None:
    assert await token_store.find(odd) is None
    assert not await token_store.revoke(TokenId(odd), 1.0)


async def test_revoking_happens_once(token_store: SqlTokenStore) -> None:
    record = a_token()
    await token_store.add(record, HASH)
    assert await token_store.revoke(record.id, 1_800_000_005.5)
    assert not await token_store.revoke(record.id, 1_800_000_009.0)
    assert await token_store.find(record.id) == (replace(record, revoked_at=1_800_000_005.5), HASH)


async def test_lists_page_by_id_and_by_tenant(token_store: SqlTokenStore) -> None:
    records = [a_token(tenant=tenant) for tenant in ("acme", None, "acme", "other", "acme")]
    for record in records:
        await token_store.add(record, HASH)
    everything = sorted(records, key=lambda record: record.id)
    assert list(await token_store.list(10, None, None)) == everything
    assert list(await token_store.list(10, everything[1].id, None)) == everything[2:]
    acme = [record for record in everything if record.tenant == "acme"]
    assert list(await token_store.list(2, None, "acme")) == acme[:2]
    assert list(await token_store.list(2, acme[1].id, "acme")) == acme[2:]
    assert await token_store.list(10, None, "a\0b") == ()


async def test_a_token_of_too_many_accounts_is_refused(token_store: SqlTokenStore) -> None:
    accounts = tuple(AccountId(f"acc_{number}") for number in range(limits.TOKEN_ACCOUNTS + 1))
    with pytest.raises(InvalidRequest):
        await token_store.add(a_token(accounts=accounts), HASH)
    await token_store.add(a_token(accounts=accounts[1:]), HASH)
