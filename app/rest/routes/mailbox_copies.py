"""A mailbox as a whole, in lines."""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from app.domain.events import MessageState
from app.http.account_references import resolve_account
from app.http.state import state_of
from app.rest.answers import Responses, account_problems
from app.rest.dependencies import AccountRef, Caller, MailboxRef
from app.rest.encoding import encode
from app.services.mailbox_copies import MailboxCopy

router = APIRouter(tags=["changes"])

_LINES = "application/x-ndjson"
_ANSWER: Responses = {
    200: {
        "description": "A line with the mailbox and `changes_token`, then a line for each message.",
        "content": {
            _LINES: {
                "schema": {"type": "string"},
                "example": '{"mailbox":{"id":"mbx_…","role":"inbox","path":["INBOX"],"total":1,"unread":0},'
                '"changes_token":"AQ…"}\n{"id":"msg_…","flags":["seen"]}\n',
            }
        },
    }
}


@router.get(
    "/v1/accounts/{account}/mailboxes/{mailbox}/state",
    operation_id="getMailboxState",
    summary="Copy the ids and flags of a mailbox",
    response_class=StreamingResponse,
    responses=account_problems() | _ANSWER,
)
async def get_mailbox_state(
    request: Request, account: AccountRef, mailbox: MailboxRef, principal: Caller
) -> StreamingResponse:
    """All messages of a watched mailbox as the service knows them, for a client that begins or came too late.

    One JSON value a line (NDJSON). Keep the lines, then ask for the changes since `changes_token` and apply them.
    An answer that breaks off is worth nothing: ask again. 409 for a mailbox of which only counts are watched.
    """
    at = state_of(request)
    head, batches = await at.copies.open(principal, await resolve_account(account, principal, at), mailbox)
    return StreamingResponse(_lines(head, batches), media_type=_LINES, headers={"Cache-Control": "no-store"})


async def _lines(head: MailboxCopy, batches: AsyncIterator[tuple[MessageState, ...]]) -> AsyncIterator[bytes]:
    yield encode(head) + b"\n"
    async for states in batches:
        yield b"".join([encode(state) + b"\n" for state in states])
