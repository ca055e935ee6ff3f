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


def versioned_etag(version: str, body: bytes) -> str:
    """Make the ETag of a message: its version, which If-Match looks at, and the bytes, which If-None-Match does.

    The bytes hold links that change with the hour and the caller; that must not make a change look like a conflict.
    """
    return f'"{version}.{etag_of(body)[1:-1]}"'


def wanted_version(request: Request) -> str | None:
    """Return the version of the message that If-Match names; None when any will do."""
    header = request.headers.get("if-match")
    if header is None or header.strip() == "*":
        return None
    # A proxy that compresses makes a strong tag weak; the version in it says what it said before.
    tag = header.split(",")[-1].strip().removeprefix("W/")
    return tag.strip('"').partition(".")[0]


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
