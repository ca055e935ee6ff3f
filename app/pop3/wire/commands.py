"""Commands, and the gate every line passes on its way out."""

import re

from app.pop3.wire.errors import UnsafeCommand
from app.pop3.wire.limits import MAX_COMMAND_LINE

#: command = keyword *(SP 1*%x21-7E) (RFC 2449 section 8).
_PLAIN = re.compile(r"[A-Z]{3,4}(?: [\x21-\x7e]+)*", re.ASCII)
_CREDENTIAL = re.compile(r"[^\r\n\0]+")


def command(verb: str, *arguments: int | str) -> bytes:
    """Write a command of ours: `command("TOP", 3, 0)`. Raises UnsafeCommand."""
    return _line(" ".join((verb, *map(str, arguments))))


def credential(verb: str, secret: str) -> bytes:
    """Write USER or PASS: the rest of the line is the argument, blanks included (RFC 1939 section 7), in UTF-8
    (RFC 6856). Raises UnsafeCommand for CR, LF, NUL or nothing at all.
    """
    if verb not in {"USER", "PASS"} or not _CREDENTIAL.fullmatch(secret):
        raise UnsafeCommand("a credential would carry CR, LF or NUL")
    return _bounded(f"{verb} {secret}".encode()) + b"\r\n"


def sasl_line(text: bytes) -> bytes:
    """Write a line of a SASL exchange: base64, `=` or `*`. Raises UnsafeCommand."""
    if not re.fullmatch(rb"[A-Za-z0-9+/=]+|\*", text):
        raise UnsafeCommand("not base64")
    return _bounded(text) + b"\r\n"


def _line(text: str) -> bytes:
    if not _PLAIN.fullmatch(text):
        raise UnsafeCommand("not a command")
    return _bounded(text.encode("ascii")) + b"\r\n"


def _bounded(line: bytes) -> bytes:
    if len(line) > MAX_COMMAND_LINE:
        raise UnsafeCommand("a line would be too long")
    return line
