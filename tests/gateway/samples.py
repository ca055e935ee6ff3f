"""Messages as a session would tell them."""

from app.domain.ids import Uid
from app.domain.message import Address, Attachment, Header, ListMarker, MessageFacts, Part, SummaryFacts


def summary(uid: int, subject: str | None = None, preview: str | None = None, size: int = 4_000) -> SummaryFacts:
    """A list row of ordinary size, every string its own object as after parsing."""
    return SummaryFacts(
        uid=Uid(uid),
        email_id=None,
        thread_id=None,
        message_id=f"{uid}.0123456789abcdef@mail.example.org",
        in_reply_to=(f"{uid - 1}.0123456789abcdef@mail.example.org",),
        references=tuple(f"{uid - n}.0123456789abcdef@mail.example.org" for n in (3, 2, 1)),
        from_=(Address(f"Person {uid}", f"person{uid}@example.org"),),
        to=(Address(f"Někdo {uid}", f"reader{uid}@example.net"), Address(None, f"other{uid}@example.net")),
        cc=(),
        reply_to=(),
        subject=subject or f"Message number {uid} of the quarter",
        date=f"2026-11-{uid % 28 + 1:02}T09:00:00+01:00",
        received=f"2026-11-{uid % 28 + 1:02}T08:00:05+00:00",
        size=size + uid,
        attachments=(
            Attachment(f"{uid % 7}.1", f"report-{uid}.pdf", f"application/x-{uid}", 100_000 + uid, None, False),
        ),
        list=ListMarker(f"list-{uid}.example.org", (f"https://example.org/unsubscribe/{uid}",), True)
        if uid % 3
        else None,
        preview=preview,
        defects=(),
    )


def message(uid: int, flags: tuple[str, ...] = (), headers: int = 30) -> MessageFacts:
    """An open message of two parts."""
    parts = tuple(Part(str(n), "text/plain", f"charset-{uid}", "quoted-printable", 1_000 + uid) for n in (1, 2))
    return MessageFacts(
        summary=summary(uid),
        flags=flags,
        structure=Part(None, "multipart/mixed", boundary=f"boundary-{uid}", parts=parts),
        headers=tuple(
            Header(f"X-Header-{uid}-{n}", f"value {n} of message {uid} with some length") for n in range(headers)
        ),
    )
