"""75 messages of old mail programs, and what another reader (zbateson/mail-mime-parser) expects of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.mime.attachments import attachments
from app.mime.body import FetchedText, compose, wanted
from app.mime.encodings import decode_transfer
from app.mime.headers import decode_words, message_ids, parse_addresses, parse_date, raw_fields
from app.mime.html import html_to_text
from app.mime.snippet import preview_from_section
from app.mime.structure import parse, section_bytes

CORPUS = Path(__file__).parents[2] / "../shared/corpora/odd-mail"

#: Where we judge otherwise about attachments: (ours, theirs).
RELATED = "images of a multipart/related are part of its HTML, not attachments"
OTHER_ATTACHMENTS: dict[str, tuple[int, int, str]] = {
    "m0016": (0, 2, RELATED),
    "m0017": (2, 3, RELATED),
    "m1005": (2, 4, RELATED),
    "m1006": (2, 4, RELATED),
    "m2004": (0, 2, RELATED),
    "m2005": (2, 4, RELATED),
    "m2006": (0, 2, RELATED),
    "m2007": (2, 4, RELATED),
    "m2009": (0, 2, RELATED),
    "m4004": (2, 4, RELATED),
    "m0018": (0, 3, "uuencoded files inside a text are no parts: an IMAP server has no section for them"),
    "m1009": (3, 2, "an inline text with a filename is a file somebody sent: a person expects to find it in the list"),
}
#: Where we read the text otherwise.
OTHER_TEXT = {
    ("m0016", "html"): "the alternative text of the images stands between the paragraphs",
}


def expectations() -> list[Any]:
    path = CORPUS / "expected.json"
    if not path.exists():
        return []
    entries = [entry for entry in json.loads(path.read_text("utf-8")) if (CORPUS / f"{entry['file']}.txt").exists()]
    return [pytest.param(entry["file"], entry["expect"], id=entry["file"]) for entry in entries]


def message(name: str) -> bytes:
    return (CORPUS / f"{name}.txt").read_bytes()


def squeezed(text: str) -> str:
    return " ".join(text.split())


EXPECTED = expectations()
with_corpus = pytest.mark.skipif(not EXPECTED, reason="no corpora here")


@with_corpus
@pytest.mark.parametrize(("name", "expected"), EXPECTED)
def test_headers(name: str, expected: dict[str, Any]) -> None:
    fields = {field.lower(): value for field, value in reversed(raw_fields(message(name)))}
    for field in ("From", "To"):
        if field in expected:
            (first, *_) = parse_addresses(fields[field.lower()])
            assert (first.name, first.email) == (expected[field].get("name"), expected[field]["email"])
    assert decode_words(fields["subject"]) == expected["Subject"]
    if "Message-ID" in expected:
        assert message_ids(fields["message-id"]) == (expected["Message-ID"],)
    if "Date" in expected:
        when = expected["Date"]
        assert parse_date(fields["date"]) == f"{when['date'][:10]}T{when['date'][11:19]}{when['timezone']}"


@with_corpus
@pytest.mark.parametrize(("name", "expected"), EXPECTED)
def test_attachments(name: str, expected: dict[str, Any]) -> None:
    if "attachments" not in expected:
        return
    found = len(attachments(parse(message(name)).root))
    if name in OTHER_ATTACHMENTS:
        ours, theirs, _ = OTHER_ATTACHMENTS[name]
        assert (found, expected["attachments"]) == (ours, theirs)
    else:
        assert found == expected["attachments"]


@with_corpus
@pytest.mark.parametrize(("name", "expected"), EXPECTED)
def test_bodies(name: str, expected: dict[str, Any]) -> None:
    raw = message(name)
    root = parse(raw).root
    contents = {
        part.section or "": FetchedText(section_bytes(raw, part.section or "") or b"", is_truncated=False)
        for part in wanted(root)
    }
    body = compose(root, contents, lambda content_id: f"/signed/{content_id}", 100_000)
    assert body.defects == ()
    for form, text in (("text", body.text), ("html", html_to_text(body.html))):
        if form in expected and (name, form) not in OTHER_TEXT:
            file = CORPUS / "expected-files" / expected[form]
            charset = "latin-1" if file.name.startswith("Hasen") else "utf-8"
            assert squeezed(file.read_bytes().decode(charset)) in squeezed(text)
    if "text" in expected:
        line = preview_from_section(root, (section_bytes(raw, "1") or b"")[:4096])
        assert line is not None
        assert len(line) > 20


@with_corpus
@pytest.mark.parametrize("name", ["m0011", "m3007", "m2012"])
def test_files_come_out_as_they_went_in(name: str) -> None:
    raw = message(name)
    originals = {path.name: path.read_bytes() for path in (CORPUS / "expected-files").iterdir()}
    compared = 0
    for part in parse(raw).root.leaves():
        if part.filename in originals and part.filename.endswith(".png"):
            content, defects = decode_transfer(section_bytes(raw, part.section or "") or b"", part.encoding)
            assert (content, defects) == (originals[part.filename], ())
            compared += 1
    assert compared


@with_corpus
def test_every_message_is_read_without_a_fault_of_ours() -> None:
    for path in sorted(CORPUS.glob("[gim]*.txt")):
        structure = parse(path.read_bytes())
        assert structure.defects == (), path.name
        assert list(structure.root.leaves()), path.name
