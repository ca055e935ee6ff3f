"""A list row from what can be read of a message without its server's help: its header, or all of it."""

from dataclasses import replace
from datetime import UTC, datetime

from app.domain.ids import Uid
from app.domain.message import Part, SummaryFacts
from app.mime.addresses import parse_addresses
from app.mime.attachments import attachments
from app.mime.dates import parse_date
from app.mime.headers import list_marker, message_ids, raw_fields
from app.mime.parameters import parse_parameters
from app.mime.words import decode_words

#: The header was longer than the bound, and its end is missing.
HEADER_CUT = "header_truncated"
#: The header could not be read, or not yet.
HEADER_NOT_READ = "header_not_read"
#: The message has parts, and which of them are attachments is not known before it is downloaded.
ATTACHMENTS_NOT_KNOWN = "attachments_not_known"


def summary_from_header(uid: Uid, header: bytes, size: int, first_seen: float, *, is_cut: bool) -> SummaryFacts:
    """Make the facts of a list row from a raw header block; `size` is octets, `first_seen` Unix seconds.

    `received` is the time in the top Received field, which the last server wrote (RFC 5321 section 4.4), else
    `first_seen`. Attachments and preview wait for `completed`.
    """
    fields: dict[str, bytes] = {}
    for name, value in raw_fields(header):
        fields.setdefault(name.lower(), value)
    ids = message_ids(fields.get("message-id"))
    defects = [HEADER_CUT] if is_cut else []
    if parse_parameters(fields.get("content-type"))[0].startswith("multipart/"):
        defects.append(ATTACHMENTS_NOT_KNOWN)
    return SummaryFacts(
        uid=uid,
        email_id=None,
        thread_id=None,
        message_id=ids[0] if ids else None,
        in_reply_to=message_ids(fields.get("in-reply-to")),
        references=message_ids(fields.get("references")),
        from_=parse_addresses(fields.get("from", b"")),
        to=parse_addresses(fields.get("to", b"")),
        cc=parse_addresses(fields.get("cc", b"")),
        reply_to=parse_addresses(fields.get("reply-to", b"")),
        subject=decode_words(fields.get("subject", b"")),
        date=parse_date(fields.get("date")),
        received=_received(fields.get("received")) or datetime.fromtimestamp(first_seen, UTC).isoformat(),
        size=size,
        attachments=(),
        list=list_marker(fields.get("list-id"), fields.get("list-unsubscribe"), fields.get("list-unsubscribe-post")),
        preview=None,
        defects=tuple(defects),
    )


def unread_summary(uid: Uid, size: int) -> SummaryFacts:
    """Make the facts of a row of which only the size is known yet."""
    return replace(summary_from_header(uid, b"", size, 0.0, is_cut=False), received=None, defects=(HEADER_NOT_READ,))


def completed(
    facts: SummaryFacts, root: Part, size: int, preview: str | None, defects: tuple[str, ...]
) -> SummaryFacts:
    """Complete a list row with what the whole message of `size` bytes has told; `defects` are of its structure."""
    known = (defect for defect in (*facts.defects, *defects) if defect != ATTACHMENTS_NOT_KNOWN)
    return replace(
        facts, attachments=attachments(root), size=size, preview=preview, defects=tuple(dict.fromkeys(known))
    )


def _received(field: bytes | None) -> str | None:
    return parse_date(field.rpartition(b";")[2]) if field else None
