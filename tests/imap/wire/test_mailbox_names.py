import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imap.wire.mailbox_names import decode_name, encode_name


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("INBOX", b"INBOX"),
        ("Entwürfe", b"Entw&APw-rfe"),
        ("Tom & Jerry", b"Tom &- Jerry"),
        ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),  # RFC 3501 section 5.1.3
        ("📎", b"&2D3czg-"),
        ("a\r\nb", b"a&AA0ACg-b"),
    ],
)
def test_names(name: str, raw: bytes) -> None:
    assert encode_name(name) == raw
    assert decode_name(raw) == name


def test_inbox_has_one_spelling() -> None:
    assert decode_name(b"inBox") == "INBOX"


@given(st.text(st.characters(codec="utf-8"), max_size=30).filter(lambda name: name.upper() != "INBOX"))
def test_a_name_comes_back(name: str) -> None:
    raw = encode_name(name)
    if raw.isascii():  # else it holds the private spelling of bytes
        assert not set(raw) & {0, 10, 13}
    assert encode_name(decode_name(raw)) == raw


PRINTABLE = st.lists(st.integers(0x20, 0xFF).filter(lambda byte: byte != 0x7F), max_size=30).map(bytes)
SHIFTS = st.lists(st.sampled_from([b"&", b"-", b"AGE", b"2D3c", b"&-", b"\xe9", b"x", b"8CY", b","])).map(b"".join)


@given(st.one_of(PRINTABLE, SHIFTS))
def test_any_bytes_of_a_server_come_back(raw: bytes) -> None:
    name = decode_name(raw)
    name.encode("utf-8")
    assert encode_name(name) == (b"INBOX" if raw.upper() == b"INBOX" else raw)


@pytest.mark.parametrize("raw", [b"&", b"a&b", b"&AGE", b"&AGE-", b"&2D0-", b"&!!!-", b"caf\xc3\xa9", b"&8CY-"])
def test_a_bad_name_is_shown_and_can_be_selected(raw: bytes) -> None:
    assert encode_name(decode_name(raw)) == raw


@given(st.binary(max_size=30))
def test_no_line_break_is_ever_encoded(raw: bytes) -> None:
    assert not set(encode_name(decode_name(raw))) & {0, 10, 13}
