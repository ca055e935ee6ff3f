"""Which bytes of a message's texts to fetch, and the body that is made of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from app.domain.message import Body, MessageFacts, Part
from app.domain.query import SectionRange
from app.mime.body import FetchedText, compose
from app.services.limits import MAX_RANGES, SECTION_BYTES


def text_ranges(parts: Sequence[Part], max_bytes: int) -> list[SectionRange]:
    """List what to fetch of text parts, each up to what `max_bytes` decoded characters can take; at most MAX_RANGES."""
    ranges: list[SectionRange] = []
    for section, part in _by_section(parts).items():
        most = _encoded_bound(part, max_bytes)
        ranges.extend(
            SectionRange(section, offset, min(SECTION_BYTES, most - offset)) for offset in range(0, most, SECTION_BYTES)
        )
    return ranges[:MAX_RANGES]


def fetched_texts(
    parts: Sequence[Part], ranges: Sequence[SectionRange], pieces: Sequence[bytes], max_bytes: int
) -> dict[str, FetchedText]:
    """Put the bytes of these ranges together by section; what was not fetched to its end counts as cut off."""
    contents: dict[str, bytes] = {}
    for one, piece in zip(ranges, pieces, strict=True):
        contents[one.section] = contents.get(one.section, b"") + piece
    return {section: _fetched(part, contents.get(section), max_bytes) for section, part in _by_section(parts).items()}


def composed(facts: MessageFacts, texts: Mapping[str, FetchedText], max_bytes: int, link: Callable[[str], str]) -> Body:
    """Put a body together; `link` makes an inline image's address of its section. Takes milliseconds to seconds."""
    sections = {part.content_id: part.section for part in facts.structure.leaves() if part.content_id}

    @cache  # a message may show one image ten thousand times
    def link_for_cid(content_id: str) -> str | None:
        section = sections.get(content_id)
        return None if section is None else link(section)

    body = compose(facts.structure, texts, link_for_cid, max_bytes)
    return replace(body, defects=tuple(dict.fromkeys(facts.summary.defects + body.defects)))


def _by_section(parts: Sequence[Part]) -> dict[str, Part]:
    return {part.section: part for part in parts if part.section is not None}


def _fetched(part: Part, data: bytes | None, max_bytes: int) -> FetchedText:
    if data is None:
        return FetchedText(b"", is_truncated=True)
    return FetchedText(data, is_truncated=len(data) >= _encoded_bound(part, max_bytes))


def _encoded_bound(part: Part, max_bytes: int) -> int:
    """How many encoded bytes to fetch: the whole part, or what yields `max_bytes` characters in any encoding.

    A character takes up to 4 bytes, and a byte up to 3 in quoted-printable or 1.4 in base64.
    """
    growth = {"quoted-printable": 6, "base64": 3}.get(part.encoding, 2)
    most = max_bytes * growth + 4096
    return most if part.size is None else min(most, part.size + 1)
