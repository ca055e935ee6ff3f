"""Questions to a mail session and their raw answers. Names of mailboxes are decoded Unicode here, never ids."""

from dataclasses import dataclass

from app.domain.ids import Seq, Uid
from app.domain.message import SummaryFacts


@dataclass(frozen=True, slots=True)
class PageQuery:
    """A page of summaries, newest first by UID.

    Without `before_uid` it is the first page. `uidvalidity` is the one the cursor was made under; `seq_hint` was the
    sequence number of `before_uid` then, and only a hint. `with_preview` also fetches the beginning of the text.
    Without `with_facts` the caller wants UIDs and flags alone: rows come with `facts` None.
    """

    mailbox: str
    limit: int
    before_uid: Uid | None = None
    uidvalidity: int | None = None
    seq_hint: Seq | None = None
    with_preview: bool = False
    with_facts: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One message of a page: `facts` is None where the caller had said that it knows them."""

    uid: Uid
    seq: Seq
    flags: tuple[str, ...]
    facts: SummaryFacts | None


@dataclass(frozen=True, slots=True)
class PageRows:
    """A page as the session answers it, newest first. `total` is EXISTS.

    `modseq` is HIGHESTMODSEQ, told only with the first page after the mailbox was entered: later it would be old.
    """

    uidvalidity: int
    total: int
    modseq: int | None
    rows: tuple[Row, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class MessageAddress:
    """Where one message is: mailbox name, UIDVALIDITY and UID."""

    mailbox: str
    uidvalidity: int
    uid: Uid


@dataclass(frozen=True, slots=True)
class SectionRange:
    """Bytes of one MIME section, still encoded. `section` "" is the whole message. `length` None reads to the end.

    The session caps `length`; a shorter answer than asked for is the end of the section.
    """

    section: str
    offset: int = 0
    length: int | None = None
