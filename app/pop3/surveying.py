"""What is in the maildrop: listings, headers, whole messages, marks. Message numbers begin and end here."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from app.domain.errors import PayloadTooLarge, StaleReference
from app.domain.ids import Uid
from app.domain.maildrop import Arrival, HeaderBlock, KnownMessage, Survey
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

    def survey(self, known: Sequence[KnownMessage], first: Collection[Uid], most: int, deadline: float) -> Survey:
        """List, match, and read headers. See `MaildropSession.survey`."""
        listed = self._list(deadline)
        found = match(listed, known)
        headers = self._headers(_to_read(listed, found, first, most), deadline)
        settle(found, {number: header.fingerprint for number, header in headers.items()})
        arrivals = tuple(Arrival(one.uidl, one.size, headers.get(one.number)) for one in found.new)
        present = _present(listed, found, headers)
        unread = sum(one.header is None for one in arrivals) + sum(not one.fingerprint for one in present)
        return Survey(
            present=present,
            headers={one.uid: headers[number] for number, one in found.numbers.items() if number in headers},
            arrivals=arrivals,
            unread=unread + len(found.unsure),
            unsure=len(found.unsure),
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
            settle(found, {number: header.fingerprint for number, header in headers.items()})
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

    def _headers(self, wanted: Sequence[Listed], deadline: float) -> dict[int, HeaderBlock]:
        """Read headers by number, in the order asked; what the server refuses to show is left out."""
        found: dict[int, HeaderBlock] = {}
        for start in range(0, len(wanted), TOP_BATCH):
            self._read_headers(wanted[start : start + TOP_BATCH], found, deadline)
        return found

    def _read_headers(self, batch: Sequence[Listed], found: dict[int, HeaderBlock], deadline: float) -> None:
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
            if one.size > MAX_RETR_FOR_HEADER:  # known to be there; what it is will be told when it is opened
                found[one.number] = HeaderBlock(b"", fingerprint(b""), is_cut=True)
                continue
            for status, pieces in self._connection.documents([command("RETR", one.number)], deadline):
                if status.is_ok:
                    found[one.number] = _header(pieces)


def _to_read(listed: Sequence[Listed], found: Match, first: Collection[Uid], most: int) -> list[Listed]:
    """Choose whose header to read: those asked for, then the newest of all that have not been read."""
    unread = {one.number for one in (*found.new, *found.unsure)}
    asked: set[int] = set()
    for number, known in found.numbers.items():
        if not known.fingerprint:
            unread.add(number)
            if known.uid in first:
                asked.add(number)
    chosen = sorted(
        (one for one in listed if one.number in unread), key=lambda one: (one.number not in asked, -one.number)
    )
    return chosen[:most]


def _present(listed: Sequence[Listed], found: Match, headers: Mapping[int, HeaderBlock]) -> tuple[KnownMessage, ...]:
    lines = {one.number: one for one in listed}
    present = []
    for number, known in sorted(found.numbers.items()):
        line, header = lines[number], headers.get(number)
        print_ = header.fingerprint if header else known.fingerprint
        present.append(replace(known, uidl=line.uidl, size=line.size or known.size, fingerprint=print_))
    return tuple(present)


def _header(pieces: Iterable[bytes]) -> HeaderBlock:
    """Keep the header block of a message that comes in pieces, reading all of them."""
    kept = bytearray()
    is_cut = False
    for piece in pieces:
        room = MAX_HEADER - len(kept)
        kept += piece[:room]
        is_cut = is_cut or len(piece) > room
    block = bytes(kept)
    end, _ = header_end(block)
    return HeaderBlock(block[:end], fingerprint(block[:end]), is_cut=is_cut and end == len(block))


def _too_large(size: int, bound: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The message has {size} bytes; this service downloads at most {bound} from a POP3 server.")
