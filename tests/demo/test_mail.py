# ruff: noqa: RUF001 - real mail is written in many scripts
import email
import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

import pytest

from app.demo.limits import MOST_MESSAGES
from app.demo.mail.accounts import demo_accounts
from app.demo.mail.desk import DemoMessage

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ANA, KENJI = demo_accounts(NOW)
MESSAGES = (*ANA.messages, *KENJI.messages)
BROKEN = {"malformed", "raw-8bit-header"}


def of_kind(kind: str) -> list[tuple[DemoMessage, Message]]:
    return [(one, email.message_from_bytes(one.raw)) for one in MESSAGES if kind in one.kinds]


def subject(message: Message) -> str:
    return str(make_header(decode_header(message["Subject"])))


def parts(message: Message, content_type: str) -> list[Message]:
    return [part for part in message.walk() if part.get_content_type() == content_type]


def content(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def leaves(one: DemoMessage) -> list[Message]:
    return [part for part in email.message_from_bytes(one.raw).walk() if not part.is_multipart()]


def words(message: Message) -> str:
    part = parts(message, "text/plain")[0]
    return content(part).decode(part.get_content_charset() or "ascii")


def is_plain(message: Message) -> bool:
    return message.get_content_type() == "text/plain" and len(words(message)) > 40


def has_remote_images(message: Message) -> bool:
    return b'src="https://' in content(parts(message, "text/html")[0])


def has_inline(disposition: str | None) -> Callable[[Message], bool]:
    def found(message: Message) -> bool:
        markup = content(parts(message, "text/html")[0]).decode()
        images = [part for part in message.walk() if part.get_content_maintype() == "image"]
        return bool(images) and all(
            part.get_content_disposition() == disposition and f"cid:{part['Content-ID'][1:-1]}" in markup
            for part in images
        )

    return found


def has_file(content_type: str, start: bytes) -> Callable[[Message], bool]:
    return lambda message: any(content(part).startswith(start) for part in parts(message, content_type))


def has_pdf(message: Message) -> bool:
    return any(content(part).startswith(b"%PDF-") for part in message.walk() if not part.is_multipart())


def has_image(message: Message) -> bool:
    return any(part.get_content_maintype() == "image" and part.get_filename() for part in message.walk())


def has_zip(message: Message) -> bool:
    packed = zipfile.ZipFile(io.BytesIO(content(parts(message, "application/zip")[0])))
    return packed.testzip() is None and len(packed.namelist()) == 4


def speaks(charset: str) -> Callable[[Message], bool]:
    return lambda message: any(part.get_content_charset() == charset and words(message) for part in message.walk())


def writes(letters: str) -> Callable[[Message], bool]:
    return lambda message: any(letter in subject(message) for letter in letters)


def lies_about_its_charset(message: Message) -> bool:
    raw = content(message)
    assert "€" in raw.decode("cp1252")
    return b"\x80" in raw


def asks_one_click(message: Message) -> bool:
    return message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and message["List-Id"] is not None


def is_invitation(message: Message) -> bool:
    invite = parts(message, "text/calendar")[0]
    return invite.get_param("method") == "REQUEST" and b"METHOD:REQUEST\r\n" in content(invite)


def is_report(message: Message) -> bool:
    return (message.get_content_type(), message.get_param("report-type")) == (
        "multipart/report",
        "delivery-status",
    ) and bool(parts(message, "message/delivery-status"))


def is_sealed(subtype: str, protocol: str) -> Callable[[Message], bool]:
    def found(message: Message) -> bool:
        inner = message.get_payload()
        assert isinstance(inner, list)
        return (message.get_content_type(), message.get_param("protocol"), len(inner)) == (
            f"multipart/{subtype}",
            protocol,
            2,
        )

    return found


def is_malformed(message: Message) -> bool:
    # A strict parser takes the line that is no field for the beginning of the text.
    return bool(message.defects) and "this line is not a header field" in message.as_string()


#: Every kind of mail the demo promises, with what makes a message one.
KINDS: dict[str, Callable[[Message], bool]] = {
    "plain": is_plain,
    "newsletter": has_remote_images,
    "remote-images": has_remote_images,
    "html": lambda message: bool(parts(message, "text/html")),
    "html-only": lambda message: not parts(message, "text/plain"),
    "inline-with-disposition": has_inline("inline"),
    "inline-without-disposition": has_inline(None),
    "pdf": has_pdf,
    "image": has_image,
    "zip": has_zip,
    "large-attachment": lambda message: len(content(parts(message, "audio/x-wav")[0])) == 5 * 1024 * 1024,
    "rfc2231-filename": lambda message: b"filename*=" in message.as_bytes(),
    "odd-filenames": lambda message: any(part.get_filename() == "../moss dot.svg" for part in message.walk()),
    "forwarded-message": lambda message: bool(parts(message, "message/rfc822")),
    "chinese": writes("报单"),
    "gb2312": speaks("gb2312"),
    "japanese": lambda message: not subject(message).isascii(),
    "iso-2022-jp": lambda message: (
        speaks("iso-2022-jp")(message) and "=?iso-2022-jp?" in message["Subject"] and message.as_bytes().isascii()
    ),
    "shift-jis": speaks("shift_jis"),
    "korean": speaks("euc-kr"),
    "arabic": writes("خ"),
    "cyrillic": writes("К"),
    "emoji": writes("🧡🪴😘"),
    "windows-1252-as-iso-8859-1": lies_about_its_charset,
    "windows-1252-as-utf-8": lies_about_its_charset,
    "calendar": is_invitation,
    "mailing-list": asks_one_click,
    "bounce": is_report,
    "signed": is_sealed("signed", "application/pgp-signature"),
    "encrypted": is_sealed("encrypted", "application/pgp-encrypted"),
    "malformed": is_malformed,
    "long-subject": lambda message: len(subject(message)) > 400,
    "no-subject": lambda message: message["Subject"] is None,
    "empty-body": lambda message: message.get_payload() == "",
    "group-address": lambda message: message["To"] == "undisclosed-recipients:;",
    "reply-to": lambda message: len(getaddresses([message["Reply-To"]])) == 2,
    "receipt": lambda message: "," in str(message),
    "travel": lambda message: bool(subject(message)),
    "forge": lambda message: "forge.example" in message["List-ID"],
    "notice": is_plain,
    "phishing": lambda message: b"<script>" in content(message),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_promised_kind_is_there_and_is_what_it_says(kind: str) -> None:
    found = of_kind(kind)
    assert found
    for _, message in found:
        assert KINDS[kind](message), message["Subject"]


def test_mail_is_wrong_only_where_it_means_to_be() -> None:
    for one in MESSAGES:
        if BROKEN.isdisjoint(one.kinds):
            message = email.message_from_bytes(one.raw)
            assert not [part.defects for part in message.walk() if part.defects]
            assert message["Date"]
            assert message["Message-ID"]
            assert max(map(len, one.raw.split(b"\r\n"))) < 998  # RFC 5322 section 2.1.1
            assert b"\n" not in one.raw.replace(b"\r\n", b"")
            head = one.raw.partition(b"\r\n\r\n")[0]
            assert head.isascii()


def test_words_can_be_read_in_the_charset_they_declare() -> None:
    mislabelled = {"windows-1252-as-utf-8", "malformed"}
    for one in MESSAGES:
        if mislabelled.isdisjoint(one.kinds):
            for part in email.message_from_bytes(one.raw).walk():
                if part.get_content_maintype() == "text":
                    content(part).decode(part.get_content_charset() or "ascii")


def test_there_are_at_most_100_messages() -> None:
    assert 60 <= len(MESSAGES) < MOST_MESSAGES <= 100


def test_the_same_moment_and_seed_give_the_same_bytes_and_another_seed_other_ones() -> None:
    assert demo_accounts(NOW) == (ANA, KENJI)
    assert demo_accounts(NOW, seed=2) != (ANA, KENJI)


def test_the_mail_is_as_fresh_as_the_day_it_is_asked_for() -> None:
    later = NOW + timedelta(days=400)
    for account in demo_accounts(later):
        dates = [one.received for one in account.messages]
        assert dates == sorted(dates)
        assert later - timedelta(hours=5) < dates[-1] < later
        assert later - timedelta(days=40) < dates[0]
    newest = email.message_from_bytes(demo_accounts(later)[0].messages[-1].raw)
    assert later - timedelta(days=1) < parsedate_to_datetime(newest["Date"]) < later


def test_the_thread_is_long_and_each_message_knows_all_before_it() -> None:
    thread = [email.message_from_bytes(one.raw) for one in ANA.messages if "thread" in one.kinds]
    assert len(thread) >= 12
    ids = [message["Message-ID"] for message in thread]
    for number, message in enumerate(thread[1:], start=1):
        references = message["References"].split()
        assert message["In-Reply-To"] == references[-1]
        assert references == ids[:number]


def test_a_thread_may_begin_before_the_mailbox_does() -> None:
    thread = [email.message_from_bytes(one.raw) for one in KENJI.messages if "thread" in one.kinds]
    ids = {message["Message-ID"] for message in thread}
    assert not ids.issuperset(thread[0]["References"].split())


def test_flags_and_mailboxes_make_a_mailbox_look_lived_in() -> None:
    for account in (ANA, KENJI):
        flags = {one.flags for one in account.messages if one.mailbox == "INBOX"}
        assert {(), ("\\Seen",), ("\\Seen", "\\Flagged"), ("\\Seen", "\\Answered")} <= flags
        used = {one.mailbox for one in account.messages}
        assert {"INBOX", "Sent", "Drafts", "Trash", "Archive", "Junk"} <= used
        assert used - {"INBOX"} <= set(account.mailboxes)
    assert "Projekte/Küche" in ANA.mailboxes
    assert "旅行/京都" in KENJI.mailboxes


def test_nobody_real_can_be_written_to_or_asked() -> None:
    for one in MESSAGES:
        for _, address in getaddresses(str(email.message_from_bytes(one.raw)[name]) for name in ("From", "To", "Cc")):
            assert "@" not in address or address.endswith(".example")
        bodies = b"".join(content(part) for part in leaves(one))
        hosts = re.findall(rb"https?://([^/\s\"'<>]+)", one.raw.partition(b"\r\n\r\n")[0] + bodies)
        assert all(host.endswith((b".example", b"www.w3.org")) for host in hosts)
