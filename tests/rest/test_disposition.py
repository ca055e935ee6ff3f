import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rest.disposition import attachment, content_type


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plan.pdf", 'attachment; filename="plan.pdf"'),
        ("Küche.pdf", "attachment; filename=\"K_che.pdf\"; filename*=UTF-8''K%C3%BCche.pdf"),
        ('a"b.txt', "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"),
        ("写真.png", "attachment; filename=\"__.png\"; filename*=UTF-8''%E5%86%99%E7%9C%9F.png"),
    ],
)
def test_a_name_has_an_ascii_fallback(name: str, expected: str) -> None:
    assert attachment(name) == expected


@given(st.text())
def test_a_name_never_breaks_out_of_the_header(name: str) -> None:
    header = attachment(name.encode("utf-8", "replace").decode())
    assert header.isascii()
    assert not any(ord(character) < 0x20 or character == "\x7f" for character in header)
    assert header.count('"') == 2


@pytest.mark.parametrize(
    ("declared", "charset", "expected"),
    [
        ("IMAGE/PNG", None, "image/png"),
        ("text/plain", "iso-8859-1", "text/plain; charset=iso-8859-1"),
        ("text/plain", "x\r\ny", "text/plain"),
        ("text/html\r\nX-Evil: 1", None, "application/octet-stream"),
        ("nonsense", None, "application/octet-stream"),
        ("", None, "application/octet-stream"),
    ],
)
def test_a_content_type_is_one_or_octets(declared: str, charset: str | None, expected: str) -> None:
    assert content_type(declared, charset) == expected
