"""What is in the maildrop: listings, headers, whole messages, marks. Message numbers begin and end here."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from app.domain.errors import PayloadTooLarge, StaleReference
from app.domain.ids import Uid
from app.domain.maildrop import Arrival, KnownMessage, Survey
from app.mime.headers import header_end
from app.pop3.connection import Connection, require_ok
from app.pop3.limits import MAX_HEADER, MAX_LISTING, MAX_RETR_FOR_HEADER, TOP_BATCH
from app.pop3.matching import Listed, Match, fingerprint, match, numbers_of, settle
from app.pop3.wire.commands import command
from app.pop3.wire.responses import read_sizes, read_uidls

_GONE = "The message is no longer there."


class Maildrop:
    """A maildrop in one session: its listing is read once, because it does not change while the session lasts
    (RFC 1939 section 5: messages that arrive meanwhile are not seen).

    `has_top` and `has_uidl` tell what the server has shown, or announced.
    """

    def __init__(self, connection: Connection) -> None:
        """Take a connection that is logged in."""
        self._connection = connection
        announced = connection.capabilities
        # Where CAPA is missing or tells nothing, trying is how to find out.
        self.has_top = announced is None or "TOP" in announced or not announced
        self.has_uidl = announced is None or "UIDL" in announced or not announced
        self._listed: tuple[Listed, ...] | None = None

    def survey(self, known: Sequence[KnownMessage], most_new: int, deadline: float) -> Survey:
        """List, match, and read the headers of what is not known, the newest first, at most `most_new` of them."""
        listed = self._list(deadline)
        found = match(listed, known)
        unknown = sorted((*found.new, *found.unsure), key=lambda one: one.number)
        chosen = unknown[max(0, len(unknown) - most_new) :]
        headers = self._headers(chosen, deadline)
        prints = {number: fingerprint(header) for number, (header, _) in headers.items()}
        settle(found, prints)
        arrivals = [self._arrival(one, headers[one.number], prints) for one in found.new if one.number in headers]
        pending = len(found.unsure) + len(found.new) - len(arrivals)
        return Survey(
            present=_present(listed, found, prints),
            arrivals=tuple(arrivals),
            pending=pending,
            identity="weak" if found.is_weak else "uidl",
            is_partial=self._connection.is_gmail,
        )

    def retrieve(
        self,
        uid: Uid,
        known: Sequence[KnownMessage],
        take: Callable[[bytes], None],
        max_bytes: int,
        deadline: float,
    ) -> None:
        """Read a whole message into `take`, piece by piece. Raises StaleReference when it is not there, PayloadTooLarge
        when the server says or shows that it is longer than `max_bytes`.
        """
        number = self._number(uid, known, deadline)
        size = next((one.size for one in self._listed or () if one.number == number), 0)
        if size > max_bytes:
            raise _too_large(size, max_bytes)
        self._connection.channel.allow(max_bytes * 2 + MAX_LISTING)
        left = max_bytes
        for status, pieces in self._connection.documents([command("RETR", number)], deadline):
            if not status.is_ok:
                raise StaleReference(_GONE)
            for piece in pieces:
                left -= len(piece)
                if left < 0:
                    raise _too_large(max_bytes - left, max_bytes)
                take(piece)

    def mark_deleted(self, uids: Sequence[Uid], known: Sequence[KnownMessage], deadline: float) -> tuple[Uid, ...]:
        """Mark messages for deletion and return those that the server took; QUIT carries it out, nothing else does."""
        where = self._where(uids, known, deadline)
        chosen = [uid for uid in uids if uid in where]
        statuses = self._connection.many([command("DELE", where[uid]) for uid in chosen], deadline)
        return tuple(uid for uid, status in zip(chosen, statuses, strict=True) if status.is_ok)

    def _number(self, uid: Uid, known: Sequence[KnownMessage], deadline: float) -> int:
        number = self._where([uid], known, deadline).get(uid)
        if number is None:
            raise StaleReference(_GONE)
        return number

    def _where(self, uids: Sequence[Uid], known: Sequence[KnownMessage], deadline: float) -> dict[Uid, int]:
        found = match(self._list(deadline), known)
        where = numbers_of(found)
        if found.unsure and not where.keys() >= set(uids):
            headers = self._headers(found.unsure, deadline)
            settle(found, {number: fingerprint(header) for number, (header, _) in headers.items()})
            where = numbers_of(found)
        return where

    def _list(self, deadline: float) -> tuple[Listed, ...]:
        if self._listed is None:
            lines = [command("LIST"), *([command("UIDL")] if self.has_uidl else [])]
            answers = self._connection.listings(lines, deadline)
            require_ok(answers[0][0])
            sizes = read_sizes(answers[0][1])
            uidls: dict[int, str | None] = {}
            if self.has_uidl and answers[1][0].is_ok:
                uidls = read_uidls(answers[1][1])
            else:
                self.has_uidl = False
            # LIST names what is there; a number that UIDL alone tells is there too, its size not known.
            numbers = sorted(sizes.keys() | uidls.keys())
            self._listed = tuple(Listed(number, uidls.get(number), sizes.get(number, 0)) for number in numbers)
        return self._listed

    def _headers(self, wanted: Sequence[Listed], deadline: float) -> dict[int, tuple[bytes, bool]]:
        """Read header blocks, the newest first: number to the block, and whether it was cut. What the server refuses to
        show is left out.
        """
        found: dict[int, tuple[bytes, bool]] = {}
        newest = sorted(wanted, key=lambda one: -one.number)
        for start in range(0, len(newest), TOP_BATCH):
            batch = newest[start : start + TOP_BATCH]
            self._read_headers(batch, found, deadline)
        return found

    def _read_headers(self, batch: Sequence[Listed], found: dict[int, tuple[bytes, bool]], deadline: float) -> None:
        if self.has_top:
            lines = [command("TOP", one.number, 0) for one in batch]
            answers = self._connection.documents(lines, deadline)
            refused = 0
            for one, (status, pieces) in zip(batch, answers, strict=True):
                if status.is_ok:
                    found[one.number] = _header(pieces)
                else:
                    refused += 1
            if refused < len(batch) or self._connection.capabilities:
                return
            self.has_top = False  # it never said that it had it, and has not
        for one in batch:
            if one.size > MAX_RETR_FOR_HEADER:
                found[one.number] = (b"", True)  # known to be there; what it is will be told when it is opened
                continue
            for status, pieces in self._connection.documents([command("RETR", one.number)], deadline):
                if status.is_ok:
                    found[one.number] = _header(pieces)

    def _arrival(self, one: Listed, header: tuple[bytes, bool], prints: dict[int, str]) -> Arrival:
        block, is_cut = header
        return Arrival(one.uidl, prints[one.number], one.size, block, is_cut)


def _present(listed: Sequence[Listed], found: Match, prints: dict[int, str]) -> tuple[KnownMessage, ...]:
    lines = {one.number: one for one in listed}
    return tuple(
        replace(
            known,
            uidl=lines[number].uidl,
            size=lines[number].size or known.size,
            fingerprint=prints.get(number, known.fingerprint),
        )
        for number, known in sorted(found.numbers.items())
    )


def _header(pieces: Iterable[bytes]) -> tuple[bytes, bool]:
    """Keep the header block of a message that comes in pieces, reading all of them."""
    kept = bytearray()
    is_cut = False
    for piece in pieces:
        room = MAX_HEADER - len(kept)
        kept += piece[:room]
        is_cut = is_cut or len(piece) > room
    block = bytes(kept)
    end, _ = header_end(block)
    return block[:end], is_cut and end == len(block)


def _too_large(size: int, bound: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The message has {size} bytes; this service downloads at most {bound} from a POP3 server.")
