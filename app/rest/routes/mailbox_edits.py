"""Making, renaming, subscribing to and deleting mailboxes."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.http.addresses import base_url
from app.http.edit_models import MailboxBody, MailboxMerge
from app.rest.answers import IDEMPOTENCY, body_problems, edit_problems
from app.rest.dependencies import AccountId, Caller, MailboxRef, MutationId, Services
from app.rest.edit_views import DeletedMailboxesView, EditedMailboxView
from app.rest.encoding import encode
from app.rest.once import IdempotencyKey, once

router = APIRouter(tags=["mailboxes"])
_JSON = "application/json"


@router.post(
    "/v1/accounts/{account}/mailboxes",
    operation_id="createMailbox",
    summary="Make a mailbox",
    status_code=201,
    response_model=EditedMailboxView,
    responses=edit_problems(*body_problems("mailbox_exists", *IDEMPOTENCY)),
)
async def create_mailbox(
    request: Request,
    account_id: AccountId,
    body: MailboxBody,
    principal: Caller,
    at: Services,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Make a mailbox at the top level, or in another one. Needs `mail.write`."""

    async def act() -> Response:
        made = await at.edits.mailboxes.create(
            principal,
            account_id,
            body.name,
            body.parent_id,
            is_subscribed=body.is_subscribed,
            client_mutation_id=body.client_mutation_id,
        )
        where = f"{base_url(request)}/v1/accounts/{account_id}/mailboxes/{made.id}"
        answer = encode(EditedMailboxView.of(made, body.client_mutation_id))
        return Response(answer, 201, {"Location": where}, _JSON)

    return await once(request, principal, idempotency_key, act)


@router.patch(
    "/v1/accounts/{account}/mailboxes/{mailbox}",
    operation_id="patchMailbox",
    summary="Rename a mailbox, or subscribe to it",
    response_model=EditedMailboxView,
    responses=edit_problems(*body_problems("mailbox_exists")),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/merge-patch+json": {"schema": {"$ref": "#/components/schemas/MailboxMerge"}}},
        }
    },
)
async def patch_mailbox(
    account_id: AccountId, mailbox: MailboxRef, body: MailboxMerge, principal: Caller, at: Services
) -> Response:
    """Merge patch (RFC 7396). The mailbox keeps its id, and so do those within it and all messages. Needs `mail.write`.

    The inbox cannot be renamed.
    """
    changed = await at.edits.mailboxes.change(
        principal, account_id, mailbox, body.to_domain(), client_mutation_id=body.client_mutation_id
    )
    return Response(encode(EditedMailboxView.of(changed, body.client_mutation_id)), media_type=_JSON)


@router.delete(
    "/v1/accounts/{account}/mailboxes/{mailbox}",
    operation_id="deleteMailbox",
    summary="Delete a mailbox",
    response_model=DeletedMailboxesView,
    responses=edit_problems("mailbox_not_empty"),
)
async def delete_mailbox(
    account_id: AccountId,
    mailbox: MailboxRef,
    principal: Caller,
    at: Services,
    with_messages: Annotated[bool, Query(description="Delete it though it holds messages, for good.")] = False,
    with_children: Annotated[bool, Query(description="Delete the mailboxes in it as well.")] = False,
    client_mutation_id: MutationId = None,
) -> Response:
    """Delete a mailbox. What is in it goes only if that is asked for, and then for good. Needs `mail.write`.

    The inbox, and mailboxes the mail server itself gives a role, are not deleted.
    """
    ids = await at.edits.mailboxes.delete(
        principal,
        account_id,
        mailbox,
        with_messages=with_messages,
        with_children=with_children,
        client_mutation_id=client_mutation_id,
    )
    return Response(encode(DeletedMailboxesView(list(ids), client_mutation_id)), media_type=_JSON)
