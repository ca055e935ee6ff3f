"""What is delivered, to whom, in which order; on both engines."""

import asyncio
from dataclasses import replace

from app.domain.events import EventType, MailboxChanged, MailboxState, NewEvent
from app.domain.ids import MailboxId
from app.domain.webhooks import Answer, EndpointState, EventFilter
from tests.storage.samples import ADMIN
from tests.webhooks.post_office import BROKEN, OK, WORK, PostOffice, Sent


async def test_an_event_is_delivered_once_with_what_routes_it(office: PostOffice) -> None:
    account = await office.account(external_id="ada-1", tenant="acme")
    endpoint = await office.endpoint()
    (event,) = await office.write(account)
    await office.settle()
    await office.settle()
    (sent,) = office.poster.sent
    assert sent.id == event
    assert sent.headers["webhook-timestamp"] == str(int(office.clock.now()))
    assert sent.body["type"] == "message.created"
    assert sent.body["timestamp"] == "2027-01-15T08:00:00.000Z"
    data = sent.body["data"]
    assert data["account"] == account
    assert (data["external_id"], data["tenant"], data["sequence"]) == ("ada-1", "acme", 1)
    assert data["mailbox"] == {"id": "mbx_inbox", "role": "inbox"}
    assert data["message"]["flags"] == ["seen"]
    head = await office.log.head()
    assert data["position"] == head.token
    (delivery,) = await office.attempts(endpoint)
    assert (delivery.event_id, delivery.attempt, delivery.kind, delivery.answer) == (event, 1, "live", OK)
    assert delivery.next_attempt_at is None


async def test_what_was_before_an_endpoint_is_not_for_it(office: PostOffice) -> None:
    account = await office.account()
    await office.write(account, 3)
    await office.endpoint()
    (event,) = await office.write(account)
    await office.settle()
    assert office.sent_ids() == [event]


async def test_lanes_keep_their_order_over_batches(office: PostOffice) -> None:
    accounts = [await office.account() for _ in range(3)]
    await office.endpoint()
    written: dict[str, list[str]] = {account: [] for account in accounts}
    for _ in range(4):
        for account in accounts:
            written[account] += await office.write(account, 40)
        await office.settle()
    for account in accounts:
        assert [sent.id for sent in office.poster.sent if sent.body["data"]["account"] == account] == written[account]
    assert len(office.poster.sent) == 480


async def test_filters(office: PostOffice) -> None:
    ours = await office.account(tenant="acme")
    theirs = await office.account(tenant="other")
    await office.endpoint("https://tenant/", wants=EventFilter(tenant="acme"))
    await office.endpoint("https://account/", wants=EventFilter(accounts=(theirs,)))
    await office.endpoint("https://role/", wants=EventFilter(mailboxes=("inbox",)))
    await office.endpoint("https://mailbox/", wants=EventFilter(mailboxes=(MailboxId("mbx_work"),)))
    await office.endpoint("https://type/", wants=EventFilter(types=(EventType.MESSAGE_DELETED.value,)))
    inbox = await office.write(ours)
    work = await office.write(theirs, mailbox=WORK)
    await office.settle()
    assert office.sent_ids("https://tenant/") == inbox
    assert office.sent_ids("https://account/") == work
    assert office.sent_ids("https://role/") == inbox
    assert office.sent_ids("https://mailbox/") == work
    assert office.sent_ids("https://type/") == []


async def test_a_paused_endpoint_is_owed_what_comes(office: PostOffice) -> None:
    account = await office.account()
    endpoint = await office.endpoint()
    paused = await office.endpoints.replace(replace(endpoint, state=EndpointState.PAUSED))
    written = await office.write(account, 3)
    await office.settle()
    assert office.poster.sent == []
    await office.endpoints.replace(replace(paused, state=EndpointState.ENABLED))
    await office.settle()
    assert office.sent_ids() == written


async def test_no_order_means_that_nothing_waits(office: PostOffice) -> None:
    account = await office.account()
    endpoint = await office.endpoint(ordering="none")
    written = await office.write(account, 5)
    bad = written[1]
    office.poster.answer = lambda sent: BROKEN if sent.id == bad and len(office.poster.sent) < 6 else OK
    await office.settle()
    assert set(office.sent_ids()) == set(written)
    await office.pass_time(10)
    assert office.sent_ids().count(bad) == 2
    assert len(office.poster.sent) == 6
    assert [one.kind for one in await office.attempts(endpoint, event_id=bad)] == ["live", "retry"]


async def test_a_rate_is_kept_and_lanes_are_claimed_by_it(office: PostOffice) -> None:
    accounts = [await office.account() for _ in range(30)]
    await office.endpoint(rate=2.0, concurrency=20)
    for account in accounts:
        await office.write(account)
    await office.settle()
    assert len(office.poster.sent) == 30
    assert max(office.slept) <= 0.5 * 30
    assert sum(1 for wait in office.slept if wait > 0) == 29


async def test_concurrency_bounds_what_is_under_way(office: PostOffice) -> None:
    accounts = [await office.account() for _ in range(12)]
    under_way, most = 0, 0

    async def answer(_: Sent) -> Answer:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.002)
        under_way -= 1
        return OK

    office.poster.answer = answer
    await office.endpoint(concurrency=3)
    await office.endpoint("https://other/", concurrency=1, ordering="none")
    for account in accounts:
        await office.write(account, 2)
    await office.settle()
    assert 2 <= most <= 4


async def test_two_dispatchers_deliver_each_event_once(office: PostOffice) -> None:
    second = PostOffice(office.database, office.endpoints._vault, office.clock)
    accounts = [await office.account() for _ in range(6)]
    await office.endpoint(concurrency=2)
    written = []
    for _ in range(5):
        for account in accounts:
            written += await office.write(account, 3)
        await office.dispatcher.poll()
        await second.dispatcher.poll()
        for _ in range(4):
            await office.dispatcher.turn()
            await second.dispatcher.turn()
    await office.settle()
    await second.settle()
    await office.settle()
    both = office.sent_ids() + second.sent_ids()
    assert sorted(both) == sorted(written)
    assert office.sent_ids()
    assert second.sent_ids()


async def test_a_claim_of_a_process_that_died_is_over_after_its_lease(office: PostOffice) -> None:
    account = await office.account()
    await office.endpoint()
    written = await office.write(account, 2)
    first = office.dispatcher
    await first.poll()
    await first.turn()  # claimed; the attempts go out and nothing is recorded
    await asyncio.gather(*first._tasks)
    assert office.sent_ids() == written
    second = PostOffice(office.database, office.endpoints._vault, office.clock)
    await second.settle()
    assert second.poster.sent == []
    office.clock.advance(20.1)
    await second.settle()
    assert second.sent_ids() == written  # at least once: the same ids
    assert [sent.body for sent in second.poster.sent] == [sent.body for sent in office.poster.sent]
    await first.turn()  # too late: its fence does not hold
    (endpoint,) = await office.endpoints.list(ADMIN, 10, None)
    assert len(await office.attempts(endpoint)) == 2


async def test_what_a_dispatcher_holds_at_its_end_is_free_at_once(office: PostOffice) -> None:
    account = await office.account()
    await office.endpoint()
    written = await office.write(account, 2)
    await office.dispatcher.poll()
    await office.dispatcher.turn()
    await office.dispatcher.close(5)
    second = PostOffice(office.database, office.endpoints._vault, office.clock)
    await second.settle()
    assert office.sent_ids() + second.sent_ids() == written


async def test_a_huge_event_is_shortened_to_what_routes_it(office: PostOffice) -> None:
    account = await office.account()
    await office.endpoint()
    state = MailboxState(MailboxId("mbx_deep"), None, tuple("x" * 1000 for _ in range(50)), 1, 1)
    await office.log.append(account, None, [NewEvent(EventType.MAILBOX_CREATED, MailboxChanged(state))])
    await office.settle()
    (sent,) = office.poster.sent
    assert sent.body["data"]["mailbox"] == {"id": "mbx_deep", "role": None}
    assert sent.body["data"]["is_shortened"] is True
