"""What the service holds of a maildrop, searched and grouped as a mail server would: pure, for a thread."""

# ruff: noqa: ARG002 - the signatures are the port's

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.conversations import LinkedMessage, group
from app.domain.errors import CursorExpired
from app.domain.ids import Seq, Uid
from app.domain.lookup import Conversation, Conversations, Matches, MatchQuery, RowsQuery
from app.domain.maildrop import MaildropRow
from app.domain.message import SummaryFacts
from app.domain.query import Row
from app.domain.search import HasAttachment, Leaf, SearchableMessage, Term, can_judge_row, leaves, matches
from app.domain.sorting import in_order
from app.mime.summary import unread_summary


class HeldMessages:
    """`SearchSession` over rows of the store; of a message whose header was not read yet there is the size alone.

    Texts are looked for in the addresses, the subject and the preview: a body is not held here. `not_whole` tells which
    terms of a query that concerns.
    """

    def __init__(self, uidvalidity: int, rows: Sequence[MaildropRow], *, is_complete: bool) -> None:
        """Take rows, newest first; `is_complete` unless there are more than were read."""
        self._uidvalidity = uidvalidity
        self._facts = {row.uid: row.facts or unread_summary(row.uid, row.size) for row in rows}
        self._flags = {row.uid: row.flags for row in rows}
        self._is_complete = is_complete

    def find(self, query: MatchQuery, deadline: float) -> Matches:
        """Tell which messages answer. Raises CursorExpired for another maildrop."""
        if query.uidvalidity not in {None, self._uidvalidity}:
            raise CursorExpired("This maildrop is not the one that the cursor was made for; search again.")
        below = query.before_uid
        found = [
            facts
            for uid, facts in self._facts.items()
            if (below is None or uid < below) and matches(query.term, self._searchable(uid))
        ]
        if query.sort is not None:
            return Matches(self._uidvalidity, [facts.uid for facts in in_order(found, query.sort)])
        return Matches(self._uidvalidity, sorted(facts.uid for facts in found))

    def rows(self, query: RowsQuery, known: Container[Uid], deadline: float) -> tuple[Row, ...]:
        """Give rows in the order asked; messages that are gone are left out."""
        return tuple(
            Row(uid, Seq(0), self._flags[uid], self._shown(uid, query) if query.with_facts else None)
            for uid in query.uids
            if uid in self._facts
        )

    def received(
        self,
        mailbox: str,
        uidvalidity: int,
        uids: Sequence[Uid],
        deadline: float,
    ) -> Mapping[Uid, float | None]:
        """Tell when messages were received, in Unix seconds."""
        found = {uid: self._facts[uid].received for uid in uids if uid in self._facts}
        return {uid: datetime.fromisoformat(when).timestamp() if when else None for uid, when in found.items()}

    def conversations(self) -> Conversations:
        """Group by References and In-Reply-To."""
        linked = [
            LinkedMessage(facts.uid, facts.message_id, (*facts.references, *facts.in_reply_to))
            for facts in self._facts.values()
        ]
        items = sorted((Conversation(uids) for uids in group(linked)), key=lambda one: one.uids[-1], reverse=True)
        unseen = frozenset(uid for uid, flags in self._flags.items() if "seen" not in flags)
        return Conversations(self._uidvalidity, "service", tuple(items), unseen, is_complete=self._is_complete)

    def _searchable(self, uid: Uid) -> SearchableMessage:
        facts = self._facts[uid]
        plain = SearchableMessage.of(facts, self._flags[uid])
        people = (*facts.from_, *facts.to, *facts.cc, *facts.reply_to)
        header = "\n".join((facts.subject, *(f"{one.name or ''} <{one.email or ''}>" for one in people)))
        return replace(plain, headers=header, body=facts.preview or "")

    def _shown(self, uid: Uid, query: RowsQuery) -> SummaryFacts:
        facts = self._facts[uid]
        return facts if query.with_preview else replace(facts, preview=None)


def not_whole(term: Term) -> tuple[Leaf, ...]:
    """Tell the terms of a query that what is held cannot answer whole: those of bodies, and of attachments, which are
    known of opened messages alone.
    """
    lacking = (leaf for leaf in leaves(term) if not can_judge_row(leaf) or isinstance(leaf, HasAttachment))
    return tuple(dict.fromkeys(lacking))
