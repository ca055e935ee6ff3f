"""Opaque cursors of lists ordered by id: the last id seen, bound to the question by a digest of it."""

import base64
import binascii
import hashlib

from app.domain.errors import FieldProblem, InvalidRequest
from app.services.account_limits import CURSOR_CHARS

_DIGEST = 8


def write_cursor(question: tuple[str | None, ...], after: str) -> str:
    """Spell a cursor that continues behind the id `after` and fits `question` alone."""
    return base64.urlsafe_b64encode(_digest(question) + after.encode()).rstrip(b"=").decode("ascii")


def read_cursor(question: tuple[str | None, ...], cursor: str) -> str:
    """Return the id to continue behind. Raises InvalidRequest when the cursor is another question's or not ours."""
    raw = _decode(cursor)
    if raw is None:
        raise _refused("This is not a cursor of this list.")
    if raw[:_DIGEST] != _digest(question):
        raise _refused("The cursor belongs to a list with another filter; start again without it.")
    return raw[_DIGEST:].decode("ascii")


def _decode(cursor: str) -> bytes | None:
    if len(cursor) > CURSOR_CHARS or not cursor.isascii():
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) > _DIGEST and raw[_DIGEST:].isascii() and b"\0" not in raw[_DIGEST:] else None


def _digest(question: tuple[str | None, ...]) -> bytes:
    return hashlib.sha256(repr(question).encode("utf-8", "backslashreplace")).digest()[:_DIGEST]


def _refused(detail: str) -> InvalidRequest:
    return InvalidRequest("The cursor is not valid.", [FieldProblem(detail, "/query/cursor")])
