from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mime.dates import parse_date


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Wed, 17 May 2000 19:08:29 -0400", "2000-05-17T19:08:29-04:00"),
        ("17 May 2000 19:08 +0530 (IST)", "2000-05-17T19:08:00+05:30"),
        ("Fri, 21 Nov 97 09:55:06 EST", "1997-11-21T09:55:06-05:00"),
        ("Fri, 21 Nov 1997 09:55:06 Z", "1997-11-21T09:55:06+00:00"),
        ("Fri, 21 Nov 1997 09:55:06 -0000", "1997-11-21T09:55:06+00:00"),
        ("Fri, 21 Nov 1997 09:55:06 QQQ", "1997-11-21T09:55:06+00:00"),
        ("Fri, 21 Nov 1997 09:55:06 GMT+0200", "1997-11-21T09:55:06+02:00"),
        ("Fri, 21 Nov 1997 09:55:60 +0000", "1997-11-21T09:55:59+00:00"),
        ("Fri,21 Nov 1997 9.55.06 +0000", "1997-11-21T09:55:06+00:00"),
        ("Wed May 17 19:08:29 2000", "2000-05-17T19:08:29+00:00"),
        ("Wed May 17 19:08:29 CEST 2000", "2000-05-17T19:08:29+02:00"),
        ("May 17, 2000 7:08:29 PM", "2000-05-17T19:08:29+00:00"),
        ("2000-05-17T19:08:29+02:00", "2000-05-17T19:08:29+02:00"),
        ("2000-05-17 19:08:29", "2000-05-17T19:08:29+00:00"),
        ("17-May-2000 19:08:29 +0100", "2000-05-17T19:08:29+01:00"),
        ("Mon, 01 Jan 2024 10:00:00 +9999", "2024-01-01T10:00:00+00:00"),
        ("Mon, 31 Feb 2024 10:00:00 +0000", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_dates(raw: str | None, expected: str | None) -> None:
    assert parse_date(raw) == expected


@given(st.one_of(st.binary(max_size=60), st.from_regex(rb"[0-9 :,+\-A-Za-z()]{0,40}", fullmatch=True)))
def test_nonsense_is_none_or_a_date(raw: bytes) -> None:
    if (text := parse_date(raw)) is not None:
        assert datetime.fromisoformat(text).tzinfo is not None


@given(st.integers(-631152000, 2524607999), st.integers(-14 * 4, 14 * 4))
def test_what_the_standard_library_writes_is_read(seconds: int, quarters: int) -> None:
    zone = timezone(timedelta(minutes=15 * quarters)) if quarters else UTC
    moment = datetime.fromtimestamp(0, zone) + timedelta(seconds=seconds)
    assert parse_date(format_datetime(moment)) == moment.isoformat()
