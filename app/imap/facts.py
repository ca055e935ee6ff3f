"""FETCH rows to domain values; what cannot be read becomes a defect of that message alone."""

from app.domain.message import Attachment, ListMarker, Part, SummaryFacts
from app.imap.wire.bodystructure import read_structure
from app.imap.wire.dates import read_date
from app.imap.wire.envelope import Envelope, read_envelope
from app.imap.wire.errors import MalformedResponse
from app.imap.wire.fetch import FetchRow
from app.imap.wire.plain_files import read_plain_files
from app.imap.wire.tokenizer import Token
from app.mime.addresses import parse_addresses
from app.mime.attachments import attachments
from app.mime.dates import parse_date
from app.mime.headers import list_marker, message_ids, raw_fields
from app.mime.row_fields import RowFields, read_row_fields
from app.mime.snippet import preview, preview_from_section
from app.mime.words import decode_words

#: Stands for the tree of a row that was read by its form.
_TEXT_ALONE = Part("1", "text/plain")

UNREADABLE_ENVELOPE = "unreadable_envelope"
UNREADABLE_STRUCTURE = "unreadable_structure"
UNKNOWN_SIZE = "unknown_size"


def read_summary(row: FetchRow, *, with_preview: bool = False) -> SummaryFacts:
    """Make the facts of a list row. Without a readable ENVELOPE they come from its header fields, if any."""
    known = read_row_fields(row.header) if row.header is not None else None
    if known is not None and row.envelope is not None:
        return _facts(row, row.envelope, structure_of(row), known, [], with_preview=with_preview)
    return make_summary(row, structure_of(row), fields_of(row), with_preview=with_preview)


def make_summary(
    row: FetchRow,
    structure: Part | None,
    fields: dict[str, bytes],
    *,
    with_preview: bool = False,
    defects: tuple[str, ...] = (),
) -> SummaryFacts:
    """Make the facts of a row from its tree, None when unreadable, and its header fields by lower-case name."""
    found = list(defects)
    envelope = row.envelope or read_envelope(row.items.get(b"ENVELOPE"))
    if not envelope.is_whole:
        found.append(UNREADABLE_ENVELOPE)
        envelope = _envelope_from(fields) if fields.keys() & {"from", "subject", "date"} else envelope
    known = RowFields(message_ids(fields.get("references")), _list(fields))
    return _facts(row, envelope, structure, known, found, with_preview=with_preview)


def _facts(
    row: FetchRow,
    envelope: Envelope,
    structure: Part | None,
    fields: RowFields,
    defects: list[str],
    *,
    with_preview: bool,
) -> SummaryFacts:
    """Put together what was read; `defects` gets those of the structure and the size."""
    files = _files_of(row, structure)
    if files is None:
        defects.append(UNREADABLE_STRUCTURE)
    size = row.number(b"RFC822.SIZE")
    if size is None:
        defects.append(UNKNOWN_SIZE)
    email_id, thread_id = _ids(row)
    return SummaryFacts(  # by place: names cost a third of it
        row.uid,
        email_id,
        thread_id,
        envelope.message_id,
        envelope.in_reply_to,
        fields.references,
        envelope.from_,
        envelope.to,
        envelope.cc,
        envelope.reply_to,
        envelope.subject,
        envelope.date,
        read_date(row.text(b"INTERNALDATE") or b""),
        size or 0,
        files or (),
        fields.list,
        _preview(row, structure) if with_preview else None,
        tuple(defects),
    )


def structure_of(row: FetchRow) -> Part | None:
    """Read the row's tree; None when the server's description makes no sense.

    A row that was read by its form has none, only its files: its text stands for the tree.
    """
    if row.files is not None:
        return _TEXT_ALONE
    try:
        return read_structure(row.items.get(b"BODYSTRUCTURE"))
    except MalformedResponse:
        return None


def _files_of(row: FetchRow, structure: Part | None) -> tuple[Attachment, ...] | None:
    """List the attachments; None when the server's description makes no sense."""
    if row.files is None:
        return None if structure is None else attachments(structure)
    try:
        return read_plain_files(row.files)
    except MalformedResponse:
        return None


def fields_of(row: FetchRow) -> dict[str, bytes]:
    """Read the row's header fields, raw, by lower-case name; of a repeated one the first."""
    fields: dict[str, bytes] = {}
    for name, value in row.items.items():
        if name.startswith(b"BODY[HEADER") and isinstance(value, bytes) and len(value) > 2:
            for field, text in raw_fields(value):
                fields.setdefault(field.lower(), text)
    return fields


def _envelope_from(fields: dict[str, bytes]) -> Envelope:
    ids = message_ids(fields.get("message-id"))
    return Envelope(
        date=parse_date(fields.get("date")),
        subject=decode_words(fields.get("subject", b"")),
        from_=parse_addresses(fields.get("from", b"")),
        reply_to=parse_addresses(fields.get("reply-to", b"")),
        to=parse_addresses(fields.get("to", b"")),
        cc=parse_addresses(fields.get("cc", b"")),
        in_reply_to=message_ids(fields.get("in-reply-to")),
        message_id=ids[0] if ids else None,
    )


def _list(fields: dict[str, bytes]) -> ListMarker | None:
    if not fields:
        return None
    return list_marker(fields.get("list-id"), fields.get("list-unsubscribe"), fields.get("list-unsubscribe-post"))


def _preview(row: FetchRow, structure: Part | None) -> str:
    from_server = row.text(b"PREVIEW")  # RFC 8970; NIL when the server has none
    if from_server is not None:
        return preview(from_server.decode("utf-8", "replace"))
    sections = row.sections()
    beginning = sections.get((b"1", 0)) or sections.get((b"1", None))
    if structure is None or not beginning:
        return ""
    return preview_from_section(structure, beginning) or ""


def _ids(row: FetchRow) -> tuple[str | None, str | None]:
    """Return the server's ids of content and thread: OBJECTID's (RFC 8474), else Gmail's."""
    if b"EMAILID" not in row.items and b"X-GM-MSGID" not in row.items:
        return None, None
    email = object_id(row.items.get(b"EMAILID")) or object_id(row.items.get(b"X-GM-MSGID"))
    thread = object_id(row.items.get(b"THREADID")) or object_id(row.items.get(b"X-GM-THRID"))
    return email, thread


def object_id(token: Token) -> str | None:
    """Read an objectid, in parentheses or not, 1 to 255 characters long (RFC 8474 section 7)."""
    value = token[0] if isinstance(token, list) and len(token) == 1 else token
    if not isinstance(value, bytes) or not 0 < len(value) <= 255 or not value.isascii():
        return None
    return value.decode("ascii")
