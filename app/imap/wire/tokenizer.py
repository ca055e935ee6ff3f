"""Turns the pieces of one response into nested lists, at the speed of `re`."""

import re

from app.imap.wire.errors import MalformedResponse
from app.imap.wire.limits import MAX_ATOMS, MAX_LISTS, MAX_NESTING, MAX_SECTIONS, MAX_STRINGS
from app.imap.wire.reader import Pieces

#: An atom, a quoted string or a literal is bytes, NIL is None, a parenthesised list is a list (RFC 9051 section 9).
Token = bytes | None | list["Token"]

#: What splits a line: quoted strings, parentheses, and `BODY[HEADER.FIELDS (TO)]<0>`, whose blanks and parentheses
#: belong to one atom. The last alternative takes all that follows a quote that is never closed, so that no text is
#: scanned twice.
_QUOTED = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_SPLIT = re.compile(
    rb"(" + _QUOTED + rb"|[()]|(?:BODY|BINARY|BINARY\.SIZE|RFC822)\[[^\]]{0,1000}\](?:<[0-9]+>)?" + rb'|".*)',
    re.IGNORECASE | re.DOTALL,
)
_CLOSED = re.compile(_QUOTED, re.DOTALL)
_BOUNDS = ((b"(", MAX_LISTS), (b'"', 2 * MAX_STRINGS), (b" ", MAX_ATOMS), (b"[", MAX_SECTIONS))
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


def tokenize(pieces: Pieces) -> list[Token]:
    """Read the pieces of one response, or of its rest, as a list of tokens.

    Iterative: nesting costs no stack. Raises MalformedResponse for unbalanced parentheses, an open quote, or more
    nesting or tokens than the bounds allow.
    """
    for sign, bound in _BOUNDS:
        if sum([text.count(sign) for text in pieces[::2]]) > bound:
            raise MalformedResponse("too many tokens")
    current: list[Token] = []
    stack: list[list[Token]] = []
    for index, piece in enumerate(pieces):
        if index % 2:
            current.append(piece)
        else:
            current = _tokenize_text(piece, current, stack)
    if stack:
        raise MalformedResponse("a parenthesis is not closed")
    return current


def _tokenize_text(text: bytes, current: list[Token], stack: list[list[Token]]) -> list[Token]:
    parts = _SPLIT.split(text)
    if len(parts) > 1 and parts[-2][:1] == b'"' and not _CLOSED.fullmatch(parts[-2]):
        raise MalformedResponse("a quoted string is not closed")
    for place, part in enumerate(parts):
        if place % 2 == 0:
            if part and part != b" ":
                current.extend([None if atom in _NILS else atom for atom in part.split()])
        elif part == b"(":
            if len(stack) >= MAX_NESTING:
                raise MalformedResponse("nested too deep")
            inner: list[Token] = []
            current.append(inner)
            stack.append(current)
            current = inner
        elif part == b")":
            if not stack:
                raise MalformedResponse("a parenthesis was never opened")
            current = stack.pop()
        elif part[:1] == b'"':
            current.append(_ESCAPED.sub(rb"\1", part[1:-1]) if b"\\" in part else part[1:-1])
        else:
            current.append(part)
    return current


_NILS = frozenset((b"NIL", b"nil", b"Nil", b"NIl", b"NiL", b"nIL", b"nIl", b"niL"))
