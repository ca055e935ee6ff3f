"""Mailbox names: modified UTF-7 (RFC 3501 section 5.1.3), and any bytes a server calls a name.

Decoding never fails and encoding gives the server's own bytes back, whatever they were (raw control characters alone
excepted: they come back as base64, because nothing here may put a line break on the wire). A name that is not canonical
modified UTF-7 is shown byte for byte, with `&` and bytes from 0x80 on as the private characters U+F026 and U+F080 to
U+F0FF; a proper name that happens to hold such a character is shown that way too, so nothing is ambiguous.
"""

import binascii
import re

_PRIVATE = 0xF000
_ENCODED = re.compile(rb"&([A-Za-z0-9+,]*)-")
_NOT_PRINTABLE = re.compile("[^\x20-\x7e]+")
_ESCAPE = re.compile("[\uf026\uf080-\uf0ff]")


def encode_name(name: str) -> bytes:
    """Encode a name as it goes on the wire: no CR, LF or NUL survives, they become base64."""
    encoded = bytearray()
    position = 0
    for escape in _ESCAPE.finditer(name):
        encoded += _encode_text(name[position : escape.start()])
        encoded.append(ord(escape.group()) - _PRIVATE)
        position = escape.end()
    return bytes(encoded + _encode_text(name[position:]))


def decode_name(raw: bytes) -> str:
    """Decode a name a server sent. INBOX in any case is `INBOX` (RFC 9051 section 5.1)."""
    if raw.upper() == b"INBOX":
        return "INBOX"
    if b"&" not in raw and raw.isascii():
        return raw.decode("ascii")
    name = _decode_strictly(raw)
    if name is not None and not _ESCAPE.search(name) and _encode_text(name) == raw:
        return name
    return "".join(chr(_PRIVATE + byte) if byte == 0x26 or byte >= 0x80 else chr(byte) for byte in raw)


def _encode_text(text: str) -> bytes:
    return _NOT_PRINTABLE.sub(_encode_run, text.replace("&", "&-")).encode("ascii")


def _encode_run(run: re.Match[str]) -> str:
    utf16 = run.group().encode("utf-16-be", "surrogatepass")
    return "&" + binascii.b2a_base64(utf16, newline=False).decode("ascii").rstrip("=").replace("/", ",") + "-"


def _decode_strictly(raw: bytes) -> str | None:
    name: list[str] = []
    position = 0
    try:
        for encoded in _ENCODED.finditer(raw):
            name.append(_plain(raw[position : encoded.start()]))
            name.append(_decode_run(encoded.group(1)))
            position = encoded.end()
        name.append(_plain(raw[position:]))
    except ValueError:
        return None
    return "".join(name)


def _plain(raw: bytes) -> str:
    if b"&" in raw:
        raise ValueError("a shift that never ends")
    return raw.decode("ascii")


def _decode_run(base64: bytes) -> str:
    if not base64:
        return "&"
    padded = base64.replace(b",", b"/") + b"=" * (-len(base64) % 4)
    return binascii.a2b_base64(padded).decode("utf-16-be")
