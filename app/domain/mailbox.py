"""Mailboxes (IMAP folders), their roles and counts."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.ids import MailboxId


class Role(StrEnum):
    """Special use of a mailbox (RFC 6154); `inbox` is the name INBOX itself."""

    INBOX = "inbox"
    SENT = "sent"
    DRAFTS = "drafts"
    TRASH = "trash"
    JUNK = "junk"
    ARCHIVE = "archive"
    ALL = "all"
    FLAGGED = "flagged"


class RoleSource(StrEnum):
    """Who says so: the server's SPECIAL-USE attribute, or our reading of the name."""

    SERVER = "server"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class MailboxFacts:
    """One line of the mail server's LIST with its STATUS (RFC 9051 sections 6.3.9, 6.3.11), names decoded.

    Counts are None where the mailbox cannot be selected or the server did not say. `mailbox_id` is MAILBOXID
    (RFC 8474). A `modseq` of 0 never appears: it is None.
    """

    name: str
    delimiter: str | None
    special_use: Role | None
    is_selectable: bool
    is_subscribed: bool
    messages: int | None = None
    unseen: int | None = None
    uidnext: int | None = None
    uidvalidity: int | None = None
    modseq: int | None = None
    mailbox_id: str | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox as clients see it. `name` is the last part of `path`; counts are None where unknown."""

    id: MailboxId
    name: str
    path: tuple[str, ...]
    parent_id: MailboxId | None
    role: Role | None
    role_source: RoleSource | None
    is_selectable: bool
    is_subscribed: bool
    total: int | None
    unread: int | None
