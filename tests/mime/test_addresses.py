import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.message import Address
from app.mime.addresses import parse_addresses
from app.mime.limits import MAX_ADDRESSES


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"a@b.c", [(None, "a@b.c")]),
        (b"A B <a@b.c>", [("A B", "a@b.c")]),
        (b'"Doe, John" <a@b.c>, x@y.z', [("Doe, John", "a@b.c"), (None, "x@y.z")]),
        (b'"say \\"hi\\" <x@y>" <a@b.c>', [('say "hi" <x@y>', "a@b.c")]),
        (b"=?utf-8?q?J=C3=BCrgen=2C_X?= <a@b.c>", [("Jürgen, X", "a@b.c")]),
        (b'"=?utf-8?q?J=C3=BCrgen?=" <a@b.c>', [("Jürgen", "a@b.c")]),
        (b"=?utf-8?Q?Doe, John?= <a@b.c>", [("Doe, John", "a@b.c")]),
        (b"a@b.c (The (nested) Name)", [("The (nested) Name", "a@b.c")]),
        (b"Name (comment) <a@b.c>", [("Name", "a@b.c")]),
        (b"Group: a@b.c, D <d@e.f>;, g@h.i", [(None, "a@b.c"), ("D", "d@e.f"), (None, "g@h.i")]),
        (b"undisclosed-recipients:;", []),
        (b"<a@b.c>", [(None, "a@b.c")]),
        (b"<@r1,@r2:a@b.c>", [(None, "a@b.c")]),
        (b"a @ b.c", [(None, "a@b.c")]),
        (b"John Doe a@b.c", [("John Doe", "a@b.c")]),
        (b"Nobody", [("Nobody", None)]),
        (b"MAILER-DAEMON <>", [("MAILER-DAEMON", None)]),
        (b"N <a@b.c", [("N", "a@b.c")]),
        (b"'Quoted' <a@b.c>", [("Quoted", "a@b.c")]),
        ("Jürgen <jü@exämple.org>".encode(), [("Jürgen", "jü@exämple.org")]),
        (b"J\xfcrgen <a@b.c>", [("Jürgen", "a@b.c")]),
        (b'O"Neil <a@b.c>, x@y.z', [("ONeil", "a@b.c"), (None, "x@y.z")]),
        (b"(unclosed <a@b.c>", [("(unclosed", "a@b.c")]),
        (b",, ,", []),
        (b"", []),
        (b"a@b.c;d@e.f", [(None, "a@b.c"), (None, "d@e.f")]),
        (b"A\r\n <a@b.c>,\r\n\tB <b@b.c>", [("A", "a@b.c"), ("B", "b@b.c")]),
    ],
)
def test_addresses(raw: bytes, expected: list[tuple[str | None, str | None]]) -> None:
    assert parse_addresses(raw) == tuple(Address(name, email) for name, email in expected)


@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(st.sampled_from(list('<>,;:()"\\ @=?aqQ.')), max_size=60).map(lambda s: "".join(s).encode()),
    )
)
def test_no_value_raises(raw: bytes) -> None:
    for address in parse_addresses(raw):
        assert address.name or address.email
        assert not address.email or "\n" not in address.email


WORD = st.text(st.characters(categories=("Ll", "Lu", "Nd"), max_codepoint=0x7E), min_size=1, max_size=12)


@given(st.lists(st.tuples(WORD, WORD, WORD), max_size=20))
def test_a_tidy_list_comes_back(people: list[tuple[str, str, str]]) -> None:
    raw = ",\r\n ".join(f'"{first}, {last}" <{last}@{host}.example>' for first, last, host in people)
    assert parse_addresses(raw) == tuple(
        Address(f"{first}, {last}", f"{last}@{host}.example") for first, last, host in people
    )


def test_the_number_is_bounded() -> None:
    assert len(parse_addresses(b"a@b.c," * 20_000)) == MAX_ADDRESSES
