import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.message import Body, Part
from app.mime.attachments import mark_attachments
from app.mime.body import FetchedText, compose, wanted
from app.mime.limits import MAX_BODY_PARTS
from app.mime.structure import parse, section_bytes


def leaf(section: str, kind: str, **fields: str) -> Part:
    return Part(section, kind, charset=fields.get("charset"), encoding=fields.get("encoding", "7bit"))


def multipart(kind: str, *parts: Part) -> Part:
    return Part(None, f"multipart/{kind}", parts=parts)


def composed(root: Part, contents: dict[str, bytes], most: int = 10_000) -> Body:
    fetched = {section: FetchedText(data, is_truncated=False) for section, data in contents.items()}
    return compose(mark_attachments(root), fetched, lambda content_id: f"/signed/{content_id}", most)


def sections(root: Part) -> list[str | None]:
    return [part.section for part in wanted(mark_attachments(root))]


TEXT, HTML = leaf("1", "text/plain"), leaf("2", "text/html")


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (TEXT, ["1"]),
        (leaf("1", "image/png"), []),
        (multipart("alternative", TEXT, HTML), ["1", "2"]),
        (multipart("alternative", HTML, leaf("3", "text/calendar")), ["2"]),
        (multipart("alternative", TEXT, leaf("2", "text/x-amp-html"), leaf("3", "text/html")), ["1", "3"]),
        (multipart("alternative", TEXT, multipart("related", HTML, leaf("3", "image/png"))), ["1", "2"]),
        (multipart("alternative", TEXT, multipart("mixed", HTML, leaf("3", "image/png"))), ["1", "2"]),
        (multipart("mixed", TEXT, HTML, leaf("3", "text/plain")), ["1", "2", "3"]),
        (multipart("related", leaf("1", "image/png"), HTML), ["2"]),
        (multipart("signed", TEXT, leaf("2", "application/pgp-signature")), ["1"]),
        (multipart("report", TEXT, leaf("2", "message/delivery-status"), leaf("3", "text/rfc822-headers")), ["1"]),
        (multipart("encrypted", leaf("1", "application/pgp-encrypted"), leaf("2", "application/octet-stream")), []),
        (multipart("mixed", TEXT, Part("2", "message/rfc822", parts=(leaf("2.1", "text/plain"),))), ["1"]),
        (Part("1", "multipart/mixed"), ["1"]),
        (multipart("mixed"), []),
    ],
)
def test_which_parts_make_the_body(root: Part, expected: list[str]) -> None:
    assert sections(root) == expected


def test_the_number_of_parts_is_bounded() -> None:
    root = multipart("mixed", *(leaf(str(number), "text/plain") for number in range(1, 200)))
    assert len(sections(root)) == MAX_BODY_PARTS
    assert len(composed(root, {str(number): b"x" for number in range(1, 200)}).text.split()) == MAX_BODY_PARTS


def test_text_alone_gets_html() -> None:
    body = composed(TEXT, {"1": b"Hi <you>\r\nhttps://x.example"})
    assert body.text == "Hi <you>\nhttps://x.example"
    assert "Hi &lt;you&gt;\n<a href=" in body.html
    assert (body.text_source, body.html_source, body.truncated, body.defects) == ("part", "made_from_text", False, ())


def test_html_alone_gets_text() -> None:
    body = composed(multipart("mixed", HTML), {"2": b"<p>Hi<p>you<img src=cid:x><img src=https://t.example/>"})
    assert body.text == "Hi\n\nyou"
    assert "/signed/x" in body.html
    assert [item.url for item in body.blocked] == ["https://t.example/"]
    assert (body.text_source, body.html_source) == ("made_from_html", "part")


def test_an_empty_text_is_made_from_its_html() -> None:
    body = composed(multipart("alternative", TEXT, HTML), {"1": b" \r\n", "2": b"<p>Hello"})
    assert (body.text, body.text_source) == ("Hello", "made_from_html")


def test_a_footer_of_a_list_follows_both_forms() -> None:
    root = multipart("mixed", multipart("alternative", TEXT, HTML), leaf("3", "text/plain"))
    body = composed(root, {"1": b"plain", "2": b"<b>rich</b>", "3": b"-- footer"})
    assert body.text == "plain\n\n-- footer"
    assert body.html.index("<b>rich</b>") < body.html.index("-- footer")


def test_nothing_to_read_is_none() -> None:
    body = composed(leaf("1", "image/png"), {})
    assert (body.text, body.html, body.text_source, body.html_source) == ("", "", "none", "none")


@pytest.mark.parametrize(
    "root",
    [
        multipart("encrypted", leaf("1", "application/pgp-encrypted"), leaf("2", "application/octet-stream")),
        leaf("1", "application/pkcs7-mime"),
        multipart("mixed", TEXT, leaf("2", "application/x-pkcs7-mime")),
    ],
)
def test_an_encrypted_message_says_so(root: Part) -> None:
    assert "encrypted" in composed(root, {"1": b"x"}).defects


def test_charsets_encodings_and_flowed_text_are_read() -> None:
    html = leaf("1", "text/html", encoding="quoted-printable")
    raw = b"<html><head><meta charset=3D'koi8-r'></head>=F0=D2=C9=D7=C5=D4</html>"
    assert composed(html, {"1": raw}).text == "Привет"
    flowed = Part("1", "text/plain", text_format="flowed")
    assert composed(flowed, {"1": b"one \r\ntwo"}).text == "one two"


def test_defects_are_told_once() -> None:
    root = multipart("mixed", leaf("1", "text/plain", charset="klingon"), leaf("2", "text/plain", charset="klingon"))
    assert composed(root, {"1": b"x", "2": b"y"}).defects == ("unknown_charset",)
    assert composed(TEXT, {}).defects == ("missing_content",)


def test_what_was_fetched_in_part_is_truncated_and_no_defect() -> None:
    part = leaf("1", "text/plain", encoding="base64")
    body = compose(part, {"1": FetchedText(b"aGVsbG8gd29ybG", is_truncated=True)}, lambda _: None, 1_000)
    assert (body.text, body.truncated, body.defects) == ("hello worl", True, ())


@pytest.mark.parametrize("most", [0, 1, 10, 100, 1_000])
@pytest.mark.parametrize("content", [b"word " * 500, b"<p>word</p>" * 500, b"&" * 2_000, b"<a href=x>" * 500])
@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_both_forms_stay_within_their_bound(kind: str, content: bytes, most: int) -> None:
    body = composed(leaf("1", kind), {"1": content}, most)
    assert len(body.text) <= most
    assert len(body.html) <= most
    assert body.truncated


@given(st.binary(max_size=300), st.sampled_from(["text/plain", "text/html", "text/enriched", "multipart/mixed"]))
def test_no_content_raises(content: bytes, kind: str) -> None:
    body = composed(leaf("1", kind, encoding="quoted-printable"), {"1": content})
    (body.text + body.html).encode()


def test_from_raw_bytes_to_a_body() -> None:
    raw = (
        b"Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZQ==\r\n"
        b"--a\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n<p>Gr\xfc\xdfe\x80</p>\r\n--a--"
    )
    root = parse(raw).root
    contents = {part.section or "": section_bytes(raw, part.section or "") or b"" for part in wanted(root)}
    body = composed(root, contents)
    assert (body.text, body.html) == ("Grüße", "<p>Grüße€</p>")


def test_a_text_deeper_than_a_section_number_goes_is_left_out() -> None:
    deep = leaf(".".join(["1"] * 45), "text/plain")
    assert sections(multipart("mixed", TEXT, deep)) == ["1"]
