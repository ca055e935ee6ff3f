"""Content-Disposition of downloads (RFC 6266, RFC 8187) and a content type fit for a header."""

import re
from urllib.parse import quote

_NAME = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_CONTENT_TYPE = re.compile(rf"{_NAME}/{_NAME}\Z")
_CHARSET = re.compile(r"[A-Za-z0-9_.:-]{1,40}\Z")
_UNSAFE = re.compile(r'[^\x20-\x7e]|["\\%/;]')
#: RFC 8187 attr-char besides letters and digits.
_ATTR_CHAR = "!#$&+-.^_`|~"
_MAX_NAME = 200


def attachment(filename: str) -> str:
    """Name a download: an ASCII fallback for old clients, the real name as `filename*`."""
    name = filename[:_MAX_NAME]
    fallback = _UNSAFE.sub("_", name) or "download"
    if fallback == name:
        return f'attachment; filename="{fallback}"'
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHAR)}"


def content_type(declared: str, charset: str | None) -> str:
    """Return the declared type if it is one, else `application/octet-stream`: a sender may write anything."""
    kind = declared.lower()
    if len(kind) > 100 or not _CONTENT_TYPE.match(kind):
        return "application/octet-stream"
    if kind.startswith("text/") and charset and _CHARSET.match(charset):
        return f"{kind}; charset={charset}"
    return kind
