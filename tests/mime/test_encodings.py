import base64
import binascii
import quopri
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mime.encodings import TransferDecoder, decode_transfer, estimated_size
from app.mime.limits import MAX_LINE_BYTES


def in_pieces(data: bytes, cuts: list[int], encoding: str) -> bytes:
    decoder = TransferDecoder(encoding)
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    out = [decoder.feed(data[start:end]) for start, end in pairwise(edges)]
    return b"".join(out) + decoder.finish()


@given(st.binary(max_size=500), st.lists(st.integers(0, 1000), max_size=8))
def test_base64_is_the_same_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    assert in_pieces(base64.encodebytes(data), cuts, "BASE64") == data


@given(st.binary(max_size=500), st.lists(st.integers(0, 1000), max_size=8))
def test_quoted_printable_is_the_same_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    assert in_pieces(quopri.encodestring(data), cuts, "quoted-printable") == data


@given(st.binary(max_size=300), st.lists(st.integers(0, 1000), max_size=8))
def test_uuencoded_data_is_the_same_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    lines = [binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45)]
    assert in_pieces(b"text\nbegin 644 a.b\n" + b"".join(lines) + b"`\nend\nmore", cuts, "x-uuencode") == data


@given(st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable", "x-uuencode", "7bit", "nonsense", ""]))
def test_no_input_raises(data: bytes, encoding: str) -> None:
    decoded, defects = decode_transfer(data, encoding)
    assert len(decoded) <= len(data)
    assert all(defect.islower() for defect in defects)


@pytest.mark.parametrize(
    ("encoded", "decoded", "defects"),
    [
        (b"aGVsbG8=", b"hello", ()),
        (b"aGVsbG8", b"hello", ("missing_padding",)),
        (b"aGVs!bG8=", b"hello", ("malformed_base64",)),
        (b"aGVsbG8=\r\naGVsbG8=", b"hellohello", ()),
        (b"YQ==Yg==Yw==", b"abc", ()),
        (b"aGVsbG8====", b"hello", ()),
        (b"====", b"", ()),
        (b"a", b"", ("malformed_base64", "missing_padding")),
        (b"", b"", ()),
    ],
)
def test_broken_base64(encoded: bytes, decoded: bytes, defects: tuple[str, ...]) -> None:
    assert decode_transfer(encoded, "base64") == (decoded, defects)


@pytest.mark.parametrize(
    ("encoded", "decoded", "defects"),
    [
        (b"a=3db=3D", b"a=b=", ()),
        (b"soft=\r\nbreak", b"softbreak", ()),
        (b"soft=  \r\nbreak", b"softbreak", ()),
        (b"trailing  \r\nline", b"trailing\r\nline", ()),
        (b"100 =% sure", b"100 =% sure", ("malformed_quoted_printable",)),
        (b"end=", b"end", ("malformed_quoted_printable",)),
        (b"=C3=A9", b"\xc3\xa9", ()),
    ],
)
def test_broken_quoted_printable(encoded: bytes, decoded: bytes, defects: tuple[str, ...]) -> None:
    assert decode_transfer(encoded, "quoted-printable") == (decoded, defects)


def test_what_an_encoding_is_called() -> None:
    assert decode_transfer(b"=41", " 8BIT ") == (b"=41", ())
    assert decode_transfer(b"=41", None) == (b"=41", ())
    assert decode_transfer(b"=41", "x-yenc") == (b"=41", ("unknown_encoding",))


@pytest.mark.parametrize("line", [b"x", b" ", b"=", b"=4", b"=41", b"\t=\r"])
def test_an_endless_line_is_not_hoarded(line: bytes) -> None:
    decoder = TransferDecoder("quoted-printable")
    fed = given_out = 0
    for _ in range(8):
        fed += len(chunk := line * MAX_LINE_BYTES)
        given_out += len(decoder.feed(chunk))
    held = len(decoder.finish())
    assert held <= 2 * MAX_LINE_BYTES * max(1, len(line))
    assert given_out + held >= fed // 3 - 1 or set(line) <= set(b" \t=\r")


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 1000, 100_000])
def test_the_estimate_of_base64_is_near(size: int) -> None:
    encoded = base64.encodebytes(b"x" * size).replace(b"\n", b"\r\n")
    assert abs(estimated_size("base64", len(encoded)) - size) <= 3


def test_other_estimates() -> None:
    assert estimated_size("7bit", 100) == 100
    assert estimated_size("x-uuencode", 6300) == 4500
    assert estimated_size("base64", -5) == 0
