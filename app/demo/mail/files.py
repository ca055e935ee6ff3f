"""Files to attach: small, real ones that open in their programs, made the same every time."""

import io
import struct
import wave
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence

Colour = tuple[int, int, int]
_ZIP_DATE = (2026, 3, 2, 9, 0, 0)  # a fixed one: the archive's bytes must not depend on the day


def png(width: int, height: int, colour_at: Callable[[int, int], Colour]) -> bytes:
    """Draw a PNG (RFC 2083), 8-bit RGB, a colour for each pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"".join(bytes(colour_at(x, y)) for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def swatches(colours: Sequence[Colour], side: int = 48) -> bytes:
    """Draw colours side by side with a white margin: a palette, a logo, a small drawing."""
    margin = side // 8

    def colour_at(x: int, y: int) -> Colour:
        inside = margin <= x % side < side - margin and margin <= y < side - margin
        return colours[x // side] if inside else (255, 255, 255)

    return png(side * len(colours), side, colour_at)


def landscape(width: int, height: int, sky: Colour, ground: Colour) -> bytes:
    """Draw a JPEG (ITU T.81, baseline) of a sky, a sun and hills, in flat blocks of 8 by 8 pixels.

    Only the mean of each block is coded, so that the whole encoder is one table of code lengths.
    """
    across, down = (width + 7) // 8, (height + 7) // 8
    bits = _Bits()
    before = [0, 0, 0]
    for row in range(down):
        for column in range(across):
            colour = _scene(column / across, row / down, sky, ground)
            for index, level in enumerate(_ycbcr(colour)):
                bits.difference(level - before[index])
                before[index] = level
    tables = _jpeg_segment(0xDB, b"\0" + b"\x08" + b"\x01" * 63)  # a DC step of 8 makes a level of one grey step
    frame = struct.pack(">BHHB", 8, down * 8, across * 8, 3) + b"\x01\x11\0\x02\x11\0\x03\x11\0"
    dc = b"\0" + bytes(_DC_COUNTS) + bytes(range(12))
    ac = b"\x10" + b"\x01" + b"\0" * 15 + b"\0"  # one code, "0": end of block
    scan = b"\x03\x01\0\x02\0\x03\0" + b"\0\x3f\0"
    jfif = b"JFIF\0\x01\x01\0" + struct.pack(">HHBB", 1, 1, 0, 0)
    return (
        b"\xff\xd8" + _jpeg_segment(0xE0, jfif) + tables + _jpeg_segment(0xC0, frame)
        + _jpeg_segment(0xC4, dc) + _jpeg_segment(0xC4, ac) + _jpeg_segment(0xDA, scan) + bits.finished() + b"\xff\xd9"
    )  # fmt: skip


_DC_COUNTS = (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)  # T.81 table K.3: how many codes of each length


def _dc_codes() -> list[tuple[int, int]]:
    codes, code = [], 0
    for length, count in enumerate(_DC_COUNTS, start=1):
        for _ in range(count):
            codes.append((code, length))
            code += 1
        code <<= 1
    return codes


class _Bits:
    """The entropy-coded bits of a scan, with a zero byte after each 0xFF."""

    def __init__(self) -> None:
        self._codes = _dc_codes()
        self._digits: list[str] = []

    def difference(self, step: int) -> None:
        size = abs(step).bit_length()
        code, length = self._codes[size]
        self._digits.append(f"{code:0{length}b}")
        if size:
            self._digits.append(f"{step if step > 0 else step + (1 << size) - 1:0{size}b}")
        self._digits.append("0")

    def finished(self) -> bytes:
        digits = "".join(self._digits)
        padded = digits + "1" * (-len(digits) % 8)
        return int(padded, 2).to_bytes(len(padded) // 8, "big").replace(b"\xff", b"\xff\0")


def _jpeg_segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _ycbcr(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = colour
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return round(luma - 128), round((blue - luma) * 0.564), round((red - luma) * 0.713)


def _scene(x: float, y: float, sky: Colour, ground: Colour) -> Colour:
    if (x - 0.7) ** 2 + (y - 0.3) ** 2 < 0.012:
        return (255, 236, 200)
    horizon = 0.62 + 0.16 * (x - 0.4) ** 2 - (0.18 - abs(x - 0.3) * 0.6 if abs(x - 0.3) < 0.3 else 0)
    base, light = (sky, 0.55 + 0.45 * y) if y < horizon else (ground, 1.25 - 0.6 * y)
    return (min(255, int(base[0] * light)), min(255, int(base[1] * light)), min(255, int(base[2] * light)))


def pdf(lines: Sequence[str]) -> bytes:
    """Typeset lines on one A4 page (ISO 32000-1); Latin-1 characters only. The first line is the title."""

    def escaped(line: str) -> bytes:
        return line.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")

    title, *rest = lines
    drawn = b"BT /F2 18 Tf 56 770 Td (%s) Tj /F1 11 Tf 0 -14 Td " % escaped(title)
    drawn += b"".join(b"0 -17 Td (%s) Tj " % escaped(line) for line in rest) + b"ET"
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 7 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        font % b"Helvetica",
        font % b"Helvetica-Bold",
        b"<< /Font << /F1 5 0 R /F2 6 0 R >> >>",
    ]
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def archive(members: Mapping[str, bytes]) -> bytes:
    """Pack a zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, data in members.items():
            packed.writestr(zipfile.ZipInfo(name, _ZIP_DATE), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def recording(size: int) -> bytes:
    """Record a WAV file of about `size` bytes: a room's hum with a slow bell, 16-bit mono at 44.1 kHz."""
    rate, period = 44_100, 44_100 * 2
    wheel = [(step * step * 7919 + step * 104_729) % 65_536 for step in range(period)]
    samples = bytearray()
    for step, noise in enumerate(wheel):
        fade = (period - step) / period
        bell = (1 if step * 880 // rate % 2 else -1) * 2400 * fade * fade * fade
        samples += struct.pack("<h", int(bell + (noise - 32_768) / 180))
    out = io.BytesIO()
    with wave.open(out, "wb") as track:
        track.setnchannels(1)
        track.setsampwidth(2)
        track.setframerate(rate)
        track.writeframes((bytes(samples) * (size // len(samples) + 1))[: size - 44])
    return out.getvalue()
