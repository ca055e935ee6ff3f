import pytest

from app.domain.errors import UpstreamProtocolError
from app.imap.wire.responses import Code, Completion, Continuation, Untagged, read_response


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"+", Continuation(b"")),
        (b"+ go on", Continuation(b"go on")),
        (b"* 23 exists", Untagged(b"EXISTS", 23, (b"",))),
        (b"* LIST () NIL x", Untagged(b"LIST", None, (b"() NIL x",))),
        (b"* BYE", Untagged(b"BYE", None, (b"",))),
        (b"a1 OK", Completion(b"a1", b"OK", None, b"")),
        (b"a1 no [INUSE] busy", Completion(b"a1", b"NO", Code(b"INUSE", b""), b"busy")),
        (
            b"a1 OK [READ-WRITE] [Gmail]/Sent Mail selected.",
            Completion(b"a1", b"OK", Code(b"READ-WRITE", b""), b"[Gmail]/Sent Mail selected."),
        ),
        (b"a1 OK [copyuid 1 2:3 4:5] x", Completion(b"a1", b"OK", Code(b"COPYUID", b"1 2:3 4:5"), b"x")),
    ],
)
def test_kinds(line: bytes, expected: object) -> None:
    assert read_response((line,)) == expected


@pytest.mark.parametrize("line", [b"", b"* ", b"*", b"hello", b"HTTP/1.1 400 Bad Request", b"a1 MAYBE", b"\xff\xfe x"])
def test_what_is_not_imap_is_refused(line: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        read_response((line,))


def test_codes_have_numbers_or_none() -> None:
    untagged = read_response((b"* OK [UIDVALIDITY 3857529045] UIDs valid",))
    assert isinstance(untagged, Untagged)
    code = untagged.code()
    assert code is not None
    assert (code.name, code.number(), untagged.text()) == (b"UIDVALIDITY", 3857529045, b"UIDs valid")
    assert Code(b"UIDNEXT", b"1 2").number() is None
    assert Code(b"UIDNEXT", b"9" * 30).number() is None
