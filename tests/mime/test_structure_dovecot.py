"""The same tree and the same bytes as a real server."""

from pathlib import Path

import pytest

from app.mime.structure import parse, section_bytes
from tests.mime.test_structure import NESTED
from tests.support.mail_user import MailUser

CORPUS = Path(__file__).parents[2] / "../shared/corpora/odd-mail"
HEADER = b"From: a@b\r\nSubject: x\r\n"
MESSAGES = {
    "nested": NESTED,
    "outer ends inner": HEADER
    + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\n\r\nx\r\n--a\r\n\r\ny\r\n",
    "digest": HEADER
    + b"Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\nSubject: in\r\n\r\nbody\r\n--a\r\n"
    b"Content-Type: text/plain\r\n\r\nt\r\n--a--\r\n",
    "same boundary twice": HEADER
    + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
    b"--a\r\n\r\nx\r\n--a--\r\n--a\r\n\r\ny\r\n--a--\r\n",
    "message of a multipart": HEADER
    + b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
    b"--a\r\n\r\nx\r\n--a--\r\n",
    "prefix of a boundary": HEADER
    + b"Content-Type: multipart/mixed; boundary=foo\r\n\r\n--foobar\r\n\r\nx\r\n--foo\r\n\r\ny\r\n--foo--x\r\nmore",
    "header cut by a delimiter": HEADER
    + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: text/html\r\n--a\r\n\r\nx\r\n--a--\r\n",
    "after the end": HEADER
    + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n--a\r\n\r\nafter\r\n--a--\r\n",
    "header alone": HEADER,
}


def messages() -> dict[str, bytes]:
    found = dict(MESSAGES)
    for path in sorted(CORPUS.glob("[gm]*.txt")):
        found[path.stem] = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return found


@pytest.mark.dovecot
def test_every_section_is_what_dovecot_cuts(mail_user: MailUser) -> None:
    corpus = messages()
    uids = mail_user.append_all(list(corpus.values()))
    different: list[str] = []
    with mail_user.client() as imap:
        imap.select_folder("INBOX", readonly=True)
        for uid, (name, raw) in zip(uids, corpus.items(), strict=True):
            spans = list(parse(raw).spans)
            answer = imap.fetch([uid], [f"BODY.PEEK[{section}]" for section in spans])[uid]
            different.extend(
                f"{name} {section}"
                for section in spans
                if (answer[f"BODY[{section}]".encode()] or b"") != section_bytes(raw, section)
            )
    assert different == []
