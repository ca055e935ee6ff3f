"""Webhooks: made, changed, tried out, and given again what they missed."""

import strawberry

from app.graphql.context import Info
from app.graphql.derive import resolved
from app.graphql.given import given, read
from app.graphql.inputs.webhooks import ChangeWebhookInput, WebhookInput, webhook_body
from app.graphql.once import IdempotencyKey, once
from app.graphql.scalars import DateTime
from app.graphql.types.edits import DeletedPayload, deleted
from app.graphql.types.webhook import Delivery, NewWebhook, ReplayPayload, Webhook
from app.http.webhook_models import ReplayBody, RotationBody, WebhookBody, WebhookMerge
from app.http.webhook_views import DeliveryView, NewWebhookView, ReplayView, WebhookView, new_webhook_view


@strawberry.type
class WebhookMutations:
    """Mutations of webhooks."""

    @resolved(NewWebhook | None, "Have events POSTed to an address from now on. Needs `webhooks.manage`.")
    async def create_webhook(
        self,
        info: Info,
        input: WebhookInput,  # noqa: A002
        idempotency_key: IdempotencyKey = None,
    ) -> NewWebhookView:
        """Make a webhook."""
        call, body = info.context, webhook_body(input)

        async def act() -> NewWebhookView:
            wanted = read(WebhookBody, body)
            made = await call.at.webhooks.create(call.principal, wanted.to_domain(), verify=wanted.verify)
            return new_webhook_view(*made)

        return await once(call, idempotency_key, "createWebhook", body, NewWebhookView, act)

    @resolved(Webhook | None, "Change a webhook; what is owed already follows the new settings.")
    async def change_webhook(
        self,
        info: Info,
        webhook: strawberry.ID,
        input: ChangeWebhookInput,  # noqa: A002
    ) -> WebhookView:
        """Change a webhook."""
        call, patch = info.context, read(WebhookMerge, given(input)).to_domain()
        return WebhookView.of(await call.at.webhooks.patch(call.principal, webhook, patch))

    @resolved(DeletedPayload | None, "Erase a webhook with its secret, what it is owed, and its delivery log.")
    async def delete_webhook(self, info: Info, webhook: strawberry.ID) -> DeletedPayload:
        """Remove a webhook."""
        await info.context.at.webhooks.remove(info.context.principal, webhook)
        return deleted([webhook])

    @resolved(Webhook | None, "Deliver nothing until it is resumed; what happens meanwhile is delivered then.")
    async def pause_webhook(self, info: Info, webhook: strawberry.ID) -> WebhookView:
        """Pause."""
        return WebhookView.of(await info.context.at.webhooks.pause(info.context.principal, webhook))

    @resolved(Webhook | None, "Deliver again; one that was disabled gets what happens from now on.")
    async def resume_webhook(self, info: Info, webhook: strawberry.ID) -> WebhookView:
        """Resume."""
        return WebhookView.of(await info.context.at.webhooks.resume(info.context.principal, webhook))

    @resolved(NewWebhook | None, "Make a new secret, shown this once; for `overlap` seconds both sign.")
    async def rotate_webhook_secret(
        self,
        info: Info,
        webhook: strawberry.ID,
        overlap: float | None = None,
        idempotency_key: IdempotencyKey = None,
    ) -> NewWebhookView:
        """Replace the secret."""
        call, body = info.context, {} if overlap is None else {"overlap": overlap}

        async def act() -> NewWebhookView:
            wanted = read(RotationBody, body)
            return new_webhook_view(*await call.at.webhooks.rotate(call.principal, webhook, wanted.overlap))

        return await once(call, idempotency_key, "rotateWebhookSecret", [webhook, body], NewWebhookView, act)

    @resolved(Delivery | None, "Send `endpoint.test` now, and tell what the receiver answered.")
    async def test_webhook(self, info: Info, webhook: strawberry.ID) -> DeliveryView:
        """Try it out."""
        return DeliveryView.of(await info.context.at.webhooks.test(info.context.principal, webhook))

    @resolved(Delivery | None, "Send the event of an attempt again, under the same id; tells the attempt repeated.")
    async def retry_webhook_delivery(self, info: Info, webhook: strawberry.ID, delivery: strawberry.ID) -> DeliveryView:
        """Deliver an event again."""
        return DeliveryView.of(await info.context.at.webhooks.retry(info.context.principal, webhook, delivery))

    @resolved(ReplayPayload | None, "Send the events of a time again that it wants, under their old ids.")
    async def replay_webhook(
        self,
        info: Info,
        webhook: strawberry.ID,
        since: DateTime,
        until: DateTime | None = None,
        account: strawberry.ID | None = None,
        idempotency_key: IdempotencyKey = None,
    ) -> ReplayView:
        """Deliver a time again."""
        call, body = info.context, {"since": since, "until": until, "account": account}

        async def act() -> ReplayView:
            wanted = read(ReplayBody, body)
            of = None if wanted.account is None else await call.account_id(wanted.account)
            return ReplayView(await call.at.webhooks.replay(call.principal, webhook, *wanted.span, of))

        return await once(call, idempotency_key, "replayWebhook", [webhook, body], ReplayView, act)
