import base64
from email.header import Header as StandardHeader

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mime.words import decode_words


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (b"=?iso-8859-1?Q?Andr=E9?= Pirard", "André Pirard"),
        (b"=?UTF-8?b?w4k=?=", "É"),
        (b"=?utf-8*en?q?caf=C3=A9?=", "café"),
        (b"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
        (b"=?ISO-8859-1?Q?a?=\r\n  =?ISO-8859-1?Q?b?=", "ab"),
        (b"=?ISO-8859-1?Q?a_?= b", "a  b"),
        (b"=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "é"),
        (b"=?utf-8?B?5pel5pys6A==?= =?utf-8?B?qp4=?=", "日本語"),
        (b"=?utf-8?B?5pel5pys6Kq?= =?utf-8?B?e?=", "日本語"),
        (b"=?utf-8?Q?with spaces inside?=", "with spaces inside"),
        (b"=?utf-8?Q?glued?=text", "gluedtext"),
        (b"=?utf-8?Q?caf=E9?=", "café"),
        (b"=?x-nothing?Q?caf=C3=A9?=", "café"),
        (b"=?gb2312?B?xOO6ww==?=", "你好"),
        (b"=?iso-8859-1?Q?J\xfcrgen?=", "Jürgen"),
        ("Grüße 日本".encode(), "Grüße 日本"),
        ("Grüße".encode("latin-1"), "Grüße"),
        (b"=?utf-8?Q?never ends", "=?utf-8?Q?never ends"),
        (b"=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        (b"folded\r\n\tby a tab", "folded by a tab"),
        (b"=?utf-8?Q?a=0D=0ABcc:_x?=", "a  Bcc: x"),
        (b"a\x00b\x1bc", "abc"),
        (b"=?utf-8?B??=", ""),
        (b"", ""),
    ],
)
def test_words(raw: bytes, text: str) -> None:
    assert decode_words(raw) == text


def test_text_with_undecoded_bytes_in_it() -> None:
    assert decode_words(b"caf\xe9".decode("ascii", "surrogateescape")) == "café"
    assert decode_words("a\ud800b").startswith("a")


@given(st.binary(max_size=200))
def test_no_value_raises_or_breaks_a_line(raw: bytes) -> None:
    text = decode_words(raw)
    text.encode()
    assert "\n" not in text
    assert "\r" not in text


@given(
    st.text(
        st.characters(min_codepoint=33, exclude_categories=("Cs", "Cc", "Zs", "Cn", "Zl", "Zp")),
        min_size=1,
        max_size=80,
    )
)
def test_what_the_standard_library_encodes_comes_back(text: str) -> None:
    if text.startswith("\ufeff") or "=?" in text:
        return
    raw = StandardHeader(text, "utf-8").encode()
    assert decode_words(raw) == text


@given(
    st.text(st.characters(min_codepoint=0x3041, max_codepoint=0x9FFF, categories=["Lo"]), min_size=1, max_size=40),
    st.integers(1, 20),
)
def test_words_split_at_any_byte_join_again(text: str, size: int) -> None:
    data = text.encode()
    words = [base64.b64encode(data[at : at + size]).decode() for at in range(0, len(data), size)]
    assert decode_words(" ".join(f"=?utf-8?B?{word}?=" for word in words)) == text
