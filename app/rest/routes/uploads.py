"""Storing messages that clients hand in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.exceptions import HTTPException

from app.domain.edits import StoredMessage
from app.domain.errors import FieldProblem, InvalidRequest
from app.http.addresses import base_url
from app.rest.answers import IDEMPOTENCY, body_problems, edit_problems, unsupported_media_type
from app.rest.dependencies import AccountId, Caller, MailboxRef, MutationId, Services
from app.rest.edit_views import StoredMessageView
from app.rest.encoding import encode
from app.rest.limits import MAX_FORM_FIELD
from app.rest.multipart import Form
from app.rest.once import IdempotencyKey, once
from app.rest.upload_schema import UPLOAD_BODY
from app.services.edits.message_file import MessageFile

router = APIRouter(tags=["messages"])
_JSON = "application/json"
_RAW = "message/rfc822"
_FORM = "multipart/form-data"
_FIELDS = frozenset(("flags", "received", "client_mutation_id"))


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What comes with a message: by the query with a raw body, by fields of the form otherwise."""

    flags: tuple[str, ...]
    received: datetime | None
    client_mutation_id: str | None


@router.post(
    "/v1/accounts/{account}/mailboxes/{mailbox}/messages",
    operation_id="uploadMessage",
    summary="Store a message",
    status_code=201,
    response_model=StoredMessageView,
    responses=edit_problems(*body_problems(*IDEMPOTENCY)) | unsupported_media_type(),
    openapi_extra={"requestBody": UPLOAD_BODY},
)
async def upload_message(
    request: Request,
    account_id: AccountId,
    mailbox: MailboxRef,
    principal: Caller,
    at: Services,
    flags: Annotated[
        str | None, Query(max_length=MAX_FORM_FIELD, description="Flags it gets, with commas.", examples=["seen,draft"])
    ] = None,
    received: Annotated[
        datetime | None, Query(description="When it was received, with offset; now if missing.")
    ] = None,
    client_mutation_id: MutationId = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Store a message or a draft in a mailbox, as `message/rfc822`, or as a form with the file `message`.

    It is not sent. The body is streamed; line ends become CRLF, and what is no message at all is refused. `id` is null
    where the mail server does not tell it. With a form, `flags`, `received` and `client_mutation_id` are fields of it.
    Needs `mail.write`.
    """
    target = await at.edits.uploads.target(principal, account_id, mailbox)
    async with at.edits.uploads.receiving(target) as file:
        asked = _Wishes(_listed(flags), received, client_mutation_id)
        wishes = await _received(request, file, asked)

        async def act() -> Response:
            stored = await at.edits.uploads.store(
                target,
                file,
                flags=wishes.flags,
                received=wishes.received,
                client_mutation_id=wishes.client_mutation_id,
            )
            return _answer(request, account_id, stored, wishes.client_mutation_id)

        # A form has another boundary each time; what it says is what counts.
        payload = repr((wishes.flags, wishes.received, wishes.client_mutation_id, file.digest)).encode()
        return await once(request, principal, idempotency_key, act, payload)


async def _received(request: Request, file: MessageFile, asked: _Wishes) -> _Wishes:
    """Take the body; tells what is wished, of a form by its fields."""
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _RAW:
        await _take(file, request.stream())
        return asked
    if kind != _FORM:
        raise HTTPException(415)
    form = Form(content_type, "message")
    await _take(file, form.read(request.stream()))
    return _of_form(form.fields)


async def _take(file: MessageFile, chunks: AsyncIterator[bytes]) -> None:
    async for chunk in chunks:
        await file.write(chunk)
    await file.finish()


def _of_form(fields: dict[str, list[str]]) -> _Wishes:
    for name in fields.keys() - _FIELDS:
        detail = f"No such field; a form has message, {', '.join(sorted(_FIELDS))}."
        raise InvalidRequest(detail, [FieldProblem(detail, f"/{name[:100].replace('~', '~0').replace('/', '~1')}")])
    for name in ("received", "client_mutation_id"):
        if len(fields.get(name, ())) > 1:
            detail = f"The form has the field {name} twice."
            raise InvalidRequest(detail, [FieldProblem(detail, f"/{name}")])
    flags = tuple(flag for each in fields.get("flags", ()) for flag in _listed(each))
    (received,) = fields.get("received", [""])
    (client_mutation_id,) = fields.get("client_mutation_id", [""])
    return _Wishes(flags, _time(received), client_mutation_id or None)


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        detail = "A time is ISO 8601 with offset, such as 2026-11-24T09:00:00+01:00."
        raise InvalidRequest(detail, [FieldProblem(detail, "/received")]) from None


def _listed(flags: str | None) -> tuple[str, ...]:
    return tuple(flag.strip() for flag in flags.split(",") if flag.strip()) if flags else ()


def _answer(request: Request, account_id: str, stored: StoredMessage, client_mutation_id: str | None) -> Response:
    headers = {}
    if stored.id is not None:
        headers["Location"] = f"{base_url(request)}/v1/accounts/{account_id}/messages/{stored.id}"
    answer = StoredMessageView(stored.id, stored.mailbox_id, stored.size, client_mutation_id)
    return Response(encode(answer), 201, headers, _JSON)
