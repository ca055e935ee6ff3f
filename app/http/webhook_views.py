"""Webhooks as clients see them."""

from dataclasses import dataclass
from typing import Any, Literal

from app.domain.lanes import Delivery
from app.domain.webhooks import Endpoint, EndpointState
from app.http.views import iso


@dataclass(frozen=True, slots=True)
class WebhookReasonView:
    """Why a webhook was disabled: it answered 410 (`gone`), or nothing else than failures for days (`failing`)."""

    code: Literal["gone", "failing"]
    detail: str
    since: str


@dataclass(frozen=True, slots=True)
class WebhookView:
    """A webhook endpoint, without its secret. `failing_since` is null while the last attempt succeeded."""

    id: str
    url: str
    description: str | None
    accounts: list[str] | None
    tenant: str | None
    mailboxes: list[str] | None
    types: list[str] | None
    ordering: Literal["account", "none"]
    hold_for: float
    concurrency: int
    rate: float | None
    state: EndpointState
    reason: WebhookReasonView | None
    failing_since: str | None
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, endpoint: Endpoint) -> "WebhookView":
        """Show an endpoint."""
        return cls(**_fields(endpoint))


@dataclass(frozen=True, slots=True)
class NewWebhookView(WebhookView):
    """A webhook with its new secret: `secret` is shown this once."""

    secret: str


def new_webhook_view(endpoint: Endpoint, secret: str) -> NewWebhookView:
    """Show an endpoint with its secret, once."""
    return NewWebhookView(**_fields(endpoint), secret=secret)


def _fields(endpoint: Endpoint) -> dict[str, Any]:
    wants, why, since = endpoint.wants, endpoint.reason, endpoint.health.failing_since
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "description": endpoint.description,
        "accounts": None if wants.accounts is None else list(wants.accounts),
        "tenant": wants.tenant,
        "mailboxes": None if wants.mailboxes is None else list(wants.mailboxes),
        "types": None if wants.types is None else list(wants.types),
        "ordering": endpoint.ordering,
        "hold_for": endpoint.hold_for,
        "concurrency": endpoint.concurrency,
        "rate": endpoint.rate,
        "state": endpoint.state,
        "reason": None if why is None else WebhookReasonView(why.code, why.detail, iso(why.at)),
        "failing_since": None if since is None else iso(since),
        "created_at": iso(endpoint.created_at),
        "updated_at": iso(endpoint.updated_at),
    }


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One attempt. `status` is null when there was no answer, then `error` says why, and `blocked_by` which rule.

    `seconds` is how long it took, `answer` the first 2 kB of what the receiver said.
    """

    id: str
    event_id: str
    event_type: str
    account: str | None
    kind: Literal["live", "retry", "replay", "test"]
    attempt: int
    at: str
    seconds: float
    success: bool
    status: int | None
    error: str | None
    blocked_by: str | None
    answer: str
    next_attempt_at: str | None

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryView":
        """Show an attempt."""
        answer, following = delivery.answer, delivery.next_attempt_at
        return cls(
            id=delivery.id,
            event_id=delivery.event_id,
            event_type=delivery.event_type,
            account=delivery.account,
            kind=delivery.kind,
            attempt=delivery.attempt,
            at=iso(delivery.at),
            seconds=round(answer.seconds, 4),
            success=answer.is_success,
            status=answer.status,
            error=answer.error,
            blocked_by=answer.blocked_by,
            answer=answer.body,
            next_attempt_at=None if following is None else iso(following),
        )


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """A page of webhooks."""

    items: list[WebhookView]
    next: str | None


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """A page of attempts, the newest first."""

    items: list[DeliveryView]
    next: str | None


@dataclass(frozen=True, slots=True)
class ReplayView:
    """How many accounts have events that are delivered again."""

    accounts: int
