"""How much memory domain values take, in bytes, without walking them generically.

Shared strings are counted each time: a cache that uses this stays below its budget rather than above.
"""

from sys import getsizeof

from app.domain.message import Address, Attachment, Header, ListMarker, MessageFacts, Part, SummaryFacts

_GC = 16  # what the garbage collector keeps in front of each object; getsizeof adds it for tuples, not for slots


def _texts(values: tuple[str | None, ...]) -> int:
    return sum(getsizeof(value) for value in values if value is not None)


def _strings(values: tuple[str, ...]) -> int:
    return getsizeof(values) + sum(map(getsizeof, values)) if values else 0


def _addresses(values: tuple[Address, ...]) -> int:
    if not values:
        return 0
    return getsizeof(values) + sum(getsizeof(one) + _GC + _texts((one.name, one.email)) for one in values)


def _attachment(value: Attachment) -> int:
    own = getsizeof(value) + _GC + getsizeof(value.size)
    return own + _texts((value.part, value.filename, value.content_type, value.content_id))


def _marker(value: ListMarker | None) -> int:
    return 0 if value is None else getsizeof(value) + _GC + _texts((value.id,)) + _strings(value.unsubscribe)


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
        + _GC
        + getsizeof(facts.uid)
        + getsizeof(facts.size)
        + _texts(texts)
        + _strings(facts.in_reply_to)
        + _strings(facts.references)
        + _strings(facts.defects)
        + sum(map(_addresses, (facts.from_, facts.to, facts.cc, facts.reply_to)))
        + (getsizeof(facts.attachments) + sum(map(_attachment, facts.attachments)) if facts.attachments else 0)
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
    return getsizeof(part) + _GC + _texts(texts) + getsizeof(part.size) + getsizeof(part.parts)


def _header(header: Header) -> int:
    return getsizeof(header) + _GC + getsizeof(header.name) + getsizeof(header.value)


def size_of_message(facts: MessageFacts) -> int:
    """Bytes of an open message's facts with all they refer to."""
    return (
        getsizeof(facts)
        + _GC
        + size_of_summary(facts.summary)
        + _strings(facts.flags)
        + sum(map(_part, facts.structure.walk()))
        + getsizeof(facts.headers)
        + sum(map(_header, facts.headers))
    )
