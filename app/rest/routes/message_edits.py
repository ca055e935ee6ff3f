"""Acting on messages: flags, moves, copies, deletions, one by one or many at once."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response

from app.domain.access import Principal
from app.domain.edits import EditedMessage, FlagEdit, MessageFilter
from app.http.edit_models import MessageBatch, MessagePatch, MessageTarget, PlainPatch
from app.http.state import FaceServices, state_of
from app.rest.answers import IDEMPOTENCY, body_problems, edit_problems
from app.rest.conditional import wanted_version
from app.rest.dependencies import AccountId, Caller, MessageRef, MutationId, Services
from app.rest.edit_views import FlaggedMessageView, MessageBatchView, MovedMessageView, batch_answer
from app.rest.encoding import encode
from app.rest.once import IdempotencyKey, once
from app.rest.quick_changes import QuickChange
from app.services.edits.words import flag_edit

router = APIRouter(tags=["messages"])
_JSON = "application/json"
_MESSAGE = "/v1/accounts/{account}/messages/{message}"


@router.patch(
    _MESSAGE,
    operation_id="patchMessage",
    summary="Change flags",
    response_model=FlaggedMessageView,
    responses=edit_problems(*body_problems("stale_reference", "precondition_failed")),
)
async def patch_message(
    request: Request,
    account_id: AccountId,
    message: MessageRef,
    body: MessagePatch,
    principal: Caller,
    at: Services,
    if_match: Annotated[  # noqa: ARG001  (read from the request; here for the document)
        str | None, Header(alias="If-Match", max_length=200, description="The ETag of the message as seen; else 412.")
    ] = None,
) -> Response:
    """Add and remove flags, and tell which ones the message has then. Needs `mail.flags.write` or `mail.write`.

    With `If-Match` nothing is changed when the message has been since. The answer's ETag is good for the next
    `If-Match`.
    """
    return await _patched(
        request, at, principal, account_id, message, body.flags.to_domain("/flags"), body.client_mutation_id
    )


@router.post(
    "/v1/accounts/{account}/messages/{message}/move",
    operation_id="moveMessage",
    summary="Move a message",
    response_model=MovedMessageView,
    responses=edit_problems(*body_problems("stale_reference", *IDEMPOTENCY)),
)
async def move_message(
    request: Request,
    account_id: AccountId,
    message: MessageRef,
    body: MessageTarget,
    principal: Caller,
    at: Services,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Move a message to another mailbox. It gets a new id; the old one answers 410 with `moved_to` for a week.

    Needs `mail.write`.
    """

    async def act() -> Response:
        item = await at.edits.messages.move(
            principal, account_id, message, body.mailbox, client_mutation_id=body.client_mutation_id
        )
        return _moved(item, body.client_mutation_id)

    return await once(request, principal, idempotency_key, act)


@router.post(
    "/v1/accounts/{account}/messages/{message}/copy",
    operation_id="copyMessage",
    summary="Copy a message",
    response_model=MovedMessageView,
    responses=edit_problems(*body_problems("stale_reference", *IDEMPOTENCY)),
)
async def copy_message(
    request: Request,
    account_id: AccountId,
    message: MessageRef,
    body: MessageTarget,
    principal: Caller,
    at: Services,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Copy a message to a mailbox, flags and dates included; `moved_to` is the id of the copy. Needs `mail.write`."""

    async def act() -> Response:
        item = await at.edits.messages.copy(
            principal, account_id, message, body.mailbox, client_mutation_id=body.client_mutation_id
        )
        return _moved(item, body.client_mutation_id)

    return await once(request, principal, idempotency_key, act)


@router.delete(
    "/v1/accounts/{account}/messages/{message}",
    operation_id="deleteMessage",
    summary="Delete a message",
    response_model=MovedMessageView,
    responses=edit_problems("stale_reference", "role_missing"),
)
async def delete_message(
    account_id: AccountId,
    message: MessageRef,
    principal: Caller,
    at: Services,
    permanently: Annotated[bool, Query(description="Remove it for good, wherever it is.")] = False,
    client_mutation_id: MutationId = None,
) -> Response:
    """Move a message to the Trash. It is removed for good only with `permanently=true`, from the Trash as well: a
    message that is there already answers 409 without. Needs `mail.write`.
    """
    item = await at.edits.messages.delete(
        principal, account_id, message, permanently=permanently, client_mutation_id=client_mutation_id
    )
    return _moved(item, client_mutation_id)


@router.post(
    "/v1/accounts/{account}/messages/batch",
    operation_id="editMessages",
    summary="Act on many messages",
    response_model=MessageBatchView,
    responses=edit_problems(*body_problems("role_missing", *IDEMPOTENCY)),
)
async def edit_messages(
    request: Request,
    account_id: AccountId,
    body: MessageBatch,
    principal: Caller,
    at: Services,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Change flags of, move, copy or delete up to 1,000 messages by id, or all that match a filter: few commands to the
    mail server however many they are.

    Each message has its own result, in the order asked. The scopes are those of the single calls.
    """

    async def act() -> Response:
        which, action = body.which(), body.action.act()
        run = at.edits.batches
        if isinstance(which, MessageFilter):
            report = await run.of_filter(
                principal, account_id, which, action, client_mutation_id=body.client_mutation_id
            )
        else:
            report = await run.of_messages(
                principal, account_id, which, action, client_mutation_id=body.client_mutation_id
            )
        answer = batch_answer(report, request.scope, body.client_mutation_id)
        return Response(msgspec.json.encode(answer), media_type=_JSON)

    return await once(request, principal, idempotency_key, act)


async def patch_plainly(
    request: Request, principal: Principal, account_id: str, message: str, body: PlainPatch
) -> Response:
    """Do what `patch_message` does."""
    edit = flag_edit(body.flags.add, body.flags.remove, "/flags")
    return await _patched(request, state_of(request), principal, account_id, message, edit, body.client_mutation_id)


async def _patched(
    request: Request,
    at: FaceServices,
    principal: Principal,
    account_id: str,
    message: str,
    edit: FlagEdit,
    client_mutation_id: str | None,
) -> Response:
    item = await at.edits.messages.change_flags(
        principal,
        account_id,
        message,
        edit,
        version=wanted_version(request),
        client_mutation_id=client_mutation_id,
    )
    flags = None if item.flags is None else list(item.flags)
    headers = {} if item.version is None else {"ETag": f'"{item.version}"'}
    answer = FlaggedMessageView(item.id, flags, client_mutation_id)
    return Response(encode(answer), headers=headers, media_type=_JSON)


def _moved(item: EditedMessage, client_mutation_id: str | None) -> Response:
    answer = MovedMessageView(item.id, item.moved_to, item.mailbox_id, client_mutation_id)
    return Response(encode(answer), media_type=_JSON)


quick = (QuickChange(_MESSAGE, patch_plainly, PlainPatch),)
