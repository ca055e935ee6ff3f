"""What a status line and the lines of a listing say (RFC 1939 section 3, RFC 2449 section 8)."""

import re
from dataclasses import dataclass, field

from app.domain.errors import UpstreamProtocolError
from app.pop3.wire.limits import MAX_DIGITS, MAX_UIDL

#: status-line, with a response code (RFC 2449 section 8). Lax: any case, any blank.
_STATUS = re.compile(
    rb"(\+OK|-ERR)(?:[ \t]+|\Z)(?:\[([A-Za-z0-9/_-]{1,64})(?:[^\]]*)\][ \t]*)?(.*)", re.IGNORECASE | re.DOTALL
)
_LISTED = re.compile(rb"[ \t]*([0-9]{1,%d})(?:[ \t]+(\S+))?(?:[ \t].*)?" % MAX_DIGITS, re.DOTALL)


@dataclass(frozen=True, slots=True)
class Status:
    """A status line; `code` is the response code in upper case, such as `IN-USE` or `SYS/TEMP`."""

    is_ok: bool
    code: str | None
    text: bytes = field(repr=False)


def read_status(line: bytes) -> Status:
    """Read a status line. Raises UpstreamProtocolError for anything else."""
    found = _STATUS.fullmatch(line)
    if found is None:
        raise UpstreamProtocolError("The mail server sent a line that is not POP3.")
    code = found.group(2)
    return Status(found.group(1).upper() == b"+OK", code.upper().decode("ascii") if code else None, found.group(3))


def read_sizes(lines: list[bytes]) -> dict[int, int]:
    """Read the lines of LIST: message number to size in octets. What is malformed is left out."""
    sizes: dict[int, int] = {}
    for line in lines:
        found = _LISTED.fullmatch(line)
        if found is None or not (size := found.group(2) or b"").isdigit() or len(size) > MAX_DIGITS:
            continue
        number = int(found.group(1))
        if number:
            sizes.setdefault(number, int(size))
    return sizes


def read_uidls(lines: list[bytes]) -> dict[int, str | None]:
    """Read the lines of UIDL: message number to unique id, None where it is missing or too long to be one.

    RFC 1939 allows 1 to 70 characters of %x21-7E; longer ones and odd bytes are kept, each byte a character.
    """
    uidls: dict[int, str | None] = {}
    for line in lines:
        found = _LISTED.fullmatch(line)
        if found is None:
            continue
        number, uidl = int(found.group(1)), found.group(2)
        if number:
            is_usable = uidl is not None and len(uidl) <= MAX_UIDL
            uidls.setdefault(number, uidl.decode("latin-1") if uidl is not None and is_usable else None)
    return uidls


def read_capabilities(lines: list[bytes]) -> dict[str, tuple[str, ...]]:
    """Read the lines of CAPA (RFC 2449 section 5): tag to parameters, all in upper case."""
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        words = line.decode("ascii", "replace").upper().split()
        if words:
            found.setdefault(words[0], tuple(words[1:]))
    return found
