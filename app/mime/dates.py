"""Dates of messages (RFC 5322 section 3.3, obsolete and mistaken forms included)."""

import re
from datetime import UTC, datetime, timedelta, timezone

from app.mime.limits import MAX_DATE_CHARS
from app.mime.words import to_bytes

_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}
#: Obsolete zones with a meaning (RFC 5322 section 4.3), and some that are written all the same. Others mean UTC.
_ZONES = {
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "CET": 1, "CEST": 2, "MET": 1, "MEST": 2, "EET": 2, "EEST": 3, "WET": 0, "WEST": 1, "BST": 1,
    "MSK": 3, "JST": 9, "KST": 9,
}  # fmt: skip
_COMMENT = re.compile(r"\([^()]*+\)?")
_TIME = r"(?P<hour>\d{1,2})[:.](?P<minute>\d{1,2})(?:[:.](?P<second>\d{1,2}))?(?:\.\d{1,9})?\s*(?P<pm>[AaPp][Mm]\b)?"
_ZONE = r"\s*(?P<zone>(?:GMT|UTC?)?[+-]\s?\d{1,2}:?\d{2}|[A-Za-z]{1,5})?"
_FORMS = (
    re.compile(
        r"(?P<day>\d{1,2})[\s.-]*(?P<month>[A-Za-z]{3})[a-z]{0,6}[\s.,-]*(?P<year>\d{2,4})[\s,]+" + _TIME + _ZONE
    ),
    re.compile(r"(?P<month>[A-Za-z]{3})[a-z]{0,6}\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})[\s,]+" + _TIME + _ZONE),
    re.compile(r"(?P<month>[A-Za-z]{3})\s+(?P<day>\d{1,2})\s+" + _TIME + _ZONE + r"\s+(?P<year>\d{4})"),  # ctime
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})[T\s]+" + _TIME + _ZONE),  # ISO 8601
    re.compile(r"(?P<day>\d{1,2})[\s-]+(?P<month>[A-Za-z]{3})[a-z]{0,6}[\s,-]+(?P<year>\d{2,4})"),
)


def parse_date(raw: bytes | str | None) -> str | None:
    """Read a date as ISO 8601 with offset, such as `2026-11-23T09:00:00+01:00`; None where there is no sense in it.

    An unknown zone counts as UTC, as `-0000` does. Weekdays and comments are ignored.
    """
    if raw is None:
        return None
    text = to_bytes(raw)[:MAX_DATE_CHARS].decode("latin-1")
    text = _COMMENT.sub(" ", text)
    for form in _FORMS:
        if (match := form.search(text)) and (moment := _moment(match.groupdict())):
            return moment.isoformat()
    return None


def _moment(found: dict[str, str | None]) -> datetime | None:
    month_name = (found["month"] or "").lower()
    month = int(month_name) if month_name.isdigit() else _MONTHS.get(month_name, 0)
    hour = int(found.get("hour") or 0)
    if (half := (found.get("pm") or "").lower()) and hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    second = min(int(found.get("second") or 0), 59)  # leap seconds have no place in datetime
    try:
        return datetime(
            _year(found["year"] or ""),
            month,
            int(found["day"] or 0),
            hour,
            int(found.get("minute") or 0),
            second,
            tzinfo=_offset(found.get("zone")),
        )
    except ValueError:
        return None


def _year(text: str) -> int:
    """Read years of two and three digits as RFC 5322 section 4.3 says."""
    year = int(text)
    if len(text) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(text) == 3 else year


def _offset(zone: str | None) -> timezone:
    if not zone:
        return UTC
    if digits := re.search(r"([+-])\s?(\d{1,2}):?(\d{2})$", zone):
        minutes = int(digits.group(2)) * 60 + int(digits.group(3))
        if int(digits.group(3)) > 59 or minutes >= 24 * 60:
            return UTC
        return timezone(timedelta(minutes=minutes if digits.group(1) == "+" else -minutes)) if minutes else UTC
    hours = _ZONES.get(zone.upper(), 0)
    return timezone(timedelta(hours=hours)) if hours else UTC
