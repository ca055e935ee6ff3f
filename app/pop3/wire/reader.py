"""Cuts the byte stream into status lines and multi-line data (RFC 1939 section 3).

A bare LF also ends a line: laxity for old servers. Data may have lines of any length; only lines of status and listings
are bounded. A line of data that begins with a dot loses it, whether the server doubled it or not, and one that is a dot
alone ends the data.
"""

from app.domain.errors import UpstreamProtocolError
from app.pop3.wire.limits import MAX_LINE


class StreamReader:
    """Takes bytes as they come. After any error the stream cannot be read any further."""

    __slots__ = ("_buffer", "_is_line_start")

    def __init__(self) -> None:
        """Begin with an empty stream."""
        self._buffer = bytearray()
        self._is_line_start = True

    @property
    def is_empty(self) -> bool:
        """Whether every byte fed was given out."""
        return not self._buffer

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self._buffer += data

    def line(self) -> bytes | None:
        """Return the next line without its end, None while it is not complete.

        Raises UpstreamProtocolError for one over the bound.
        """
        end = self._buffer.find(b"\n")
        if (len(self._buffer) if end < 0 else end) > MAX_LINE:
            raise UpstreamProtocolError("The mail server sent a line over the bound.")
        if end < 0:
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line[:-1] if line.endswith(b"\r") else line

    def lines(self) -> tuple[list[bytes], bool]:
        """Return what complete lines of a listing have come, dots undone, and whether that was its end.

        Call it again after each `feed` until the end. Raises UpstreamProtocolError for a line over the bound.
        """
        buffer = self._buffer
        end = buffer.rfind(b"\n")
        if len(buffer) - end - 1 > MAX_LINE:
            raise UpstreamProtocolError("The mail server sent a line over the bound.")
        if end < 0:
            return [], False
        found: list[bytes] = []
        used = 0
        for raw in bytes(buffer[:end]).split(b"\n"):
            used += len(raw) + 1
            line = raw[:-1] if raw.endswith(b"\r") else raw
            if line == b".":
                del buffer[:used]
                return found, True
            found.append(line[1:] if line.startswith(b".") else line)
        if found and max(map(len, found)) > MAX_LINE:
            raise UpstreamProtocolError("The mail server sent a line over the bound.")
        del buffer[:used]
        return found, False

    def data(self) -> tuple[bytes, bool]:
        """Return what has come of multi-line data, dots undone, and whether that was its end.

        Call it again after each `feed` until the end; the bytes may be cut anywhere.
        """
        pieces: list[bytes] = []
        buffer = self._buffer
        start = 0
        while True:
            if self._is_line_start and start < len(buffer) and buffer[start] == 0x2E:
                ending = bytes(buffer[start : start + 3])
                if ending in {b".", b".\r"}:  # cannot be told yet
                    break
                if ending == b".\r\n" or ending[:2] == b".\n":
                    del buffer[: start + (3 if ending == b".\r\n" else 2)]
                    return b"".join(pieces), True  # the next reply begins a line
                start += 1
                self._is_line_start = False
            following = buffer.find(b"\n.", start)
            if following < 0:
                pieces.append(bytes(buffer[start:]))
                if len(buffer) > start:
                    self._is_line_start = buffer[-1] == 0x0A
                start = len(buffer)
                break
            pieces.append(bytes(buffer[start : following + 1]))
            start = following + 1
            self._is_line_start = True
        del buffer[:start]
        return b"".join(pieces), False
