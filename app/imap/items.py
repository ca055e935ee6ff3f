"""FETCH items: what is asked for a list row, an open message, a section. Always PEEK: reading marks nothing."""

import re

from app.domain.errors import NotFound
from app.imap.features import Features
from app.imap.limits import MAX_HEADER, MAX_RAW_FOR_STRUCTURE, MAX_ROW_HEADER, MAX_SECTION_LEVELS, PREVIEW_BYTES

#: What changes about a message; the rest is fetched once.
FLAGS = "(UID FLAGS)"

_ROW_FIELDS = "REFERENCES LIST-ID LIST-UNSUBSCRIBE LIST-UNSUBSCRIBE-POST"
_ENVELOPE_FIELDS = "DATE SUBJECT FROM REPLY-TO TO CC IN-REPLY-TO MESSAGE-ID"

#: section-spec of RFC 9051 section 9, without HEADER.FIELDS.
_LEVEL = r"[1-9][0-9]{0,4}"
_SECTION = re.compile(
    rf"(?:{_LEVEL}(?:\.{_LEVEL}){{0,{MAX_SECTION_LEVELS - 1}}}(?:\.(?:MIME|HEADER|TEXT))?|HEADER|TEXT|)", re.ASCII
)


def row_items(features: Features, *, with_preview: bool) -> str:
    """Write the items of a list row. UID and FLAGS come first: they survive when what follows is malformed."""
    items = ["UID FLAGS INTERNALDATE RFC822.SIZE", *_ids(features), "ENVELOPE BODYSTRUCTURE"]
    items.append(f"BODY.PEEK[HEADER.FIELDS ({_ROW_FIELDS})]<0.{MAX_ROW_HEADER}>")
    if with_preview:
        items.append("PREVIEW" if features.has_preview else f"BODY.PEEK[1]<0.{PREVIEW_BYTES}>")
    return f"({' '.join(items)})"


def rescue_items(features: Features) -> str:
    """Write the items of a row whose ENVELOPE or BODYSTRUCTURE the server cannot write: its header fields instead."""
    fields = f"BODY.PEEK[HEADER.FIELDS ({_ENVELOPE_FIELDS} {_ROW_FIELDS})]<0.{MAX_ROW_HEADER}>"
    return f"({' '.join(['UID FLAGS INTERNALDATE RFC822.SIZE', *_ids(features), fields])})"


def message_items(features: Features) -> str:
    """Write the items of an open message: a row's, with the whole header in place of some fields."""
    items = ["UID FLAGS INTERNALDATE RFC822.SIZE", *_ids(features), "ENVELOPE BODYSTRUCTURE"]
    return f"({' '.join(items)} BODY.PEEK[HEADER]<0.{MAX_HEADER}>)"


def raw_items(features: Features) -> str:
    """Write the items of a message whose structure we have to read ourselves."""
    items = ["UID FLAGS INTERNALDATE RFC822.SIZE", *_ids(features)]
    return f"({' '.join(items)} BODY.PEEK[]<0.{MAX_RAW_FOR_STRUCTURE}>)"


def section_item(section: str, offset: int, length: int) -> str:
    """Write the item of a section range. Raises NotFound for what is no section: a client may have made it up."""
    if not _SECTION.fullmatch(section):
        raise NotFound("There is no such part.")
    return f"BODY.PEEK[{section}]<{offset}.{length}>"


def _ids(features: Features) -> list[str]:
    items = ["EMAILID THREADID"] if features.has_object_id else []
    return [*items, "X-GM-MSGID X-GM-THRID"] if features.is_gmail else items
