# ruff: noqa: RUF001 - the foreign characters are what is tested
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mime.charset import decode_text

GERMAN = "Jürgen schrieb: „Café“ – 5 €"
RUSSIAN = "Привет, как дела? Это письмо на русском языке."


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("utf-8", "utf-8", GERMAN),
        ("UTF8", "utf-8", "😀 日本"),
        ("iso-8859-1", "cp1252", GERMAN),
        ("us-ascii", "cp1252", GERMAN),
        ("windows-1252", "cp1252", GERMAN),
        ("iso-8859-9", "cp1254", "İstanbul’da"),
        ("gb2312", "gb18030", "你好，镕基"),
        ("ks_c_5601-1987", "cp949", "안녕 똠방각하"),
        ("euc-kr", "cp949", "펲시콜라"),
        ("shift_jis", "cp932", "日本①"),
        ("big5", "cp950", "繁體中文"),
        ("iso-2022-jp", "iso2022_jp", "日本語のメール"),
        ("ISO-2022-JP", "iso2022_jp_ext", "半角ｶﾅ"),
        ("koi8-r", "koi8_r", RUSSIAN),
        ("windows-1251", "cp1251", RUSSIAN),
        ("utf-7", "utf-7", GERMAN),
        ("utf-16", "utf-16", GERMAN),
        ("utf-16le", "utf-16-le", GERMAN),
        ("hz-gb-2312", "hz", "你好"),
        ("tis-620", "cp874", "สวัสดี"),
        ("iso-8859-8-i", "iso8859_8", "שלום"),
        ("macintosh", "mac_roman", "Café"),
    ],
)
def test_declared_charsets_are_read_as_browsers_read_them(charset: str, codec: str, text: str) -> None:
    assert decode_text(text.encode(codec), charset)[0] == text


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("utf-8", "cp1252", GERMAN),
        (None, "cp1252", GERMAN),
        ("invalid-charset", "cp1252", GERMAN),
        ("unknown-8bit", "cp1252", GERMAN),
        ("iso-8859-1", "utf-8", GERMAN),
        ("us-ascii", "utf-8", GERMAN),
        ("utf-8", "koi8_r", RUSSIAN),
        (None, "cp1251", RUSSIAN),
        (None, "gb18030", "你好，这是一封测试邮件，请查收。谢谢"),
        ("us-ascii", "cp932", "こんにちは、テストメールです"),
    ],
)
def test_mislabelled_text_reads_right(charset: str | None, codec: str, text: str) -> None:
    assert decode_text(text.encode(codec), charset)[0] == text


def test_nec_characters_and_half_width_kana_in_one_iso_2022_jp_text() -> None:
    assert decode_text(b"\x1b$B-!F|K\\\x1b(I6@\x1b(B!", "iso-2022-jp") == ("①日本ｶﾀ!", ())


@pytest.mark.parametrize("name", ["rot13", "hex", "idna", "punycode", "base64", "zlib", "unicode_escape", "mbcs", "\0"])
def test_a_codec_that_is_no_charset_is_never_used(name: str) -> None:
    assert decode_text(b"48656c6c6f", name)[0] == "48656c6c6f"


def test_defects_tell_what_was_wrong() -> None:
    assert decode_text(b"x", "klingon")[1] == ("unknown_charset",)
    assert decode_text("é".encode("cp1252"), "utf-8")[1] == ("charset_mismatch",)
    assert decode_text(("日本語" * 5).encode() + b"\xff", "utf-8")[1] == ("undecodable_bytes",)
    assert decode_text(b"a\x00b\x07c", None) == ("abc", ("control_characters",))


def test_a_character_cut_in_two_does_not_change_the_charset() -> None:
    text, _ = decode_text("Grüße aus 日本".encode()[:-1], "utf-8")
    assert text.startswith("Grüße aus 日")


def test_a_byte_order_mark_wins_and_is_not_shown() -> None:
    assert decode_text(b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe", "iso-8859-1")[0] == "Grüße"


@given(st.binary(max_size=300), st.one_of(st.none(), st.text(max_size=20), st.sampled_from(["utf-7", "iso-2022-jp"])))
def test_any_bytes_give_clean_text(data: bytes, charset: str | None) -> None:
    text, _ = decode_text(data, charset)
    text.encode("utf-8")  # no lone surrogate
    assert not any((ord(char) < 32 and char not in "\t\n\r") or 0x7F <= ord(char) < 0xA0 for char in text)


@given(st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc", "Cn")), max_size=100))
def test_utf_8_round_trips(text: str) -> None:
    assert decode_text(text.encode(), "utf-8")[0] == text.removeprefix("\ufeff").removeprefix("\ufeff")
