"""What status lines and listings say, also when servers do not keep to the letter."""

import pytest

from app.domain.errors import UpstreamProtocolError
from app.pop3.wire.responses import read_capabilities, read_sizes, read_status, read_uidls


@pytest.mark.parametrize(
    ("line", "is_ok", "code"),
    [
        (b"+OK", True, None),
        (b"+ok ready <1896.697170952@dbc.mtview.ca.us>", True, None),
        (b"-ERR [IN-USE] maildrop locked", False, "IN-USE"),
        (b"-ERR [login-delay] slow down", False, "LOGIN-DELAY"),
        (b"-ERR [SYS/TEMP] try later", False, "SYS/TEMP"),
        (b"-ERR", False, None),
        (b"-ERR [broken", False, None),
    ],
)
def test_status(line: bytes, is_ok: bool, code: str | None) -> None:
    status = read_status(line)
    assert (status.is_ok, status.code) == (is_ok, code)


@pytest.mark.parametrize("line", [b"", b"* OK imap", b"+OKAY", b"220 smtp", b"\xff\xff"])
def test_what_is_no_status_ends_the_connection(line: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        read_status(line)


def test_sizes_leave_out_what_is_malformed() -> None:
    assert read_sizes([b"1 120", b"2 200 extra", b"x 3", b"4", b"0 9", b"5 -1", b"6 7x", b"1 999"]) == {1: 120, 2: 200}


def test_uidls_keep_odd_ones_and_drop_what_is_none() -> None:
    lines = [b"1 whqtswO00WBw418f9t5JxYwZ", b"2", b"3 " + b"u" * 200, b"4 " + b"u" * 600, b"5 \xe9\x01!", b"6 a b"]
    assert read_uidls(lines) == {
        1: "whqtswO00WBw418f9t5JxYwZ",
        2: None,
        3: "u" * 200,
        4: None,
        5: "\xe9\x01!",
        6: "a",
    }


def test_capabilities_are_upper_case_with_their_words() -> None:
    assert read_capabilities([b"sasl PLAIN xoauth2", b"LOGIN-DELAY 900 USER", b"", b"Top"]) == {
        "SASL": ("PLAIN", "XOAUTH2"),
        "LOGIN-DELAY": ("900", "USER"),
        "TOP": (),
    }
