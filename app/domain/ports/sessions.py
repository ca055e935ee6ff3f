"""What a mail server can do, on one connection."""

from collections.abc import Container, Mapping, Sequence
from typing import Final, Protocol, TypeVar, runtime_checkable

from app.domain.account import Credentials, IncomingServer
from app.domain.capabilities import Capabilities, CheckStep
from app.domain.errors import (
    Conflict,
    CursorExpired,
    InvalidRequest,
    MailhatchError,
    NotFound,
    NotSupportedByServer,
    PayloadTooLarge,
    PermissionDenied,
    QuotaExceeded,
    StaleReference,
    UpstreamRejected,
)
from app.domain.ids import Uid
from app.domain.mailbox import MailboxFacts
from app.domain.message import MessageFacts
from app.domain.query import MessageAddress, PageQuery, PageRows, SectionRange

#: Answers, not accidents: the server understood and said no, and the connection is as good as before.
HARMLESS: Final[tuple[type[MailhatchError], ...]] = (
    UpstreamRejected,
    StaleReference,
    NotFound,
    NotSupportedByServer,
    CursorExpired,
    PermissionDenied,
    QuotaExceeded,
    Conflict,
    InvalidRequest,
    PayloadTooLarge,
)


class Session(Protocol):
    """One logged-in connection to a mail server of any protocol. Blocking, and used by one thread at a time.

    Every method takes a deadline and raises errors of `app.domain.errors` alone. After any error but those of
    `HARMLESS` the session is dead: `is_usable` is False and the owner closes it.
    """

    @property
    def is_usable(self) -> bool:
        """Whether another operation may be tried."""

    @property
    def selected(self) -> str | None:
        """Name of the mailbox this connection is in; None when in none."""

    @property
    def round_trips(self) -> int:
        """How often it has waited for an answer since login; for counters and tests."""

    @property
    def bytes_received(self) -> int:
        """How many bytes the server has sent since login."""

    def capabilities(self) -> Capabilities:
        """Tell what the server can do, from what was learned at login; asks nothing."""

    def ping(self, deadline: float) -> None:
        """Find out whether the connection is alive (NOOP)."""

    def has_hung_up(self) -> bool:
        """Whether the server has closed the connection, as far as can be seen without asking; never raises."""

    def expect_writes(self) -> None:
        """Be ready to change mail from now on, where that differs from reading; may be called from any thread."""

    def close(self, deadline: float) -> None:
        """Log out politely; never raises."""

    def abort(self) -> None:
        """Cut the connection, from any thread, waking a blocked call; never raises."""


class MailSession(Session, Protocol):
    """A session of a server that has mailboxes, and can show messages without handing them over."""

    def mailboxes(self, deadline: float) -> tuple[MailboxFacts, ...]:
        """List every mailbox with its counts: one round trip with LIST-STATUS, else pipelined."""

    def page(self, query: PageQuery, known: Container[Uid], deadline: float) -> PageRows:
        """Answer a page; rows whose UID is in `known` come with flags alone.

        Raises CursorExpired when `query.uidvalidity` is not the mailbox's any more, NotFound when there is no such
        mailbox.
        """

    def message(self, address: MessageAddress, deadline: float) -> MessageFacts:
        """Tell all about one message but its bodies. Raises StaleReference when it is not there any more."""

    def flags(self, address: MessageAddress, deadline: float) -> tuple[str, ...]:
        """Tell one message's flags. Raises StaleReference when it is not there any more."""

    def sections(self, address: MessageAddress, wanted: Sequence[SectionRange], deadline: float) -> tuple[bytes, ...]:
        """Fetch section bytes, in the order asked, in one round trip, never marking the message as read.

        Raises StaleReference when the message is gone, NotFound when the server says that a section does not exist;
        some (Dovecot) answer an empty one instead.
        """


@runtime_checkable
class ModseqSession(Protocol):
    """Tells with flags which change made them so (RFC 7162). The contract of `MailSession` holds."""

    def flags_and_modseq(self, address: MessageAddress, deadline: float) -> tuple[tuple[str, ...], int | None]:
        """Like `MailSession.flags`, with their MODSEQ; None where it is not known. One round trip all the same."""


@runtime_checkable
class BatchSession(Protocol):
    """Reads many messages of one mailbox at once. The contract of `MailSession` holds.

    Both leave out messages that are gone, and raise StaleReference when the mailbox is not there or has another
    UIDVALIDITY.
    """

    def messages(
        self, mailbox: str, uidvalidity: int, uids: Sequence[Uid], deadline: float
    ) -> Mapping[Uid, MessageFacts]:
        """Tell all about messages but their bodies, in one round trip."""

    def many_sections(
        self, mailbox: str, uidvalidity: int, wanted: Mapping[Uid, Sequence[SectionRange]], deadline: float
    ) -> Mapping[Uid, tuple[bytes, ...]]:
        """Fetch section bytes of each message, in the order asked: few commands, and one round trip for what fits under
        a bound. Never marks a message as read. Raises NotFound for a section that no message can have.
        """


class StepListener(Protocol):
    """Hears of each step while a connection is made."""

    def __call__(self, step: CheckStep) -> None:
        """Take a finished step."""


S_co = TypeVar("S_co", bound=Session, covariant=True)


class SessionFactory(Protocol[S_co]):
    """Opens sessions."""

    def open(
        self, incoming: IncomingServer, credentials: Credentials, deadline: float, listener: StepListener | None = None
    ) -> S_co:
        """Connect and log in, blocking. Raises what went wrong; nothing stays open then."""
