import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imap.wire.errors import MalformedResponse
from app.imap.wire.limits import MAX_LINE, MAX_NESTING
from app.imap.wire.reader import Pieces, ResponseReader
from app.imap.wire.tokenizer import Token, tokenize

ATOM = st.from_regex(re.compile(rb"[A-Za-z0-9.$\\*:/_-]{1,12}"), fullmatch=True).filter(
    lambda atom: atom.upper() != b"NIL"
)
TREES = st.recursive(
    st.one_of(st.none(), ATOM, st.tuples(st.sampled_from(["quoted", "literal"]), st.binary(max_size=20))),
    lambda children: st.lists(children, max_size=5),
    max_leaves=30,
)


def print_token(token: object) -> bytes:
    if token is None:
        return b"NIL"
    if isinstance(token, bytes):
        return token
    if isinstance(token, tuple):
        how, value = token
        if how == "literal" or re.search(rb"[\r\n\0]", value):
            return b"{%d}\r\n%s" % (len(value), value)
        return b'"' + re.sub(rb'(["\\])', rb"\\\1", value) + b'"'
    assert isinstance(token, list)
    return b"(" + b" ".join(print_token(one) for one in token) + b")"


def plain(token: object) -> object:
    if isinstance(token, tuple):
        return token[1]
    return [plain(one) for one in token] if isinstance(token, list) else token


@given(st.lists(TREES, max_size=6))
def test_what_was_printed_is_read_back(tokens: list[object]) -> None:
    reader = ResponseReader()
    reader.feed(b"* X " + b" ".join(print_token(one) for one in tokens) + b"\r\n")
    pieces = reader.next_response()
    assert pieces is not None
    assert reader.is_empty
    assert tokenize((pieces[0][4:], *pieces[1:])) == plain(tokens)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (b"", []),
        (b'"NIL" NIL nil NILS', [b"NIL", None, None, b"NILS"]),
        (rb'"a\"b\\" c', [rb'a"b' + b"\\", b"c"]),
        (b'(("a" NIL)("b" 1))', [[[b"a", None], [b"b", b"1"]]]),
        (b"(BODY[HEADER.FIELDS (TO CC)]<0> NIL)", [[b"BODY[HEADER.FIELDS (TO CC)]<0>", None]]),
        (b'(BODY[HEADER.FIELDS ("To")] "x")', [[b'BODY[HEADER.FIELDS ("To")]', b"x"]]),
        (b"(BODY[] NIL BODY[1.MIME] NIL)", [[b"BODY[]", None, b"BODY[1.MIME]", None]]),
        (b"(OIB-[Google x] [)", [[b"OIB-[Google", b"x]", b"["]]),
        (b'  ( "a"  )  ', [[b"a"]]),
    ],
)
def test_forms(text: bytes, tokens: list[Token]) -> None:
    assert tokenize((text,)) == tokens


@pytest.mark.parametrize(
    "text",
    [b"(", b")", b"(a))(", b'"', b'"a', rb'"a\"', b'(a "b c)', b"(" * (MAX_NESTING + 1) + b")" * (MAX_NESTING + 1)],
)
def test_malformed(text: bytes) -> None:
    with pytest.raises(MalformedResponse):
        tokenize((text,))


def test_nesting_up_to_the_bound_is_read() -> None:
    assert tokenize((b"(" * MAX_NESTING + b")" * MAX_NESTING,))


@pytest.mark.parametrize(
    "text",
    [
        b"(" * 20_000 + b")" * 20_000,
        b"()" * (MAX_LINE // 2),
        b'"\\' * (MAX_LINE // 2),
        rb"\"" * (MAX_LINE // 2),
        b'""' * (MAX_LINE // 2),
        b"BODY[" * (MAX_LINE // 5),
        b"a " * (MAX_LINE // 2),
        b'"' + b"\\" * (MAX_LINE - 2),
        b'"a\\"' * 60_000,
    ],
)
def test_hostile_lines_cost_little(text: bytes) -> None:
    started = time.thread_time()
    with pytest.raises(MalformedResponse):
        tokenize((text,))
    assert time.thread_time() - started < 3, "not linear"


def test_many_pieces_are_one_response() -> None:
    pieces: Pieces = (b"(a ", b"(", b" b)", b")", b"")
    assert tokenize(pieces) == [[b"a", b"(", b"b"], b")"]
