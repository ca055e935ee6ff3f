import io
import re
import struct
import wave
import zlib

from app.demo.mail import files


def test_a_png_holds_the_colours_it_was_given() -> None:
    data = files.png(3, 2, lambda x, y: (x * 10, y * 20, 7))
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, {}
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length) == (zlib.crc32(kind + body),)
        chunks[kind] = body
        at += 12 + length
    assert struct.unpack(">IIBBBBB", chunks[b"IHDR"]) == (3, 2, 8, 2, 0, 0, 0)
    assert zlib.decompress(chunks[b"IDAT"]) == bytes(
        [0, 0, 0, 7, 10, 0, 7, 20, 0, 7, 0, 0, 20, 7, 10, 20, 7, 20, 20, 7]
    )


def test_a_jpeg_has_its_segments_and_nothing_in_the_scan_looks_like_a_marker() -> None:
    data = files.landscape(64, 40, (120, 170, 220), (70, 120, 60))
    assert data.startswith(b"\xff\xd8")
    assert data.endswith(b"\xff\xd9")
    at = 2
    markers: list[int] = []
    while markers[-1:] != [0xDA]:
        mark, kind, length = struct.unpack_from(">BBH", data, at)
        assert mark == 0xFF
        markers.append(kind)
        at += 2 + length
    assert markers == [0xE0, 0xDB, 0xC0, 0xC4, 0xC4, 0xDA]
    assert not re.search(rb"\xff[^\0]", data[at:-2])


def test_a_pdfs_cross_reference_table_points_at_its_objects() -> None:
    data = files.pdf(["Title (one)", "größer: 20 €", "back\\slash"])
    start = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    assert data[start : start + 4] == b"xref"
    places = [int(line[:10]) for line in data[start:].splitlines()[3:] if line.endswith(b" n ")]
    assert [data[place:].split(b" ", 1)[0] for place in places] == [b"%d" % number for number in range(1, 8)]
    length = int(re.findall(rb"/Length (\d+)", data)[0])
    assert data[data.index(b"stream\n") + 7 :][length:].startswith(b"\nendstream")
    assert b"Title \\(one\\)" in data


def test_a_recording_plays_and_is_as_large_as_asked() -> None:
    data = files.recording(300_000)
    assert len(data) == 300_000
    with wave.open(io.BytesIO(data)) as track:
        assert (track.getframerate(), track.getnchannels()) == (44_100, 1)
        assert track.getnframes() * 2 == 300_000 - 44
