"""Downloads: parts and whole messages, streamed in constant memory."""

import asyncio
import mimetypes
import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse

from app.domain.access import Principal
from app.domain.errors import UpstreamTimeout
from app.http.account_references import resolve_account
from app.http.state import FaceServices
from app.rest.answers import NOT_MODIFIED, Responses, mail_problems
from app.rest.conditional import etag_of, is_fresh
from app.rest.dependencies import (
    AccountId,
    AccountRef,
    Caller,
    LinkOrCaller,
    MessageRef,
    PartRef,
    Services,
)
from app.rest.disposition import attachment, content_type
from app.rest.limits import BEGIN_SECONDS, IMMUTABLE_SECONDS
from app.rest.ranges import parse_range, resolve
from app.services.parts import PartContent, Parts

router = APIRouter(tags=["messages"])

#: Read from the system's files now: at the first use it would block the event loop.
_TYPES = mimetypes.MimeTypes()

#: Bytes looked at before the answer begins: what ends within them gets a Content-Length without a second pass.
_PEEK_BYTES = 512 * 1024

_CACHE = f"private, max-age={IMMUTABLE_SECONDS}, immutable"
_VARY = "Authorization, Accept"

Range = Annotated[
    str | None, Header(alias="Range", description="One byte range, such as `bytes=0-1023`.", max_length=200)
]
IfRange = Annotated[str | None, Header(alias="If-Range", description="The ETag the range belongs to.", max_length=200)]

_BINARY = {"schema": {"type": "string", "format": "binary"}}


def _download_as(media_type: str) -> Responses:
    return {
        200: {"description": "The content.", "content": {media_type: _BINARY}},
        206: {"description": "The range of the content.", "content": {media_type: _BINARY}},
    }


@router.get(
    "/v1/accounts/{account}/messages/{message}/parts/{part}",
    operation_id="getPart",
    summary="Download a part",
    response_class=StreamingResponse,
    responses=mail_problems("stale_reference", "range_not_satisfiable") | _download_as("*/*") | NOT_MODIFIED,
)
async def get_part(
    request: Request,
    account: AccountRef,
    message: MessageRef,
    part: PartRef,
    principal: LinkOrCaller,
    at: Services,
    range: Range = None,  # noqa: A002  (the header's name)
    if_range: IfRange = None,
) -> Response:
    """A decoded part. Works with a token, or as a signed link from the message for `<img>` and `<a>`."""
    account_id = await resolve_account(account, principal, at)
    etag = etag_of(message, part)
    if is_fresh(request, etag):
        return await _unchanged(principal, at, account_id, message, etag)
    content = await at.parts.part(principal, account_id, message, part)
    return await _download(request, at.parts, content, etag, range, if_range)


@router.get(
    "/v1/accounts/{account}/messages/{message}/raw",
    operation_id="getRawMessage",
    summary="Download the whole message",
    response_class=StreamingResponse,
    responses=mail_problems("stale_reference", "range_not_satisfiable") | _download_as("message/rfc822") | NOT_MODIFIED,
)
async def get_raw(
    request: Request,
    account_id: AccountId,
    message: MessageRef,
    principal: Caller,
    at: Services,
    range: Range = None,  # noqa: A002  (the header's name)
    if_range: IfRange = None,
) -> Response:
    """The message as it lies on the mail server (RFC 5322)."""
    etag = etag_of(message, "raw")
    if is_fresh(request, etag):
        return await _unchanged(principal, at, account_id, message, etag)
    content = await at.parts.raw(principal, account_id, message)
    return await _download(request, at.parts, content, etag, range, if_range)


async def _unchanged(principal: Principal, at: FaceServices, account_id: str, message: str, etag: str) -> Response:
    """Answer 304 without the mail server: content never changes, only whether the caller may read it."""
    await at.messages.open_body(principal, account_id, message)
    return Response(status_code=304, headers={"ETag": etag, "Cache-Control": _CACHE, "Vary": _VARY})


async def _download(
    request: Request, parts: Parts, content: PartContent, etag: str, wanted: str | None, if_range: str | None
) -> Response:
    headers = _headers(content, etag)
    if getattr(request.state, "is_link", False):
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    asked = parse_range(wanted) if if_range in (None, etag) else None
    try:
        async with asyncio.timeout(BEGIN_SECONDS):
            return await (_ranged(parts, content, asked, headers) if asked else _whole(parts, content, headers))
    except TimeoutError:
        raise UpstreamTimeout("The mail server did not come to the wanted bytes in time.") from None


async def _ranged(parts: Parts, content: PartContent, asked: re.Match[str], headers: dict[str, str]) -> Response:
    size = await parts.size(content)
    found = resolve(asked, size)
    headers["Content-Range"] = f"bytes {found.start}-{found.stop - 1}/{size}"
    headers["Content-Length"] = str(found.stop - found.start)
    return StreamingResponse(await _begun(parts.read(content, found.start, found.stop)), 206, headers)


async def _whole(parts: Parts, content: PartContent, headers: dict[str, str]) -> Response:
    chunks = parts.read(content)
    head, is_whole = await _peek(chunks)
    size_known = sum(map(len, head)) if is_whole else parts.known_size(content)
    if size_known is not None:
        headers["Content-Length"] = str(size_known)
    return StreamingResponse(_chain(head, chunks), 200, headers)


def _headers(content: PartContent, etag: str) -> dict[str, str]:
    kind = content_type(content.content_type, content.charset)
    extension = _TYPES.guess_extension(kind.partition(";")[0]) or ".bin"
    name = content.filename or ("message.eml" if content.section == "" else f"part-{content.section}{extension}")
    return {
        "ETag": etag,
        "Cache-Control": _CACHE,
        "Vary": _VARY,
        "Accept-Ranges": "bytes",
        "Content-Type": kind,
        "Content-Disposition": attachment(name),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }


async def _peek(chunks: AsyncIterator[bytes]) -> tuple[list[bytes], bool]:
    """Read up to _PEEK_BYTES, so that an error still finds a status line to be told in."""
    head: list[bytes] = []
    seen = 0
    async for chunk in chunks:
        head.append(chunk)
        seen += len(chunk)
        if seen >= _PEEK_BYTES:
            return head, False
    return head, True


async def _begun(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Read the first chunk now, for the same reason, and hand it out again."""
    first = await anext(chunks, b"")
    return _chain([first], chunks)


async def _chain(head: list[bytes], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in head:
        yield chunk
    async for chunk in rest:
        yield chunk
