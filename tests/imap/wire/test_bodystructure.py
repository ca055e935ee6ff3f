import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.message import Part
from app.imap.wire.bodystructure import read_structure
from app.imap.wire.errors import MalformedResponse
from app.imap.wire.tokenizer import Token, tokenize

TEXT = '("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 34 1 NIL NIL NIL NIL)'
ENVELOPE = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"


def read(text: str) -> Part:
    return read_structure(tokenize((text.encode("latin-1"),))[0])


def tree(part: Part) -> list[tuple[str | None, str]]:
    return [(one.section, one.content_type) for one in part.walk()]


def test_a_single_text_is_section_one() -> None:
    part = read(TEXT)
    assert part == Part(section="1", content_type="text/plain", charset="utf-8", encoding="7bit", size=34)


def test_numbers_of_nested_parts() -> None:
    before = f'("message" "rfc822" NIL NIL NIL "7bit" 99 {ENVELOPE} '
    after = ' 5 NIL ("attachment" ("filename" "m.eml")) NIL)'
    inner = f'({TEXT}{TEXT} "mixed")'
    part = read(
        f'(({TEXT}("text" "html" NIL NIL NIL "8bit" 5 1) "alternative" ("boundary" "i"))'
        f'{before}{TEXT}{after}{before}{inner}{after} "mixed" ("boundary" "o") NIL NIL)'
    )
    assert tree(part) == [
        (None, "multipart/mixed"),
        ("1", "multipart/alternative"),
        ("1.1", "text/plain"),
        ("1.2", "text/html"),
        ("2", "message/rfc822"),
        ("2.1", "text/plain"),
        ("3", "message/rfc822"),
        (None, "multipart/mixed"),
        ("3.1", "text/plain"),
        ("3.2", "text/plain"),
    ]
    assert part.boundary == "o"
    assert [one.filename for one in part.parts] == [None, "m.eml", "m.eml"]
    assert [one.is_attachment for one in part.parts] == [False, True, True]


PDF = '("application" "pdf" {} NIL NIL "base64" 9{})'
PLAIN = '("text" "plain" NIL NIL NIL "7bit" 9{})'


@pytest.mark.parametrize(
    ("text", "filename", "disposition"),
    [
        (PDF.format('("name" "a.pdf")', ""), "a.pdf", None),
        (PDF.format("NIL", ' NIL ("attachment" ("filename" "b.pdf")) NIL NIL'), "b.pdf", "attachment"),
        (PDF.format("NIL", ' NIL ("inline" NIL)'), None, "inline"),
        (PDF.format("NIL", ' NIL "attachment"'), None, "attachment"),
        (PLAIN.format(' 1 NIL ("attachment" ("filename*" "utf-8\'\'%C3%BC.txt"))'), "ü.txt", "attachment"),
        (PLAIN.format(' NIL ("attachment" ("filename" "nolines.txt"))'), "nolines.txt", "attachment"),
        ('("message" "delivery-status" NIL NIL NIL "7bit" 318 NIL ("inline" NIL) NIL)', None, "inline"),
        ('("message" "rfc822" ("name" "x.eml") NIL NIL "7bit" 4079755)', "x.eml", None),
        ('("application" "x" ("name" "=?utf-8?Q?=C3=BC=2Ezip?=") NIL NIL NIL NIL)', "ü.zip", None),
    ],
)
def test_dispositions_and_names(text: str, filename: str | None, disposition: str | None) -> None:
    part = read(text)
    assert (part.filename, part.disposition) == (filename, disposition)


@pytest.mark.parametrize("text", ['("mixed")', "(NIL)", f'({TEXT} "mixed" NIL NIL NIL NIL "more" (1 (2)))'])
def test_a_multipart_with_too_little_or_too_much(text: str) -> None:
    assert read(text).content_type.startswith("multipart/")


@pytest.mark.parametrize("text", ["NIL", '"x"', "()", '(() "mixed")', f"({TEXT} NIL", '(("a" "b" (((', '((("x"'])
def test_what_makes_no_sense(text: str) -> None:
    with pytest.raises(MalformedResponse):
        read(text)


def test_too_many_parts_are_refused() -> None:
    with pytest.raises(MalformedResponse):
        read("(" + TEXT * 1001 + ' "mixed")')


TOKENS: st.SearchStrategy[Token] = st.recursive(
    st.one_of(st.none(), st.sampled_from([b"text", b"plain", b"message", b"rfc822", b"5", b"", b"\xff"])),
    lambda children: st.lists(children, max_size=9),
    max_leaves=40,
)


@given(TOKENS)
def test_any_tokens_are_a_tree_or_malformed(token: Token) -> None:
    try:
        part = read_structure(token)
    except MalformedResponse:
        return
    sections = [one.section for one in part.walk() if one.section is not None]
    assert len(sections) == len(set(sections))
