"""What may stand in a log line: bounded plain values, without secrets."""

import re
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath

from app.domain.errors import MailhatchError
from app.telemetry.limits import MAX_DEPTH, MAX_ITEMS, MAX_TEXT

_HIDDEN = "***"

#: Names whose values are secrets or mail content whatever they look like.
_SECRET_NAMES = re.compile(r"(?i)(password|passwd|secret|authorization|cookie|credential|access_token|private_key)")

_PATTERNS = (
    (re.compile(r"mh_([a-z0-9]{1,32})_[A-Za-z0-9]+"), r"mh_\1_***"),  # our tokens; the id stays, it finds the row
    (re.compile(r"(?i)(authorization['\"]?\s*[:=,]\s*b?['\"]?)(?:[a-z0-9-]+[ ]+)?[^\s'\",;]+"), r"\1***"),
    (re.compile(r"(?i)\b(bearer|basic)[ ]+[a-z0-9._~+/-]{8,}=*"), r"\1 ***"),
    (re.compile(r"(?i)([?&](?:signature|ticket|access_token)=)[^&\s'\"]+"), r"\1***"),
    (re.compile(r"(://[^\s:/@]*:)[^\s@]+@"), r"\1***@"),  # passwords in addresses, such as the database's
)


def redacted(text: str) -> str:
    """Cut `text` to its bound and hide in it what looks like a token, an Authorization header or a signed link."""
    text = text[:MAX_TEXT]
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def plain(value: object, depth: int = 0) -> object:
    """Turn a value into what JSON can say, never asking an unknown object for its text.

    Secrets (types named `Secret…`) become `***`, bytes their length, unknown objects and foreign exceptions the name of
    their type.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 64 else "<int>"  # longer ones are slow to spell, or refused
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if type(value).__name__.startswith("Secret"):
        return _HIDDEN
    if isinstance(value, Enum):
        return plain(value.value, depth)
    if isinstance(value, str | PurePath):
        return redacted(str(value))
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, MailhatchError):
        return redacted(value.detail)  # made to be shown, without secrets or mail
    if depth < MAX_DEPTH and isinstance(value, Mapping):
        return {str(name)[:MAX_TEXT]: named(str(name), one, depth + 1) for name, one in list(value.items())[:MAX_ITEMS]}
    if depth < MAX_DEPTH and isinstance(value, list | tuple | set | frozenset):
        return [plain(one, depth + 1) for one in list(value)[:MAX_ITEMS]]
    if isinstance(value, BaseException):
        return type(value).__name__
    return f"<{type(value).__name__}>"


def named(name: str, value: object, depth: int = 0) -> object:
    """Like `plain`, and hidden altogether when the name says that it is a secret."""
    return _HIDDEN if _SECRET_NAMES.search(name) else plain(value, depth)
