"""What happens when receivers fail, on a clock that moves when told."""

from collections.abc import Iterable
from dataclasses import replace

from app.domain.events import EventType
from app.domain.ports.webhooks import Replay
from app.domain.webhooks import HEALTHY, Answer, EndpointState
from tests.webhooks.post_office import BROKEN, OK, REFUSED, PostOffice, Sent

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


def _times(sent: Iterable[Sent], begun: float) -> list[float]:
    return [round(one.at - begun) for one in sent]


def _within(actual: float, expected: float) -> bool:
    """By the jitter of each step, a fifth, and what turns cost."""
    return 0.79 * expected <= actual <= 1.21 * expected + 1


async def test_an_endpoint_down_for_two_hours_gets_everything_in_order(office: PostOffice) -> None:
    accounts = [await office.account() for _ in range(5)]
    endpoint = await office.endpoint()
    begun = office.clock.now()
    office.poster.answer = lambda sent: REFUSED if sent.at < begun + 2 * HOUR else OK
    written = {account: [event for _ in range(3) for event in await office.write(account)] for account in accounts}
    await office.settle()
    for account in accounts:  # more comes while it is down
        await office.pass_time(20 * MINUTE)
        written[account] += await office.write(account)
    tries = [sent for sent in office.poster.sent if sent.at < begun + 2 * HOUR]
    await office.pass_time(2 * HOUR)
    delivered = [sent for sent in office.poster.sent if sent.at >= begun + 2 * HOUR]
    for account in accounts:
        assert [sent.id for sent in delivered if sent.body["data"]["account"] == account] == written[account]
    # Those under way when it went down, then one look at a time: 5 s, 5 min, 30 min.
    looks = _times(tries[5:], begun)
    assert len(looks) == 3
    assert all(_within(look, expected) for look, expected in zip(looks, (5, 305, 2105), strict=True))
    # The next look, two hours later, found it up, and everything was due at once.
    assert _within(delivered[0].at - begun, 2105 + 2 * HOUR)
    assert {sent.at for sent in delivered} == {delivered[0].at}
    assert (await office.get(endpoint)).health == HEALTHY
    assert await office.lanes.oldest_owed() is None


async def test_a_poison_event_holds_its_own_lane_for_an_hour_at_most(office: PostOffice) -> None:
    sick, sound = await office.account(), await office.account()
    endpoint = await office.endpoint()
    poison, *later = await office.write(sick, 3)
    office.poster.answer = lambda sent: BROKEN if sent.id == poison else OK
    begun = office.clock.now()
    others: list[str] = []
    for _ in range(11):
        others += await office.write(sound)
        await office.pass_time(5 * MINUTE)
    sent = office.sent_ids()
    assert [one for one in sent if one in others] == others  # nothing of the other account waited
    assert not set(later) & set(sent)
    assert not (await office.get(endpoint)).health.is_down
    await office.pass_time(5 * MINUTE + 1)  # the hour is over
    passed = [one for one in office.poster.sent if one.id in later]
    assert [one.id for one in passed] == later
    assert all(_within(one.at - begun, HOUR) for one in passed)
    await office.pass_time(DAY)  # it is still retried by itself
    retried = [one for one in await office.attempts(endpoint, event_id=poison) if one.kind == "retry"]
    assert len(retried) >= 2
    office.poster.answer = lambda _: OK
    await office.pass_time(DAY)
    last = (await office.attempts(endpoint, event_id=poison))[-1]
    assert last.answer.is_success
    assert last.next_attempt_at is None
    assert await office.count_lanes() == 2  # its own has ended


async def test_hold_for_is_the_endpoints_choice(office: PostOffice) -> None:
    account = await office.account()
    await office.endpoint(hold_for=0.0)
    poison, after = await office.write(account, 2)
    office.poster.answer = lambda sent: BROKEN if sent.id == poison else OK
    await office.settle()
    assert office.sent_ids() == [poison, after]


async def test_a_poison_event_is_given_up_after_five_days_and_the_endpoint_lives(office: PostOffice) -> None:
    account = await office.account()
    endpoint = await office.endpoint()
    (poison,) = await office.write(account)
    office.poster.answer = lambda sent: BROKEN if sent.id == poison else OK
    for _ in range(14):
        await office.pass_time(DAY / 2)
        await office.write(account)
        await office.settle()
    tries = await office.attempts(endpoint, event_id=poison)
    assert tries[-1].next_attempt_at is None
    assert tries[-1].at - tries[0].at >= 5 * DAY
    assert (await office.get(endpoint)).state is EndpointState.ENABLED
    assert len(office.poster.sent) == len(tries) + 14


async def test_down_for_five_days_is_disabled_once_told_and_replayed(office: PostOffice) -> None:
    account = await office.account(tenant="acme")
    witness = await office.endpoint("https://witness/")
    endpoint = await office.endpoint()
    begun = office.clock.now()
    office.poster.answer = lambda sent: REFUSED if sent.url == endpoint.url else OK
    written = await office.write(account, 3)
    for _ in range(7):
        await office.pass_time(DAY)
        written += await office.write(account)
    disabled = await office.get(endpoint)
    assert disabled.state is EndpointState.DISABLED
    assert disabled.reason is not None
    assert disabled.reason.code == "failing"
    assert 5 * DAY <= disabled.reason.at - begun <= 6.3 * DAY
    told = [event for event in await office.events() if event.type is EventType.ENDPOINT_DISABLED]
    assert len(told) == 1
    bodies = [sent.body for sent in office.poster.sent if sent.url == witness.url]
    (body,) = [body for body in bodies if body["type"] == "endpoint.disabled"]
    assert body["data"]["endpoint"] == endpoint.id
    assert body["data"]["account"] is None
    tries = len(office.sent_ids())
    assert 10 <= tries <= 14  # looks alone
    office.poster.answer = lambda _: OK
    await office.pass_time(2 * DAY)
    assert len(office.sent_ids()) == tries  # it is owed nothing

    await office.endpoints.replace(
        replace(disabled, state=EndpointState.ENABLED, reason=None, health=HEALTHY), is_from_now=True
    )
    await office.settle()
    assert len(office.sent_ids()) == tries
    first, last = await office.deliveries.positions(begun, None)
    current = await office.get(endpoint)
    assert await office.deliveries.replay(current, Replay("replay:1", first, last), office.clock.now()) == 2
    await office.settle()
    replayed = office.sent_ids()[tries:]
    assert [one for one in replayed if one in written] == written
    assert {one.kind for one in (await office.attempts(endpoint))[-len(written) :]} == {"replay"}


async def test_410_disables_at_once(office: PostOffice) -> None:
    account = await office.account()
    endpoint = await office.endpoint()
    office.poster.answer = lambda _: Answer(410, 0.01)
    await office.write(account, 5)
    await office.settle()
    disabled = await office.get(endpoint)
    assert disabled.state is EndpointState.DISABLED
    assert disabled.reason is not None
    assert disabled.reason.code == "gone"
    assert len(office.poster.sent) == 1
    assert await office.count_lanes() == 0
    assert await office.lanes.keep_after() is None


async def test_retry_after_is_honoured(office: PostOffice) -> None:
    accounts = [await office.account() for _ in range(3)]
    endpoint = await office.endpoint(concurrency=1)
    begun = office.clock.now()
    office.poster.answer = lambda sent: Answer(429, 0.01, retry_after=600) if sent.at < begun + 1 else OK
    for account in accounts:
        await office.write(account)
    await office.pass_time(599)
    assert len(office.poster.sent) == 1
    await office.pass_time(2)
    assert len(office.poster.sent) == 4
    assert (await office.attempts(endpoint))[0].next_attempt_at == begun + 600


async def test_a_look_at_an_endpoint_without_order_is_one_event(office: PostOffice) -> None:
    account = await office.account()
    await office.endpoint(ordering="none", concurrency=3)
    begun = office.clock.now()
    office.poster.answer = lambda sent: REFUSED if sent.at < begun + HOUR else OK
    written = await office.write(account, 60)
    await office.settle()
    first = len(office.poster.sent)
    assert first <= 50
    await office.pass_time(HOUR - 1)
    assert len(office.poster.sent) - first == 3  # after 5 s, 5 min and 30 min
    await office.pass_time(3 * HOUR)
    assert {sent.id for sent in office.poster.sent if sent.at >= begun + HOUR} == set(written)


async def test_a_dead_endpoint_does_not_delay_another(office: PostOffice) -> None:
    accounts = [await office.account() for _ in range(40)]
    await office.endpoint("https://dead/", concurrency=2)
    await office.endpoint("https://alive/")
    office.poster.answer = lambda sent: REFUSED if sent.url == "https://dead/" else OK
    written = [event for account in accounts for event in await office.write(account, 2)]
    await office.settle()
    assert sorted(office.sent_ids("https://alive/")) == sorted(written)
    assert len(office.sent_ids("https://dead/")) <= 3


async def test_refused_events_of_two_accounts_do_not_hold_up_a_third(office: PostOffice) -> None:
    """Two poison events look like an endpoint that is down; another's new event soon finds that it is not."""
    sick = [await office.account() for _ in range(2)]
    sound = await office.account()
    await office.endpoint()
    poison = [event for account in sick for event in await office.write(account)]
    office.poster.answer = lambda sent: BROKEN if sent.id in poison else OK
    await office.settle()
    await office.pass_time(3 * HOUR)
    begun = office.clock.now()
    for _ in range(10):
        (event,) = await office.write(sound)
        await office.pass_time(31)
        assert event in office.sent_ids()
    assert len([one for one in office.poster.sent if one.id in poison and one.at > begun]) <= 6


async def test_what_goes_wrong_inside_is_tried_again(office: PostOffice) -> None:
    account = await office.account()
    await office.endpoint()
    written = await office.write(account, 2)
    failures = 1

    def answer(_: Sent) -> Answer:
        nonlocal failures
        if failures:
            failures -= 1
            raise RuntimeError("a bug of ours")
        return OK

    office.poster.answer = answer
    await office.settle()
    await office.pass_time(5)
    assert office.sent_ids()[-2:] == written
