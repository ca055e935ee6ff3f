"""Recording what became of lanes, and judging their endpoints by it: part of a dispatcher's turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from app.domain.lanes import Delivery, Report
from app.domain.ports.webhooks import Turn
from app.domain.webhooks import HEALTHY, Endpoint, EndpointHealth, EndpointId, EndpointState
from app.webhooks.endpoint_health import after_failure, is_about_endpoint, look_by, verdict
from app.webhooks.lane_run import Gathered, LaneRun, Tools
from app.webhooks.limits import LOOKS_OF_AN_OUTAGE
from app.webhooks.schedule import held_until


@dataclass(frozen=True, slots=True)
class Told:
    """What a run had to report when a turn began."""

    run: LaneRun
    report: Report
    gathered: Gathered


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the turn made of it: lanes whose claim was lost, and endpoints as they are now."""

    lost: frozenset[int]
    endpoints: Mapping[EndpointId, Endpoint]


async def record(
    turn: Turn, told: Sequence[Told], endpoints: Mapping[EndpointId, Endpoint], now: float, tools: Tools
) -> Recorded:
    """Write reports and attempts, then the health of their endpoints; disable those that are given up."""
    lost = await turn.record(
        [one.report for one in told], {one.report.row: one.gathered.deliveries for one in told}, now
    )
    kept = sorted((one for one in told if one.report.row not in lost), key=_endpoint)
    after = dict(endpoints)
    disabled: set[EndpointId] = set()
    for endpoint_id, own in groupby(kept, key=_endpoint):
        endpoint = endpoints.get(endpoint_id)
        if endpoint is None or endpoint.state is EndpointState.DISABLED:
            continue
        judged = await _judge(turn, endpoint, list(own), now, tools)
        after[endpoint_id] = judged
        if judged.state is EndpointState.DISABLED:
            disabled.add(endpoint_id)
    await turn.park([event for one in kept if _endpoint(one) not in disabled for event in one.gathered.parked])
    dropped = frozenset(one.report.row for one in kept if _endpoint(one) in disabled)
    return Recorded(lost | dropped, after)


def _endpoint(one: Told) -> EndpointId:
    return one.run.lane.key.endpoint


async def _judge(turn: Turn, endpoint: Endpoint, told: Sequence[Told], now: float, tools: Tools) -> Endpoint:
    """Work out how an endpoint is after these attempts, in the order in which they ended."""
    ended = [(one, delivery) for one in told for delivery in one.gathered.deliveries]
    ended.sort(key=lambda item: item[1].at + item[1].answer.seconds)
    health, is_over = endpoint.health, False
    for one, delivery in ended:
        if delivery.answer.is_success:
            is_over = is_over or (health.is_down and health.looks >= LOOKS_OF_AN_OUTAGE)
            health = HEALTHY
            continue
        health = _after(health, one, delivery, endpoint, now, tools)
        if endpoint.state is EndpointState.ENABLED and (
            reason := verdict(health, delivery.answer, now, tools.schedule)
        ):
            await turn.set_health(endpoint.id, health)
            await turn.disable(endpoint, reason)
            return replace(endpoint, state=EndpointState.DISABLED, health=health)
    if health != endpoint.health:
        await turn.set_health(endpoint.id, health)
    if is_over and not health.is_down:
        await turn.make_due(endpoint.id, now)
    return replace(endpoint, health=health)


def _after(
    health: EndpointHealth, one: Told, delivery: Delivery, endpoint: Endpoint, now: float, tools: Tools
) -> EndpointHealth:
    account, is_look = delivery.account or "", one.run.is_look
    failed = after_failure(health, delivery.answer, account, now, tools.schedule, tools.chance, is_look=is_look)
    first = one.report.first_failed_at
    if first is None or one.run.lane.kind == "retry" or is_about_endpoint(delivery.answer):
        return failed
    return look_by(failed, max(now, held_until(first, endpoint.hold_for)))
