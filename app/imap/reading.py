"""One message: its structure, flags and sections. One flush each, also from another mailbox."""

from collections.abc import Sequence
from dataclasses import replace

from app.domain.errors import NotFound, StaleReference, UpstreamProtocolError
from app.domain.flags import from_imap
from app.domain.message import MessageFacts
from app.domain.query import MessageAddress, SectionRange
from app.imap.facts import fields_of, make_summary, structure_of
from app.imap.items import FLAGS, message_items, raw_items, section_item
from app.imap.limits import MAX_SECTION_RANGE, MAX_SECTION_RANGES
from app.imap.selection import Selection
from app.imap.window import Window
from app.imap.wire.commands import command
from app.imap.wire.fetch import FetchRow, is_of
from app.imap.wire.responses import Untagged
from app.mime.headers import parse_header_block, raw_fields
from app.mime.structure import parse

_GONE = "The message is no longer there."


def read_message(selection: Selection, address: MessageAddress, deadline: float) -> MessageFacts:
    """Tell all about a message but its bodies. See `MailSession.message`.

    Where the server's description of the message cannot be read, its beginning is fetched and read here instead: a
    round trip more, and a defect.
    """
    row = _fetch(selection, address, message_items(selection.features), deadline)
    structure = structure_of(row)
    defects: tuple[str, ...] = ()
    fields = fields_of(row)
    header = _header(row)
    summary = make_summary(row, structure, fields)
    if structure is None:
        row = _fetch(selection, address, raw_items(selection.features), deadline)
        raw = row.text(b"BODY[]<0>") or row.text(b"BODY[]") or b""
        parsed = parse(raw)
        structure, defects = parsed.root, parsed.defects
        header = header or raw
        fields = {name.lower(): value for name, value in reversed(raw_fields(raw))}
        unreadable = summary.defects
        summary = make_summary(row, structure, fields)
        defects = (*dict.fromkeys((*unreadable, *summary.defects, *defects)),)
        summary = replace(summary, defects=defects)
    return MessageFacts(summary, from_imap(row.flags()), structure, parse_header_block(header))


def read_flags(selection: Selection, address: MessageAddress, deadline: float) -> tuple[str, ...]:
    """Tell a message's flags. See `MailSession.flags`."""
    return from_imap(_fetch(selection, address, FLAGS, deadline).flags())


def read_sections(
    selection: Selection, address: MessageAddress, wanted: Sequence[SectionRange], deadline: float
) -> tuple[bytes, ...]:
    """Fetch ranges of sections in one command. See `MailSession.sections`.

    Ranges are cut at the bound. Servers that ignore the range and send the whole section are cut here.
    """
    if not wanted:
        return ()
    if len(wanted) > MAX_SECTION_RANGES:
        raise ValueError("too many section ranges at once")
    lengths: dict[tuple[str, int], int] = {}
    for one in wanted:
        key = (one.section, one.offset)
        lengths[key] = max(lengths.get(key, 1), _length(one))
    items = [section_item(section, offset, length) for (section, offset), length in lengths.items()]
    row = _fetch(selection, address, f"(UID {' '.join(items)})", deadline)
    return tuple([_section(row, one) for one in wanted])


def _fetch(selection: Selection, address: MessageAddress, items: str, deadline: float) -> FetchRow:
    """Fetch items of one message, entering its mailbox in the same flush. Raises StaleReference when it is gone."""
    entering = selection.enter(address.mailbox, address.uidvalidity)
    window = Window(max_rows=1)

    def take(untagged: Untagged) -> None:
        if untagged.kind != b"FETCH" or is_of(untagged, address.uid):
            window.take(untagged)

    fetching = command("UID FETCH", str(address.uid), items, expects=["FETCH"])
    replies = selection.run([*entering, fetching], deadline, take)
    try:
        view = selection.entered(entering, replies)
    except NotFound:
        raise StaleReference("The mailbox of this message is no longer there.") from None
    if view.uidvalidity != address.uidvalidity:
        raise StaleReference("The mailbox was renumbered; its messages have new ids.")
    reply = replies[-1]
    if reply.code is not None and reply.code.name == b"EXPUNGEISSUED":  # RFC 5530: gone, and not yet told
        raise StaleReference(_GONE)
    reply.require_ok()
    row = next(iter(window.rows.values()), None)
    if row is None:  # never there, or expunged in the same breath
        raise StaleReference(_GONE)
    return row


def _header(row: FetchRow) -> bytes:
    sections = row.sections()
    return sections.get((b"HEADER", 0)) or sections.get((b"HEADER", None)) or b""


def _length(one: SectionRange) -> int:
    if one.offset < 0 or one.offset > 0xFFFFFFFF:
        raise ValueError("the offset of a section is out of range")
    return max(1, min(MAX_SECTION_RANGE if one.length is None else one.length, MAX_SECTION_RANGE))


def _section(row: FetchRow, one: SectionRange) -> bytes:
    sections = row.sections()
    name = one.section.encode("ascii")
    length = _length(one)
    if (name, one.offset) in sections:
        data = sections[name, one.offset]
        start = 0
    elif (name, None) in sections:  # some servers leave the origin out, or the whole range
        data = sections[name, None]
        start = one.offset
    else:
        raise UpstreamProtocolError("The mail server left out what was asked for.")
    return (data or b"")[start : start + length]  # NIL, where other servers send an empty string
