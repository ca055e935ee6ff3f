"""Conditional requests (RFC 9110 section 13)."""

import base64
import hashlib

from fastapi import Request, Response


def etag_of(*parts: bytes | str) -> str:
    """Make a strong ETag of bytes: equal bytes, equal tag."""
    digest = hashlib.blake2b(digest_size=12)
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return '"' + base64.urlsafe_b64encode(digest.digest()).decode("ascii") + '"'


def is_fresh(request: Request, etag: str) -> bool:
    """Whether the client's copy is still right (If-None-Match, weak comparison)."""
    header = request.headers.get("if-none-match")
    if header is None:
        return False
    tags = [item.strip().removeprefix("W/") for item in header.split(",")]
    return "*" in tags or etag in tags


def json_answer(
    request: Request, body: bytes, cache_control: str, headers: dict[str, str] | None = None, etag: str | None = None
) -> Response:
    """Answer JSON with the ETag of its bytes, made here unless it is known, or 304."""
    etag = etag or etag_of(body)
    told = {"ETag": etag, "Cache-Control": cache_control, "Vary": "Authorization, Accept"} | (headers or {})
    if is_fresh(request, etag):
        return Response(status_code=304, headers=told)
    return Response(body, headers=told, media_type="application/json")
