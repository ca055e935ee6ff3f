"""Turns the pieces of one response into nested lists, at the speed of `re`."""

import re

from app.imap.wire.errors import MalformedResponse
from app.imap.wire.limits import MAX_ATOMS, MAX_LISTS, MAX_NESTING, MAX_SECTIONS, MAX_STRINGS
from app.imap.wire.reader import Pieces

#: An atom, a quoted string or a literal is bytes, NIL is None, a parenthesised list is a list (RFC 9051 section 9).
Token = bytes | None | list["Token"]

#: One token: a parenthesis, a quoted string, `BODY[HEADER.FIELDS (TO)]<0>`, whose blanks and parentheses belong to one
#: atom, or an atom. The last alternative takes all that follows a quote that is never closed: no text is scanned twice.
_QUOTED = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(
    rb'"[^"\\]*+"|[()]|' + _QUOTED + rb"|[Bb][Oo][Dd][Yy]\[[^\]]{0,1000}+\](?:<[0-9]+>)?" + rb'|[^ ()"\t-\r]++|".*',
    re.DOTALL,
)
_CLOSED = re.compile(_QUOTED, re.DOTALL)
_BOUNDS = ((b"(", MAX_LISTS), (b'"', 2 * MAX_STRINGS), (b" ", MAX_ATOMS), (b"[", MAX_SECTIONS))
_SMALL = min(bound for _, bound in _BOUNDS)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)  # \" and \\ are all there are


def tokenize(pieces: Pieces) -> list[Token]:
    """Read the pieces of one response, or of its rest, as a list of tokens.

    Iterative: nesting costs no stack. Raises MalformedResponse for unbalanced parentheses, an open quote, or more
    nesting or tokens than the bounds allow.
    """
    _check_bounds(pieces)
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


def _check_bounds(pieces: Pieces) -> None:
    texts = pieces[::2]
    if sum([len(text) for text in texts]) <= _SMALL:
        return
    for sign, bound in _BOUNDS:
        if sum([text.count(sign) for text in texts]) > bound:
            raise MalformedResponse("too many tokens")


def _tokenize_text(text: bytes, current: list[Token], stack: list[list[Token]]) -> list[Token]:
    parts = _TOKEN.findall(text)
    if parts and parts[-1][0] == _QUOTE and not _CLOSED.fullmatch(parts[-1]):
        raise MalformedResponse("a quoted string is not closed")
    has_escapes = b'\\"' in text or b"\\\\" in text
    append = current.append
    for part in parts:  # the hot loop of the service: a page of 50 rows has 6,000 tokens
        first = part[0]
        if first == _QUOTE:
            append(_ESCAPED.sub(rb"\1", part[1:-1]) if has_escapes else part[1:-1])
        elif first == _OPEN:
            if len(stack) >= MAX_NESTING:
                raise MalformedResponse("nested too deep")
            inner: list[Token] = []
            append(inner)
            stack.append(current)
            current, append = inner, inner.append
        elif first == _CLOSE:
            if not stack:
                raise MalformedResponse("a parenthesis was never opened")
            current = stack.pop()
            append = current.append
        else:
            append(None if part in _NILS else part)
    return current


_QUOTE, _OPEN, _CLOSE = b'"()'
_NILS = frozenset((b"NIL", b"nil", b"Nil", b"NIl", b"NiL", b"nIL", b"nIl", b"niL"))
