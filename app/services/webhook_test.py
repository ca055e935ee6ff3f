"""Test events: one attempt, made at once and outside of all queues."""

from collections.abc import Sequence

from app.domain.ids import new_id
from app.domain.lanes import Delivery
from app.domain.ports import Clock
from app.domain.webhooks import DeliveryId, Endpoint, EndpointKey
from app.webhooks.lane_run import Poster
from app.webhooks.payload import envelope
from app.webhooks.signature import headers, key_of, new_secret

TYPE = "endpoint.test"


class TestCall:
    """Sends test events, and makes the secrets they are signed with."""

    __test__ = False  # pytest

    def __init__(self, poster: Poster, clock: Clock) -> None:
        """Take what makes an attempt, and the time."""
        self._poster = poster
        self._clock = clock

    def new_key(self) -> EndpointKey:
        """Make a secret."""
        return EndpointKey(new_secret())

    async def send(self, endpoint: Endpoint, keys: Sequence[EndpointKey]) -> Delivery:
        """POST `endpoint.test`, signed as every event, and tell what became of it."""
        now, event_id = self._clock.now(), new_id("evt")
        body = envelope(TYPE, now, {"endpoint": endpoint.id, "tenant": endpoint.wants.tenant})
        alive = [key_of(key.secret) for key in keys if key.expires_at is None or key.expires_at > now]
        answer = await self._poster.send(endpoint.url, headers(alive, event_id, int(now), body), body)
        return Delivery(
            id=DeliveryId(new_id("dlv")),
            endpoint=endpoint.id,
            event_id=event_id,
            event_type=TYPE,
            account=None,
            position=None,
            kind="test",
            attempt=1,
            at=now,
            answer=answer,
        )
