"""Encoded words and raw text in header values (RFC 2047, RFC 6532), the broken ones included.

Work is on bytes: a multibyte character split over two encoded words, and 8-bit bytes inside one, are read only so.
"""

import binascii
import re
from dataclasses import dataclass

from app.mime.charset import clean_text, decode_text
from app.mime.encodings import decode_transfer
from app.mime.limits import MAX_ENCODED_WORDS, MAX_HEADER_VALUE_BYTES

#: The beginning of an encoded word; RFC 2231 section 5 adds `*language`.
_WORD_START = re.compile(rb"=\?([^?*\s]{1,64})(?:\*[^?\s]{0,64})?\?([bBqQ])\?")
#: A fold with the white space around it; the lookbehind keeps long runs of spaces linear.
_FOLD = re.compile(rb"(?<![ \t])[ \t]*+\r*+\n[ \t]++")
_BREAKS_AND_TABS = bytes.maketrans(b"\r\n\t", b"   ")


_PLAIN = re.compile(rb"[\x20-\x7e]{0,1000}+")


@dataclass(slots=True)
class _Run:
    """Bytes in one charset: adjacent encoded words, or raw bytes between (charset None)."""

    charset: str | None
    encoding: str
    payload: list[bytes]


def unfold(raw: bytes) -> bytes:
    """Join the lines of a value, each fold becoming one space; other breaks and tabs become spaces too.

    RFC 5322 section 2.2.3 keeps the white space of a fold; programs that indent by more do not mean it.
    """
    if b"\n" in raw or b"\r" in raw or b"\t" in raw:
        raw = _FOLD.sub(b" ", raw).translate(_BREAKS_AND_TABS)
    return raw.strip()


def to_bytes(raw: bytes | str) -> bytes:
    """Take a value as bytes; text may carry undecoded bytes as surrogates, as the standard library leaves them."""
    if isinstance(raw, bytes):
        return raw
    try:
        return raw.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return raw.encode("utf-8", "replace")


def decode_words(raw: bytes | str) -> str:
    """Read a header value as a person should see it: unfolded, encoded words decoded, no controls.

    Tolerated: words of one charset that split a character, spaces and 8-bit bytes inside words, words without space
    between them and text, unknown charsets, raw UTF-8 (RFC 6532), raw Latin 1. Cut at 128 kB.
    """
    if isinstance(raw, bytes) and b"=?" not in raw and _PLAIN.fullmatch(raw):  # what most fields are
        return raw.decode("ascii").strip(" ")
    value = unfold(to_bytes(raw)[:MAX_HEADER_VALUE_BYTES])
    if value.isascii() and b"=?" not in value:
        return clean_text(value.decode("ascii"))
    return "".join(_text(run) for run in _runs(value)).replace("\r", " ").replace("\n", " ").strip()


def _runs(value: bytes) -> list[_Run]:
    """Split into runs, dropping the white space between adjacent encoded words (RFC 2047 section 6.2)."""
    runs: list[_Run] = []
    position = words = 0
    while words < MAX_ENCODED_WORDS and (start := _WORD_START.search(value, position)):
        end = value.find(b"?=", start.end())
        if end < 0:
            break
        between = value[position : start.start()]
        if between and not (words and between.isspace()):
            runs.append(_Run(None, "", [between]))
        _append(
            runs, start.group(1).decode("latin-1").lower(), start.group(2).decode("ascii").upper(), value, start, end
        )
        position = end + 2
        words += 1
    if rest := value[position:]:
        runs.append(_Run(None, "", [rest]))
    return runs


def _append(runs: list[_Run], charset: str, encoding: str, value: bytes, start: re.Match[bytes], end: int) -> None:
    payload = value[start.end() : end]
    last = runs[-1] if runs else None
    if last is None or last.charset != charset or last.encoding != encoding:
        runs.append(_Run(charset, encoding, [payload]))
    else:
        last.payload.append(payload)


def _text(run: _Run) -> str:
    if run.charset is None:
        return decode_text(run.payload[0], None)[0]
    if run.encoding == "B":
        data = decode_transfer(b"".join(run.payload), "base64")[0]
    else:
        data = binascii.a2b_qp(b"".join(run.payload), header=True)
    return decode_text(data, run.charset)[0]
