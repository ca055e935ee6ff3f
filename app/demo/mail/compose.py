"""Writing RFC 5322 messages for the demo's mail: the same input gives the same bytes.

Well-formed mail is made here with `email.message` under `compat32`, which keeps header charsets as they are chosen;
mail that is broken on purpose is written as bytes where it stands.
"""

import base64
import hashlib
import quopri
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.header import Header
from email.message import Message
from email.policy import Compat32
from email.utils import format_datetime

_POLICY = Compat32(linesep="\r\n", mangle_from_=False)
_HEADER_WIDTH = 76  # RFC 2047 section 2: a line with an encoded word holds at most 76 characters


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes mail: `zone` is the offset of their clock from UTC in hours."""

    name: str
    email: str
    zone: float = 1

    def spelled(self, charset: str = "utf-8") -> str:
        """Spell name and address for a header, the name as encoded words (RFC 2047) where it is not ASCII."""
        if not self.name:
            return self.email
        if self.name.isascii():
            return f'"{self.name}" <{self.email}>' if set(self.name) & set('.,()@"') else f"{self.name} <{self.email}>"
        return f"{encoded(self.name, charset)} <{self.email}>"

    def clock(self, at: datetime) -> datetime:
        """The same moment on this person's clock."""
        return at.astimezone(timezone(timedelta(hours=self.zone)))


def encoded(value: str, charset: str = "utf-8", name: str = "Subject") -> str:
    """Spell a header value, where it is not ASCII as encoded words (of UTF-8 if the charset is too small)."""
    if value.isascii():
        return value
    try:
        value.encode(charset)
    except UnicodeEncodeError:
        charset = "utf-8"
    return Header(value, charset, maxlinelen=_HEADER_WIDTH, header_name=name).encode(linesep="\r\n")


def digest(*values: str | bytes) -> str:
    """Hash to 24 hexadecimal digits: what message ids and boundaries are made of."""
    joined = b"\0".join(value.encode() if isinstance(value, str) else value for value in values)
    return hashlib.sha256(joined).hexdigest()[:24]


def text(content: str, subtype: str = "plain", charset: str = "", encoding: str = "", **parameters: str) -> Message:
    """Make a text part; charset and transfer encoding are the plainest that hold the content unless given."""
    charset = charset or ("us-ascii" if content.isascii() else "utf-8")
    data = content.encode(charset)
    longest = max(map(len, data.splitlines()), default=0)
    if not encoding:
        is_plain = data.isascii() and longest < 200
        mostly_latin = sum(byte > 127 for byte in data) * 6 < len(data)
        encoding = "7bit" if is_plain else "quoted-printable" if mostly_latin else "base64"
    part = Message(_POLICY)
    part.add_header("Content-Type", f"text/{subtype}", charset=charset, **parameters)
    part["Content-Transfer-Encoding"] = encoding
    part.set_payload(_transfer(data, encoding))
    return part


def html(content: str, **options: str) -> Message:
    """Make a text/html part."""
    return text(content, "html", **options)


def _transfer(data: bytes, encoding: str) -> str:
    if encoding == "base64":
        return base64.encodebytes(data).decode("ascii")
    if encoding == "quoted-printable":
        return quopri.encodestring(data).decode("ascii")
    return data.decode("ascii", "surrogateescape")


def attached(
    content_type: str, data: bytes, filename: str = "", disposition: str = "attachment", content_id: str = ""
) -> Message:
    """Make a base64 part; a name that is not ASCII is written by RFC 2231. No `disposition` leaves the field out."""
    part = Message(_POLICY)
    name: str | tuple[str, str, str] = filename if filename.isascii() else ("utf-8", "", filename)
    if filename:
        part.add_header("Content-Type", content_type, name=name)
    else:
        part["Content-Type"] = content_type
    part["Content-Transfer-Encoding"] = "base64"
    if disposition:
        part.add_header("Content-Disposition", disposition, **({"filename": name} if filename else {}))
    if content_id:
        part["Content-ID"] = f"<{content_id}>"
    part.set_payload(base64.encodebytes(data).decode("ascii"))
    return part


def multipart(subtype: str, *parts: Message, **parameters: str) -> Message:
    """Join parts; the boundary follows from what they hold."""
    whole = Message(_POLICY)
    # The fields of a nested multipart hold its own boundary, so they stand for all that is below.
    contents = ((part.items(), part.get_payload()) for part in parts)
    words = (f"{fields} {payload[:4096] if isinstance(payload, str) else ''}" for fields, payload in contents)
    boundary = "=_" + digest(subtype, *words)
    whole.add_header("Content-Type", f"multipart/{subtype}", boundary=boundary, **parameters)
    whole.set_payload(list(parts))
    return whole


def alternative(plain: str, markup: str) -> Message:
    """Join the text and the HTML of the same words."""
    return multipart("alternative", text(plain), html(markup))


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message to be written: a sender, readers, words. `charset` is that of the header's encoded words."""

    sender: Person
    to: Sequence[Person]
    subject: str | None
    at: datetime
    body: Message
    cc: Sequence[Person] = ()
    charset: str = "utf-8"
    message_id: str = ""
    references: Sequence[str] = ()
    headers: Mapping[str, str] | None = None

    @property
    def id(self) -> str:
        """The Message-ID without angle brackets."""
        host = self.sender.email.partition("@")[2]
        key = digest(self.sender.email, self.subject or "", self.at.isoformat())
        return self.message_id or f"{key}@{host}"

    def written(self) -> bytes:
        """Write the message with CRLF line ends."""
        letter = Message(_POLICY)
        letter["Date"] = format_datetime(self.sender.clock(self.at))
        letter["From"] = self.sender.spelled(self.charset)
        if self.to:
            letter["To"] = ",\r\n ".join(person.spelled(self.charset) for person in self.to)
        if self.cc:
            letter["Cc"] = ",\r\n ".join(person.spelled(self.charset) for person in self.cc)
        if self.subject is not None:
            letter["Subject"] = encoded(self.subject, self.charset)
        letter["Message-ID"] = f"<{self.id}>"
        if self.references:
            letter["In-Reply-To"] = f"<{self.references[-1]}>"
            letter["References"] = "\r\n ".join(f"<{one}>" for one in self.references)
        letter["MIME-Version"] = "1.0"
        for name, value in (self.headers or {}).items():
            letter[name] = value
        # The body brings header fields of its own; joined as bytes, since a Message would decode 8-bit payloads.
        return letter.as_bytes(policy=_POLICY).removesuffix(b"\r\n") + self.body.as_bytes(policy=_POLICY)
