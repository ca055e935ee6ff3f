"""Header fields and what they say (RFC 5322). The one door to the room's readers of single fields."""

import re
from urllib.parse import urlsplit

from app.domain.message import Header, ListMarker
from app.mime.addresses import parse_addresses
from app.mime.dates import parse_date
from app.mime.limits import (
    MAX_HEADER_BLOCK_BYTES,
    MAX_HEADER_FIELDS,
    MAX_HEADER_NAME_BYTES,
    MAX_HEADER_VALUE_BYTES,
    MAX_MESSAGE_ID_CHARS,
    MAX_MESSAGE_IDS,
    MAX_UNSUBSCRIBE_URLS,
    MAX_URL_CHARS,
)
from app.mime.parameters import filename, join_parameters, parse_parameters
from app.mime.words import decode_words, to_bytes, unfold

__all__ = [
    "decode_words",
    "filename",
    "header_end",
    "join_parameters",
    "list_marker",
    "message_ids",
    "parse_addresses",
    "parse_date",
    "parse_header_block",
    "parse_parameters",
    "raw_fields",
]

_EMPTY_LINE = re.compile(rb"\n\r?\n")
#: A field with its folded lines. A line without a colon belongs to none and is skipped.
_FIELD = re.compile(rb"^([!-9;-~]{1,256})[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.MULTILINE)
_IN_ANGLES = re.compile(rb"<([^<>]*+)>")
#: Ids as nearly all are, at most as many as are kept.
_PLAIN_IDS = re.compile(rb"(?:<[!#-;=?-~]{1,900}+> ?){1,200}+")
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.-]++(?:[/?#][!-~]*+)?")
_LIST_SCHEMES = {"http", "https", "mailto"}


def header_end(raw: bytes, start: int = 0, most: int = MAX_HEADER_BLOCK_BYTES) -> tuple[int, int]:
    """Find where the header block that begins at `start` ends, and where the body begins.

    A block without an empty line within `most` bytes has no body: it reaches to there or the end of `raw`.
    """
    if raw.startswith((b"\n", b"\r\n"), start):
        return start, start + (1 if raw[start : start + 1] == b"\n" else 2)
    stop = min(len(raw), start + most)
    empty = _EMPTY_LINE.search(raw, start, stop)
    return (empty.start() + 1, empty.end()) if empty else (stop, stop)


def raw_fields(raw: bytes) -> tuple[tuple[str, bytes], ...]:
    """Split a header block into names as written and values as bytes, unfolded but not decoded.

    Reads to the first empty line, at most 1,000 fields of 512 kB; a value is cut at 128 kB.
    """
    block = raw[:MAX_HEADER_BLOCK_BYTES]
    block = block[: header_end(block)[0]]
    fields: list[tuple[str, bytes]] = []
    for match in _FIELD.finditer(block):
        if len(fields) >= MAX_HEADER_FIELDS:
            break
        name = match.group(1)[:MAX_HEADER_NAME_BYTES].decode("ascii")
        fields.append((name, unfold(match.group(2)[:MAX_HEADER_VALUE_BYTES])))
    return tuple(fields)


def parse_header_block(raw: bytes) -> tuple[Header, ...]:
    """Read a header block: fields in their order, unfolded and decoded, bounded as `raw_fields` says."""
    return tuple(Header(name, decode_words(value)) for name, value in raw_fields(raw))


def message_ids(raw: bytes | str | None) -> tuple[str, ...]:
    """Read the message ids of Message-ID, In-Reply-To or References, without angle brackets (RFC 5322 section 3.6.4).

    Without any brackets each word is an id. Of more than 200 the first and the last 199 are kept.
    """
    if raw is None:
        return ()
    value = unfold(to_bytes(raw)[:MAX_HEADER_VALUE_BYTES])
    if b"=?" not in value and _PLAIN_IDS.fullmatch(value):
        return tuple([item.decode("ascii") for item in _IN_ANGLES.findall(value)])
    found = _IN_ANGLES.findall(value) if b"<" in value else value.replace(b",", b" ").split()
    ids = [_message_id(item) for item in found]
    ids = [item for item in ids if item]
    if len(ids) > MAX_MESSAGE_IDS:
        ids = [ids[0], *ids[-(MAX_MESSAGE_IDS - 1) :]]
    return tuple(ids)


def _message_id(raw: bytes) -> str:
    return "".join(decode_words(raw).strip("<>").split())[:MAX_MESSAGE_ID_CHARS]


def list_marker(
    list_id: bytes | str | None, list_unsubscribe: bytes | str | None, list_unsubscribe_post: bytes | str | None
) -> ListMarker | None:
    """Tell that a message came through a list, from List-Id, List-Unsubscribe and List-Unsubscribe-Post.

    Only http, https and mailto URLs are kept (RFC 2369); one click needs an https one (RFC 8058). None when the
    fields say nothing.
    """
    identity = _list_id(list_id) if list_id else None
    value = unfold(to_bytes(list_unsubscribe)[:MAX_HEADER_VALUE_BYTES]) if list_unsubscribe else b""
    urls: list[str] = []
    for item in _IN_ANGLES.findall(value)[: MAX_UNSUBSCRIBE_URLS * 4]:
        url = "".join(decode_words(item).split())
        if _is_list_url(url) and url not in urls and len(urls) < MAX_UNSUBSCRIBE_URLS:
            urls.append(url)
    if identity is None and not urls:
        return None
    post = "".join(decode_words(list_unsubscribe_post or b"").split()).lower()
    is_one_click = post == "list-unsubscribe=one-click" and any(url.lower().startswith("https:") for url in urls)
    return ListMarker(identity, tuple(urls), is_one_click)


def _list_id(raw: bytes | str) -> str | None:
    value = unfold(to_bytes(raw)[:MAX_HEADER_VALUE_BYTES])
    found = _IN_ANGLES.findall(value)
    identity = decode_words(found[-1] if found else value).strip()
    return identity[:MAX_MESSAGE_ID_CHARS] or None


def _is_list_url(url: str) -> bool:
    if len(url) > MAX_URL_CHARS:
        return False
    if _PLAIN_URL.fullmatch(url):
        return True
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in _LIST_SCHEMES and bool(parts.netloc or (parts.scheme == "mailto" and parts.path))
