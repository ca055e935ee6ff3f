"""One message: its structure, flags and sections. One flush each, also from another mailbox."""

from collections.abc import Sequence
from dataclasses import replace

from app.domain.errors import NotFound, StaleReference, UpstreamProtocolError
from app.domain.flags import from_imap
from app.domain.message import MessageFacts
from app.domain.query import MessageAddress, SectionRange
from app.imap.dialogue import Reply
from app.imap.facts import fields_of, make_summary, structure_of
from app.imap.items import FLAGS, message_items, raw_items, section_item
from app.imap.limits import MAX_SECTION_RANGE, MAX_SECTION_RANGES
from app.imap.selection import Selection, View
from app.imap.window import Window
from app.imap.wire.commands import Command, command
from app.imap.wire.fetch import FetchRow, as_number, is_of
from app.imap.wire.responses import Untagged
from app.mime.headers import parse_header_block, raw_fields
from app.mime.structure import parse

_GONE = "The message is no longer there."


def read_message(selection: Selection, address: MessageAddress, deadline: float) -> MessageFacts:
    """Tell all about a message but its bodies. See `MailSession.message`.

    Where the server's description of the message cannot be read, its beginning is fetched and read here instead: a
    round trip more, and a defect.
    """
    row = _fetch(
        selection, address, with_modseq(selection, address.mailbox, message_items(selection.features)), deadline
    )
    return facts_of(row) or rescued(row, _fetch(selection, address, raw_items(selection.features), deadline))


def facts_of(row: FetchRow) -> MessageFacts | None:
    """Make the facts of an open message from the row that `message_items` brought.

    None when the server's description of its structure cannot be read: `rescued` needs the row of `raw_items` too.
    """
    structure = structure_of(row)
    if structure is None:
        return None
    summary = make_summary(row, structure, fields_of(row))
    return MessageFacts(summary, from_imap(row.flags()), structure, parse_header_block(_header(row)), modseq_of(row))


def rescued(row: FetchRow, beginning: FetchRow) -> MessageFacts:
    """Make the facts of a message whose structure the server cannot write, from its beginning."""
    unreadable = make_summary(row, None, fields_of(row)).defects
    raw = beginning.text(b"BODY[]<0>") or beginning.text(b"BODY[]") or b""
    parsed = parse(raw)
    fields = {name.lower(): value for name, value in reversed(raw_fields(raw))}
    summary = make_summary(beginning, parsed.root, fields)
    defects = dict.fromkeys((*unreadable, *summary.defects, *parsed.defects))
    header = parse_header_block(_header(row) or raw)
    return MessageFacts(replace(summary, defects=tuple(defects)), from_imap(beginning.flags()), parsed.root, header)


def read_flags(selection: Selection, address: MessageAddress, deadline: float) -> tuple[str, ...]:
    """Tell a message's flags. See `MailSession.flags`."""
    return from_imap(_fetch(selection, address, FLAGS, deadline).flags())


def read_flags_and_modseq(
    selection: Selection, address: MessageAddress, deadline: float
) -> tuple[tuple[str, ...], int | None]:
    """Tell a message's flags and the MODSEQ they have. See `ModseqSession`."""
    row = _fetch(selection, address, with_modseq(selection, address.mailbox, FLAGS), deadline)
    return from_imap(row.flags()), modseq_of(row)


def with_modseq(selection: Selection, mailbox: str, items: str) -> str:
    """Ask for the MODSEQ too, where this connection has seen that the mailbox has them.

    A server refuses a whole FETCH that asks for what a mailbox does not have (RFC 7162 section 3.1.2.2), so it is not
    asked for in the flush that enters the mailbox.
    """
    view = selection.view
    if view is None or view.name != mailbox or view.modseq is None:
        return items
    return items.replace("FLAGS", "FLAGS MODSEQ", 1)


def modseq_of(row: FetchRow) -> int | None:
    """Read the MODSEQ of a row, None where it was not told."""
    value = row.items.get(b"MODSEQ")
    return as_number(value[0]) if isinstance(value, list) and len(value) == 1 else None


def read_sections(
    selection: Selection, address: MessageAddress, wanted: Sequence[SectionRange], deadline: float
) -> tuple[bytes, ...]:
    """Fetch ranges of sections in one command. See `MailSession.sections`.

    Ranges are cut at the bound. Servers that ignore the range and send the whole section are cut here.
    """
    return sections_of(_fetch(selection, address, range_items(wanted), deadline), wanted) if wanted else ()


def range_items(wanted: Sequence[SectionRange]) -> str:
    """Write the items of ranges of sections. Raises NotFound for what is no section, ValueError over a bound."""
    if len(wanted) > MAX_SECTION_RANGES:
        raise ValueError("too many section ranges at once")
    lengths: dict[tuple[str, int], int] = {}
    for one in wanted:
        key = (one.section, one.offset)
        lengths[key] = max(lengths.get(key, 1), range_length(one))
    items = [section_item(section, offset, length) for (section, offset), length in lengths.items()]
    return f"(UID {' '.join(items)})"


def sections_of(row: FetchRow, wanted: Sequence[SectionRange]) -> tuple[bytes, ...]:
    """Read what `range_items` brought. Raises UpstreamProtocolError when some of it is missing."""
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
    entered_as(selection, address.uidvalidity, entering, replies)
    reply = replies[-1]
    if reply.code is not None and reply.code.name == b"EXPUNGEISSUED":  # RFC 5530: gone, and not yet told
        raise StaleReference(_GONE)
    reply.require_ok()
    row = next(iter(window.rows.values()), None)
    if row is None:  # never there, or expunged in the same breath
        raise StaleReference(_GONE)
    return row


def entered_as(selection: Selection, uidvalidity: int, entering: Sequence[Command], replies: Sequence[Reply]) -> View:
    """Return the view after a flush that began with `entering`. Raises StaleReference when it is not of the mailbox the
    caller's UIDs belong to.
    """
    try:
        view = selection.entered(entering, replies)
    except NotFound:
        raise StaleReference("The mailbox of this message is no longer there.") from None
    if view.uidvalidity != uidvalidity:
        raise StaleReference("The mailbox was renumbered; its messages have new ids.")
    return view


def _header(row: FetchRow) -> bytes:
    sections = row.sections()
    return sections.get((b"HEADER", 0)) or sections.get((b"HEADER", None)) or b""


def range_length(one: SectionRange) -> int:
    """How many bytes of a range are asked for. Raises ValueError for an offset that no section has."""
    if one.offset < 0 or one.offset > 0xFFFFFFFF:
        raise ValueError("the offset of a section is out of range")
    return max(1, min(MAX_SECTION_RANGE if one.length is None else one.length, MAX_SECTION_RANGE))


def _section(row: FetchRow, one: SectionRange) -> bytes:
    sections = row.sections()
    name = one.section.encode("ascii")
    length = range_length(one)
    if (name, one.offset) in sections:
        data = sections[name, one.offset]
        start = 0
    elif (name, None) in sections:  # some servers leave the origin out, or the whole range
        data = sections[name, None]
        start = one.offset
    else:
        raise UpstreamProtocolError("The mail server left out what was asked for.")
    return (data or b"")[start : start + length]  # NIL, where other servers send an empty string
