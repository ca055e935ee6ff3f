"""A message that is handed in for storing, looked at while it comes: line ends made whole, header looked through.

RFC 5322 section 2: lines end in CRLF, and the header comes first, field by field (section 2.2). A message that passes
can still be odd; what is refused is what is no message at all, or what no IMAP server takes (NUL, RFC 9051 section 9,
literal).
"""

import re

from app.domain.errors import FieldProblem, InvalidRequest
from app.mime.limits import MAX_INTAKE_HEADER

#: field-name of RFC 5322 section 2.2, and the obsolete space before the colon (section 4.5).
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_MESSAGE_ID = re.compile(rb"^message-id[ \t]*:[ \t\r\n]*<([^<>\s]{1,900})>", re.IGNORECASE | re.MULTILINE)


class Intake:
    """Takes a message chunk by chunk; `message_id` is there at the end, without brackets."""

    def __init__(self) -> None:
        """Begin."""
        self.message_id: str | None = None
        self._held = b""
        self._header: bytearray | None = bytearray()
        self._tail = b""

    def feed(self, chunk: bytes) -> bytes:
        """Return what is to be stored of this chunk. Raises InvalidRequest with a pointer to `/message`."""
        if b"\0" in chunk:
            raise _refused("A message has no NUL bytes; encode binary content (base64).")
        chunk = self._held + chunk
        self._held = b"\r" if chunk.endswith(b"\r") else b""  # the next chunk may begin with its LF
        chunk = chunk[: len(chunk) - len(self._held)]
        if chunk.count(b"\n") != chunk.count(b"\r\n"):
            # Not by a pattern, which takes 0.14 s of CPU for a megabyte of line ends, ten times as long.
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        self._look(chunk)
        if chunk:
            self._tail = chunk[-2:]
        return chunk

    def finish(self) -> bytes:
        """Return what is still to be stored. Raises InvalidRequest."""
        rest, self._held = self._held, b""
        if self._header is None:
            return rest
        if not self._header and not rest:
            raise _refused("The message is empty.")
        is_open = bool(rest) or self._tail != b"\r\n"
        rest = b"\r\n\r\n" if is_open else b"\r\n"  # a header alone is a message without a body
        self._look(rest)
        return rest

    def _look(self, chunk: bytes) -> None:
        """Collect the header, and look through it once it is whole."""
        if self._header is None:
            return
        seen = len(self._header)
        self._header += chunk[: MAX_INTAKE_HEADER + 4 - seen]
        if self._header.startswith(b"\r\n"):
            raise _refused("The message begins with an empty line; it must begin with its header.")
        end = self._header.find(b"\r\n\r\n", max(0, seen - 3))
        if end < 0:
            if len(self._header) > MAX_INTAKE_HEADER:
                raise _refused(f"The header has no end within {MAX_INTAKE_HEADER} bytes.")
            return
        header = bytes(self._header[: end + 2])
        self._header = None
        _check(header)
        found = _MESSAGE_ID.search(header)
        self.message_id = found[1].decode("utf-8", "replace") if found else None


def _check(header: bytes) -> None:
    for number, line in enumerate(header.split(b"\r\n")[:-1], 1):
        if number == 1 and line.startswith(b"From "):
            raise _refused("The first line is one of a mbox file (From …); leave it out.")
        if number > 1 and line[:1] in {b" ", b"\t"}:
            continue
        if not _FIELD.match(line):
            raise _refused(f"Line {number} is no header field; a header field is a name, a colon and a value.")


def _refused(detail: str) -> InvalidRequest:
    return InvalidRequest(detail, [FieldProblem(detail, "/message")])
