import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.message import Part
from app.mime.limits import MAX_PARTS
from app.mime.structure import parse, parse_structure, section_bytes

INNER = (
    b"Subject: inner\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n"
    b"--in\r\n\r\nplain\r\n--in\r\nContent-Type: text/html\r\n\r\n<p>html\r\n--in--\r\n"
)
NESTED = (
    b'Subject: outer\r\nContent-Type: multipart/mixed; boundary="out er"\r\n\r\npreamble\r\n'
    b"--out er\r\n\r\nfirst\r\n"
    b"--out er\r\nContent-Type: multipart/related; boundary=rel\r\n\r\n"
    b"--rel\r\nContent-Type: text/html\r\n\r\n<img>\r\n"
    b"--rel\r\nContent-Type: image/png; name=a.png\r\nContent-ID: <a@b>\r\n"
    b"Content-Transfer-Encoding: BASE64\r\n\r\nAAAA\r\n--rel--\r\n"
    b"--out er\r\nContent-Type: message/rfc822\r\n\r\n" + INNER + b"\r\n--out er--\r\nepilogue\r\n"
)
MIXED = b"Content-Type: multipart/mixed; boundary="


def sections(part: Part) -> list[tuple[str | None, str]]:
    return [(node.section, node.content_type) for node in part.walk()]


def test_sections_are_numbered_as_imap_does() -> None:
    assert sections(parse_structure(NESTED)) == [
        (None, "multipart/mixed"),
        ("1", "text/plain"),
        ("2", "multipart/related"),
        ("2.1", "text/html"),
        ("2.2", "image/png"),
        ("3", "message/rfc822"),
        (None, "multipart/alternative"),
        ("3.1", "text/plain"),
        ("3.2", "text/html"),
    ]


def test_sections_are_cut_as_imap_does() -> None:
    assert section_bytes(NESTED, "") == NESTED
    assert section_bytes(NESTED, "1") == b"first"
    assert section_bytes(NESTED, "2.2") == b"AAAA"
    assert section_bytes(NESTED, "2.1.MIME") == b"Content-Type: text/html\r\n\r\n"
    assert section_bytes(NESTED, "3") == INNER
    assert section_bytes(NESTED, "3.header") == INNER[: INNER.index(b"--in")]
    assert section_bytes(NESTED, "3.TEXT") == INNER[INNER.index(b"--in") :]
    assert section_bytes(NESTED, "3.2") == b"<p>html"
    assert section_bytes(NESTED, "HEADER") == NESTED[: NESTED.index(b"preamble")]
    assert section_bytes(NESTED, "4") is None
    assert section_bytes(NESTED, "nonsense") is None


def test_a_leaf_tells_its_fields() -> None:
    image = next(part for part in parse_structure(NESTED).walk() if part.section == "2.2")
    assert (image.encoding, image.filename, image.content_id, image.size) == ("base64", "a.png", "a@b", 4)


def test_a_plain_message_is_section_1() -> None:
    raw = b"Subject: x\r\nContent-Type: text/plain; charset=UTF-8; format=flowed; delsp=yes\r\n\r\nhi\r\n"
    part = parse_structure(raw)
    assert (part.section, part.charset, part.text_format, part.size) == ("1", "utf-8", "flowed_delsp", 4)
    assert section_bytes(raw, "1") == b"hi\r\n"


def test_a_message_that_is_a_message() -> None:
    raw = b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody"
    assert sections(parse_structure(raw)) == [("1", "message/rfc822"), ("1.1", "text/plain")]
    assert section_bytes(raw, "1.1") == b"body"


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"Subject: x", b"\r\nbody", b"\n\n\n", b"\x00\xff" * 50, b"--\n" * 50])
def test_what_is_hardly_a_message_has_one_part(raw: bytes) -> None:
    assert sections(parse_structure(raw)) == [("1", "text/plain")]


def test_a_digest_holds_messages() -> None:
    raw = b"Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: in\n\nbody\n--a--\n"
    assert sections(parse_structure(raw)) == [
        (None, "multipart/digest"),
        ("1", "message/rfc822"),
        ("1.1", "text/plain"),
    ]


def test_a_multipart_that_never_begins_has_an_empty_text() -> None:
    structure = parse(b"Content-Type: multipart/mixed; boundary=a\n\nno delimiter\n")
    assert sections(structure.root) == [(None, "multipart/mixed"), ("1", "text/plain")]
    assert structure.root.parts[0].size == 0
    assert structure.defects == ("missing_boundary",)


def test_an_outer_delimiter_ends_all_within() -> None:
    raw = MIXED + b"a\n\n--a\n" + MIXED + b"b\n\n--b\n\nx\n--a\n\ny\n--a--"
    structure = parse(raw)
    assert sections(structure.root) == [
        (None, "multipart/mixed"),
        ("1", "multipart/mixed"),
        ("1.1", "text/plain"),
        ("2", "text/plain"),
    ]
    assert structure.defects == ("missing_boundary",)
    assert section_bytes(raw, "1.1") == b"x"


def test_a_boundary_that_begins_another() -> None:
    raw = MIXED + b"a\n\n--a\n" + MIXED + b"ab\n\n--ab\n\nx\n--ab--\n--a--\n"
    assert section_bytes(raw, "1.1") == b"x"


def test_a_multipart_without_boundary_is_read_as_text() -> None:
    structure = parse(b"Content-Type: multipart/mixed\n\nstill readable")
    assert sections(structure.root) == [("1", "multipart/mixed")]
    assert structure.defects == ("missing_boundary",)


@given(
    st.lists(
        st.sampled_from(
            [
                b"Content-Type: multipart/mixed; boundary=a\n",
                b"Content-Type: multipart/digest; boundary=b\r\n",
                b"Content-Type: message/rfc822\n",
                b"\n",
                b"\r\n",
                b"--a\n",
                b"--a--\n",
                b"--b\r\n",
                b"--b--\r\n",
                b"text\n",
                b"Content-Transfer-Encoding: base64\n",
                b"--",
                b"\xff",
            ]
        ),
        max_size=40,
    ).map(b"".join)
)
def test_any_mess_has_a_tree_whose_sections_can_be_cut(raw: bytes) -> None:
    structure = parse(raw)
    leaves = list(structure.root.leaves())
    assert leaves
    assert len({part.section for part in leaves}) == len(leaves)
    for part in leaves:
        assert part.section is not None
        content = section_bytes(raw, part.section)
        assert content is not None
        assert len(content) == part.size


def test_too_many_parts_are_told() -> None:
    structure = parse(b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\nx\n" * 5_000)
    assert len(list(structure.root.leaves())) == MAX_PARTS - 1
    assert "too_many_parts" in structure.defects
