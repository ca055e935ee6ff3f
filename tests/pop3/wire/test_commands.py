"""Nothing a caller sends can add a command on the wire."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pop3.wire.commands import command, credential, sasl_line
from app.pop3.wire.errors import UnsafeCommand


def test_commands_read_as_in_the_rfc() -> None:
    assert command("TOP", 3, 0) == b"TOP 3 0\r\n"
    assert command("QUIT") == b"QUIT\r\n"
    assert credential("PASS", "correct horse") == b"PASS correct horse\r\n"
    assert credential("USER", "zoë") == "USER zoë\r\n".encode()


@pytest.mark.parametrize("bad", ["a\r\nDELE 1", "a\nb", "a\0b", ""])
def test_a_secret_with_a_line_break_does_not_leave(bad: str) -> None:
    with pytest.raises(UnsafeCommand):
        credential("PASS", bad)


@given(text=st.text(max_size=60))
def test_whatever_is_sent_is_one_line(text: str) -> None:
    writers: list[Callable[[], bytes]] = [
        lambda: credential("USER", text),
        lambda: command("TOP", text),
        lambda: sasl_line(text.encode()),
    ]
    for write in writers:
        try:
            line = write()
        except (UnsafeCommand, UnicodeEncodeError):
            continue
        assert line.endswith(b"\r\n")
        assert not set(line[:-2]) & set(b"\r\n\0")
