"""Content-Transfer-Encoding: bytes from encoded bytes, chunk by chunk, in constant memory (RFC 2045 section 6)."""

import binascii
import re
from typing import Protocol

from app.mime.limits import MAX_BASE64_BLOCKS, MAX_LINE_BYTES

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_WHITE = b" \t\r\n\x0b\x0c\x00"
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET + b"="))
_EXPECTED_IN_BASE64 = _ALPHABET + b"=" + _WHITE
#: White space before a line end is added by transports and is not text (RFC 2045 section 6.7 rule 3). The lookbehind
#: keeps a long run that ends no line linear.
_TRAILING_WHITE = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n)")
_MALFORMED_EQUALS = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r?\n)")
_BEGIN = re.compile(rb"begin(?:-base64)? [0-7]{3,6} ")
_UU_NAMES = {"x-uuencode", "uuencode", "x-uue", "uue"}
_KNOWN = {"base64", "quoted-printable", "7bit", "8bit", "binary", ""} | _UU_NAMES


class _Decoder(Protocol):
    """Decodes one encoding."""

    defects: set[str]

    def feed(self, data: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class _Identity:
    def __init__(self) -> None:
        self.defects: set[str] = set()

    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""


class _Base64:
    """Base64 with line breaks and junk anywhere, padding missing or in the middle (blocks encoded one by one)."""

    def __init__(self) -> None:
        self.defects: set[str] = set()
        self._carry = b""
        self._blocks = 0

    def feed(self, data: bytes) -> bytes:
        if "malformed_base64" not in self.defects and data.translate(None, _EXPECTED_IN_BASE64):
            self.defects.add("malformed_base64")
        clean = self._carry + data.translate(None, _NOT_BASE64)
        if b"=" not in clean:
            whole = len(clean) // 4 * 4
            self._carry = clean[whole:]
            return binascii.a2b_base64(clean[:whole])
        blocks = clean.split(b"=")
        self._carry = b""
        out = [self._block(block) for block in blocks[:-1] if block]
        last = blocks[-1]
        whole = len(last) // 4 * 4
        self._carry = last[whole:]
        out.append(binascii.a2b_base64(last[:whole]))
        return b"".join(out)

    def finish(self) -> bytes:
        if not self._carry:
            return b""
        self.defects.add("missing_padding")
        carry, self._carry = self._carry, b""
        return self._block(carry)

    def _block(self, block: bytes) -> bytes:
        """Decode what stood before padding; a single left-over character holds no byte."""
        self._blocks += 1
        if self._blocks > MAX_BASE64_BLOCKS:
            self.defects.add("malformed_base64")
            return b""
        if len(block) % 4 == 1:
            self.defects.add("malformed_base64")
            block = block[:-1]
        return binascii.a2b_base64(block + b"=" * (-len(block) % 4))


class _QuotedPrintable:
    """Quoted-printable; whole lines are decoded, an endless one in pieces that split no escape."""

    def __init__(self) -> None:
        self.defects: set[str] = set()
        self._carry = b""

    def feed(self, data: bytes) -> bytes:
        held = self._carry + data
        cut = held.rfind(b"\n") + 1
        if len(held) - cut > MAX_LINE_BYTES:
            cut = max(cut, _safe_cut(held))
        self._carry = held[cut:]
        return self._lines(held[:cut])

    def finish(self) -> bytes:
        carry, self._carry = self._carry, b""
        return self._lines(carry.rstrip(b" \t"))

    def _lines(self, data: bytes) -> bytes:
        data = _TRAILING_WHITE.sub(b"", data)
        if "malformed_quoted_printable" not in self.defects and _MALFORMED_EQUALS.search(data):
            self.defects.add("malformed_quoted_printable")
        return binascii.a2b_qp(data)


def _safe_cut(held: bytes) -> int:
    """Where a line without end may be cut: before trailing white space and before an escape not yet whole."""
    end = len(held.rstrip(b" \t\r"))
    if end < len(held) - MAX_LINE_BYTES:  # nothing but white space for too long: it is kept as text
        return len(held)
    return end - 2 + held[end - 2 : end].index(b"=") if b"=" in held[max(0, end - 2) : end] else end


class _Uuencode:
    """Uuencoded data (POSIX uuencode): what stands between `begin` and `end`."""

    def __init__(self) -> None:
        self.defects: set[str] = set()
        self._carry = b""
        self._state = "before"

    def feed(self, data: bytes) -> bytes:
        lines = (self._carry + data).split(b"\n")
        self._carry = lines.pop()[-MAX_LINE_BYTES:]
        return b"".join(self._line(line) for line in lines)

    def finish(self) -> bytes:
        out = self._line(self._carry)
        self._carry = b""
        if self._state != "after":
            self.defects.add("malformed_uuencode")
        return out

    def _line(self, line: bytes) -> bytes:
        line = line.rstrip(b"\r")
        if self._state == "before":
            if _BEGIN.match(line):
                self._state = "inside"
            return b""
        if self._state == "after" or not line:
            return b""
        if line == b"end":
            self._state = "after"
            return b""
        try:
            return binascii.a2b_uu(line)
        except binascii.Error:  # some encoders write garbage after the counted characters
            try:
                return binascii.a2b_uu(line[: (((line[0] - 32) & 63) * 4 + 5) // 3 + 1])
            except binascii.Error:
                self.defects.add("malformed_uuencode")
                return b""


class TransferDecoder:
    """Decodes one part's content as it arrives.

    `encoding` is the value of Content-Transfer-Encoding, in any case; an unknown one leaves the bytes as they are, with
    the defect `unknown_encoding`. Nothing raises; what was wrong is in `defects`: `malformed_base64`,
    `missing_padding`, `malformed_quoted_printable`, `malformed_uuencode`.
    """

    def __init__(self, encoding: str | None) -> None:
        """Choose the decoder."""
        name = (encoding or "").strip().lower()
        self._decoder: _Decoder
        if name == "base64":
            self._decoder = _Base64()
        elif name == "quoted-printable":
            self._decoder = _QuotedPrintable()
        elif name in _UU_NAMES:
            self._decoder = _Uuencode()
        else:
            self._decoder = _Identity()
        if name not in _KNOWN:
            self._decoder.defects.add("unknown_encoding")

    def feed(self, data: bytes) -> bytes:
        """Take the next encoded bytes and return the decoded ones that are certain by now."""
        return self._decoder.feed(data)

    def finish(self) -> bytes:
        """Return what was held back: the content has ended."""
        return self._decoder.finish()

    @property
    def defects(self) -> tuple[str, ...]:
        """What was wrong so far, sorted."""
        return tuple(sorted(self._decoder.defects))


def decode_transfer(data: bytes, encoding: str | None) -> tuple[bytes, tuple[str, ...]]:
    """Decode a whole content at once and tell its defects."""
    decoder = TransferDecoder(encoding)
    out = decoder.feed(data) + decoder.finish()
    return out, decoder.defects


def estimated_size(encoding: str | None, encoded_size: int) -> int:
    """Estimate the decoded size in bytes from the encoded one: exact for base64 in lines of 76, but for padding."""
    name = (encoding or "").strip().lower()
    size = max(0, encoded_size)
    if name == "base64":
        return (size - 2 * (size // 78)) * 3 // 4  # 76 characters and CRLF a line
    if name in _UU_NAMES:
        return size * 45 // 63  # 45 bytes in a line of 61 and CRLF
    return size
