"""Questions about the messages of a mailbox that answer a search, and their conversations. No ids here, and names of
mailboxes are decoded Unicode.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from app.domain.ids import Uid
from app.domain.query import Row
from app.domain.search import Leaf, Term


class SortKey(StrEnum):
    """What messages are sorted by: the Date header, INTERNALDATE, size, subject without `Re:`, the first sender."""

    DATE = "date"
    RECEIVED = "received"
    SIZE = "size"
    SUBJECT = "subject"
    FROM = "from"


@dataclass(frozen=True, slots=True)
class Sort:
    """A key and its direction."""

    key: SortKey
    is_descending: bool


@dataclass(frozen=True, slots=True)
class MatchQuery:
    """Which messages of a mailbox answer a settled term; with `before_uid` only those under it."""

    mailbox: str
    term: Term
    uidvalidity: int | None = None
    before_uid: Uid | None = None
    sort: Sort | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """The UIDs that answer, ascending or in the order of the sort, each once.

    `open_terms` are those the mail server could not run; `uids` then holds every message that may answer, and `cases`
    says which do: by the truth of the open terms, in their order, the UIDs that answer then.
    """

    uidvalidity: int
    uids: Sequence[int]
    open_terms: tuple[Leaf, ...] = ()
    cases: Mapping[tuple[bool, ...], frozenset[int]] = field(default_factory=dict)

    def holds(self, uid: int, truths: tuple[bool, ...]) -> bool:
        """Whether a message answers, now that the open terms are judged."""
        return not self.open_terms or uid in self.cases[truths]

    def is_sure(self, uid: int) -> bool:
        """Whether it answers however the open terms turn out."""
        return all(uid in one for one in self.cases.values())


@dataclass(frozen=True, slots=True)
class RowsQuery:
    """Rows of messages named by UID. Without `with_facts` they come with flags alone."""

    mailbox: str
    uidvalidity: int
    uids: Sequence[Uid]
    with_preview: bool = False
    with_facts: bool = True


@dataclass(frozen=True, slots=True)
class SortedPlace:
    """Where a sorted page ended: how many messages stand before the next, and the last of them, the nearest first."""

    position: int
    last: tuple[Uid, ...]


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A page of what answers a settled term, newest first by UID, or sorted.

    `before_uid` or `place` says where the page before ended, under `uidvalidity`. With `dates_only` the rows are left
    out and `hits` have their times: for a page over several mailboxes.
    """

    mailbox: str
    term: Term
    limit: int
    uidvalidity: int | None = None
    before_uid: Uid | None = None
    sort: Sort | None = None
    place: SortedPlace | None = None
    with_preview: bool = False
    with_facts: bool = True
    dates_only: bool = False


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A message that answers; `received` is INTERNALDATE in Unix seconds, where it was asked for and told."""

    uid: Uid
    received: float | None = None


@dataclass(frozen=True, slots=True)
class SearchRows:
    """A page of a search in one mailbox.

    `rows` may be fewer than `hits` when messages went meanwhile. `reached` is the last UID looked at: the next page
    begins under it. `open_terms` were judged by the service, over a bounded number of messages, so that a page may be
    short although `has_more`. `total` is how many answer, None where open terms leave it unknown. `sorted_by` tells
    who sorted.
    """

    uidvalidity: int
    hits: tuple[SearchHit, ...]
    rows: tuple[Row, ...]
    has_more: bool
    reached: Uid | None
    total: int | None
    open_terms: tuple[Leaf, ...] = ()
    sorted_by: Literal["server", "service"] | None = None
    place: SortedPlace | None = None


@dataclass(frozen=True, slots=True)
class MatchingUids:
    """The newest messages that answer, newest first, at most as many as were asked for; `is_complete` when all."""

    uidvalidity: int
    uids: tuple[Uid, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages of one conversation in a mailbox, ascending; `server_id` is the server's own name for it."""

    uids: tuple[Uid, ...]
    server_id: str | None = None


@dataclass(frozen=True, slots=True)
class Conversations:
    """The conversations of a mailbox, the one with the newest message first.

    `source` tells who grouped: the server by its ids (`server_id`), the server by THREAD (`server`), or the service.
    `is_complete` is False when only the newest messages of the mailbox were looked at. `unseen` are the UIDs without
    the flag `seen`.
    """

    uidvalidity: int
    source: Literal["server_id", "server", "service"]
    items: tuple[Conversation, ...]
    unseen: frozenset[int]
    is_complete: bool
