"""Rows of a page as summaries with ids and a cursor."""

from dataclasses import dataclass

from app.domain.ids import MailboxId, MessageId, MessageKey, Seq, mailbox_id, message_id, message_key
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
    items = tuple([make_summary(row, message_id(MessageKey(mailbox, uidvalidity, row.uid)), box) for row in rows.rows])
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
    return Summary(
        id=reference,
        mailbox_id=box,
        email_id=facts.email_id,
        thread_id=facts.thread_id,
        message_id=facts.message_id,
        in_reply_to=facts.in_reply_to,
        references=facts.references,
        from_=facts.from_,
        to=facts.to,
        cc=facts.cc,
        reply_to=facts.reply_to,
        subject=facts.subject,
        date=facts.date,
        received=facts.received,
        size=facts.size,
        flags=row.flags,
        has_attachments=any(not item.is_inline for item in facts.attachments),
        attachments=facts.attachments,
        list=facts.list,
        preview=facts.preview,
        defects=facts.defects,
    )
