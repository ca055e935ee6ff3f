"""Cuts the byte stream into responses: lines and the literals that belong to them."""

import re
from collections.abc import Callable

from app.domain.errors import UpstreamProtocolError
from app.imap.wire.limits import MAX_LINE, MAX_LITERAL, MAX_LITERAL_DIGITS, MAX_LITERALS, MAX_RESPONSE

#: Text, literal, text, literal, …, text: literals stand at odd places, without their `{n}`.
Pieces = tuple[bytes, ...]

#: literal = "{" number64 ["+"] "}" CRLF; literal8 = "~{" … (RFC 9051 section 9, RFC 3516). Leading zeros: laxity.
_LITERAL = re.compile(rb"~?\{([0-9]+)\+?\}\Z")

#: Status responses, continuations and completions end in human text, in which `{5}` means nothing.
_HUMAN_TEXT = re.compile(rb"(?:\* (?:OK|NO|BAD|BYE|PREAUTH)\b|[^*])", re.IGNORECASE)


class ResponseReader:
    """Takes bytes as they come and gives complete responses. A bare LF also ends a line: laxity for old servers.

    Raises UpstreamProtocolError when a bound of framing is broken; the stream cannot be read any further then.
    """

    __slots__ = ("_buffer", "_literal", "_pieces", "_scanned", "_size", "_start")

    def __init__(self) -> None:
        """Begin with an empty stream."""
        self._buffer = bytearray()
        self._start = 0
        self._scanned = 0
        self._pieces: list[bytes] = []
        self._size = 0
        self._literal: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether every byte fed was given out: nothing waits, not even half a response."""
        return self._start == len(self._buffer) and not self._pieces and self._literal is None

    @property
    def has_line(self) -> bool:
        """Whether the end of the line that stands next is there; of a literal nothing is said."""
        return self._buffer.find(b"\n", self._scanned) >= 0

    @property
    def missing(self) -> int:
        """How many bytes of an announced literal are still to come; 0 outside one."""
        return max(0, (self._literal or 0) - (len(self._buffer) - self._start))

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        if self._start:
            del self._buffer[: self._start]
            self._scanned -= self._start
            self._start = 0
        self._buffer += data

    def take_run(self, length: Callable[[bytearray, int], int]) -> bytes:
        """Take whole lines that stand next, as many bytes as `length` says of the buffer and a place in it."""
        if self._pieces or self._literal is not None:
            return b""
        size = length(self._buffer, self._start)
        run = bytes(self._buffer[self._start : self._start + size])
        if size:
            self._start = self._scanned = self._start + size
        return run

    def next_response(self) -> Pieces | None:
        """Return the next complete response, None while it is not complete."""
        while True:
            if self._literal is not None:
                literal = self._take_literal(self._literal)
                if literal is None:
                    return None
                self._pieces.append(literal)
                self._literal = None
            line = self._take_line()
            if line is None:
                return None
            announced = self._announced(line) if line[-1:] == b"}" else None
            if announced is None:
                if not self._pieces:
                    self._size = 0
                    return (line,)
                pieces = (*self._pieces, line)
                self._pieces.clear()
                self._size = 0
                return pieces
            self._pieces.append(line[: announced.start()])
            self._literal = self._literal_size(announced.group(1))

    def _take_line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._scanned)
        length = (len(self._buffer) if end < 0 else end) - self._start
        if length > MAX_LINE or self._size + length > MAX_RESPONSE:
            raise UpstreamProtocolError("The mail server sent a line over the bound.")
        if end < 0:
            self._scanned = len(self._buffer)
            return None
        stop = end - 1 if end > self._start and self._buffer[end - 1] == 0x0D else end
        line = bytes(self._buffer[self._start : stop])
        self._size += length
        self._start = self._scanned = end + 1
        return line

    def _take_literal(self, size: int) -> bytes | None:
        stop = self._start + size
        if len(self._buffer) < stop:
            return None
        with memoryview(self._buffer) as view:
            literal = bytes(view[self._start : stop])
        self._start = self._scanned = stop
        return literal

    def _announced(self, line: bytes) -> re.Match[bytes] | None:
        first = self._pieces[0] if self._pieces else line
        return None if _HUMAN_TEXT.match(first) else _LITERAL.search(line, max(line.rfind(b"{") - 1, 0))

    def _literal_size(self, digits: bytes) -> int:
        digits = digits.lstrip(b"0")
        size = int(digits or b"0") if len(digits) <= MAX_LITERAL_DIGITS else MAX_LITERAL + 1
        self._size += size
        if size > MAX_LITERAL or self._size > MAX_RESPONSE or len(self._pieces) > 2 * MAX_LITERALS:
            raise UpstreamProtocolError("The mail server announced more data than the bound allows.")
        return size
