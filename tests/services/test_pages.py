"""A page says of each message what the facts say, field by field."""

from dataclasses import fields

from app.domain.ids import MessageKey, Seq, Uid, mailbox_id, message_id
from app.domain.message import Address, Attachment, ListMarker, SummaryFacts
from app.domain.query import PageRows, Row
from app.services.pages import make_page

FACTS = SummaryFacts(
    uid=Uid(7),
    email_id="email",
    thread_id="thread",
    message_id="message@x",
    in_reply_to=("reply@x",),
    references=("reference@x",),
    from_=(Address("From", "from@x"),),
    to=(Address("To", "to@x"),),
    cc=(Address("Cc", "cc@x"),),
    reply_to=(Address("Reply", "reply-to@x"),),
    subject="Subject",
    date="2026-01-01T00:00:00+00:00",
    received="2026-01-02T00:00:00+00:00",
    size=99,
    attachments=(Attachment("2", "a.pdf", "application/pdf", 5, None, is_inline=False),),
    list=ListMarker("list.x", (), is_one_click=False),
    preview="Preview",
    defects=("unknown_size",),
)


def test_a_summary_says_what_the_facts_say() -> None:
    rows = PageRows(uidvalidity=5, total=1, modseq=None, rows=(Row(Uid(7), Seq(1), ("seen",), FACTS),), has_more=False)
    (summary,) = make_page(rows, 3).items
    for field in fields(SummaryFacts):
        if field.name != "uid":
            assert getattr(summary, field.name) == getattr(FACTS, field.name)
    assert summary.id == message_id(MessageKey(3, 5, Uid(7)))
    assert summary.mailbox_id == mailbox_id(3)
    assert summary.flags == ("seen",)
    assert summary.has_attachments is True
