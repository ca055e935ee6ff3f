"""Mail as it comes today: kilobytes of trace headers, text beside HTML, an attachment now and then."""

import base64
import hashlib
import random
from datetime import UTC, datetime

from tests.support.mailfill import FIRST_RECEIVED

#: Every fourth ordinary message carries an attachment.
ATTACHMENT_EVERY = 4
_WRITERS = 200

_PHRASE = (
    "the report draft was sent on Monday and everyone who reads it should add remarks before noon because we present "
    "numbers budget plans travel contract invoice meeting room agenda project deadline review thanks regards please"
)
_WORDS = _PHRASE.split(" ")
_random = random.Random(20260101)  # the same mail in each run


def _prose(words: int) -> list[str]:
    lines, line = [], ""
    for _ in range(words):
        line += _random.choice(_WORDS) + " "
        if len(line) > 68:
            lines.append(line.strip())
            line = ""
    return [*lines, line.strip()]


def _base64(data: bytes) -> str:
    return base64.encodebytes(data).replace(b"\n", b"\r\n").decode("ascii")


#: A few bodies are enough: what differs between messages is in their headers and first line.
_TEXTS = ["\r\n".join(_prose(180)) for _ in range(16)]
_HTML = [
    "<html><head><style>p {margin: 0 0 1em} td {padding: 4px}</style></head><body><table><tr><td>"
    + "</td></tr>\r\n<tr><td>".join(f'<p style="color: #333">{line}</p>' for line in text.split("\r\n"))
    + '</td></tr></table>\r\n<img src="https://images.example.net/pixel.gif" width="1" height="1">'
    '<p><a href="https://www.example.net/unsubscribe">Unsubscribe</a></p></body></html>'
    for text in _TEXTS
]
_ATTACHMENT = _base64(_random.randbytes(1500))


def _trace(number: int, when: str) -> str:
    """Write what the servers on the way add: about 2.5 kB."""
    mark = hashlib.sha256(str(number).encode()).hexdigest()
    signature = "\r\n ".join(_base64(hashlib.sha512(f"{number}{part}".encode()).digest())[:66] for part in range(4))
    received = "".join(
        f"Received: from out{hop}.mail.example.net (out{hop}.mail.example.net [192.0.2.{hop + 10}])\r\n"
        f" by in{hop}.example.org (Postfix) with ESMTPS id {mark[hop * 8 : hop * 8 + 10].upper()}\r\n"
        f" (version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384); {when}\r\n"
        for hop in range(4)
    )
    return (
        f"Return-Path: <bounce-{mark[:12]}@mail.example.net>\r\n{received}"
        "Authentication-Results: in0.example.org; dkim=pass header.d=example.net header.s=s2026;\r\n"
        " spf=pass smtp.mailfrom=mail.example.net; dmarc=pass (p=reject) header.from=example.net\r\n"
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=s2026;\r\n t={number};"
        f" h=From:To:Subject:Date:Message-ID:List-Unsubscribe:MIME-Version:Content-Type;\r\n bh={mark[:43]}=;\r\n"
        f" b={signature}\r\n"
        f"X-Mailer: Campaigns 7.2\r\nX-Report-Abuse: https://abuse.example.net/{mark}\r\n"
        "X-Spam-Status: No, score=-2.1\r\n"
    )


def _header(number: int, subject: str) -> str:
    when = datetime.fromtimestamp(FIRST_RECEIVED + 60 * number, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
    references = "\r\n ".join(f"<{number - back}.thread@mail.example.net>" for back in range(3, 0, -1))
    name = "=?utf-8?q?J=C3=BCrgen?=" if number % 3 == 0 else "Ada"
    return (
        f"{_trace(number, when)}"
        f"From: {name} Writer {number % _WRITERS} <writer{number % _WRITERS}@example.net>\r\n"
        f"To: Reader <reader@example.org>, Second Reader <second@example.org>\r\n"
        f"Cc: List <list{number % 20}@lists.example.net>\r\n"
        f"Reply-To: Desk <desk+{number}@example.net>\r\n"
        f"Subject: {subject}\r\n"
        f"Date: {when}\r\n"
        f"Message-ID: <{number}.message@mail.example.net>\r\n"
        f"In-Reply-To: <{number - 1}.thread@mail.example.net>\r\n"
        f"References: {references}\r\n"
        f"List-Id: Announcements <announce{number % 20}.lists.example.net>\r\n"
        f"List-Unsubscribe: <https://www.example.net/unsubscribe/{number}>\r\n"
        "MIME-Version: 1.0\r\n"
    )


def _alternative(number: int) -> str:
    kind = number % len(_TEXTS)
    return (
        'Content-Type: multipart/alternative; boundary="inner-7f3a"\r\n\r\n'
        "--inner-7f3a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"Message {number}, grüß Gott.\r\n{_TEXTS[kind]}\r\n"
        "--inner-7f3a\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"{_HTML[kind]}\r\n--inner-7f3a--\r\n"
    )


def _mixed(number: int, name: str, encoded: str) -> str:
    return (
        'Content-Type: multipart/mixed; boundary="outer-91bc"\r\n\r\n'
        f"--outer-91bc\r\n{_alternative(number)}"
        f'--outer-91bc\r\nContent-Type: application/pdf; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n{encoded}\r\n--outer-91bc--\r\n'
    )


def has_attachment(number: int) -> bool:
    """Whether the `number`-th ordinary message, from 0, has an attachment."""
    return number % ATTACHMENT_EVERY == 0


def written_by(writer: int, count: int) -> range:
    """The UIDs of what `writer` has sent in a mailbox filled with `count` ordinary messages."""
    return range(writer + 1, count + 1, _WRITERS)


def text_sections(uid: int) -> tuple[str, str]:
    """The sections of text and HTML of an ordinary message; UIDs of a filled mailbox begin at 1."""
    return ("1.1", "1.2") if has_attachment(uid - 1) else ("1", "2")


def ordinary(number: int) -> bytes:
    """Build the `number`-th ordinary message, from 0: about 7 kB."""
    subject = f"Re: Message number {number} about the budget and the plans"
    if number % 3 == 0:
        subject += "\r\n =?utf-8?b?Z3LDvMOfZSDmnLE=?="
    content = _mixed(number, f"report {number}.pdf", _ATTACHMENT) if has_attachment(number) else _alternative(number)
    return (_header(number, subject) + content).encode()


#: The section of the attachment in every message that has one.
ATTACHMENT_SECTION = "2"


def with_part(number: int, size: int) -> bytes:
    """Build a message with an attachment of `size` decoded bytes."""
    encoded = _base64(random.Random(number).randbytes(size))
    return (_header(number, f"File {number}") + _mixed(number, f"file {number}.pdf", encoded)).encode()
