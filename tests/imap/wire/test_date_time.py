from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imap.wire.commands import UnsafeCommand
from app.imap.wire.date_time import write_date
from app.imap.wire.dates import read_date

OFFSETS = st.integers(-14 * 60, 14 * 60)


@given(st.datetimes(datetime(1900, 1, 2), datetime(2099, 12, 30)), OFFSETS)  # noqa: DTZ001  # Hypothesis wants them bare
def test_what_is_written_is_read_as_the_same_moment(moment: datetime, minutes: int) -> None:
    sign, size = ("-" if minutes < 0 else "+"), abs(minutes)
    iso = f"{moment.replace(microsecond=0).isoformat()}{sign}{size // 60:02}:{size % 60:02}"
    read = read_date(write_date(iso).strip(b'"'))
    assert read is not None
    assert datetime.fromisoformat(read) == datetime.fromisoformat(iso)


def test_as_the_rfc_prints_it() -> None:
    assert write_date("2026-02-01T12:30:05+01:00") == b'"01-Feb-2026 12:30:05 +0100"'
    assert write_date("2026-02-01T12:30:05Z") == b'"01-Feb-2026 12:30:05 +0000"'
    assert write_date("2026-02-01T12:30:05-03:30") == b'"01-Feb-2026 12:30:05 -0330"'
    assert write_date("2026-02-01T12:30:05+00:00:30") == b'"01-Feb-2026 12:29:35 +0000"'


@pytest.mark.parametrize("bad", ["", "today", "2026-02-01", "2026-02-01T12:30:05", "0001-01-01T00:00:00+00:00:30"])
def test_what_is_no_moment_is_refused(bad: str) -> None:
    with pytest.raises(UnsafeCommand):
        write_date(bad)
