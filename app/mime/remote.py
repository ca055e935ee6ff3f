"""The inventory of what HTML would fetch: named for the reader, never loaded."""

import html as entities
import re
from typing import Literal

from app.domain.message import BlockedContent
from app.mime.limits import MAX_ATTRIBUTES, MAX_BLOCKED, MAX_URL_CHARS

Kind = Literal["image", "stylesheet", "font", "media", "other"]

_REMOTE = re.compile(r"(?:https?|ftp):|[/\\]{2}", re.IGNORECASE)
_LEADING_OR_BREAKING = re.compile(r"^[\x00-\x20]+|[\t\n\r]+")
_ATTRIBUTE = re.compile(
    r"(=[^\t\n\f\r />=]*+|[^\t\n\f\r />=]++)(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+"
    r"(?:\"([^\"]*+)\"|'([^']*+)'|([^\t\n\f\r >\"'][^\t\n\f\r >]*+)))?+"
)
_CSS_FETCH = re.compile(r"(@import\s*+(?:url\()?|url\()\s*+[\"']?([^\"')\s;]{1,2048})", re.IGNORECASE)
_FONT_FILE = re.compile(r"\.(?:woff2?|ttf|otf|eot)(?:[?#]|$)", re.IGNORECASE)
_LOADING = re.compile(r"src|href|background|poster|data|url\(|image-set", re.IGNORECASE)
_KINDS: dict[tuple[str, str], Kind] = {
    ("script", "src"): "other",
    ("iframe", "src"): "other",
    ("frame", "src"): "other",
    ("embed", "src"): "other",
    ("object", "data"): "other",
    ("video", "src"): "media",
    ("video", "poster"): "image",
    ("audio", "src"): "media",
    ("source", "src"): "media",
    ("track", "src"): "media",
    ("image", "href"): "image",
    ("image", "xlink:href"): "image",
    ("feimage", "href"): "image",
    ("feimage", "xlink:href"): "image",
    ("use", "href"): "other",
    ("use", "xlink:href"): "other",
}


class Inventory:
    """Collects blocked content, each once, in the order of the document."""

    def __init__(self) -> None:
        """Begin empty."""
        self._found: dict[BlockedContent, None] = {}

    @property
    def blocked(self) -> tuple[BlockedContent, ...]:
        """What was found, at most as many entries as the bound allows."""
        return tuple(self._found)

    def tag(self, name: str, source: str) -> None:
        """Take what a start tag would fetch: `name` in lower case, `source` its attributes as written."""
        if not _LOADING.search(source):
            return
        values = attributes(source)
        for attribute, value in values.items():
            if attribute in {"srcset", "imagesrcset"}:
                for candidate in value.split(",")[:MAX_ATTRIBUTES]:
                    self._add("image", (candidate.split() or [""])[0])
            elif attribute == "background":
                self._add("image", value)
            elif attribute == "style":
                self.css(value)
            elif name == "link" and attribute == "href":
                self._add(_link_kind(values), value)
            elif kind := _KINDS.get((name, attribute)) or ("image" if attribute == "src" else None):
                self._add(kind, value)

    def css(self, css: str) -> None:
        """Take what CSS would fetch: imports are style sheets, urls of font files are fonts, others are images."""
        for match in _CSS_FETCH.finditer(css):
            url = match.group(2)
            if match.group(1).lower().startswith("@import"):
                self._add("stylesheet", url)
            else:
                self._add("font" if _FONT_FILE.search(url) else "image", url)

    def _add(self, kind: Kind, url: str) -> None:
        url = plain_url(url)
        if _REMOTE.match(url) and len(self._found) < MAX_BLOCKED:
            self._found.setdefault(BlockedContent(kind, url[:MAX_URL_CHARS]))


def attributes(source: str) -> dict[str, str]:
    """Read the attributes of one tag: lower-case names, the first of equal ones, character references resolved."""
    read: dict[str, str] = {}
    for count, match in enumerate(_ATTRIBUTE.finditer(source)):
        if count >= MAX_ATTRIBUTES:
            break
        value = match.group(2) or match.group(3) or match.group(4) or ""
        read.setdefault(match.group(1).lower(), entities.unescape(value))
    return read


def plain_url(url: str) -> str:
    """Take off what a browser ignores in a URL: leading controls and spaces, breaks and tabs anywhere."""
    return _LEADING_OR_BREAKING.sub("", url).strip()


def _link_kind(values: dict[str, str]) -> Kind:
    relation = values.get("rel", "").lower()
    if values.get("as", "").lower() == "font":
        return "font"
    if "stylesheet" in relation:
        return "stylesheet"
    return "image" if "icon" in relation else "other"
