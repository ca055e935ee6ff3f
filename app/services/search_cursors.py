"""Cursors of searches: opaque to clients, good for the same search alone, and nothing is kept of them here.

A cursor holds the day from which ages are counted, and where each mailbox goes on: under a UID, or in a sort after its
last messages. A mailbox that had no more is not in it.
"""

import base64
import binascii
import hashlib
import struct
import zlib
from dataclasses import dataclass
from datetime import date

from app.domain.errors import FieldProblem, InvalidRequest
from app.domain.ids import Uid
from app.domain.lookup import SortedPlace
from app.services.limits import SEARCH_CURSOR

_VERSION = 1
_HEAD = struct.Struct(">B8sIBI")  # version, search, day, UIDs of a sort, position
_PLACE = struct.Struct(">QII")
_UID = struct.Struct(">I")
_CHECK = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class MailboxPlace:
    """Where a mailbox goes on: its row, UIDVALIDITY and the UID under which; both 0 from its beginning."""

    mailbox: int
    uidvalidity: int = 0
    before_uid: int = 0


@dataclass(frozen=True, slots=True)
class SearchCursor:
    """Where the next page begins."""

    day: date
    places: tuple[MailboxPlace, ...]
    sorted_place: SortedPlace | None = None


def fingerprint(*parts: str | None) -> bytes:
    """Tell one search from another."""
    text = "\0".join(["-" if part is None else f"+{part}" for part in parts])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def write_search_cursor(cursor: SearchCursor, search: bytes) -> str:
    """Spell a cursor for a client."""
    place = cursor.sorted_place or SortedPlace(0, ())
    head = _HEAD.pack(_VERSION, search, cursor.day.toordinal(), len(place.last), place.position)
    body = head + b"".join(map(_UID.pack, place.last))
    body += b"".join([_PLACE.pack(one.mailbox, one.uidvalidity, one.before_uid) for one in cursor.places])
    return base64.urlsafe_b64encode(body + _CHECK.pack(zlib.crc32(body))).rstrip(b"=").decode("ascii")


def read_search_cursor(text: str, search: bytes) -> SearchCursor:
    """Read a client's cursor. Raises InvalidRequest for one that was not made for this search."""
    try:
        raw = base64.b64decode(text[:SEARCH_CURSOR] + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        body, check = raw[: -_CHECK.size], raw[-_CHECK.size :]
        version, made_for, day, count, position = _HEAD.unpack_from(body)
        last, rest = body[_HEAD.size : _HEAD.size + count * _UID.size], body[_HEAD.size + count * _UID.size :]
        places = tuple([MailboxPlace(*fields) for fields in _PLACE.iter_unpack(rest)])
        started = date.fromordinal(day)
    except (binascii.Error, ValueError, struct.error, OverflowError):
        raise _refuse("This is not a cursor of a search.") from None
    if version != _VERSION or check != _CHECK.pack(zlib.crc32(body)):
        raise _refuse("This is not a cursor of a search.")
    if made_for != search:
        raise _refuse("This cursor belongs to another search.")
    uids = tuple([Uid(uid) for (uid,) in _UID.iter_unpack(last)])
    return SearchCursor(started, places, SortedPlace(position, uids) if uids else None)


def _refuse(detail: str) -> InvalidRequest:
    return InvalidRequest(detail, [FieldProblem(detail, "/query/cursor")])
