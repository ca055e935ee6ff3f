"""Cursors of message pages: opaque to clients, checked when they come back.

A cursor is (mailbox, UIDVALIDITY, last UID, sequence number of that UID then). It is stable under arrivals and
expunges because only the UID counts; the sequence number is a hint that the FETCH itself verifies (DESIGN section 5).
"""

import base64
import binascii
import struct
import zlib
from dataclasses import dataclass

from app.domain.errors import FieldProblem, InvalidRequest
from app.domain.ids import Seq, Uid

_LAYOUT = struct.Struct(">BQIII")
_VERSION = 1
_CHECK = struct.Struct(">I")
_LENGTH = -(-(_LAYOUT.size + _CHECK.size) * 4 // 3)


@dataclass(frozen=True, slots=True)
class PageCursor:
    """Where the next page begins: below `uid`."""

    mailbox: int
    uidvalidity: int
    uid: Uid
    seq: Seq


def write_cursor(cursor: PageCursor) -> str:
    """Spell a cursor for a client."""
    raw = _LAYOUT.pack(_VERSION, cursor.mailbox, cursor.uidvalidity, cursor.uid, cursor.seq)
    return _encode(raw + _CHECK.pack(zlib.crc32(raw)))


def read_cursor(text: str, mailbox: int) -> PageCursor:
    """Read a client's cursor for a page of `mailbox`. Raises InvalidRequest for one not made for it."""
    if len(text) != _LENGTH:
        raise _refuse("This is not a cursor of a message page.")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _refuse("This is not a cursor of a message page.") from None
    body, check = raw[: _LAYOUT.size], raw[_LAYOUT.size :]
    version, row, uidvalidity, uid, seq = _LAYOUT.unpack(body)
    is_whole = version == _VERSION and uid > 0 and check == _CHECK.pack(zlib.crc32(body))
    if not is_whole or _encode(raw) != text:  # base64 has spare bits: one spelling per cursor
        raise _refuse("This is not a cursor of a message page.")
    if row != mailbox:
        raise _refuse("This cursor belongs to another mailbox.")
    return PageCursor(row, uidvalidity, Uid(uid), Seq(seq))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _refuse(detail: str) -> InvalidRequest:
    return InvalidRequest(detail, [FieldProblem(detail, "/query/cursor")])
