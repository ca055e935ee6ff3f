"""What a response is: a continuation, the completion of a command, or untagged data (RFC 9051 section 7)."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from app.domain.errors import UpstreamProtocolError
from app.imap.wire.errors import MalformedResponse
from app.imap.wire.reader import Pieces
from app.imap.wire.tokenizer import Token, tokenize

#: resp-cond-state, resp-cond-bye, greeting.
STATUSES = frozenset((b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"))

_CODE = re.compile(rb"\[([^\s\]]+)(?: ([^\]]*))?\] ?")
_UNTAGGED = re.compile(rb"\* (?:([0-9]{1,10}) )?([^\s]+) ?")
_TAGGED = re.compile(rb"([A-Za-z0-9]+) (OK|NO|BAD)(?: |$)", re.IGNORECASE)


class Code(NamedTuple):
    """A response code, `[UIDVALIDITY 5]`: its name in upper case and its arguments as written."""

    name: bytes
    arguments: bytes

    def number(self) -> int | None:
        """Return the argument as a number, None when it is none."""
        return int(self.arguments) if self.arguments.isdigit() and len(self.arguments) <= 20 else None


@dataclass(frozen=True, slots=True)
class Continuation:
    """The server waits for more: `+ text`."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Completion:
    """How a command ended: OK, NO or BAD."""

    tag: bytes
    status: bytes
    code: Code | None
    text: bytes


class Untagged(NamedTuple):
    """Data or status: `kind` in upper case, `number` of `* 5 EXISTS`, and what follows, not yet tokenized."""

    kind: bytes
    number: int | None
    rest: Pieces

    def tokens(self) -> list[Token]:
        """Read what follows the kind. Raises MalformedResponse."""
        return tokenize(self.rest)

    def code(self) -> Code | None:
        """Read the response code of a status response."""
        return _read_code(self.rest[0])[0]

    def text(self) -> bytes:
        """Return the human text of a status response."""
        return _read_code(self.rest[0])[1]


def read_response(pieces: Pieces) -> Continuation | Completion | Untagged:
    """Tell what a response is. Raises UpstreamProtocolError when it is nothing of IMAP."""
    line = pieces[0]
    if line[:2] == b"* ":
        found = _UNTAGGED.match(line)
        if found is None:
            raise UpstreamProtocolError("The mail server sent an empty response.")
        number = found.group(1)
        return Untagged(
            found.group(2).upper(), None if number is None else int(number), (line[found.end() :], *pieces[1:])
        )
    if line[:1] == b"+":
        return Continuation(line[1:].strip())
    completion = _TAGGED.match(line)
    if completion is None:
        raise UpstreamProtocolError("The mail server sent a line that is not IMAP.")
    code, text = _read_code(line[completion.end() :])
    return Completion(completion.group(1), completion.group(2).upper(), code, text)


def _read_code(text: bytes) -> tuple[Code | None, bytes]:
    found = _CODE.match(text)
    if found is None:
        return None, text
    return Code(found.group(1).upper(), (found.group(2) or b"").strip()), text[found.end() :]


def tokens_or_none(untagged: Untagged) -> list[Token] | None:
    """Read what follows the kind; None when it is malformed, for data that may be left out."""
    try:
        return untagged.tokens()
    except MalformedResponse:
        return None
