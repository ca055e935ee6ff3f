"""Address lists (RFC 5322 section 3.4, obsolete forms included), in one pass and linear time."""

import re

from app.domain.message import Address
from app.mime.charset import clean_text
from app.mime.limits import (
    MAX_ADDRESSES,
    MAX_COMMENT_DEPTH,
    MAX_EMAIL_CHARS,
    MAX_HEADER_VALUE_BYTES,
    MAX_NAME_CHARS,
)
from app.mime.words import decode_words, to_bytes, unfold

_QUOTED = rb'(?P<quoted>"(?:[^"\\]|\\.)*+")|'
#: One lexical token each. An encoded word counts as an atom even where it holds commas it should not.
_OTHERS = (
    rb"(?P<white>[ ]++)"
    rb"|(?P<word>=\?[^?\s]{1,128}\?[bBqQ]\?[^?]{0,998}\?=)"
    rb"|(?P<angle><[^<>]*+>)"
    rb"|(?P<special>[,;:()<>\"])"
    rb"|(?P<atom>(?:[^ ,;:()<>\"=]|=(?!\?))++|=)"
)
_TOKEN = re.compile(_QUOTED + _OTHERS, re.DOTALL)
#: For the rest of a value in which a quote is never closed: looking for its end again and again would be quadratic.
_TOKEN_WITHOUT_QUOTES = re.compile(_OTHERS, re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_ANGLE_STOP = re.compile(rb"[,;<]")
_ROUTE = re.compile(rb"^[ ]*(?:@[^:,@]*+,?)++:")


def parse_addresses(raw: bytes | str) -> tuple[Address, ...]:
    """Read an address list: names decoded, group names dropped, an empty group yielding nobody.

    A comment serves as the name where there is no other. At most 1,000 addresses of the first 128 kB.
    """
    return _Reader(unfold(to_bytes(raw)[:MAX_HEADER_VALUE_BYTES])).read()


class _Reader:
    """The state between two commas: words of a phrase, an angle address, comments."""

    def __init__(self, value: bytes) -> None:
        self._value = value
        self._found: list[Address] = []
        self._start_over()
        self._token = _TOKEN
        self._comments_close = True
        self._in_group = False

    def read(self) -> tuple[Address, ...]:
        position = 0
        while position < len(self._value) and len(self._found) < MAX_ADDRESSES:
            token = self._token.match(self._value, position)
            if token is None:  # pragma: no cover - the alternatives cover every byte
                break
            position = self._take(token)
        self._flush()
        return tuple(self._found[:MAX_ADDRESSES])

    def _start_over(self) -> None:
        self._phrase: list[bytes] = []
        self._angle: bytes | None = None
        self._comments: list[bytes] = []

    def _take(self, token: re.Match[bytes]) -> int:
        text = token.group()
        if token.lastgroup == "special":
            return self._special(text, token.end())
        if token.lastgroup == "angle":
            self._angle = self._angle or text[1:-1]
        elif token.lastgroup == "quoted":
            self._phrase.append(_ESCAPED.sub(rb"\1", text[1:-1]) if b"\\" in text else text[1:-1])
        else:
            self._phrase.append(b" " if token.lastgroup == "white" else text)
        return token.end()

    def _special(self, text: bytes, end: int) -> int:
        if text == b"(" and self._comments_close:
            closed = _comment_end(self._value, end)
            if closed is not None:
                self._comments.append(self._value[end : closed - 1])
                return closed
            self._comments_close = False
        if text == b'"':
            self._token = _TOKEN_WITHOUT_QUOTES
        elif text in {b",", b";"}:
            self._flush()
            self._in_group = self._in_group and text == b","
        elif text == b":" and not self._in_group and b"@" not in b"".join(self._phrase):
            self._start_over()  # the phrase was a group's name
            self._in_group = True
        elif text == b"<":
            return self._open_angle(end)
        elif text in {b"(", b")", b":"}:
            self._phrase.append(text)
        return end

    def _open_angle(self, end: int) -> int:
        """Take an address whose closing bracket is missing: it lasts to the next comma or bracket."""
        stop = _ANGLE_STOP.search(self._value, end)
        close = stop.start() if stop else len(self._value)
        self._angle = self._angle or self._value[end:close]
        return close

    def _flush(self) -> None:
        phrase = b"".join(self._phrase).strip()
        email = self._angle
        if email is None:
            phrase, email = _bare(self._phrase)
        if not phrase and email is not None and self._comments:
            phrase = self._comments[0]
        name = _unquoted(decode_words(phrase))[:MAX_NAME_CHARS] if phrase else ""
        address = _email(email) if email is not None else ""
        if name or address:
            self._found.append(Address(name or None, address or None))
        self._start_over()


def _bare(tokens: list[bytes]) -> tuple[bytes, bytes | None]:
    """Split a phrase without brackets into name and addr-spec: the last word that has an `@` is the address."""
    joined = b"".join(tokens).strip()
    if b"@" not in joined:
        return joined, None
    words = joined.split()
    at = max(index for index, word in enumerate(words) if b"@" in word)
    if words[at] == b"@" or words[at].startswith(b"@") or words[at].endswith(b"@"):
        return b"", b"".join(words)  # `user @ host`, as RFC 822 allowed
    return b" ".join(words[:at] + words[at + 1 :]), words[at]


def _comment_end(value: bytes, position: int) -> int | None:
    depth = 1
    for match in _IN_COMMENT.finditer(value, position):
        text = match.group()
        if text == b"(":
            depth += 1
            if depth > MAX_COMMENT_DEPTH:
                return None
        elif text == b")":
            depth -= 1
            if depth == 0:
                return match.end()
    return None


_IN_COMMENT = re.compile(rb"\\.|[()]", re.DOTALL)


def _email(raw: bytes) -> str:
    raw = _ROUTE.sub(b"", raw)
    text = decode_words(raw) if b"=?" in raw else clean_text(raw.decode("utf-8", "replace"))
    return "".join(text.split())[:MAX_EMAIL_CHARS]


def _unquoted(name: str) -> str:
    """Drop quotes that were encoded into the name, as in `=?utf-8?q?=22Doe=2C_J=22?=`, and doubled apostrophes."""
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        return name[1:-1].strip()
    return name
