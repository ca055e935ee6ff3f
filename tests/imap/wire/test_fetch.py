import pytest

from app.imap.wire.fetch import FetchRow, read_fetch
from app.imap.wire.responses import Untagged, read_response


def row(line: bytes, *more: bytes) -> FetchRow | None:
    untagged = read_response((line, *more))
    assert isinstance(untagged, Untagged)
    return read_fetch(untagged)


def test_items_have_names_in_upper_case() -> None:
    found = row(rb"* 3 FETCH (uid 9 flags (\Seen $X) Rfc822.Size 12)")
    assert found is not None
    assert (found.seq, found.uid, found.flags(), found.number(b"RFC822.SIZE")) == (3, 9, ("\\Seen", "$X"), 12)


def test_sections_by_name_and_origin() -> None:
    found = row(b"* 3 FETCH (UID 9 BODY[1.2]<0> ", b"abc", b' BODY[HEADER] "x" BODY[9] NIL)')
    assert found is not None
    assert found.sections() == {(b"1.2", 0): b"abc", (b"HEADER", None): b"x", (b"9", None): None}


@pytest.mark.parametrize(
    "line",
    [
        b"* FETCH (UID 1)",
        b"* 0 FETCH (UID 1)",
        b"* 1 FETCH (FLAGS ())",
        b"* 1 FETCH (UID 0)",
        b"* 1 FETCH (UID 4294967296)",
        b"* 1 FETCH (UID NIL)",
        b"* 1 FETCH UID 5",
        b'* 1 FETCH (ENVELOPE ("UID 5 " UID 5)',
    ],
)
def test_a_row_without_a_sure_uid_is_none(line: bytes) -> None:
    assert row(line) is None


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        (rb'* 1 FETCH (UID 5 FLAGS (\Seen) ENVELOPE (("x")', ("\\Seen",)),
        (rb'* 1 FETCH (FLAGS (\Seen) UID 5 ENVELOPE (("x")', ("\\Seen",)),
        (b'* 1 FETCH (INTERNALDATE "1-Jan-2020 00:00:00 +0000" RFC822.SIZE 5 UID 5 BODY (', ()),
        (b"* 1 FETCH (UID 5 BODYSTRUCTURE " + b"(" * 20_000 + b")" * 20_000 + b")", ()),
    ],
)
def test_a_broken_row_keeps_its_uid(line: bytes, flags: tuple[str, ...]) -> None:
    found = row(line)
    assert found is not None
    assert (found.uid, found.is_broken, found.flags()) == (5, True, flags)
