import pytest

from app.domain.message import Attachment, Part
from app.mime.attachments import attachments, mark_attachments


def leaf(
    section: str, kind: str, disposition: str | None = None, name: str | None = None, cid: str | None = None
) -> Part:
    return Part(section, kind, disposition=disposition, filename=name, content_id=cid, size=100)


def multipart(kind: str, *parts: Part, section: str | None = None) -> Part:
    return Part(section, f"multipart/{kind}", parts=parts)


TEXT = leaf("1", "text/plain")
HTML = leaf("1", "text/html")


@pytest.mark.parametrize(
    ("root", "marked"),
    [
        (TEXT, []),
        (leaf("1", "text/plain", "attachment", "a.txt"), ["1"]),
        (leaf("1", "text/plain", None, "letter.txt"), []),
        (leaf("1", "application/pdf"), ["1"]),
        (leaf("1", "application/pkcs7-mime", "attachment", "smime.p7m"), ["1"]),
        (multipart("mixed", TEXT, leaf("2", "application/pdf", None, "a.pdf")), ["2"]),
        (multipart("mixed", TEXT, leaf("2", "text/plain")), []),
        (multipart("mixed", TEXT, leaf("2", "text/plain", "inline", "log.txt")), ["2"]),
        (multipart("mixed", TEXT, leaf("2", "text/x-patch")), ["2"]),
        (multipart("mixed", TEXT, leaf("2", "image/png", "inline", cid="x")), ["2"]),
        (multipart("alternative", TEXT, leaf("2", "text/html"), leaf("3", "text/calendar", name="i.ics")), []),
        (multipart("mixed", TEXT, leaf("2", "application/ics", "attachment", "invite.ics")), ["2"]),
        (
            multipart("related", HTML, leaf("2", "image/png", cid="x"), leaf("3", "application/pdf", name="a.pdf")),
            ["3"],
        ),
        (multipart("related", HTML, leaf("2", "image/png", "inline", "x.png", "x")), []),
        (multipart("related", TEXT, leaf("2", "image/png", "inline", "x.png", "x")), ["2"]),
        (multipart("signed", TEXT, leaf("2", "application/pkcs7-signature", "attachment", "smime.p7s")), []),
        (multipart("signed", TEXT, leaf("2", "application/pgp-signature", None, "signature.asc")), []),
        (multipart("encrypted", leaf("1", "application/pgp-encrypted"), leaf("2", "application/octet-stream")), ["2"]),
        (multipart("report", TEXT, leaf("2", "message/delivery-status"), leaf("3", "text/rfc822-headers")), []),
        (multipart("mixed", TEXT, Part("2", "message/rfc822", parts=(leaf("2.1", "application/pdf"),))), ["2"]),
        (Part("1", "message/rfc822", parts=(leaf("1.1", "text/plain"),)), ["1"]),
        (multipart("appledouble", leaf("1", "application/applefile"), leaf("2", "image/jpeg", "inline")), ["2"]),
        (leaf("1", "multipart/mixed"), []),
    ],
)
def test_the_rule(root: Part, marked: list[str]) -> None:
    assert [part.section for part in mark_attachments(root).walk() if part.is_attachment] == marked


def test_an_attachment_tells_its_decoded_size() -> None:
    part = Part("2", "image/png", encoding="base64", size=780, disposition="inline", filename="a.png", content_id="x")
    found = attachments(mark_attachments(multipart("mixed", TEXT, part)))
    assert found == (Attachment("2", "a.png", "image/png", 570, "x", is_inline=True),)


def test_marking_twice_changes_nothing() -> None:
    once = mark_attachments(multipart("mixed", TEXT, leaf("2", "application/pdf")))
    assert mark_attachments(once) == once


def test_a_tree_of_any_depth_is_marked() -> None:
    part = leaf("1", "application/pdf")
    for _ in range(5_000):
        part = Part("1", "multipart/mixed", parts=(part,))
    assert mark_attachments(part).section == "1"
