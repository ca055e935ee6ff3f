"""What mutations of webhooks take: the bodies of REST."""

from typing import Any

import strawberry

from app.graphql.given import given
from app.graphql.types.webhook import Ordering


@strawberry.input(description="A webhook to make. Events are signed as Standard Webhooks says.")
class WebhookInput:
    """As the body of `POST /v1/webhooks`."""

    url: str
    description: str | None = strawberry.UNSET
    accounts: list[strawberry.ID] | None = strawberry.UNSET
    tenant: str | None = strawberry.UNSET
    mailboxes: list[strawberry.ID] | None = strawberry.UNSET
    types: list[str] | None = strawberry.UNSET
    ordering: Ordering | None = strawberry.UNSET
    hold_for: float | None = strawberry.UNSET
    concurrency: int | None = strawberry.UNSET
    rate: float | None = strawberry.UNSET
    verify: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Make it only if it answers a test event with 2xx."
    )


@strawberry.input(description="What is to change of a webhook; what is left out stays, null means all or none.")
class ChangeWebhookInput:
    """As the merge patch of REST."""

    url: str | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    mailboxes: list[strawberry.ID] | None = strawberry.UNSET
    types: list[str] | None = strawberry.UNSET
    ordering: Ordering | None = strawberry.UNSET
    hold_for: float | None = strawberry.UNSET
    concurrency: int | None = strawberry.UNSET
    rate: float | None = strawberry.UNSET


def webhook_body(asked: WebhookInput) -> dict[str, Any]:
    """Write a webhook as the body of REST, where null means what leaving out means."""
    body: dict[str, Any] = given(asked)
    return {name: value for name, value in body.items() if value is not None}
