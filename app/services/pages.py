"""Rows of a page as summaries with ids and a cursor."""

from dataclasses import dataclass

from app.domain.ids import MailboxId, MessageId, Seq, mailbox_id, message_ids, message_key
from app.domain.message import Summary
from app.domain.query import PageRows, Row
from app.services.cursors import PageCursor, read_cursor, write_cursor


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class SummaryPage:
    """A page of summaries, newest first; `next` is the cursor of the page below, None at the end.

    Compared by identity: the same page object has not changed.
    """

    items: tuple[Summary, ...]
    next: str | None


def cursor_at(page: SummaryPage, index: int) -> str:
    """Make the cursor of the page that begins below an item: UIDs fall and sequence numbers with them, one by one."""
    index %= len(page.items)
    key = message_key(page.items[index].id)
    last = read_cursor(page.next, key.mailbox).seq if page.next else 1
    seq = Seq(last + len(page.items) - 1 - index)
    return write_cursor(PageCursor(key.mailbox, key.uidvalidity, key.uid, seq))


def make_page(rows: PageRows, mailbox: int) -> SummaryPage:
    """Turn rows into summaries with ids; `mailbox` is the row the ids speak of."""
    uidvalidity = rows.uidvalidity
    box = mailbox_id(mailbox)
    ids = message_ids(mailbox, uidvalidity, [row.uid for row in rows.rows])
    items = tuple([make_summary(row, reference, box) for row, reference in zip(rows.rows, ids, strict=True)])
    following = None
    if rows.has_more and rows.rows:
        last = rows.rows[-1]
        following = write_cursor(PageCursor(mailbox, uidvalidity, last.uid, last.seq))
    return SummaryPage(items, following)


def make_summary(row: Row, reference: MessageId, box: MailboxId) -> Summary:
    """Put facts, flags and ids together; a row without facts has only its ids and flags."""
    facts = row.facts
    if facts is None:
        return Summary(
            reference, box, None, None, None, (), (), (), (), (), (), "", None, None, 0, row.flags, False, (), None,
            None, (),
        )  # fmt: skip
    return Summary(  # by place: names cost a third of it
        reference,
        box,
        facts.email_id,
        facts.thread_id,
        facts.message_id,
        facts.in_reply_to,
        facts.references,
        facts.from_,
        facts.to,
        facts.cc,
        facts.reply_to,
        facts.subject,
        facts.date,
        facts.received,
        facts.size,
        row.flags,
        bool(facts.attachments) and any(not item.is_inline for item in facts.attachments),
        facts.attachments,
        facts.list,
        facts.preview,
        facts.defects,
    )
