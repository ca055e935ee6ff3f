"""Endpoints and deliveries, to rows and back."""

from typing import Any

import msgspec
from sqlalchemy import Row

from app.domain.ids import AccountId
from app.domain.lanes import Delivery
from app.domain.webhooks import (
    Answer,
    DeliveryId,
    DisabledReason,
    Endpoint,
    EndpointHealth,
    EndpointId,
    EndpointKey,
    EndpointState,
    EventFilter,
)

_texts = msgspec.json.Decoder(tuple[str, ...])
_reasons = msgspec.json.Decoder(DisabledReason)
_keys = msgspec.json.Decoder(tuple[EndpointKey, ...])


def endpoint_values(endpoint: Endpoint) -> dict[str, Any]:
    """Spell an endpoint as a row, its health too."""
    wants = endpoint.wants
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "description": endpoint.description,
        "accounts": _text(wants.accounts),
        "tenant": wants.tenant,
        "mailboxes": _text(wants.mailboxes),
        "types": _text(wants.types),
        "payload": endpoint.payload,
        "ordering": endpoint.ordering,
        "hold_for": endpoint.hold_for,
        "concurrency": endpoint.concurrency,
        "rate": endpoint.rate,
        "state": endpoint.state.value,
        "reason": reason_text(endpoint.reason),
        "since": endpoint.since,
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
        "revision": endpoint.revision,
        **health_values(endpoint.health),
    }


def health_values(health: EndpointHealth) -> dict[str, Any]:
    """Spell how deliveries go."""
    return {
        "failing_since": health.failing_since,
        "failures": health.failures,
        "suspect": health.suspect,
        "is_down": health.is_down,
        "looks": health.looks,
        "is_reached": health.is_reached,
        "look_at": health.look_at,
        "looked_at": health.looked_at,
    }


def endpoint_from(row: Row[Any]) -> Endpoint:
    """Read an endpoint."""
    return Endpoint(
        id=EndpointId(row.id),
        url=row.url,
        description=row.description,
        wants=EventFilter(
            accounts=None if row.accounts is None else _texts.decode(row.accounts),  # type: ignore[arg-type]  # ids
            tenant=row.tenant,
            mailboxes=None if row.mailboxes is None else _texts.decode(row.mailboxes),
            types=None if row.types is None else _texts.decode(row.types),
        ),
        payload=row.payload,
        ordering=row.ordering,
        hold_for=row.hold_for,
        concurrency=row.concurrency,
        rate=row.rate,
        state=EndpointState(row.state),
        reason=None if row.reason is None else _reasons.decode(row.reason),
        health=EndpointHealth(
            failing_since=row.failing_since,
            failures=row.failures,
            suspect=row.suspect,
            is_down=row.is_down,
            looks=row.looks,
            is_reached=row.is_reached,
            look_at=row.look_at,
            looked_at=row.looked_at,
        ),
        since=row.since,
        created_at=row.created_at,
        updated_at=row.updated_at,
        revision=row.revision,
    )


def reason_text(reason: DisabledReason | None) -> str | None:
    """Spell why an endpoint is disabled."""
    return None if reason is None else msgspec.json.encode(reason).decode()


def plain_keys(keys: tuple[EndpointKey, ...]) -> bytes:
    """Spell secrets as they are sealed."""
    return msgspec.json.encode(keys)


def keys_from(plain: bytes) -> tuple[EndpointKey, ...]:
    """Read secrets that were sealed."""
    return _keys.decode(plain)


def delivery_values(delivery: Delivery) -> dict[str, Any]:
    """Spell an attempt as a row."""
    answer = delivery.answer
    return {
        "id": delivery.id,
        "endpoint_id": delivery.endpoint,
        "event_id": delivery.event_id,
        "event_type": delivery.event_type,
        "account_id": delivery.account,
        "position": delivery.position,
        "kind": delivery.kind,
        "attempt": delivery.attempt,
        "at": delivery.at,
        "seconds": answer.seconds,
        "status": answer.status,
        "error": answer.error,
        "blocked_by": answer.blocked_by,
        "body": answer.body,
        "retry_after": answer.retry_after,
        "next_attempt_at": delivery.next_attempt_at,
    }


def delivery_from(row: Row[Any]) -> Delivery:
    """Read an attempt."""
    return Delivery(
        id=DeliveryId(row.id),
        endpoint=EndpointId(row.endpoint_id),
        event_id=row.event_id,
        event_type=row.event_type,
        account=None if row.account_id is None else AccountId(row.account_id),
        position=row.position,
        kind=row.kind,
        attempt=row.attempt,
        at=row.at,
        answer=Answer(row.status, row.seconds, row.error, row.blocked_by, row.body, row.retry_after),
        next_attempt_at=row.next_attempt_at,
    )


def _text(values: tuple[str, ...] | None) -> str | None:
    return None if values is None else msgspec.json.encode(values).decode()
