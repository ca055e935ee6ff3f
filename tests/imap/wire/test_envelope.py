import pytest

from app.domain.message import Address
from app.imap.wire.dates import read_date
from app.imap.wire.envelope import Envelope, decode_text, read_envelope
from app.imap.wire.tokenizer import tokenize
from app.mime.dates import parse_date
from app.mime.words import decode_words


def read(text: bytes) -> Envelope:
    return read_envelope(tokenize((text,))[0])


def test_the_envelope_of_the_rfc() -> None:
    found = read(
        b'("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev1 WG mtg summary and minutes" '
        b'(("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) '
        b'(("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")) '
        b'((NIL NIL "minutes" "CNRI.Reston.VA.US") ("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL '
        b'"<B27397-0100000@cac.washington.edu>")'
    )
    gray = Address("Terry Gray", "gray@cac.washington.edu")
    assert found == Envelope(
        date="1996-07-17T02:23:25-07:00",
        subject="IMAP4rev1 WG mtg summary and minutes",
        from_=(gray,),
        reply_to=(),
        to=(Address(None, "imap@cac.washington.edu"),),
        cc=(Address(None, "minutes@CNRI.Reston.VA.US"), Address("John Klensin", "KLENSIN@MIT.EDU")),
        message_id="B27397-0100000@cac.washington.edu",
        is_whole=True,
    )


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (b"NIL", ()),
        (b"()", ()),
        (b'((NIL NIL "Friends" NIL) ("A" NIL "a" "x.org") (NIL NIL NIL NIL))', (Address("A", "a@x.org"),)),
        (b'((NIL NIL "undisclosed" NIL) (NIL NIL NIL NIL))', ()),
        (b'((NIL NIL "root" "MISSING_DOMAIN"))', (Address("root", None),)),
        (b'(("A" NIL "MISSING_MAILBOX" "MISSING_DOMAIN"))', (Address("A", None),)),
        (b'(("=?utf-8?Q?J=C3=BC?=" NIL "j" "x.org"))', (Address("Jü", "j@x.org"),)),
        (b'(("J\xc3\xbc" NIL "j" "x.org"))', (Address("Jü", "j@x.org"),)),
    ],
)
def test_addresses(addresses: bytes, expected: tuple[Address, ...]) -> None:
    found = read(b"(NIL NIL NIL NIL NIL %s NIL NIL NIL NIL)" % addresses)
    assert (found.to, found.is_whole) == (expected, True)


@pytest.mark.parametrize(
    "envelope",
    [
        b"NIL",
        b"(NIL)",
        b'"text"',
        b'(NIL ("a") NIL NIL NIL NIL NIL NIL NIL NIL)',
        b'(NIL "kept" "x" NIL NIL NIL NIL NIL NIL NIL)',
        b'(NIL "kept" ("x") NIL NIL NIL NIL NIL NIL NIL)',
        b'(NIL "kept" ((NIL NIL)) NIL NIL NIL NIL NIL NIL NIL)',
        b'(NIL "kept" (((1) NIL "a" "b")) NIL NIL NIL NIL NIL NIL NIL)',
    ],
)
def test_a_malformed_field_is_left_out_and_told(envelope: bytes) -> None:
    found = read(envelope)
    assert not found.is_whole
    assert found.from_ == ()
    assert found.subject in {"", "kept"}


DATES = [
    b"Thu, 01 Jan 2026 01:59:00 +0000",
    b"1 Jan 2026 01:59:00 +0000",
    b" 1-Jan-2026 01:59:00 +0530",
    b"31-Jan-2026 23:59:59 -0800",
    b"Mon, 31 Feb 2026 10:00:00 +0100",
    b"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)",
    b"28 Feb 2026 24:00:00 +0000",
    b"28 Foo 2026 10:00:00 +0000",
    b"28 Feb 2026 10:00:00 -0000",
    b"28 Feb 2026 10:00:00 +2500",
    b"28 Feb 0026 10:00:00 +0000",
    b"nonsense",
    b"",
]


@pytest.mark.parametrize("raw", DATES)
def test_the_fast_reading_of_dates_agrees(raw: bytes) -> None:
    assert read_date(raw) == parse_date(raw)


@pytest.mark.parametrize("raw", [b"plain", b"  spaced  ", b"=?utf-8?Q?=C3=BC?=", b"\xc3\xbc", b"a\tb\x01", b"x" * 2000])
def test_the_fast_reading_of_text_agrees(raw: bytes) -> None:
    assert decode_text(raw) == decode_words(raw)
