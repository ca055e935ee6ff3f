import pytest

from app.domain.account import AccessToken, AccountState, Credentials, Password
from app.domain.errors import AccountPaused, AuthenticationFailed, NotFound
from app.domain.ids import AccountId
from app.services.account_credentials import StoredCredentials
from tests.services.conftest import CountedAccounts
from tests.services.fakes import server, stored_account
from tests.support.clock import FakeClock

ID = AccountId("acc_1")


@pytest.mark.parametrize("credentials", [Password("p"), AccessToken("t"), AccessToken("t", 1_800_000_001.0)])
async def test_a_plan_is_handed_out(store: CountedAccounts, clock: FakeClock, credentials: Credentials) -> None:
    await store.add(stored_account(ID), credentials)
    plan = await StoredCredentials(store, clock).plan(ID)
    assert (plan.account_id, plan.incoming, plan.credentials) == (ID, server(), credentials)


async def test_what_cannot_log_in_is_refused_before_the_server_is_asked(
    store: CountedAccounts, clock: FakeClock
) -> None:
    source = StoredCredentials(store, clock)
    with pytest.raises(NotFound):
        await source.plan(ID)
    await store.add(stored_account(ID), AccessToken("t", clock.now()))
    with pytest.raises(AuthenticationFailed, match="expired"):
        await source.plan(ID)
    paused = AccountId("acc_paused")
    await store.add(stored_account(paused, AccountState.PAUSED), Password("p"))
    with pytest.raises(AccountPaused):
        await source.plan(paused)
