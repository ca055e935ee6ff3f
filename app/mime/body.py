"""The body of a message as a person reads it: always as text and as safe HTML, whatever was sent."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from app.domain.message import BlockedContent, Body, Part
from app.mime.charset import decode_text
from app.mime.encodings import decode_transfer
from app.mime.flowed import unflow
from app.mime.html import CleanedHtml, clean, html_to_text, text_to_html
from app.mime.limits import MAX_BODY_LEVELS, MAX_BODY_PARTS
from app.mime.plan import Block, blocks, is_encrypted, is_html

_META_CHARSET = re.compile(rb"<meta\s[^>]{0,300}?charset\s*=\s*[\"']?([A-Za-z0-9_:.\-]{1,64})", re.IGNORECASE)
_META_WITHIN = 2_048  # bytes in which a page names its charset; browsers look at 1,024
_CUT_ESCAPE = re.compile(rb"=[0-9A-Fa-f]?\Z")
_CUT_CHARACTER = re.compile(rb"(?:[\xc2-\xf4]|[\xe0-\xf4][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{2})\Z")
_MARKED_UP = {"text/enriched", "text/richtext"}
_SHRINK_TRIES = 4


@dataclass(frozen=True, slots=True)
class FetchedText:
    """A text part's content as fetched: still transfer-encoded; `is_truncated` when there was more."""

    data: bytes
    is_truncated: bool


def wanted(root: Part) -> tuple[Part, ...]:
    """Tell which parts `compose` needs, each once, in the order of the message: leaves with a section number.

    Of alternatives the best text and the best HTML; of a mixed message all inline texts, at most 50 parts. Parts that
    lie deeper than a section number may go are left out: `compose` says `missing_content` then.
    """
    found: dict[str, Part] = {}
    for block in blocks(root):
        for part in (*block.text, *block.html):
            if part.section is not None and part.section.count(".") < MAX_BODY_LEVELS:
                found.setdefault(part.section, part)
    return tuple(found.values())[:MAX_BODY_PARTS]


def compose(
    root: Part, contents: Mapping[str, FetchedText], link_for_cid: Callable[[str], str | None], max_chars: int
) -> Body:
    """Put the body together from the content of the `wanted` parts, by section number.

    Where the message has only one form the other is made from it. `link_for_cid` gets a Content-ID without brackets
    and answers the URL an inline image is shown from, or None. Text and HTML have at most `max_chars` characters each;
    HTML is cut before it is cleaned, never after. Defects, beside those of decoding: `encrypted`, `missing_content`.
    """
    composer = _Composer(contents, link_for_cid, max(0, max_chars))
    body = blocks(root)
    text, text_source = composer.text(body)
    html, html_source = composer.html(body)
    if text_source == "part" and not text.strip() and html_source == "part":
        text, text_source = composer.text_of_html(body)
    if is_encrypted(root):
        composer.defects["encrypted"] = None
    return Body(
        text=text,
        html=html,
        text_source=text_source,
        html_source=html_source,
        blocked=tuple(composer.blocked),
        truncated=composer.truncated,
        defects=tuple(composer.defects),
    )


def read_text(part: Part, data: bytes, *, is_truncated: bool = False) -> tuple[str, tuple[str, ...]]:
    """Decode a text part's content: transfer encoding, charset (of a page that names none, its `<meta>`), flowed text.

    Line ends come out as LF. Returns the text, or the HTML source, and the defects; what a cut breaks at the end, an
    escape or a character, is left out and is none.
    """
    if is_truncated and part.encoding == "quoted-printable":
        data = _CUT_ESCAPE.sub(b"", data)
    decoded, transfer_defects = decode_transfer(data, part.encoding)
    charset = part.charset
    if is_truncated:
        transfer_defects = tuple(defect for defect in transfer_defects if defect != "missing_padding")
        if charset in {None, "utf-8", "utf8"}:
            decoded = _CUT_CHARACTER.sub(b"", decoded)
    if charset is None and is_html(part) and (meta := _META_CHARSET.search(decoded[:_META_WITHIN])):
        charset = meta.group(1).decode("ascii")
    text, charset_defects = decode_text(decoded, charset)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if part.text_format != "fixed":
        text = unflow(text, delsp=part.text_format == "flowed_delsp")
    elif part.content_type in _MARKED_UP:
        text = html_to_text(text)
    return text, transfer_defects + charset_defects


class _Composer:
    """Reads each part once and keeps account of what was cut, blocked and wrong."""

    def __init__(
        self, contents: Mapping[str, FetchedText], link_for_cid: Callable[[str], str | None], max_chars: int
    ) -> None:
        self.blocked: dict[BlockedContent, None] = {}
        self.defects: dict[str, None] = {}
        self.truncated = False
        self._contents = contents
        self._link_for_cid = link_for_cid
        self._max_chars = max_chars
        self._read: dict[str, str] = {}

    def text(self, body: tuple[Block, ...]) -> tuple[str, Literal["part", "made_from_html", "none"]]:
        parts = [part for block in body for part in block.text]
        if not parts:
            return "", "none"
        pieces = [html_to_text(self._source(part)) if is_html(part) else self._source(part) for part in parts]
        return self._cut(_joined(pieces)), "made_from_html" if all(map(is_html, parts)) else "part"

    def text_of_html(self, body: tuple[Block, ...]) -> tuple[str, Literal["made_from_html"]]:
        """Make text from the HTML form, for messages whose text part is an empty one."""
        pieces = [html_to_text(self._source(part)) for block in body for part in block.html if is_html(part)]
        return self._cut(_joined(pieces)), "made_from_html"

    def html(self, body: tuple[Block, ...]) -> tuple[str, Literal["part", "made_from_text", "none"]]:
        parts = [part for block in body for part in block.html]
        if not parts:
            return "", "none"
        pieces: list[str] = []
        left = self._max_chars
        for part in parts:
            source = self._source(part)
            piece = self._within(source, left, self._cleaned if is_html(part) else text_to_html)
            pieces.append(piece)
            left -= len(piece) + 1
        return "\n".join(piece for piece in pieces if piece), "part" if any(map(is_html, parts)) else "made_from_text"

    def _source(self, part: Part) -> str:
        section = part.section or ""
        if section not in self._read:
            fetched = self._contents.get(section)
            if fetched is None:
                self.defects["missing_content"] = None
                fetched = FetchedText(b"", is_truncated=False)
            self._read[section], defects = read_text(part, fetched.data, is_truncated=fetched.is_truncated)
            self.truncated |= fetched.is_truncated
            self.defects.update(dict.fromkeys(defects))
        return self._read[section]

    def _cut(self, text: str) -> str:
        if len(text) > self._max_chars:
            self.truncated = True
            return text[: self._max_chars]
        return text

    def _within(self, source: str, most: int, make: Callable[[str], str]) -> str:
        """Make HTML of at most `most` characters, from as much of the source as that takes."""
        used = min(len(source), max(0, most))
        for _ in range(_SHRINK_TRIES):
            if used < len(source):
                self.truncated = True
            if not used:
                return ""
            made = make(source[:used])
            if len(made) <= most:
                return made
            used = min(used - 1, used * most // len(made) * 9 // 10)
        self.truncated = True
        return ""

    def _cleaned(self, source: str) -> str:
        cleaned: CleanedHtml = clean(source, self._link_for_cid)
        self.blocked.update(dict.fromkeys(cleaned.blocked))
        self.defects.update(dict.fromkeys(cleaned.defects))
        self.truncated |= cleaned.truncated
        return cleaned.html


def _joined(pieces: list[str]) -> str:
    """Join stretches of text with an empty line between, and end lines that are only spaces."""
    return "\n\n".join(stripped for piece in pieces if (stripped := piece.strip("\n")))
