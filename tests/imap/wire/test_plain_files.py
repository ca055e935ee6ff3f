"""Files read by one pattern are what the tree of parts says of them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.message import Attachment
from app.imap.wire.bodystructure import read_files
from app.imap.wire.plain_files import read_plain_files
from app.imap.wire.tokenizer import tokenize
from app.mime.attachments import attachment_of

_names = st.one_of(
    st.text(st.sampled_from("abZ09 ._-()+&,@~[]=?%/*':;"), max_size=12),
    st.sampled_from(["report 7.pdf", "=?utf-8?q?=C3=A4?=.pdf", "utf-8''%C3%A4.pdf", "a/b.pdf", ". x.", "x" * 300]),
).map(lambda name: b'"' + name.encode() + b'"')
_name_keys = st.sampled_from([b"name", b"NAME", b"name*", b"x"])
_file_keys = st.sampled_from([b"filename", b"FileName", b"filename*", b"filename*0", b"name"])
_nil = st.just(b"NIL")


def _given(keys: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    pairs = st.lists(st.builds(lambda key, name: b'"' + key + b'" ' + name, keys, _names), min_size=1, max_size=2)
    return st.one_of(_nil, pairs.map(lambda found: b"(" + b" ".join(found) + b")"))


_dispositions = st.one_of(
    _nil,
    st.builds(
        lambda kind, given: b'("' + kind + b'" ' + given + b")",
        st.sampled_from([b"attachment", b"INLINE", b"inline", b"x"]),
        _given(_file_keys),
    ),
)
_leaves = st.builds(
    lambda *parts: b"(" + b" ".join(parts) + b")",
    st.sampled_from([b'"application"', b'"IMAGE"', b'"video"']),
    st.sampled_from([b'"pdf"', b'"PNG"', b'"vnd.ms-excel"', b'"x y"', b'""']),
    _given(_name_keys),
    st.sampled_from([b"NIL", b"NIL", b'"<a@b>"']),
    st.sampled_from([b"NIL", b"NIL", b'"text"']),
    st.sampled_from([b'"base64"', b'"BASE64"', b'"7bit"', b'"x-uuencode"', b'""']),
    st.integers(0, 2**63).map(lambda size: b"%d" % size),
    st.sampled_from([b"NIL", b"NIL", b'"md5"']),
    _dispositions,
    st.sampled_from([b"NIL NIL", b"NIL"]),
)


def by_the_tree(raw: bytes) -> tuple[Attachment, ...]:
    return tuple(attachment_of(part, part.section or "") for part in read_files(tokenize((raw,))))


@given(st.lists(_leaves, min_size=1, max_size=3).map(b"".join))
def test_any_files_are_read_the_same_both_ways(raw: bytes) -> None:
    assert read_plain_files(raw) == by_the_tree(raw)


def test_a_common_file_is_read() -> None:
    fields = b'("application" "PDF" ("name" "old.pdf") NIL NIL "base64" 2054 NIL '
    raw = fields + b'("attachment" ("filename" "new.pdf")) NIL NIL)'
    assert read_plain_files(raw) == (Attachment("2", "new.pdf", "application/pdf", 1501, None, is_inline=False),)
    assert read_plain_files(b"") == ()


@pytest.mark.parametrize(
    "name", [b"a " * 4_000, b"a" * 8_000, b"a." * 4_000, b'a"' * 4_000], ids=["blanks", "letters", "dots", "quotes"]
)
def test_hostile_names_take_no_longer_than_honest_ones(name: bytes) -> None:
    raw = b'("application" "pdf" ("name" "' + name + b'") NIL NIL "base64" 5 NIL ("attachment" NIL) NIL NIL)'
    begun = time.process_time()
    for _ in range(20):
        try:
            read_plain_files(raw)
        except ValueError:
            continue
    assert time.process_time() - begun < 0.5
