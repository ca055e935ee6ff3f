"""A settled search as IMAP search keys (RFC 9051 section 6.4.4): fixed words of ours, and every text of a caller quoted
or as a literal.
"""

import re

from app.domain.search import (
    And,
    Everything,
    HasAttachment,
    Is,
    Keyword,
    Leaf,
    Not,
    Or,
    Received,
    Size,
    State,
    Term,
    Text,
    leaves,
)
from app.imap.wire.commands import Joined, Literal, UnsafeCommand, astring

_STATES = {
    State.UNREAD: b"UNSEEN",
    State.READ: b"SEEN",
    State.FLAGGED: b"FLAGGED",
    State.ANSWERED: b"ANSWERED",
    State.DRAFT: b"DRAFT",
}
_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")

#: flag-keyword = atom (RFC 9051 section 9): it cannot be quoted, so nothing that means more may be in it.
_KEYWORD = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\\]]{1,100}")
_OBJECT_ID = re.compile(rb"[A-Za-z0-9_-]{1,255}")


def search_keys(term: Term, before_uid: int | None = None) -> Joined:
    """Write a settled term; with `before_uid` only messages under that UID, which is over 1, are looked at.

    Raises ValueError for what no server can be asked (`HasAttachment`, what is not settled), and UnsafeCommand.
    """
    writer = _Writer()
    if before_uid is not None:
        writer.put(b"UID 1:%d" % (before_uid - 1))
        if not isinstance(term, Everything):
            writer.put(b" ")
            writer.all_of(term)
    else:
        writer.all_of(term)
    return Joined(tuple(writer.pieces))


def thread_key(server_id: str, *, is_gmail: bool) -> bytes:
    """Write the key of a conversation's id (RFC 8474 section 7; X-GM-THRID). Raises UnsafeCommand for no such id."""
    raw = server_id.encode("ascii", "replace")
    if not (raw.isdigit() and len(raw) <= 20 if is_gmail else _OBJECT_ID.fullmatch(raw)):
        raise UnsafeCommand("not an id of a conversation")
    return (b"X-GM-THRID " if is_gmail else b"THREADID ") + raw


def beyond_ascii(term: Term) -> tuple[Leaf, ...]:
    """Tell the texts that need a charset, each once."""
    found = [leaf for leaf in leaves(term) if isinstance(leaf, Text) and not leaf.value.isascii()]
    return tuple(dict.fromkeys(found))


class _Writer:
    def __init__(self) -> None:
        self.pieces: list[bytes | Literal] = []

    def put(self, piece: bytes | Literal) -> None:
        """Add a piece; texts grow together."""
        if isinstance(piece, bytes) and self.pieces and isinstance(last := self.pieces[-1], bytes):
            self.pieces[-1] = last + piece
        else:
            self.pieces.append(piece)

    def all_of(self, term: Term) -> None:
        """Write keys that follow each other: all must hold."""
        for place, one in enumerate(term.terms if isinstance(term, And) else (term,)):
            if place:
                self.put(b" ")
            self._key(one)

    def _key(self, term: Term) -> None:
        match term:
            case And():
                self.put(b"(")
                self.all_of(term)
                self.put(b")")
            case Or(terms):
                for one in terms[:-1]:
                    self.put(b"OR ")
                    self._key(one)
                    self.put(b" ")
                self._key(terms[-1])
            case Not(inner):
                self.put(b"NOT ")
                self._key(inner)
            case Everything():
                self.put(b"ALL")
            case _:
                self._leaf(term)

    def _leaf(self, leaf: Term) -> None:
        match leaf:
            case Text(field, value):
                self.put(field.value.upper().encode("ascii") + b" ")
                self.put(astring(value))
            case Is(state):
                self.put(_STATES[state])
            case Keyword(name):
                raw = name.encode("utf-8", "surrogatepass")
                if not _KEYWORD.fullmatch(raw):
                    raise UnsafeCommand("not a keyword")
                self.put(b"KEYWORD " + raw)
            case Size(relation, octets):
                self.put(b"%s %d" % (relation.upper().encode("ascii"), octets))
            case Received(relation, day):
                word = b"BEFORE" if relation == "before" else b"SINCE"
                self.put(b"%s %d-%s-%04d" % (word, day.day, _MONTHS[day.month - 1], day.year))
            case HasAttachment():
                raise ValueError("IMAP has no word for attachments")
            case _:
                raise ValueError("this term has to be settled first")
