"""Webhooks and their delivery log."""

from typing import Any

import strawberry

from app.domain.ports.webhooks import DeliveryFilter
from app.graphql.context import Info
from app.graphql.derive import choice, derive, derived, resolved
from app.graphql.types.node import Node
from app.graphql.types.paging import After, First, Page, checked, connection, page_of
from app.http import webhook_views as views
from app.http.limits import DEFAULT_PAGE

choice(views.WebhookReasonView, "code", "WebhookReasonCode", "Why a webhook was disabled.")
Ordering = choice(views.WebhookView, "ordering", "WebhookOrdering", "In what order events are delivered.")
choice(views.DeliveryView, "kind", "DeliveryKind", "Why an event was sent.")
derive(views.WebhookReasonView, name="WebhookReason", times=("since",))

_TIMES = ("created_at", "updated_at", "failing_since")


@derived(views.DeliveryView, times=("at", "next_attempt_at"), small=("attempt", "status"))
class Delivery:
    """One attempt. `status` is null when there was no answer, then `error` says why, and `blockedBy` which rule.

    `seconds` is how long it took, `answer` the first 2 kB of what the receiver said.
    """

    id: strawberry.ID


DeliveryConnection = connection(Delivery, "A page of attempts, the newest first.", has_every_cursor=False)


@derived(views.WebhookView, times=_TIMES, small=("concurrency",))
class Webhook(Node):
    """A webhook endpoint, without its secret. `failingSince` is null while the last attempt succeeded."""

    id: strawberry.ID

    @classmethod
    def is_type_of(cls, value: object, _: Any) -> bool:
        """Whether a source is one of these."""
        return isinstance(value, views.WebhookView)

    @resolved(DeliveryConnection | None, "The attempts of the last 14 days, the newest first.")
    @staticmethod
    async def deliveries(
        root: strawberry.Parent[views.WebhookView],
        info: Info,
        first: First = DEFAULT_PAGE,
        after: After = None,
        success: bool | None = None,
        event: strawberry.ID | None = None,
    ) -> Page[views.DeliveryView]:
        """List attempts."""
        call = info.context
        rows, following = await call.at.webhooks.deliveries(
            call.principal, root.id, DeliveryFilter(success, event), checked(first, after), after
        )
        return page_of([views.DeliveryView.of(row) for row in rows], following, after)


@derived(views.NewWebhookView, times=_TIMES, small=("concurrency",))
class NewWebhook:
    """A webhook with its new secret: `secret` is shown this once."""

    id: strawberry.ID


@strawberry.type(description="How many accounts have events that are delivered again.")
class ReplayPayload:
    """The answer of a replay."""

    accounts: int


WebhookConnection = connection(Webhook, "A page of webhooks, by id.", has_every_cursor=False)
