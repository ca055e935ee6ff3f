"""Making a node of the MIME tree from decoded fields: one reading for raw messages and for BODYSTRUCTURE."""

from collections.abc import Mapping
from typing import Literal

from app.domain.message import Part
from app.mime.charset import clean_text
from app.mime.headers import decode_words, filename
from app.mime.limits import MAX_BOUNDARY_BYTES, MAX_CHARSET_NAME_CHARS, MAX_MESSAGE_ID_CHARS, MAX_NAME_CHARS

_MAX_TYPE_CHARS = 255  # RFC 6838 section 4.2: 127 for each half


def make_part(
    section: str | None,
    content_type: str,
    parameters: Mapping[str, str],
    *,
    encoding: str | None = None,
    size: int | None = None,
    disposition: str | None = None,
    disposition_parameters: Mapping[str, str] | None = None,
    content_id: bytes | str | None = None,
    description: bytes | str | None = None,
    parts: tuple[Part, ...] = (),
) -> Part:
    """Build a part from its fields; parameters come from `parse_parameters` or `join_parameters`.

    `content_type` without a slash is no type: the part is `text/plain` (RFC 2045 section 5.2). `content_id` loses its
    brackets. `size` is encoded bytes. Attachments are marked later, by `mark_attachments`, which needs the whole tree.
    """
    kind = clean_text(content_type).strip().lower()[:_MAX_TYPE_CHARS]
    if not is_media_type(kind):
        kind = "text/plain"
    charset = parameters.get("charset", "").strip()[:MAX_CHARSET_NAME_CHARS] or None
    return Part(
        section=section,
        content_type=kind,
        charset=charset.lower() if charset else None,
        encoding=_token(encoding) or "7bit",
        size=size,
        disposition=_token(disposition),
        filename=filename(disposition_parameters or {}, parameters),
        content_id=_content_id(content_id),
        description=decode_words(description)[:MAX_NAME_CHARS] or None if description else None,
        boundary=parameters.get("boundary", "")[:MAX_BOUNDARY_BYTES] or None,
        text_format=_text_format(parameters) if kind == "text/plain" else "fixed",
        parts=parts,
    )


def is_media_type(value: str) -> bool:
    """Whether a lower-case value has the form `type/subtype` (RFC 2045 section 5.1)."""
    kind, slash, subtype = value.partition("/")
    return bool(kind and slash and subtype) and not any(char in value for char in ' "(),;:<>@[\\]') and value.isascii()


def _token(value: str | None) -> str | None:
    if value is None:
        return None
    return clean_text(value).strip().strip("\"'").lower()[:MAX_CHARSET_NAME_CHARS] or None


def _content_id(raw: bytes | str | None) -> str | None:
    if not raw:
        return None
    return decode_words(raw).strip().removeprefix("<").removesuffix(">").strip()[:MAX_MESSAGE_ID_CHARS] or None


def _text_format(parameters: Mapping[str, str]) -> Literal["fixed", "flowed", "flowed_delsp"]:
    if parameters.get("format", "").strip().lower() != "flowed":
        return "fixed"
    return "flowed_delsp" if parameters.get("delsp", "").strip().lower() == "yes" else "flowed"
