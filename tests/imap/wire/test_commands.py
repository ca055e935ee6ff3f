import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imap.wire.commands import Literal, UnsafeCommand, astring, atom, check_line, command, mailbox, write_command
from app.imap.wire.reader import ResponseReader
from app.imap.wire.tokenizer import tokenize


def test_forms() -> None:
    assert write_command(b"a", command("NOOP")) == [b"a NOOP\r\n"]
    assert write_command(b"a", command("SELECT", mailbox('Entwürfe "x"'))) == [b'a SELECT "Entw&APw-rfe \\"x\\""\r\n']
    secret = command("LOGIN", astring("ü"), astring("p"))
    assert write_command(b"a", secret) == [b"a LOGIN {2}\r\n", b'\xc3\xbc "p"\r\n']
    assert write_command(b"a", secret, literal_plus=True) == [b'a LOGIN {2+}\r\n\xc3\xbc "p"\r\n']
    long = command("X", astring("ü" * 3000))
    assert len(write_command(b"a", long, literal_minus=True)) == 2
    assert len(write_command(b"a", secret, literal_minus=True)) == 1


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=50))
def test_an_astring_is_one_string_and_one_command(value: str) -> None:
    reader = ResponseReader()
    reader.feed(b"* " + write_command(b"X", command("Y", astring(value)), literal_plus=True)[0])
    pieces = reader.next_response()
    assert pieces is not None
    assert reader.is_empty
    assert tokenize(pieces)[3:] == [value.encode()]


@pytest.mark.parametrize("line", [b"a\rb", b"a\nb", b"a\0b", b"a\xe9", b"a" * 9000])
def test_the_gate_refuses(line: bytes) -> None:
    with pytest.raises(UnsafeCommand):
        check_line(line)
    with pytest.raises(UnsafeCommand):
        write_command(b"a", command("X", line))


def test_a_literal_never_carries_nul() -> None:
    with pytest.raises(UnsafeCommand):
        write_command(b"a", command("X", Literal(b"a\0b")))


@pytest.mark.parametrize("value", ["", "a b", "a\r\nb", "PLAIN)", "é"])
def test_an_atom_is_one(value: str) -> None:
    with pytest.raises(UnsafeCommand):
        atom(value)


def test_arguments_are_not_in_the_repr() -> None:
    assert "hunter2" not in repr(command("LOGIN", astring("me"), astring("hunter2")))
    assert "hunter2" not in repr(astring("hunter2\n"))
