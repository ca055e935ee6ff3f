import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.message import Part
from app.mime.attachments import mark_attachments
from app.mime.snippet import preview, preview_from_section
from app.mime.structure import parse_structure, section_bytes


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Hello\r\n\r\n  world", "Hello world"),
        ("> quoted\n\nAnswer", "Answer"),
        ("On Mon, 1 Jan 2024, A wrote:\n> q\nYes", "Yes"),
        ("On Mon, 1 Jan 2024 at 10:00, Somebody <a@b.c>\nwrote:\n> q\nYes", "wrote: Yes"),
        ("Am 1.1.2024 schrieb A:\n> q\nJa", "Ja"),
        ("Text\n-- \nSignature", "Text"),
        ("Text\n-----Original Message-----\nFrom: x", "Text"),
        ("=====\nNews\n-----", "News"),
        ("Look https://x.example/long here", "Look here"),
        ("View <https://x.example/long> it [image: Logo]", "View it"),
        ("https://x.example/only", "https://x.example/only"),
        ("> only quoted", "only quoted"),
        ("\u200c\u00ad\u034f \u200c Hidden", "Hidden"),
        ("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nSigned", "Signed"),
        ("", ""),
    ],
)
def test_the_line_says_how_the_text_begins(text: str, line: str) -> None:
    assert preview(text) == line


def test_a_long_line_ends_at_a_word() -> None:
    line = preview("word " * 100)
    assert len(line) <= 140
    assert line.endswith("word…")
    assert len(preview("x" * 500)) == 140


@given(st.text(max_size=300), st.integers(1, 200))
def test_it_is_one_bounded_line(text: str, limit: int) -> None:
    line = preview(text, limit)
    assert len(line) <= limit
    assert line == " ".join(line.split())


def from_message(raw: bytes, most: int = 4096) -> str | None:
    return preview_from_section(parse_structure(raw), (section_bytes(raw, "1") or b"")[:most])


ALTERNATIVE = (
    b'Content-Type: multipart/alternative; boundary="in ner"\r\n\r\n--in ner\r\n'
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n"
    b"--in ner\r\nContent-Type: text/html\r\n\r\n<p>x\r\n--in ner--\r\n"
)


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"Subject: x\r\n\r\nHello", "Hello"),
        (b"Content-Type: text/html\r\n\r\n<style>p{}</style><p>Hello", "Hello"),
        (b"Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8=", "Hello"),
        (ALTERNATIVE, "Grüße"),
        (b"Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n" + ALTERNATIVE + b"\r\n--out--", "Grüße"),
        (b"Content-Type: multipart/signed; boundary=o\r\n\r\n--o\r\n" + ALTERNATIVE + b"\r\n--o--", "Grüße"),
        (b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: image/png\r\n\r\nx\r\n--a--", None),
        (b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ninner", None),
        (b"Content-Type: application/pdf\r\n\r\nx", None),
        (b"", None),
    ],
)
def test_a_preview_needs_only_the_first_section(raw: bytes, line: str | None) -> None:
    assert from_message(raw) == line


@pytest.mark.parametrize("most", range(0, 120, 7))
def test_a_section_cut_anywhere_never_raises(most: int) -> None:
    line = from_message(
        b"Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n" + ALTERNATIVE + b"--out--", most
    )
    assert line is None or "Grüße".startswith(line)


@given(st.binary(max_size=200))
def test_no_prefix_raises(prefix: bytes) -> None:
    inner = Part("1", "multipart/alternative", boundary='a"\\b', parts=(Part("1.1", "text/plain"),))
    preview_from_section(mark_attachments(Part(None, "multipart/mixed", parts=(inner,))), prefix)
    preview_from_section(Part(None, "multipart/mixed"), prefix)
