"""Messages: what a list row needs, what an open message needs, and the tree of parts (RFC 2045, RFC 9051)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from app.domain.ids import MailboxId, MessageId, Uid


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox address of RFC 5322: display name decoded, `email` as written; either may be missing."""

    name: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """A node of the MIME tree.

    `section` is the IMAP section number (`1.2`; RFC 9051 section 6.4.5), None for the multipart root. `size` is the
    encoded size in bytes; `is_attachment` is our judgement of what a person would call an attachment.
    `text_format` is the format of plain text (RFC 3676): `flowed_delsp` is flowed with DelSp=yes.
    """

    section: str | None
    content_type: str
    charset: str | None = None
    encoding: str = "7bit"
    size: int | None = None
    disposition: str | None = None
    filename: str | None = None
    content_id: str | None = None
    description: str | None = None
    boundary: str | None = None
    is_attachment: bool = False
    text_format: Literal["fixed", "flowed", "flowed_delsp"] = "fixed"
    parts: tuple["Part", ...] = ()

    def walk(self) -> Iterator["Part"]:
        """Yield this part and all below it, depth first."""
        pending = [self]
        while pending:
            part = pending.pop()
            yield part
            pending.extend(reversed(part.parts))

    def leaves(self) -> Iterator["Part"]:
        """Yield the parts that have content of their own."""
        return (part for part in self.walk() if part.section is not None and not part.parts)


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment as a list row shows it: `part` is its section, `size` the decoded size in bytes, estimated.

    `url` is a signed link that works without a token for a while; only an open message has it.
    """

    part: str
    filename: str | None
    content_type: str
    size: int | None
    content_id: str | None
    is_inline: bool
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ListMarker:
    """That a message came through a mailing list (RFC 2369, RFC 2919, RFC 8058)."""

    id: str | None
    unsubscribe: tuple[str, ...]
    is_one_click: bool


@dataclass(frozen=True, slots=True)
class SummaryFacts:
    """What never changes about a message in a mailbox: all of a list row but its flags.

    `date` is the Date header and `received` the server's INTERNALDATE, both ISO 8601 with offset; `size` is bytes
    (RFC822.SIZE). `message_id`, `in_reply_to` and `references` are without angle brackets. `defects` names what could
    not be read. `preview` is None unless it was asked for.
    """

    uid: Uid
    email_id: str | None
    thread_id: str | None
    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    from_: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    subject: str
    date: str | None
    received: str | None
    size: int
    attachments: tuple[Attachment, ...]
    list: ListMarker | None
    preview: str | None
    defects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """A list row: the facts, the flags of this moment, and ids."""

    id: MessageId
    mailbox_id: MailboxId
    email_id: str | None
    thread_id: str | None
    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    from_: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    subject: str
    date: str | None
    received: str | None
    size: int
    flags: tuple[str, ...]
    has_attachments: bool
    attachments: tuple[Attachment, ...]
    list: ListMarker | None
    preview: str | None
    defects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """One header field, unfolded and decoded, in the order of the message."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Message(Summary):
    """An open message: the list row, all header fields, and the tree of parts.

    `version` changes with its flags: a change may be held to the version that the caller has seen.
    """

    headers: tuple[Header, ...]
    structure: Part
    version: str


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """An open message as the mail server tells it: the list row, its flags, the tree of parts, the header fields.

    `modseq` is the MODSEQ of its flags (RFC 7162), None where the server has none.
    """

    summary: SummaryFacts
    flags: tuple[str, ...]
    structure: Part
    headers: tuple[Header, ...]
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class BlockedContent:
    """Something remote that the cleaned HTML does not load: `kind` is image, stylesheet, font, media or other."""

    kind: Literal["image", "stylesheet", "font", "media", "other"]
    url: str


@dataclass(frozen=True, slots=True)
class Body:
    """What a person reads. Both forms are always there: text made from HTML, or HTML made from text, where one is.

    `html` is cleaned and safe for a sandboxed iframe. `text_source` and `html_source` say where each came from.
    `truncated` is true when `max_bytes` or a bound cut it. `defects` names what could not be read.
    """

    text: str
    html: str
    text_source: Literal["part", "made_from_html", "none"]
    html_source: Literal["part", "made_from_text", "none"]
    blocked: tuple[BlockedContent, ...]
    truncated: bool
    defects: tuple[str, ...]
