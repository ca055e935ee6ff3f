"""Dates of ENVELOPE and INTERNALDATE: the regular form at once, all others by `app.mime`."""

import re

from app.mime.dates import parse_date

_MONTH_NAMES = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_MONTHS = {name: f"{number:02}" for number, name in enumerate(_MONTH_NAMES, 1)}

#: date-time of RFC 5322 section 3.3, and the one of RFC 9051 section 9 with its hyphens; days up to 28, which every
#: month has, and no zone -0000, which has a meaning of its own.
_REGULAR = re.compile(
    rb"(?:[A-Z][a-z]{2}, )? ?(0?[1-9]|1[0-9]|2[0-8])[ -]([A-Z][a-z]{2})[ -]((?:19|20)[0-9]{2}) "
    rb"((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]) (?!-0000)([+-](?:0[0-9]|1[0-4]))([0-5][0-9])(?: \([A-Z]{1,5}\))?"
)


def read_date(raw: bytes) -> str | None:
    """Read a date as ISO 8601 with offset, None where there is no sense in it: what `parse_date` gives, faster."""
    found = _REGULAR.fullmatch(raw)
    month = _MONTHS.get(found.group(2)) if found is not None else None
    if found is None or month is None:
        return parse_date(raw)
    day, _, year, clock, hours, minutes = found.groups()
    return f"{year.decode()}-{month}-{int(day):02}T{clock.decode()}{hours.decode()}:{minutes.decode()}"
