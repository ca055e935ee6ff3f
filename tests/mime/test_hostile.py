"""Fears by name. Each input once kept a mail library busy for seconds or broke it; here work is counted and bounded."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from app.mime.addresses import parse_addresses
from app.mime.attachments import attachments, mark_attachments
from app.mime.body import FetchedText, compose
from app.mime.charset import decode_text
from app.mime.dates import parse_date
from app.mime.encodings import TransferDecoder, decode_transfer
from app.mime.headers import list_marker, message_ids, parse_header_block
from app.mime.html import clean, html_to_text, text_to_html
from app.mime.limits import MAX_ADDRESSES, MAX_HTML_DEPTH, MAX_PARAMETER_CHARS, MAX_PART_DEPTH, MAX_PARTS
from app.mime.markup import scan
from app.mime.parameters import parse_parameters
from app.mime.snippet import preview
from app.mime.structure import parse
from app.mime.words import decode_words

pytestmark = pytest.mark.timeout(60)


def lines_run(work: Callable[[], object], stop_at: int) -> int:
    """Count the lines of Python a piece of work runs in this room: a clock that no busy machine can disturb."""
    count = 0

    def trace(frame: object, event: str, argument: object) -> object:
        nonlocal count
        if event == "line":
            count += 1
            if count > stop_at:
                raise AssertionError(f"more than {stop_at} lines")
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]  # the type of a trace function is recursive
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@contextmanager
def uncounted() -> Iterator[None]:
    """Let work run at its own speed: counting coverage on a megabyte takes five times as long as the work."""
    before = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(before)


def grows_linearly(work: Callable[[int], object], size: int) -> None:
    """Twice the input may take little more than twice the work."""
    once = lines_run(lambda: work(size), 10_000_000)
    lines_run(lambda: work(2 * size), int(2.3 * once) + 2_000)


def test_269_kilobytes_of_rfc_2231_continuations() -> None:
    raw = b"attachment" + b"".join(b";\r\n filename*%d*=%%41" % number for number in range(14_000))
    assert len(raw) > 269_000
    value, parameters = parse_parameters(raw)
    assert value == "attachment"
    assert len(parameters["filename"]) <= MAX_PARAMETER_CHARS


def test_20000_addresses() -> None:
    raw = b", ".join(b'"Somebody %d" <somebody%d@example.org>' % (number, number) for number in range(20_000))
    assert len(parse_addresses(raw)) == MAX_ADDRESSES


@pytest.mark.parametrize(
    "unit",
    [
        b'"',
        b'"\\"',
        b"(",
        b"\\(",
        b"<",
        b"<,",
        b":",
        b"=?",
        b"=?a?q?",
        b"=?a?q??=",
        b"@",
        b"a@",
        b"@,@",
        b" ",
        b",",
        b"a ",
        b"()",
    ],
)
def test_address_lists_made_of_one_sign(unit: bytes) -> None:
    grows_linearly(lambda size: parse_addresses(unit * size), 2_000)


def test_1000_nested_messages() -> None:
    raw = b"Content-Type: message/rfc822\r\n\r\n" * 1_000 + b"Subject: core\r\n\r\nbody"
    structure = parse(raw)
    assert structure.defects == ("nested_too_deep",)
    assert len(list(structure.root.walk())) == MAX_PART_DEPTH
    assert len(attachments(structure.root)) == 1


def test_1000_nested_multiparts() -> None:
    levels = [
        b"Content-Type: multipart/mixed; boundary=b%04d\r\n\r\n--b%04d\r\n" % (level, level) for level in range(1_000)
    ]
    structure = parse(b"".join(levels) + b"\r\nbody")
    assert "nested_too_deep" in structure.defects
    assert len(list(structure.root.walk())) <= 2 * MAX_PART_DEPTH


def test_100000_parts() -> None:
    structure = parse(b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n" * 100_000)
    assert len(list(structure.root.walk())) <= MAX_PARTS + 1
    assert "too_many_parts" in structure.defects


@pytest.mark.parametrize(
    "line", [b"--\n", b"--ab\n", b"--a--\n", b"\n--", b"-\n-", b"--a", b"Content-Type: message/rfc822\n\n"]
)
def test_bodies_made_of_near_delimiters(line: bytes) -> None:
    head = b"Content-Type: multipart/mixed; boundary=abc\n\n"
    grows_linearly(lambda size: parse(head + line * size), 3_000)


def test_parts_without_a_body_are_not_searched_to_the_end() -> None:
    grows_linearly(lambda size: parse(b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\nX: y\n" * size), 300)


def test_huge_encoded_words() -> None:
    assert len(decode_words(b"=?utf-8?B?" + b"QUFB" * 100_000 + b"?=")) <= 128 * 1024
    assert len(decode_words(b"=?utf-8?Q?a?= " * 50_000)) < 140_000
    assert len(decode_words(b"=?" * 100_000)) < 140_000
    assert len(decode_words(b"=?a?q?" * 50_000)) < 140_000


@pytest.mark.parametrize("unit", [b"=?", b"=?a?q?", b"=?a?q?b", b"=?a?q??=", b"?=", b"=?a?q??= ", b" \t", b" \r\n "])
def test_header_values_made_of_one_thing(unit: bytes) -> None:
    grows_linearly(lambda size: decode_words(unit * size), 500)
    grows_linearly(lambda size: parse_header_block(b"Subject: " + unit * size), 500)


@pytest.mark.parametrize("unit", [b"A", b"A:\n", b"A: b\n", b"\n ", b" \n", b":", b"A \t", b"\r"])
def test_header_blocks_made_of_one_thing(unit: bytes) -> None:
    assert len(parse_header_block(unit * 200_000)) <= 1_000


@pytest.mark.parametrize("unit", [";", '"', ';a="', ';a="\\', "a=", ";a*0*=''", "=", ";a*", "'", "; "])
def test_parameters_made_of_one_thing(unit: str) -> None:
    _, parameters = parse_parameters(b"a/b" + unit.encode() * 40_000)
    assert sum(map(len, parameters.values())) <= 300 * MAX_PARAMETER_CHARS


def test_other_fields_of_a_megabyte() -> None:
    for unit in ("<", ">", "<>", "<a@b>", " ", "(", "1", "1 Jan ", "<https://a/>,", "=?", "\\"):
        raw = unit * (1_000_000 // len(unit))
        assert len(message_ids(raw)) <= 200
        parse_date(raw)
        list_marker(raw, raw, raw)


def test_40000_nested_divs() -> None:
    found = clean("<div>" * 40_000 + "x", lambda _: None)
    assert found.html.count("<div>") <= MAX_HTML_DEPTH
    assert found.defects == ("html_too_deep",)


HTML_UNITS = [
    "<",
    "<a",
    "<a ",
    '<a b="',
    "<a b='",
    "<!--",
    "<!-->",
    "-->",
    "<![CDATA[",
    "<!",
    "</",
    "<p>",
    "<b>",
    "<b><p>",
    "<a><div>",
    "<table>",
    "<td>",
    "<table><tr><td>",
    "<svg>",
    "<svg><td>",
    "<math>",
    "<style>",
    "<title>",
    "<textarea></div>",
    "<select>",
    "<i></b>",
    "&",
    "&amp;",
    "&#",
    "=",
    '"',
    "url(",
    "<img src=//a>",
    "<p style='",
    "<br>",
    "<li>",
    "<x></y>",
    "<p></div>",
    "<ul><li>",
    "<font size=1></p>",
    "<noscript>",
    "<plaintext>",
    "<template>",
    "<button>",
    "&amp;",
    "<table><li>",
    "<table>x",
    "<table><br>",
]


@pytest.mark.parametrize("unit", HTML_UNITS)
def test_html_made_of_one_thing(unit: str) -> None:
    grows_linearly(lambda size: scan(unit * size), 1_000)


@pytest.mark.parametrize("unit", HTML_UNITS)
def test_a_megabyte_of_one_thing_is_cleaned_within_bounds(unit: str) -> None:
    source = unit * (1_000_000 // len(unit))
    with uncounted():
        found = clean(source, lambda _: None)
        text = html_to_text(source)
    assert len(found.html) < 30_000_000
    assert len(text) <= 5_000_000


@pytest.mark.parametrize(
    "tag", ['<a title="' + "&" * 1_000_000 + '">', "<a " + " ".join(f"a{n}=1" for n in range(150_000)) + ">"]
)
def test_a_megabyte_in_one_tag(tag: str) -> None:
    found = scan(f"{tag}x</a>")
    assert len(found.html) < 10_000
    assert html_to_text(f"{tag}x</a>") == "x"


def test_formatting_that_is_opened_again_and_again() -> None:
    fonts = "".join(f"<font size={number}>" for number in range(350))
    with uncounted():
        found = clean(f"<p>{fonts}</p>" + "<p>x</p>" * 100_000, lambda _: None)
    assert found.truncated
    assert len(found.html) < 10_000_000


@pytest.mark.parametrize(
    "unit", ["http://a.b ", "http://", "a@b.c ", "a@", "a.", "www.", ")", "<", "(http://a)", "http://a)))", "_@-."]
)
def test_plain_text_made_of_links(unit: str) -> None:
    html = text_to_html(unit * (500_000 // len(unit)))
    assert html.count("<a ") <= 5_000


@pytest.mark.parametrize("unit", ["<", "On ", "> ", "-- ", "http://a ", "[image: ", "_", "\n", "On x\n", "wrote:\n"])
def test_previews_of_a_megabyte_of_one_thing(unit: str) -> None:
    assert len(preview(unit * (1_000_000 // len(unit)))) <= 140


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "x-uuencode", "7bit"])
@pytest.mark.parametrize(
    "unit", [b"=", b"A=", b" ", b"\n", b"=\n", b"A" * 76 + b"\n", b"\xff", b"=4", b"begin 644 a\n", b"M"]
)
def test_contents_made_of_one_thing(encoding: str, unit: bytes) -> None:
    decoder = TransferDecoder(encoding)
    chunk = unit * (65_536 // len(unit))
    with uncounted():
        size = sum(len(decoder.feed(chunk)) for _ in range(16)) + len(decoder.finish())
    assert size <= 17 * 65_536


def test_25_megabytes_cost_a_few_lines_a_chunk() -> None:
    chunk = (b"A" * 76 + b"\r\n") * 3_360
    decoder = TransferDecoder("base64")
    assert lines_run(lambda: [decoder.feed(chunk) for _ in range(96)], 5_000) < 2_000
    decoder = TransferDecoder("quoted-printable")
    assert lines_run(lambda: [decoder.feed(chunk) for _ in range(96)], 5_000) < 2_000


def test_charsets_are_guessed_on_a_sample() -> None:
    garbage = bytes(range(128, 256)) * 80_000
    text, _ = decode_text(garbage, None)
    assert len(text) <= len(garbage)


def test_a_body_of_hostile_parts_stays_within_its_bound() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\nContent-Type: text/html\n\n<b><p>\n" * 5_000
    root = mark_attachments(parse(raw).root)
    contents = {str(number): FetchedText(b"<font><p>" * 10_000, is_truncated=False) for number in range(1, 1_000)}
    body = compose(root, contents, lambda _: None, 100_000)
    assert len(body.html) <= 100_000
    assert len(body.text) <= 100_000


def test_base64_of_base64_is_not_decoded_twice() -> None:
    assert decode_transfer(b"UVVGQg==", "base64") == (b"QUFB", ())
