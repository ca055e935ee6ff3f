"""INTERNALDATE as it is written: date-time of RFC 9051 section 9."""

from datetime import UTC, datetime

from app.imap.wire.commands import UnsafeCommand

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def write_date(iso: str) -> bytes:
    """Write an ISO 8601 time with offset as `"01-Feb-2026 12:00:00 +0100"`. Raises UnsafeCommand for anything else."""
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        raise UnsafeCommand("not a time") from None
    offset = moment.utcoffset()
    if offset is None:
        raise UnsafeCommand("a time without an offset")
    seconds = int(offset.total_seconds())
    if seconds % 60:  # IMAP writes minutes alone
        try:
            moment, seconds = moment.astimezone(UTC), 0
        except OverflowError:
            raise UnsafeCommand("a time outside the calendar") from None
    sign, minutes = ("-" if seconds < 0 else "+"), abs(seconds) // 60
    day = f"{moment.day:02}-{_MONTHS[moment.month - 1]}-{moment.year:04}"
    clock = f"{moment.hour:02}:{moment.minute:02}:{moment.second:02}"
    return f'"{day} {clock} {sign}{minutes // 60:02}{minutes % 60:02}"'.encode("ascii")
