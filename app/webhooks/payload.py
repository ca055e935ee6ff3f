"""The body of a delivery: an event as receivers see it. The same event gives the same bytes whenever it is sent."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.domain.events import Event
from app.domain.positions import LogPosition, write_token
from app.webhooks.limits import PAYLOAD_BYTES

_encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode


def body_of(event: Event, epoch: int) -> bytes:
    """Write `{"type", "timestamp", "data"}` (Standard Webhooks), `data` sufficient to route it.

    `data.position` is the token of the event's place in the log, as the change feed takes it.
    """
    facts = msgspec.to_builtins(event.data)
    body = envelope(event.type.value, event.timestamp, _place(event, epoch) | facts)
    if len(body) < PAYLOAD_BYTES:
        return body
    # A mailbox path or a set of keywords that no sane server has: what it takes to go and look is enough.
    short = {name: _only_ids(value) for name, value in facts.items() if isinstance(value, dict)}
    return envelope(event.type.value, event.timestamp, _place(event, epoch) | short | {"is_shortened": True})


def _place(event: Event, epoch: int) -> dict[str, Any]:
    return {
        "account": event.account,
        "external_id": event.external_id,
        "tenant": event.tenant,
        "sequence": event.sequence,
        "position": write_token(LogPosition(epoch, event.position)),
        "cause": event.cause,
    }


def _only_ids(value: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _only_ids(item) if isinstance(item, dict) else item
        for name, item in value.items()
        if name in {"id", "role"} or isinstance(item, dict)
    }


def envelope(kind: str, timestamp: float, data: object) -> bytes:
    """Write a body of a type: `{"type", "timestamp", "data"}`."""
    return _encode({"type": kind, "timestamp": iso(timestamp), "data": data})


def iso(at: float) -> str:
    """Write Unix seconds as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
