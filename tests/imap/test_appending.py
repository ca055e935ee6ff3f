"""Messages stored on Dovecot, streamed from a file."""

import io
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from app.domain.edits import Appended, MessageSource
from app.domain.errors import InvalidRequest, NotFound, PayloadTooLarge, PermissionDenied, QuotaExceeded
from app.domain.ids import Uid
from app.domain.query import MessageAddress, SectionRange
from tests.imap.asking import LogIn, first_page, trips
from tests.imap.conftest import soon
from tests.support.dovecot import Dovecot, MailUser

pytestmark = pytest.mark.dovecot

RAW = "Subject: Grüße\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGrüße,\r\n{5}\r\nA\r\n".encode()


def source(raw: bytes, piece: int = 7) -> MessageSource:
    def chunks() -> Iterator[bytes]:
        file = io.BytesIO(raw)
        while chunk := file.read(piece):
            yield chunk

    return MessageSource(len(raw), chunks)


def whole(user: MailUser, mailbox: str, uid: int) -> bytes:
    with user.client() as imap:
        imap.select_folder(mailbox, readonly=True)
        return bytes(imap.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"])


def test_what_is_stored_is_what_was_given(mail_user: MailUser, log_in: LogIn) -> None:
    session = log_in(mail_user)
    place = session.append("Drafts", source(RAW), ("draft", "seen", "$Note"), "2026-02-01T12:30:05+01:00", soon())
    page = first_page(session, box="Drafts")
    assert place == Appended(page.uidvalidity, page.rows[0].uid)
    assert page.rows[0].flags == ("$Note", "draft", "seen")
    assert page.rows[0].facts is not None
    assert page.rows[0].facts.received == "2026-02-01T11:30:05+00:00"
    assert whole(mail_user, "Drafts", 1) == RAW


@pytest.mark.parametrize("announced", ["IMAP4rev1", "IMAP4rev1 LITERAL-", "IMAP4rev1 LITERAL+ UIDPLUS"])
@pytest.mark.parametrize("size", [1, 4_000, 70_000, 3_000_000])
def test_any_size_by_any_kind_of_literal(
    dovecot_with: Callable[..., Dovecot], log_in: LogIn, announced: str, size: int
) -> None:
    user = dovecot_with(capability=announced).add_user()
    session = log_in(user)
    raw = (b"Subject: s\r\n\r\n" + (b"0123456789" * 7 + b"\r\n") * (size // 72 + 1))[:size]
    goes_at_once = ("LITERAL+" in announced and size < 65_536) or ("LITERAL-" in announced and size < 4_096)
    spent = trips(session, lambda: session.append("INBOX", source(raw, 10_000), (), None, soon()))
    assert spent == (1 if goes_at_once else 2)
    assert first_page(session).total == 1
    assert whole(user, "INBOX", 1) == raw


def test_a_message_in_the_selected_mailbox_is_seen_at_once(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(3)
    session = log_in(mail_user)
    first_page(session)
    for number in range(4, 8):
        place = session.append("INBOX", source(RAW), (), None, soon())
        page = first_page(session)
        assert (page.total, page.rows[0].uid) == (number, place.uid)
    address = MessageAddress("INBOX", page.uidvalidity, Uid(7))
    assert session.sections(address, [SectionRange("")], soon()) == (RAW,)


def test_a_large_message_takes_no_memory(mail_user: MailUser, log_in: LogIn) -> None:
    line = b"x" * 70 + b"\r\n"
    count = 300_000

    def chunks() -> Iterator[bytes]:
        yield b"Subject: large\r\n\r\n"
        for _ in range(count // 1_000):
            yield line * 1_000

    session = log_in(mail_user)
    size = 18 + len(line) * count
    tracemalloc.start()
    session.append("INBOX", MessageSource(size, chunks), (), None, soon(60))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 21_000_000
    assert peak < 1_000_000
    facts = first_page(session).rows[0].facts
    assert facts is not None
    assert facts.size == size


def test_a_mailbox_that_is_not_there_or_may_not_be_written(acl_user: MailUser, log_in: LogIn) -> None:
    session = log_in(acl_user)
    first_page(session, box="Sent")
    acl_user.restrict("lr", "Sent")
    fresh = log_in(acl_user)
    for raw in (RAW, RAW * 2_000):
        with pytest.raises(NotFound):
            fresh.append("Nowhere", source(raw), (), None, soon())
        with pytest.raises(PermissionDenied):
            fresh.append("Sent", source(raw), (), None, soon())
    with pytest.raises(NotFound):
        fresh.append("a\r\nM9 LOGOUT", source(RAW), (), None, soon())
    assert fresh.is_usable
    assert first_page(fresh).total == 0


@pytest.mark.parametrize("size", [60_000, 300_000])
def test_a_full_mailbox_says_so(quota_user: MailUser, log_in: LogIn, size: int) -> None:
    quota_user.append(b"Subject: big\r\n\r\n" + b"x" * 70_000)
    session = log_in(quota_user)
    with pytest.raises(QuotaExceeded):
        session.append("INBOX", source(b"Subject: s\r\n\r\n" + b"x" * size), (), None, soon())
    assert session.is_usable
    assert first_page(session).total == 1


def test_a_size_the_server_has_said_it_will_not_take(dovecot_with: Callable[..., Dovecot], log_in: LogIn) -> None:
    session = log_in(dovecot_with(capability="IMAP4rev1 APPENDLIMIT=50").add_user())
    with pytest.raises(PayloadTooLarge):
        session.append("INBOX", source(b"x" * 51), (), None, soon())
    session.append("INBOX", source(b"x" * 50), (), None, soon())
    assert session.is_usable


def test_what_cannot_be_carried_is_refused_before_a_byte_leaves(mail_user: MailUser, log_in: LogIn) -> None:
    session = log_in(mail_user)
    for raw, flags, received in (
        (b"Subject: \0\r\n\r\n", (), None),
        (b"", (), None),
        (RAW, ("a b",), None),
        (RAW, (), "yesterday"),
        (RAW, (), "2026-02-01T12:30:05"),
    ):
        before = session.round_trips
        with pytest.raises(InvalidRequest):
            session.append("INBOX", source(raw), flags, received, soon())
        assert session.round_trips == before
    assert session.is_usable


@pytest.mark.parametrize("size", [len(RAW) - 1, len(RAW) + 1])
def test_a_source_that_lies_about_its_size_stores_nothing(mail_user: MailUser, log_in: LogIn, size: int) -> None:
    session = log_in(mail_user)
    with pytest.raises(ValueError, match="than it says"):
        session.append("INBOX", MessageSource(size, source(RAW).chunks), (), None, soon())
    assert not session.is_usable
    assert mail_user.uids() == []


def test_a_source_that_changes_under_the_upload_stores_nothing(mail_user: MailUser, log_in: LogIn) -> None:
    session = log_in(mail_user)
    contents = iter([RAW, RAW[:-3] + b"\0\r\n"])
    with pytest.raises(ValueError, match="changed"):
        session.append("INBOX", MessageSource(len(RAW), lambda: iter([next(contents)])), (), None, soon())
    assert not session.is_usable
    session.close(soon())
    assert mail_user.uids() == []
