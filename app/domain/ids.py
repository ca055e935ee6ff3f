"""Opaque, URL-safe ids, equal in every face.

An id carries its kind as a prefix, so that a mistaken one is told by name. A message id names one message in one
mailbox, (mailbox row, UIDVALIDITY, UID) of RFC 9051 section 2.3.1.1: it never comes to mean another message.
"""

import base64
import binascii
import secrets
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NewType

from app.domain.errors import NotFound

AccountId = NewType("AccountId", str)
MailboxId = NewType("MailboxId", str)
MessageId = NewType("MessageId", str)
TokenId = NewType("TokenId", str)
Uid = NewType("Uid", int)
Seq = NewType("Seq", int)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u
_MAX_ID = 80
_IMAP_MESSAGE = 1
_IMAP_LAYOUT = struct.Struct(">BQII")


@dataclass(frozen=True, slots=True)
class MessageKey:
    """What a message id stands for: the mailbox's row, and UIDVALIDITY and UID in it."""

    mailbox: int
    uidvalidity: int
    uid: Uid


def new_id(prefix: str) -> str:
    """Make a random id of 100 bits, such as `acc_7h2k…`."""
    bits = secrets.randbits(100)
    return f"{prefix}_{''.join([_ALPHABET[bits >> shift & 31] for shift in range(0, 100, 5)])}"


def new_row() -> int:
    """Make a random row number of 62 bits: ids made from it tell nobody how many rows there are."""
    return secrets.randbits(62) | 1


def mailbox_id(row: int) -> MailboxId:
    """Spell a mailbox row as an id."""
    return MailboxId("mbx_" + _encode(struct.pack(">Q", row)))


def mailbox_row(value: str) -> int:
    """Read a mailbox id; raises NotFound when it is not one."""
    return int.from_bytes(_decode("mbx_", value, 8), "big")


def message_id(key: MessageKey) -> MessageId:
    """Spell a message key as an id."""
    return MessageId("msg_" + _encode(_IMAP_LAYOUT.pack(_IMAP_MESSAGE, key.mailbox, key.uidvalidity, key.uid)))


def message_ids(mailbox: int, uidvalidity: int, uids: Iterable[Uid]) -> list[MessageId]:
    """Spell the ids of messages of one mailbox, as `message_id` does each: what they share is written once.

    Of the 17 bytes 12 are shared and make 16 characters; the other 5 make 7, here of 6 bytes for all in one go.
    """
    shared = _IMAP_LAYOUT.pack(_IMAP_MESSAGE, mailbox, uidvalidity, 0)
    last = shared[12:13]
    ends = _encode(b"".join([last + uid.to_bytes(4, "big") + b"\0" for uid in uids]))
    start = "msg_" + _encode(shared[:12])
    return [MessageId(start + ends[at : at + 7]) for at in range(0, len(ends), 8)]


def message_key(value: str) -> MessageKey:
    """Read a message id; raises NotFound when it is not one."""
    kind, mailbox, uidvalidity, uid = _IMAP_LAYOUT.unpack(_decode("msg_", value, _IMAP_LAYOUT.size))
    if kind != _IMAP_MESSAGE or uid == 0:
        raise NotFound("No such message.")
    return MessageKey(mailbox, uidvalidity, Uid(uid))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(prefix: str, value: str, size: int) -> bytes:
    what = "mailbox" if prefix == "mbx_" else "message"
    if not value.startswith(prefix) or len(value) > _MAX_ID or not value.isascii():
        raise NotFound(f"No such {what}.")
    body = value[len(prefix) :]
    try:
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotFound(f"No such {what}.") from None
    if len(raw) != size or _encode(raw) != body:  # one spelling per id: caches and logs compare strings
        raise NotFound(f"No such {what}.")
    return raw
