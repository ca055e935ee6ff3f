"""The verbs of a session that find mail. See `app.domain.ports.lookup`."""

from collections.abc import Container, Mapping, Sequence

from app.domain.ids import Uid
from app.domain.lookup import Conversations, Matches, MatchingUids, MatchQuery, RowsQuery
from app.domain.query import Row
from app.imap.conversations import read_conversations, read_members
from app.imap.rows import read_received, read_rows
from app.imap.searching import find
from app.imap.session_base import SessionBase


class LookupSession(SessionBase):
    """`SearchSession` and `ConversationSession` on an IMAP connection."""

    def find(self, query: MatchQuery, deadline: float) -> Matches:
        """Tell which messages answer."""
        with self._operation():
            return find(self._selection, query, deadline)

    def rows(self, query: RowsQuery, known: Container[Uid], deadline: float) -> tuple[Row, ...]:
        """Fetch rows of messages named by UID; those in `known` come with flags alone."""
        with self._operation():
            return read_rows(self._selection, query, known, deadline)

    def received(
        self, mailbox: str, uidvalidity: int, uids: Sequence[Uid], deadline: float
    ) -> Mapping[Uid, float | None]:
        """Tell when messages were received, in Unix seconds."""
        with self._operation():
            return read_received(self._selection, mailbox, uidvalidity, uids, deadline)

    def conversations(self, mailbox: str, deadline: float) -> Conversations:
        """Group a mailbox into conversations."""
        with self._operation():
            return read_conversations(self._selection, mailbox, deadline)

    def members(self, mailbox: str, server_id: str, deadline: float) -> MatchingUids:
        """Find the messages of a conversation named by the server's id."""
        with self._operation():
            return read_members(self._selection, mailbox, server_id, deadline)
