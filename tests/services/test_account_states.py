import asyncio

import pytest

from app.domain.account import Account, AccountState, Password
from app.domain.errors import (
    AuthenticationFailed,
    HostNotAllowed,
    MailhatchError,
    ShuttingDown,
    TlsFailed,
    TooManyConnections,
    UpstreamThrottled,
    UpstreamUnavailable,
    all_errors,
)
from app.domain.ids import AccountId
from app.services.account_states import _ACTIONS, _FAILED_STATES, AccountStates
from tests.services.conftest import CountedAccounts
from tests.services.fakes import ADMIN, stored_account
from tests.support.clock import FakeClock

ID = AccountId("acc_1")


@pytest.fixture
async def store(store: CountedAccounts) -> CountedAccounts:
    await store.add(stored_account(ID), Password("p"))
    return store


@pytest.fixture
def states(store: CountedAccounts, clock: FakeClock) -> AccountStates:
    return AccountStates(store, clock, settle=0)


async def now_in(store: CountedAccounts, account_id: AccountId = ID) -> Account:
    return await store.get(ADMIN, account_id)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (AuthenticationFailed("No."), AccountState.AUTHENTICATION_FAILED),
        (UpstreamUnavailable("No."), AccountState.DISCONNECTED),
        (TlsFailed("No."), AccountState.DISCONNECTED),
        (HostNotAllowed("No."), AccountState.DISCONNECTED),
        (UpstreamThrottled("No."), AccountState.DEGRADED),
    ],
)
async def test_a_failure_is_kept_with_its_reason(
    store: CountedAccounts, states: AccountStates, clock: FakeClock, error: MailhatchError, state: AccountState
) -> None:
    states.failed(ID, error, clock.now() + 30)
    await states.flush()
    reason = (await now_in(store)).reason
    assert (await now_in(store)).state is state
    assert reason is not None
    assert (reason.code, reason.detail, reason.since) == (error.code, "No.", clock.now())
    assert reason.next_attempt_at == clock.now() + 30
    assert reason.action


async def test_what_says_nothing_about_the_account_changes_nothing(
    store: CountedAccounts, states: AccountStates
) -> None:
    states.failed(ID, TooManyConnections("Busy."), None)
    states.failed(ID, ShuttingDown("Bye."), None)
    await states.flush()
    assert store.states_written == 0


async def test_a_login_is_one_write_and_the_next_ones_are_none(store: CountedAccounts, states: AccountStates) -> None:
    for _ in range(5):
        states.connecting(ID)
        states.connected(ID)
        await states.flush()
    assert (await now_in(store)).state is AccountState.CONNECTED
    assert store.states_written == 1


async def test_a_long_login_shows_as_connecting(store: CountedAccounts, states: AccountStates) -> None:
    states.connecting(ID)
    await states.flush()
    assert (await now_in(store)).state is AccountState.CONNECTING
    states.connected(ID)
    await states.flush()
    assert (await now_in(store)).state is AccountState.CONNECTED


@pytest.mark.parametrize("is_known", [True, False])
async def test_another_connection_of_a_working_account_is_no_news(
    store: CountedAccounts, states: AccountStates, clock: FakeClock, is_known: bool
) -> None:
    states.connected(ID)
    await states.flush()
    if not is_known:
        states = AccountStates(store, clock, settle=0)  # another process
    states.connecting(ID)
    await states.flush()
    assert (await now_in(store)).state is AccountState.CONNECTED
    assert store.states_written == 1


async def test_since_is_when_it_began_even_over_a_restart(
    store: CountedAccounts, states: AccountStates, clock: FakeClock
) -> None:
    began = clock.now()
    for attempt in range(3):
        states.failed(ID, UpstreamUnavailable("No."), clock.now() + 10)
        await states.flush()
        reason = (await now_in(store)).reason
        assert reason is not None
        assert (reason.since, reason.next_attempt_at) == (began, clock.now() + 10), attempt
        clock.advance(600)
        states = AccountStates(store, clock, settle=0)
    states.failed(ID, TlsFailed("No."), None)
    await states.flush()
    reason = (await now_in(store)).reason
    assert reason is not None
    assert reason.since == clock.now()


async def test_an_unchanged_failure_is_not_written_again(store: CountedAccounts, states: AccountStates) -> None:
    for _ in range(3):
        states.failed(ID, AuthenticationFailed("No."), None)
        await states.flush()
    assert store.states_written == 1


async def test_what_another_process_changed_is_seen_after_a_minute(
    store: CountedAccounts, states: AccountStates, clock: FakeClock
) -> None:
    states.connected(ID)
    await states.flush()
    await store.set_state(ID, AccountState.PENDING, None)
    clock.advance(61)
    states.connected(ID)
    await states.flush()
    assert (await now_in(store)).state is AccountState.CONNECTED


async def test_what_was_observed_before_a_change_is_dropped(store: CountedAccounts, states: AccountStates) -> None:
    states.failed(ID, AuthenticationFailed("Old password."), None)
    states.forget(ID)
    await states.flush()
    assert store.states_written == 0


async def test_a_paused_and_a_vanished_account_stay_as_they_are(store: CountedAccounts, states: AccountStates) -> None:
    other = AccountId("acc_2")
    await store.add(stored_account(other, AccountState.PAUSED), Password("p"))
    states.connected(other)
    states.connected(AccountId("acc_gone"))
    states.connected(ID)
    await states.flush()
    assert (await now_in(store, other)).state is AccountState.PAUSED
    assert (await now_in(store)).state is AccountState.CONNECTED


async def test_a_store_in_trouble_loses_nothing(store: CountedAccounts, states: AccountStates) -> None:
    store.broken = OSError("disk full")
    states.failed(ID, AuthenticationFailed("No."), None)
    await states.flush()
    store.broken = None
    await states.flush()
    assert (await now_in(store)).state is AccountState.AUTHENTICATION_FAILED


async def test_it_writes_by_itself_and_keeps_the_last_words(store: CountedAccounts, states: AccountStates) -> None:
    states.start()
    states.connected(ID)
    while store.states_written == 0:
        await asyncio.sleep(0.001)
    states.failed(ID, UpstreamUnavailable("No."), None)
    await states.close()
    assert (await now_in(store)).state is AccountState.DISCONNECTED


def test_every_failure_comes_with_advice_and_only_network_and_server_count() -> None:
    assert set(_ACTIONS) == set(_FAILED_STATES)
    assert set(_FAILED_STATES) <= set(all_errors())
