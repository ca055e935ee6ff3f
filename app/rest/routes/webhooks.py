"""Webhook endpoints, their secrets, and their delivery log."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Body, Path, Query, Request, Response

from app.domain.lanes import Delivery
from app.domain.ports.webhooks import DeliveryFilter
from app.domain.webhooks import Endpoint
from app.http.account_references import resolve_account
from app.http.limits import DEFAULT_PAGE, MAX_QUERY_TEXT
from app.http.webhook_models import ReplayBody, RotationBody, WebhookBody, WebhookMerge
from app.http.webhook_views import (
    DeliveryPage,
    DeliveryView,
    NewWebhookView,
    ReplayView,
    WebhookPage,
    WebhookView,
    new_webhook_view,
)
from app.rest.answers import IDEMPOTENCY, body_problems, caller_problems
from app.rest.dependencies import Caller, Services
from app.rest.encoding import encode_page
from app.rest.once import IdempotencyKey, once
from app.rest.paging import Cursor, Limit, link_header

router = APIRouter(tags=["webhooks"])
_JSON = "application/json"
_CREATING = body_problems(*IDEMPOTENCY, "not_found", "conflict", "host_not_allowed")

WebhookRef = Annotated[
    str,
    Path(
        max_length=MAX_QUERY_TEXT, description="Id of the webhook, `whk_…`.", examples=["whk_paste_one_from_the_list"]
    ),
]
DeliveryRef = Annotated[
    str,
    Path(
        max_length=MAX_QUERY_TEXT, description="Id of the delivery, `dlv_…`.", examples=["dlv_paste_one_from_the_log"]
    ),
]


def _webhook(endpoint: Endpoint) -> Response:
    return Response(msgspec.json.encode(WebhookView.of(endpoint)), media_type=_JSON)


def _delivery(delivery: Delivery, status: int = 200) -> Response:
    return Response(msgspec.json.encode(DeliveryView.of(delivery)), status, media_type=_JSON)


@router.post(
    "/v1/webhooks",
    operation_id="createWebhook",
    summary="Make a webhook",
    status_code=201,
    response_model=NewWebhookView,
    responses=caller_problems(*_CREATING),
)
async def create_webhook(
    request: Request, body: WebhookBody, principal: Caller, at: Services, idempotency_key: IdempotencyKey = None
) -> Response:
    """Have events POSTed to an address from now on, signed as Standard Webhooks says. `secret` is shown this once."""

    async def act() -> Response:
        endpoint, secret = await at.webhooks.create(principal, body.to_domain(), verify=body.verify)
        headers = {"Location": f"/v1/webhooks/{endpoint.id}"}
        return Response(msgspec.json.encode(new_webhook_view(endpoint, secret)), 201, headers, _JSON)

    return await once(request, principal, idempotency_key, act)


@router.get(
    "/v1/webhooks",
    operation_id="listWebhooks",
    summary="List webhooks",
    response_model=WebhookPage,
    responses=caller_problems(),
)
async def list_webhooks(
    request: Request, principal: Caller, at: Services, limit: Limit = DEFAULT_PAGE, cursor: Cursor = None
) -> Response:
    """The webhooks within this token's reach, without their secrets."""
    rows, following = await at.webhooks.list(principal, limit, cursor)
    items = [WebhookView.of(row) for row in rows]
    return Response(encode_page(items, following), headers=link_header(request, following), media_type=_JSON)


@router.get(
    "/v1/webhooks/{webhook}",
    operation_id="getWebhook",
    summary="Show a webhook",
    response_model=WebhookView,
    responses=caller_problems("not_found"),
)
async def get_webhook(webhook: WebhookRef, principal: Caller, at: Services) -> Response:
    """Its settings, and whether deliveries succeed."""
    return _webhook(await at.webhooks.get(principal, webhook))


@router.patch(
    "/v1/webhooks/{webhook}",
    operation_id="patchWebhook",
    summary="Change a webhook",
    response_model=WebhookView,
    responses=caller_problems(*body_problems("not_found", "conflict")),
)
async def patch_webhook(
    webhook: WebhookRef,
    body: Annotated[WebhookMerge, Body(media_type="application/merge-patch+json")],
    principal: Caller,
    at: Services,
) -> Response:
    """Change what the patch mentions; what is owed already follows the new settings."""
    return _webhook(await at.webhooks.patch(principal, webhook, body.to_domain()))


@router.delete(
    "/v1/webhooks/{webhook}",
    operation_id="deleteWebhook",
    summary="Remove a webhook",
    status_code=204,
    responses=caller_problems("not_found"),
)
async def delete_webhook(webhook: WebhookRef, principal: Caller, at: Services) -> Response:
    """Erase it with its secret, what it is owed, and its delivery log."""
    await at.webhooks.remove(principal, webhook)
    return Response(status_code=204)


@router.post(
    "/v1/webhooks/{webhook}/pause",
    operation_id="pauseWebhook",
    summary="Pause a webhook",
    response_model=WebhookView,
    responses=caller_problems("not_found", "conflict"),
)
async def pause_webhook(webhook: WebhookRef, principal: Caller, at: Services) -> Response:
    """Deliver nothing until it is resumed; what happens meanwhile is delivered then."""
    return _webhook(await at.webhooks.pause(principal, webhook))


@router.post(
    "/v1/webhooks/{webhook}/resume",
    operation_id="resumeWebhook",
    summary="Resume a webhook",
    response_model=WebhookView,
    responses=caller_problems("not_found", "conflict"),
)
async def resume_webhook(webhook: WebhookRef, principal: Caller, at: Services) -> Response:
    """Deliver again. One that was disabled gets what happens from now on; `replay` gives it what it missed."""
    return _webhook(await at.webhooks.resume(principal, webhook))


@router.post(
    "/v1/webhooks/{webhook}/rotate-secret",
    operation_id="rotateWebhookSecret",
    summary="Replace the secret",
    response_model=NewWebhookView,
    responses=caller_problems(*_CREATING),
)
async def rotate_webhook_secret(
    request: Request,
    webhook: WebhookRef,
    body: RotationBody,
    principal: Caller,
    at: Services,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Make a new secret, shown this once. For a time both sign, so that a receiver can change over without a gap."""

    async def act() -> Response:
        endpoint, secret = await at.webhooks.rotate(principal, webhook, body.overlap)
        return Response(msgspec.json.encode(new_webhook_view(endpoint, secret)), media_type=_JSON)

    return await once(request, principal, idempotency_key, act)


@router.post(
    "/v1/webhooks/{webhook}/test",
    operation_id="testWebhook",
    summary="Send a test event",
    response_model=DeliveryView,
    responses=caller_problems("not_found"),
)
async def test_webhook(webhook: WebhookRef, principal: Caller, at: Services) -> Response:
    """Send `endpoint.test` now, and tell what the receiver answered; `success` says whether it was 2xx."""
    return _delivery(await at.webhooks.test(principal, webhook))


@router.get(
    "/v1/webhooks/{webhook}/deliveries",
    operation_id="listWebhookDeliveries",
    summary="List deliveries",
    response_model=DeliveryPage,
    responses=caller_problems("not_found"),
)
async def list_webhook_deliveries(
    request: Request,
    webhook: WebhookRef,
    principal: Caller,
    at: Services,
    success: Annotated[bool | None, Query(description="Only attempts that succeeded, or that did not.")] = None,
    event: Annotated[str | None, Query(max_length=MAX_QUERY_TEXT, description="Only attempts for this event.")] = None,
    limit: Limit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> Response:
    """The attempts of the last 14 days, the newest first."""
    rows, following = await at.webhooks.deliveries(principal, webhook, DeliveryFilter(success, event), limit, cursor)
    items = [DeliveryView.of(row) for row in rows]
    return Response(encode_page(items, following), headers=link_header(request, following), media_type=_JSON)


@router.post(
    "/v1/webhooks/{webhook}/deliveries/{delivery}/retry",
    operation_id="retryWebhookDelivery",
    summary="Deliver an event again",
    status_code=202,
    response_model=DeliveryView,
    responses=caller_problems("not_found", "conflict", "stale_reference"),
)
async def retry_webhook_delivery(
    webhook: WebhookRef, delivery: DeliveryRef, principal: Caller, at: Services
) -> Response:
    """Send the event of this attempt again, under the same id; the answer is the attempt that is repeated."""
    return _delivery(await at.webhooks.retry(principal, webhook, delivery), 202)


@router.post(
    "/v1/webhooks/{webhook}/replay",
    operation_id="replayWebhook",
    summary="Deliver a time again",
    status_code=202,
    response_model=ReplayView,
    responses=caller_problems(*_CREATING),
)
async def replay_webhook(
    request: Request,
    webhook: WebhookRef,
    body: ReplayBody,
    principal: Caller,
    at: Services,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Send the events of a time again that this webhook wants, under their old ids. The log reaches back 30 days."""

    async def act() -> Response:
        account = None if body.account is None else await resolve_account(body.account, principal, at)
        count = await at.webhooks.replay(principal, webhook, *body.span, account)
        return Response(msgspec.json.encode(ReplayView(count)), 202, media_type=_JSON)

    return await once(request, principal, idempotency_key, act)
