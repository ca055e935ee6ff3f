"""ENVELOPE to domain values (RFC 9051 section 7.5.2); each field is read by itself, a bad one is left out and told."""

import re
from functools import lru_cache
from typing import NamedTuple

from app.domain.message import Address
from app.imap.wire.dates import read_date
from app.imap.wire.tokenizer import Token
from app.mime.headers import message_ids
from app.mime.limits import MAX_ADDRESSES, MAX_EMAIL_CHARS, MAX_NAME_CHARS
from app.mime.words import decode_words

#: What Dovecot, UW and Cyrus write where an address has no domain or no local part.
_NO_HOST = frozenset((b"MISSING_DOMAIN", b".MISSING-HOST-NAME.", b"unspecified-domain", b".SYNTAX-ERROR."))
_ONE_ID = re.compile(rb"<[!#-;=?-~]{1,900}>")
_PLAIN = re.compile(rb"[\x20-\x7e]{0,1000}+")
#: Bytes up to which a decoded address is remembered: the same people write again and again.
_SHORT = 200
_NO_MAILBOX = frozenset((b"MISSING_MAILBOX", b"INVALID_ADDRESS"))


class Envelope(NamedTuple):
    """What ENVELOPE tells; ids without angle brackets, `date` ISO 8601. `is_whole` when every field could be read.

    `reply_to` is empty when it only repeats `from_`, which servers put there in its absence.
    """

    date: str | None = None
    subject: str = ""
    from_: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    in_reply_to: tuple[str, ...] = ()
    message_id: str | None = None
    is_whole: bool = False


def read_envelope(token: Token) -> Envelope:
    """Read date, subject, from, sender, reply-to, to, cc, bcc, in-reply-to and message-id, in this order."""
    if not isinstance(token, list) or len(token) < 10:
        return Envelope()
    date, subject, in_reply_to, message_id = _string(token[0]), _string(token[1]), _string(token[8]), _string(token[9])
    from_, reply_to, to, cc = (
        read_addresses(token[2]),
        read_addresses(token[4]),
        read_addresses(token[5]),
        read_addresses(token[6]),
    )
    readable = (date, subject, in_reply_to, message_id, from_, reply_to, to, cc)
    return make_envelope(
        date=date or b"",
        subject=subject or b"",
        from_=from_ or (),
        reply_to=(reply_to or ()) if reply_to != from_ else (),
        to=to or (),
        cc=cc or (),
        in_reply_to=in_reply_to or b"",
        message_id=message_id or b"",
        is_whole=None not in readable,
    )


def make_envelope(
    *,
    date: bytes,
    subject: bytes,
    from_: tuple[Address, ...],
    reply_to: tuple[Address, ...],
    to: tuple[Address, ...],
    cc: tuple[Address, ...],
    in_reply_to: bytes,
    message_id: bytes,
    is_whole: bool = True,
) -> Envelope:
    """Decode what stands in an envelope; b"" is what was missing."""
    ids = _message_ids(message_id) if message_id else ()
    return Envelope(  # by place: names cost as much as the rest
        read_date(date) if date else None,
        decode_text(subject) if subject else "",
        from_,
        reply_to,
        to,
        cc,
        _message_ids(in_reply_to) if in_reply_to else (),
        ids[0] if ids else None,
        is_whole,
    )


def _message_ids(raw: bytes) -> tuple[str, ...]:
    return (raw[1:-1].decode("ascii"),) if _ONE_ID.fullmatch(raw) else message_ids(raw)


def decode_text(raw: bytes) -> str:
    """Read a header value as a person should see it: what `decode_words` gives, faster where nothing is encoded."""
    if b"=?" not in raw and _PLAIN.fullmatch(raw):
        return raw.decode("ascii").strip()
    return decode_words(raw)


def _string(token: Token) -> bytes | None:
    """Return the text of an nstring, b"" for NIL; None when it is a list."""
    if isinstance(token, list):
        return None
    return token or b""


def read_addresses(token: Token) -> tuple[Address, ...] | None:
    """Read env-from and its like: NIL, or a list of (name route mailbox host). None when it is neither."""
    if token is None:
        return ()
    if not isinstance(token, list):
        return None
    found = []
    for one in token[:MAX_ADDRESSES]:
        if not isinstance(one, list) or len(one) < 4:
            return None
        name, _, mailbox, host = one[:4]
        if isinstance(name, list) or isinstance(mailbox, list) or isinstance(host, list):
            return None
        if mailbox is None or host is None:  # where a group begins or ends
            if name is None:
                continue
            mailbox, host = b"", b""
        is_short = len(name or b"") + len(mailbox) + len(host) <= _SHORT
        address = _remembered(name, mailbox, host) if is_short else _address(name, mailbox, host)
        if address is not None:
            found.append(address)
    return tuple(found)


def _address(name: bytes | None, mailbox: bytes, host: bytes) -> Address | None:
    display = decode_text(name)[:MAX_NAME_CHARS].strip() if name else ""
    local = "" if mailbox in _NO_MAILBOX else "".join(decode_text(mailbox).split())
    domain = "" if host in _NO_HOST else "".join(decode_text(host).split())
    if local and domain:
        return Address(display or None, f"{local}@{domain}"[:MAX_EMAIL_CHARS])
    display = display or local[:MAX_NAME_CHARS]
    return Address(display, None) if display else None


_remembered = lru_cache(maxsize=4096)(_address)
