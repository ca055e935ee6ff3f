"""FETCH responses: one row each, matched by UID; a malformed one keeps what can be trusted (RFC 9051 section 7.5.2)."""

import re
from typing import NamedTuple

from app.domain.ids import Seq, Uid
from app.imap.wire.envelope import Envelope
from app.imap.wire.errors import MalformedResponse
from app.imap.wire.plain_row import read_flags_row, read_plain_row
from app.imap.wire.reader import Pieces
from app.imap.wire.responses import Untagged
from app.imap.wire.tokenizer import Token

#: What comes before UID in practice has no text a sender of mail could choose, so that a UID found here is the row's.
_HEAD = re.compile(
    rb"\((?:(?:FLAGS \((?P<flags>[^()\"]*)\)|MODSEQ \([0-9]+\)|INTERNALDATE \"[^\"]*\"|RFC822\.SIZE [0-9]+) )*"
    rb"UID (?P<uid>[0-9]{1,10})(?: FLAGS \((?P<later>[^()\"]*)\))?[ )]",
    re.IGNORECASE,
)
_SECTION = re.compile(rb"(?:BODY|BINARY)\[([^\]]*)\](?:<([0-9]{1,20})>)?")
_LARGEST = 0xFFFFFFFF


class FetchRow(NamedTuple):
    """What one FETCH response said: items by their names in upper case. `is_broken` when some were unreadable.

    A row that was read by its form (`plain_row`) has its envelope apart, its header fields (`header`) at hand, and no
    BODYSTRUCTURE when `files` are known.
    """

    seq: Seq
    uid: Uid
    items: dict[bytes, Token]
    is_broken: bool = False
    envelope: Envelope | None = None
    files: bytes | None = None
    header: bytes | None = None

    def number(self, name: bytes) -> int | None:
        """Return a numeric item, None when it is missing or no number."""
        return as_number(self.items.get(name))

    def text(self, name: bytes) -> bytes | None:
        """Return a string item, None when it is missing or something else."""
        value = self.items.get(name)
        return value if isinstance(value, bytes) else None

    def flags(self) -> tuple[str, ...]:
        """Return the names of FLAGS as the server spells them."""
        value = self.items.get(b"FLAGS")
        if not isinstance(value, list):
            return ()
        return tuple([flag.decode("utf-8", "replace") for flag in value if isinstance(flag, bytes)])

    def sections(self) -> dict[tuple[bytes, int | None], bytes | None]:
        """Return what `BODY[…]<…>` items hold, by section (upper case) and origin; None is NIL."""
        found: dict[tuple[bytes, int | None], bytes | None] = {}
        for name, value in self.items.items():
            section = _SECTION.fullmatch(name)
            if section is not None and not isinstance(value, list):
                origin = section.group(2)
                found[section.group(1), None if origin is None else int(origin)] = value
        return found


def as_number(token: Token) -> int | None:
    """Read an unsigned number of at most 64 bits; None for anything else."""
    return int(token) if isinstance(token, bytes) and len(token) <= 20 and token.isdigit() else None


def read_fetch(untagged: Untagged) -> FetchRow | None:
    """Read a FETCH response; None when it names no message by UID, as unasked-for ones do."""
    if not untagged.number:
        return None
    plain = _read_plain(Seq(untagged.number), untagged.rest)
    if plain is not None:
        return plain
    try:
        items = _items(untagged.tokens())
        uid = as_number(items.get(b"UID"))
        is_broken = False
    except MalformedResponse:
        items, uid = _salvage(untagged.rest[0])
        is_broken = True
    if not uid or uid > _LARGEST:
        return None
    return FetchRow(Seq(untagged.number), Uid(uid), items, is_broken)


def _read_plain(seq: Seq, rest: Pieces) -> FetchRow | None:
    """Read a row of the common forms; None leaves it to the tokenizer."""
    if len(rest) == 1:
        flags = read_flags_row(rest[0])
        return None if flags is None or not 0 < flags[0] <= _LARGEST else FetchRow(seq, Uid(flags[0]), flags[1])
    if rest[-1] != b")":
        return None
    try:
        found = read_plain_row(rest)
    except MalformedResponse:
        return None
    if found is None or not 0 < found[0] <= _LARGEST:
        return None
    uid, items, envelope, files = found
    return FetchRow(seq, Uid(uid), items, False, envelope, files, rest[-2])


def is_of(untagged: Untagged, uid: int) -> bool:
    """Whether a FETCH response is of the message with this UID."""
    row = read_fetch(untagged)
    return row is not None and row.uid == uid


def _items(tokens: list[Token]) -> dict[bytes, Token]:
    if len(tokens) != 1 or not isinstance(tokens[0], list) or len(tokens[0]) % 2:
        raise MalformedResponse("not a list of pairs")
    items: dict[bytes, Token] = {}
    pairs = iter(tokens[0])
    for name in pairs:
        if not isinstance(name, bytes):
            raise MalformedResponse("an item without a name")
        items[name.upper()] = next(pairs)
    return items


def _salvage(text: bytes) -> tuple[dict[bytes, Token], int | None]:
    head = _HEAD.match(text)
    if head is None:
        return {}, None
    flags = head["flags"] if head["flags"] is not None else head["later"]
    items: dict[bytes, Token] = {} if flags is None else {b"FLAGS": list(flags.split())}
    return items, int(head["uid"])
