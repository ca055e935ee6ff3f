"""How much memory domain values take, in bytes, without walking them generically.

Shared strings are counted each time: a cache that uses this stays below its budget rather than above.
"""

from sys import getsizeof

from app.domain.message import Address, Attachment, Header, ListMarker, MessageFacts, Part, SummaryFacts

_ADDRESS = getsizeof(Address(None, None))
_ATTACHMENT = getsizeof(Attachment("", None, "", None, None, False)) + 32  # with its number
_MARKER = getsizeof(ListMarker(None, (), False))
_NUMBERS = 64  # uid and size


def _texts(values: tuple[str | None, ...]) -> int:
    total = 0
    for value in values:
        if value is not None:
            total += getsizeof(value)
    return total


def _strings(values: tuple[str, ...]) -> int:
    return getsizeof(values) + sum(map(getsizeof, values)) if values else 0


def _addresses(values: tuple[Address, ...]) -> int:
    if not values:
        return 0
    total = getsizeof(values)
    for one in values:
        total += _ADDRESS
        if one.name is not None:
            total += getsizeof(one.name)
        if one.email is not None:
            total += getsizeof(one.email)
    return total


def _attachments(values: tuple[Attachment, ...]) -> int:
    if not values:
        return 0
    total = getsizeof(values)
    for one in values:
        total += _ATTACHMENT + _texts((one.part, one.filename, one.content_type, one.content_id))
    return total


def _marker(value: ListMarker | None) -> int:
    return 0 if value is None else _MARKER + _texts((value.id,)) + _strings(value.unsubscribe)


def size_of_summary(facts: SummaryFacts) -> int:
    """Bytes of a summary with all it refers to."""
    texts = (
        facts.email_id,
        facts.thread_id,
        facts.message_id,
        facts.subject,
        facts.date,
        facts.received,
        facts.preview,
    )
    return (
        getsizeof(facts)
        + _NUMBERS
        + _texts(texts)
        + _strings(facts.in_reply_to)
        + _strings(facts.references)
        + _strings(facts.defects)
        + _addresses(facts.from_)
        + _addresses(facts.to)
        + _addresses(facts.cc)
        + _addresses(facts.reply_to)
        + _attachments(facts.attachments)
        + _marker(facts.list)
    )


def _part(part: Part) -> int:
    texts = (
        part.section,
        part.content_type,
        part.charset,
        part.encoding,
        part.disposition,
        part.filename,
        part.content_id,
        part.description,
        part.boundary,
    )
    return getsizeof(part) + _texts(texts) + getsizeof(part.size) + getsizeof(part.parts)


def _header(header: Header) -> int:
    return getsizeof(header) + getsizeof(header.name) + getsizeof(header.value)


def size_of_message(facts: MessageFacts) -> int:
    """Bytes of an open message's facts with all they refer to."""
    return (
        getsizeof(facts)
        + size_of_summary(facts.summary)
        + _strings(facts.flags)
        + sum(map(_part, facts.structure.walk()))
        + getsizeof(facts.headers)
        + sum(map(_header, facts.headers))
    )
