"""Parameters of Content-Type and Content-Disposition (RFC 2045 section 5.1, RFC 2231), and the filename in them."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

from app.mime.charset import decode_text
from app.mime.limits import MAX_FILENAME_CHARS, MAX_HEADER_VALUE_BYTES, MAX_PARAMETER_CHARS, MAX_PARAMETERS
from app.mime.words import decode_words, to_bytes, unfold

_VALUE = re.compile(rb"[^;]*+")
_PARAMETER = re.compile(rb';[ ]*+([^\s=;"]{1,128})[ ]*+=[ ]*+("(?:[^"\\]|\\.)*+"|[^;]*+)|;', re.DOTALL)
_ESCAPED = re.compile(rb'\\(["\\])')
#: `name*1*`: a continuation's number and whether it is percent-encoded (RFC 2231 sections 3 and 4).
_EXTENDED = re.compile(r"(?P<name>[^*]+)(?:\*(?P<number>\d{1,4}))?(?P<encoded>\*)?", re.ASCII)
_COMMENT = re.compile(rb"\([^()]*+\)")
#: Marks that turn the direction of text: `exe.fdp` would read as `pdf.exe` (CVE-2009-3376).
_DIRECTION_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SEPARATORS = re.compile(r"[/\\]")


def parse_parameters(raw: bytes | str | None) -> tuple[str, dict[str, str]]:
    """Split a structured value into its lower-case value and its parameters by lower-case name, decoded.

    `attachment; filename*0*=utf-8''a%20; filename*1="b"` gives `("attachment", {"filename": "a b"})`. Of a repeated
    parameter the first holds. At most 300 parameters, continuations included, are read.
    """
    if raw is None:
        return "", {}
    line = unfold(to_bytes(raw)[:MAX_HEADER_VALUE_BYTES])
    first = _VALUE.match(line)
    head = first.group() if first else b""
    pairs: list[tuple[str, bytes]] = []
    for match in _PARAMETER.finditer(line, len(head)):
        if len(pairs) >= MAX_PARAMETERS:
            break
        if match.group(1) is not None:
            pairs.append((match.group(1).decode("latin-1"), _unquoted(match.group(2))))
    value = _COMMENT.sub(b"", head).strip().strip(b'"').lower()
    return decode_words(value)[:MAX_PARAMETER_CHARS], join_parameters(pairs)


def join_parameters(pairs: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """Put parameters together that are already split, as a BODYSTRUCTURE gives them: join continuations, decode.

    Raw 8-bit values and encoded words (illegal here, and common) are read too. At most 300 pairs are looked at.
    """
    plain: dict[str, bytes] = {}
    pieces: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for count, (raw_name, value) in enumerate(pairs):
        if count >= MAX_PARAMETERS:
            break
        match = _EXTENDED.fullmatch(raw_name.strip().lower())
        if match is None:
            continue
        name = match["name"]
        if match["number"] is None and match["encoded"] is None:
            plain.setdefault(name, value)
        else:
            pieces.setdefault(name, {}).setdefault(int(match["number"] or 0), (value, match["encoded"] is not None))
    joined = {name: decode_words(value)[:MAX_PARAMETER_CHARS] for name, value in plain.items()}
    joined.update({name: _join(numbered)[:MAX_PARAMETER_CHARS] for name, numbered in pieces.items()})
    return joined


def filename(disposition: Mapping[str, str], content_type: Mapping[str, str]) -> str | None:
    """Choose the name a part should be saved under, from the parameters of both fields; None when there is none.

    Path parts, controls, marks that turn the text's direction, and surrounding dots and spaces are taken off; at most
    255 characters, the extension kept.
    """
    for name in (disposition.get("filename"), content_type.get("name"), disposition.get("name")):
        if name and (safe := safe_filename(name)):
            return safe
    return None


def safe_filename(name: str) -> str | None:
    """Take off what makes a filename dangerous; None when nothing remains."""
    name = _DIRECTION_MARKS.sub("", name)
    name = _SEPARATORS.split(name.rstrip("/\\ "))[-1].strip(" ")
    name = name.rstrip(". ")
    if len(name) > MAX_FILENAME_CHARS:
        stem, dot, extension = name.rpartition(".")
        if dot and len(extension) <= 16:
            name = stem[: MAX_FILENAME_CHARS - len(extension) - 1] + dot + extension
        name = name[:MAX_FILENAME_CHARS]
    return name or None


def _unquoted(value: bytes) -> bytes:
    value = value.strip()
    if len(value) >= 2 and value.startswith(b'"') and value.endswith(b'"'):
        return _ESCAPED.sub(rb"\1", value[1:-1])
    return value.strip(b'"')


def _join(numbered: dict[int, tuple[bytes, bool]]) -> str:
    """Join continuations in their order up to the first gap; the charset stands before the first one's text."""
    charset: str | None = None
    data: list[bytes] = []
    for number in range(len(numbered)):
        if number not in numbered:
            break
        value, is_encoded = numbered[number]
        if number == 0 and is_encoded and value.count(b"'") >= 2:
            label, _, value = value.split(b"'", 2)
            charset = label.decode("latin-1") or None
        data.append(unquote_to_bytes(value) if is_encoded else value)
    if not data:
        data = [value for _, (value, _) in sorted(numbered.items())]
    raw = b"".join(data)
    if charset is None and b"=?" in raw:
        return decode_words(raw)
    return decode_text(raw, charset)[0].replace("\r", "").replace("\n", "").replace("\t", " ")
