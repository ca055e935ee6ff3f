"""IMAP sessions: what the ports ask for, on one connection."""

from collections.abc import Container, Mapping, Sequence

from app.domain.account import Credentials, IncomingServer
from app.domain.ids import Uid
from app.domain.looks import FlagRows, UidListing, UidWindow
from app.domain.mailbox import MailboxFacts
from app.domain.message import MessageFacts
from app.domain.ports import StepListener
from app.domain.query import MessageAddress, PageQuery, PageRows, SectionRange
from app.imap.connection import Connection
from app.imap.edit_session import EditSession
from app.imap.limits import MAX_MESSAGES_AT_ONCE
from app.imap.listing import read_mailboxes
from app.imap.lookup_session import LookupSession
from app.imap.many import batches_by_size, read_many_sections, read_messages
from app.imap.paging import read_page
from app.imap.reading import read_flags, read_flags_and_modseq, read_message, read_sections
from app.imap.state import enable_qresync, read_changes, read_uids
from app.net.dialer import Dialer
from app.net.opening import Opening
from app.net.tls import TlsContexts


class ImapSession(EditSession, LookupSession):
    """`MailSession` on an IMAP connection that is logged in, with all that servers can do beside."""

    _says_vanished = False

    def mailboxes(self, deadline: float) -> tuple[MailboxFacts, ...]:
        """List every mailbox with its counts."""
        with self._operation():
            return read_mailboxes(self._selection, deadline)

    def page(self, query: PageQuery, known: Container[Uid], deadline: float) -> PageRows:
        """Answer a page; rows whose UID is in `known` come with flags alone."""
        with self._operation():
            return read_page(self._selection, query, known, deadline)

    def message(self, address: MessageAddress, deadline: float) -> MessageFacts:
        """Tell all about one message but its bodies."""
        with self._operation():
            return read_message(self._selection, address, deadline)

    def flags(self, address: MessageAddress, deadline: float) -> tuple[str, ...]:
        """Tell one message's flags."""
        with self._operation():
            return read_flags(self._selection, address, deadline)

    def flags_and_modseq(self, address: MessageAddress, deadline: float) -> tuple[tuple[str, ...], int | None]:
        """Tell one message's flags and their MODSEQ."""
        with self._operation():
            return read_flags_and_modseq(self._selection, address, deadline)

    def sections(self, address: MessageAddress, wanted: Sequence[SectionRange], deadline: float) -> tuple[bytes, ...]:
        """Fetch section bytes, in the order asked."""
        with self._operation():
            return read_sections(self._selection, address, wanted, deadline)

    def messages(
        self, mailbox: str, uidvalidity: int, uids: Sequence[Uid], deadline: float
    ) -> Mapping[Uid, MessageFacts]:
        """Tell all about messages of one mailbox but their bodies; those that are gone are left out."""
        found: dict[Uid, MessageFacts] = {}
        for start in range(0, len(uids), MAX_MESSAGES_AT_ONCE):
            with self._operation():
                some = uids[start : start + MAX_MESSAGES_AT_ONCE]
                found.update(read_messages(self._selection, mailbox, uidvalidity, some, deadline))
        return found

    def many_sections(
        self, mailbox: str, uidvalidity: int, wanted: Mapping[Uid, Sequence[SectionRange]], deadline: float
    ) -> Mapping[Uid, tuple[bytes, ...]]:
        """Fetch section bytes of messages of one mailbox; those that are gone are left out."""
        found: dict[Uid, tuple[bytes, ...]] = {uid: () for uid, ranges in wanted.items() if not ranges}
        for batch in batches_by_size(wanted):
            with self._operation():
                found.update(read_many_sections(self._selection, mailbox, uidvalidity, batch, deadline))
        return found

    def changes_since(self, mailbox: str, modseq: int | None, window: UidWindow, deadline: float) -> FlagRows:
        """Tell the flags of a window's messages: of those changed since `modseq`, or of all without one."""
        with self._operation():
            self._prepare(deadline)
            says_vanished = self._says_vanished
            return read_changes(self._selection, mailbox, modseq, window, deadline, says_vanished=says_vanished)

    def uids(self, mailbox: str, deadline: float) -> UidListing:
        """List every UID there is."""
        with self._operation():
            self._prepare(deadline)
            return read_uids(self._selection, mailbox, deadline)

    def _prepare(self, deadline: float) -> None:
        self._says_vanished = self._says_vanished or enable_qresync(self._selection, deadline)


class ImapSessionFactory:
    """`SessionFactory` for IMAP servers. Safe from any thread."""

    def __init__(self, dialer: Dialer, contexts: TlsContexts) -> None:
        """Take the way out and the TLS contexts."""
        self._dialer = dialer
        self._contexts = contexts

    def open(
        self, incoming: IncomingServer, credentials: Credentials, deadline: float, listener: StepListener | None = None
    ) -> ImapSession:
        """Connect and log in, blocking until `deadline` (monotonic seconds) at most.

        Whether an unencrypted server is allowed has been decided before. Raises what went wrong, after having told
        `listener`; nothing stays open then.
        """
        opening = Opening(Connection, self._dialer, self._contexts, incoming, deadline, listener)
        try:
            return ImapSession(opening.run(credentials))
        except BaseException:
            opening.close()
            raise
