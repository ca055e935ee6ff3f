"""Commands from typed arguments, and the gate every byte passes on its way out."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from app.imap.wire.limits import MAX_COMMAND_LINE, MAX_LITERAL_MINUS, MAX_QUOTED
from app.imap.wire.mailbox_names import encode_name

_UNSAFE = re.compile(rb"[^\x01-\x09\x0b\x0c\x0e-\x7f]")
_LINE_BREAK = re.compile("[\r\n\0]")
_QUOTABLE = re.compile(rb"[\x20-\x7e]*")
_SPECIAL = re.compile(rb'(["\\])')
_ATOM = re.compile(r"[A-Za-z0-9.+=*-]+", re.ASCII)


class UnsafeCommand(ValueError):
    """Something that must not leave: a mistake of ours, caught before the wire."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes that go as `{n}` CRLF bytes, and so may be anything but NUL (RFC 9051 section 4.3)."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Joined:
    """Pieces of one argument that follow each other without a blank: parentheses around literals."""

    pieces: tuple[bytes | Literal, ...] = field(repr=False)


#: Text that is ready for the wire, a literal, or both in turn.
Argument = bytes | Literal | Joined


@dataclass(frozen=True, slots=True)
class Command:
    """A command without its tag. `expects` are the kinds of untagged data it asks for; others are dropped."""

    name: bytes
    arguments: tuple[Argument, ...] = field(default=(), repr=False)
    expects: frozenset[bytes] = frozenset()


def command(name: str, *arguments: Argument | str, expects: Iterable[str] = ()) -> Command:
    """Build a command; arguments of type str are fixed text of ours, such as fetch items."""
    ready = tuple(one.encode("ascii") if isinstance(one, str) else one for one in arguments)
    return Command(name.encode("ascii"), ready, frozenset(kind.encode("ascii") for kind in expects))


def astring(value: str | bytes) -> bytes | Literal:
    r"""Write a string: quoted when it is short printable ASCII, `"` and `\` escaped; else a literal, in UTF-8."""
    raw = value.encode("utf-8") if isinstance(value, str) else value
    if len(raw) <= MAX_QUOTED and _QUOTABLE.fullmatch(raw):
        return b'"' + _SPECIAL.sub(rb"\\\1", raw) + b'"'
    return Literal(raw)


def mailbox(name: str) -> bytes | Literal:
    """Write a mailbox name (RFC 3501 section 5.1.3). Raises UnsafeCommand for one with CR, LF or NUL.

    They would be safe as base64, but Dovecot repeats them decoded in its refusal, in the middle of the stream.
    """
    if _LINE_BREAK.search(name):
        raise UnsafeCommand("a mailbox name with a line break")
    return astring(encode_name(name))


def atom(value: str) -> bytes:
    """Write a name of ours or one a server announced, such as a SASL mechanism. Raises UnsafeCommand."""
    if not _ATOM.fullmatch(value):
        raise UnsafeCommand("not an atom")
    return value.encode("ascii")


def check_line(line: bytes) -> bytes:
    """Let a line pass, without its CRLF. Raises UnsafeCommand for CR, LF, NUL, non-ASCII or a line over the bound."""
    if _UNSAFE.search(line):
        raise UnsafeCommand("a line would carry CR, LF, NUL or non-ASCII")
    if len(line) > MAX_COMMAND_LINE:
        raise UnsafeCommand("a line would be too long")
    return line


def _pieces(arguments: Iterable[Argument]) -> Iterator[bytes | Literal]:
    for argument in arguments:
        yield b" "
        if isinstance(argument, Joined):
            yield from argument.pieces
        else:
            yield argument


def write_command(tag: bytes, what: Command, *, literal_plus: bool = False, literal_minus: bool = False) -> list[bytes]:
    """Write a command as chunks: before each but the first, the server's continuation must be awaited.

    With `literal_plus` (RFC 7888) every literal goes at once, with `literal_minus` short ones. Equal arguments give
    equal bytes. Raises UnsafeCommand.
    """
    chunks: list[bytes] = []
    ready = bytearray()
    line = bytearray(tag + b" " + what.name)
    for argument in _pieces(what.arguments):
        if not isinstance(argument, Literal):
            line += argument
            continue
        if b"\0" in argument.data:
            raise UnsafeCommand("a literal would carry NUL")
        goes_at_once = literal_plus or (literal_minus and len(argument.data) <= MAX_LITERAL_MINUS)
        line += b"{%d%s}" % (len(argument.data), b"+" if goes_at_once else b"")
        ready += check_line(bytes(line)) + b"\r\n"
        if not goes_at_once:
            chunks.append(bytes(ready))
            ready.clear()
        ready += argument.data
        line.clear()
    ready += check_line(bytes(line)) + b"\r\n"
    chunks.append(bytes(ready))
    return chunks
