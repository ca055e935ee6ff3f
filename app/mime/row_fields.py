"""The header fields of a list row, read in one pass where they have the common form.

A page of 50 rows has 150 of them. Split into fields, unfolded, decoded and searched each by itself they cost a quarter
of the page; nearly all are alike, and one pattern tells so. What differs in anything (an encoded word, a bare line
feed, a repeated field, another field) is left to `raw_fields`, `message_ids` and `list_marker`, so that this pattern
decides nothing but speed.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from app.domain.message import ListMarker
from app.mime.headers import list_marker
from app.mime.limits import MAX_UNSUBSCRIBE_URLS, MAX_URL_CHARS

#: Ids with blanks or folds between them, at most as many as are kept whole.
_GAP = rb"(?:[ ]|\r\n[ \t])?"
_IDS = rb"(?:" + _GAP + rb"<[!#-;=?-~]{1,900}+>){1,200}+"
_TEXT = rb"[!-~ ]{1,300}+"
#: URLs that need no reading: those of the usual schemes.
_URL = rb"<(?:https?://[A-Za-z0-9.-]++(?:[/?#][!-;=?-~]*+)?|mailto:[A-Za-z0-9][!-;=?-~]*+)>"
_URLS = rb"(?:,?" + _GAP + _URL + rb"){1,4}+"
_FORM = re.compile(
    rb"(?:(?i:References):(?P<ids>" + _IDS + rb")\r\n"
    rb"|(?i:List-Id):(?P<name>" + _TEXT + rb")\r\n"
    rb"|(?i:List-Unsubscribe):(?P<urls>" + _URLS + rb")\r\n"
    rb"|(?i:List-Unsubscribe-Post):(?P<post>" + _TEXT + rb")\r\n)*+\r\n"
)
#: Bytes over which a block has no common form.
_LONG = 8192
_IN_ANGLES = re.compile(r"<([^<>]*+)>")


class RowFields(NamedTuple):
    """What the header fields of a row say: the ids of References, and the mark of a mailing list."""

    references: tuple[str, ...]
    list: ListMarker | None


_NOTHING = RowFields((), None)


def read_row_fields(block: bytes) -> RowFields | None:
    """Read the block of References, List-Id, List-Unsubscribe and List-Unsubscribe-Post, in whatever order they come.

    None when it has another form, or over 8 kB: then the readers of single fields have to be asked.
    """
    if block == b"\r\n":
        return _NOTHING
    if len(block) > _LONG or b"=?" in block:
        return None
    found = _FORM.fullmatch(block)
    if found is None:
        return None
    ids, name, urls, post = found.groups(b"")
    if len(block) != _length(ids, name, urls, post):  # a field is repeated: the first counts, the pattern has the last
        return None
    references = tuple(_IN_ANGLES.findall(ids.decode("ascii"))) if ids else ()
    if not name and not urls:
        return RowFields(references, None)
    addresses: list[str] = []
    for url in _IN_ANGLES.findall(urls.decode("ascii")) if urls else ():
        if len(url) <= MAX_URL_CHARS and url not in addresses and len(addresses) < MAX_UNSUBSCRIBE_URLS:
            addresses.append(url)
    identity = _identity(name) if name else None
    if identity is None and not addresses:
        return RowFields(references, None)
    is_one_click = _is_one_click(post) and any(url.startswith("https:") for url in addresses)
    return RowFields(references, ListMarker(identity, tuple(addresses), is_one_click))


def _length(ids: bytes, name: bytes, urls: bytes, post: bytes) -> int:
    """Add up a block in which every field stands once."""
    length = 2
    if ids:
        length += len(b"References:\r\n") + len(ids)
    if name:
        length += len(b"List-Id:\r\n") + len(name)
    if urls:
        length += len(b"List-Unsubscribe:\r\n") + len(urls)
    if post:
        length += len(b"List-Unsubscribe-Post:\r\n") + len(post)
    return length


@lru_cache(maxsize=1024)
def _identity(raw: bytes) -> str | None:
    """Read a List-Id: the same lists write again and again."""
    marker = list_marker(raw, None, None)
    return None if marker is None else marker.id


@lru_cache(maxsize=16)
def _is_one_click(raw: bytes) -> bool:
    marker = list_marker(None, b"<https://list.example/>", raw)
    return marker is not None and marker.is_one_click
