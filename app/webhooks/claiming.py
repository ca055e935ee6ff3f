"""Claiming lanes: of each endpoint as many as it can take, or one to look whether it works again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.lanes import Claim, Lane
from app.domain.ports.webhooks import Turn
from app.domain.webhooks import Endpoint, EndpointId, EndpointState
from app.webhooks.endpoint_health import may_look, may_look_with_new_event
from app.webhooks.limits import LEASE_SECONDS
from app.webhooks.target import Target


@dataclass(frozen=True, slots=True)
class Claimed:
    """The lanes taken, the endpoints that may have more for us, and those that are looked at."""

    lanes: tuple[Lane, ...]
    unfinished: frozenset[EndpointId]
    looks: frozenset[EndpointId]


NOTHING = Claimed((), frozenset(), frozenset())


async def claim(
    turn: Turn,
    endpoints: Sequence[Endpoint],
    targets: Mapping[EndpointId, Target],
    most: int,
    holder: str,
    now: float,
) -> Claimed:
    """Take lanes of these endpoints, `most` at all."""
    claims: list[Claim] = []
    saturated: set[EndpointId] = set()
    for endpoint in endpoints:
        if endpoint.state is not EndpointState.ENABLED:
            continue
        one = _wanted(endpoint, min(targets[endpoint.id].free_lanes, most), now)
        if one is None:
            continue
        if one.lanes == 0:
            saturated.add(endpoint.id)
            continue
        claims.append(one)
        most -= one.lanes
    lanes = await turn.claim(claims, holder, now, now + LEASE_SECONDS)
    taken = dict.fromkeys((one.endpoint for one in claims), 0)
    for lane in lanes:
        taken[lane.key.endpoint] += 1
    by_id = {endpoint.id: endpoint for endpoint in endpoints}
    for one in claims:
        if one.is_look and taken[one.endpoint]:
            await _looking(turn, by_id[one.endpoint], now)
    full = {one.endpoint for one in claims if not one.is_look and taken[one.endpoint] == one.lanes}
    return Claimed(lanes, frozenset(saturated | full), frozenset(one.endpoint for one in claims if one.is_look))


def _wanted(endpoint: Endpoint, free: int, now: float) -> Claim | None:
    health = endpoint.health
    if not health.is_down:
        return Claim(endpoint.id, free)
    if free == 0:
        return Claim(endpoint.id, 0)
    if may_look(health, now):
        return Claim(endpoint.id, 1, is_look=True)
    if may_look_with_new_event(health, now):
        return Claim(endpoint.id, 1, is_look=True, is_new_only=True)
    return None


async def _looking(turn: Turn, endpoint: Endpoint, now: float) -> None:
    """Keep others from looking too, as long as the claim lasts; what is found out decides when the next look is."""
    look_at = max(endpoint.health.look_at or now, now + LEASE_SECONDS)
    await turn.set_health(endpoint.id, replace(endpoint.health, look_at=look_at, looked_at=now))
