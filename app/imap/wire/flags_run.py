r"""Rows of flags as they come for a page that is known: many lines of one form, read together and remembered.

`* 951 FETCH (UID 951 FLAGS (\Seen))`, once for each row, is what a server answers when nothing but flags is asked. Most
of the time it says what it said before; equal bytes mean equal rows, so those are read once. A line of any other form
ends the run and goes the way of every response.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from app.domain.errors import UpstreamProtocolError
from app.domain.flags import from_imap
from app.domain.ids import Seq, Uid
from app.domain.query import Row
from app.imap.wire.fetch import FetchRow
from app.imap.wire.limits import MAX_RUN
from app.imap.wire.tokenizer import Token

_LARGEST = 0xFFFFFFFF

#: Numbers without leading zeros, and flags without anything that means more than itself: no quote or backslash before
#: one, no parenthesis, no brace that could announce a literal.
_LINE = rb"\* ([1-9][0-9]{0,9}) FETCH \(UID ([1-9][0-9]{0,9}) FLAGS \(([!#-'*-z|}~ ]{0,200}+)\)\)\r\n"
_RUN = re.compile(rb"(?:" + _LINE.replace(rb" ([", rb" (?:[").replace(rb"\(([", rb"\((?:[") + rb")++")
_ROWS = re.compile(_LINE)

#: Runs remembered: 20 kB each for a usual page, of all accounts together.
_REMEMBERED = 128


def run_length(buffer: bytearray, start: int) -> int:
    """Tell how many bytes from `start` on are whole lines of a run, 0 when there are none; at most MAX_RUN."""
    found = _RUN.match(buffer, start, start + MAX_RUN)
    return 0 if found is None else found.end() - start


@lru_cache(maxsize=_REMEMBERED)
def read_run(run: bytes) -> Mapping[int, FetchRow]:
    """Read a run as `read_fetch` reads its lines one by one: rows by sequence number, of a repeated one the last.

    What it returns is shared, and not to be changed.
    """
    return {
        int(seq): FetchRow(Seq(int(seq)), Uid(int(uid)), _items(flags))
        for seq, uid, flags in _ROWS.findall(run)
        if int(uid) <= _LARGEST
    }


@lru_cache(maxsize=_REMEMBERED)
def rows_of(run: bytes, low: int, high: int) -> tuple[Row, ...]:
    """Give the rows of a run between two sequence numbers, newest first, without facts.

    Raises UpstreamProtocolError when UIDs do not ascend with sequence numbers.
    """
    by_seq = read_run(run)
    rows = [(seq, by_seq[seq]) for seq in range(high, low - 1, -1) if seq in by_seq]
    require_order(rows)
    return tuple([Row(row.uid, Seq(seq), from_imap(row.flags()), None) for seq, row in rows])


def require_order(rows: Sequence[tuple[int, FetchRow]]) -> None:
    """See that rows by sequence number, newest first, are newest first by UID too. Raises like `rows_of`."""
    if any(newer.uid <= older.uid for (_, newer), (_, older) in pairwise(rows)):
        raise UpstreamProtocolError("The mail server numbers its messages in two ways at once.")


@lru_cache(maxsize=1024)
def _items(flags: bytes) -> dict[bytes, Token]:
    return {b"FLAGS": list(flags.split())}
