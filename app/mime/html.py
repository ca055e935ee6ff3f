"""HTML made safe to show, and turned to and from text.

Nothing of a cleaned document runs, submits or loads from elsewhere: what it would have fetched is in the inventory. The
document is still meant for a sandboxed frame with a strict policy; this is the first of the two walls.

`<style>` elements are dropped, with all media queries in them: a safe subset of CSS needs a CSS parser, and newsletters
repeat what matters in style attributes, because the large mail sites drop the elements too.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import nh3

from app.domain.message import BlockedContent
from app.mime.charset import clean_text
from app.mime.limits import (
    MAX_CIDS,
    MAX_DATA_IMAGE_CHARS,
    MAX_DATA_IMAGES_CHARS,
    MAX_MESSAGE_ID_CHARS,
    MAX_URL_CHARS,
)
from app.mime.markup import scan
from app.mime.remote import plain_url
from app.mime.style import safe_colour, safe_style
from app.mime.text import html_to_text, text_to_html

__all__ = ["POLICY_VERSION", "CleanedHtml", "clean", "html_to_text", "text_to_html"]

#: Changes whenever the same input may come out otherwise; part of a body's ETag.
POLICY_VERSION: Final = "1"

_TAG_NAMES = """
    a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del
    details dfn dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li
    main mark menu nav ol p pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody
    td tfoot th thead time tr tt u ul var wbr
"""
_TAGS: Final = set(_TAG_NAMES.split())
#: Elements that go with all that is in them: not content, or content another parser would read otherwise.
_GONE_NAMES = """
    applet audio canvas datalist embed frame frameset iframe math noembed noframes noscript object option optgroup
    plaintext script select style svg template textarea title video xmp
"""
_GONE: Final = set(_GONE_NAMES.split())
_CELL: Final = {"bgcolor", "background", "width", "height", "align", "valign", "nowrap", "colspan", "rowspan"}
_ATTRIBUTES: Final = {
    "*": {"style", "dir", "lang", "title", "align", "role", "aria-label", "aria-hidden"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "border", "hspace", "vspace"},
    "font": {"color", "face", "size"},
    "table": {"bgcolor", "background", "width", "height", "border", "cellpadding", "cellspacing", "bordercolor"},
    "tr": {"bgcolor", "background", "valign", "height"},
    "td": _CELL,
    "th": _CELL | {"scope"},
    "tbody": {"valign"},
    "thead": {"valign"},
    "tfoot": {"valign"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "li": {"value", "type"},
    "hr": {"size", "width", "color", "noshade"},
    "br": {"clear"},
    "div": {"bgcolor"},
    "time": {"datetime"},
}
_LINK_SCHEMES: Final = ("http:", "https:", "mailto:", "tel:")
_DATA_IMAGE: Final = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=\s]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CleanedHtml:
    """Safe HTML, a fragment for the inside of a body, and what became of the rest.

    `blocked` lists remote content in the order of the document, `cids` the content ids of inline images it names.
    `truncated` is true when a bound cut it; `defects` says which.
    """

    html: str
    blocked: tuple[BlockedContent, ...]
    cids: frozenset[str]
    truncated: bool
    defects: tuple[str, ...]


def clean(html: str, link_for_cid: Callable[[str], str | None]) -> CleanedHtml:
    """Make HTML safe to show.

    `link_for_cid` gets a content id without brackets and answers a URL for it, or None, which leaves the image out; it
    must not raise. Links keep http, https, mailto and tel targets and open in a new window without telling where from.
    Never raises; a document over a bound is cut.
    """
    found = scan(clean_text(html))
    rewriter = _Rewriter(link_for_cid)
    cleaner = nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_GONE,
        attributes=_ATTRIBUTES,
        attribute_filter=rewriter,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        url_relative="pass_through",  # the rewriter lets no relative URL of the sender through, only those it makes
    )
    wrapper = _body_style(found.body_attributes)
    cleaned = cleaner.clean(f"{wrapper}{found.html}").strip()
    return CleanedHtml(
        cleaned, found.inventory.blocked, frozenset(rewriter.cids), found.truncated, tuple(dict.fromkeys(found.defects))
    )


class _Rewriter:
    """Decides every attribute that nh3 lets through by name. One a document, for it counts."""

    def __init__(self, link_for_cid: Callable[[str], str | None]) -> None:
        self.cids: dict[str, None] = {}
        self._link_for_cid = link_for_cid
        self._data_chars = 0

    def __call__(self, tag: str, name: str, value: str) -> str | None:
        if name == "style":
            return safe_style(value)
        if name == "background" or (tag, name) == ("img", "src"):
            return self._image(value)
        if (tag, name) == ("a", "href"):
            return _link(value)
        if name in {"src", "href"}:
            return None
        if name in {"target", "rel"}:  # set by us
            return value
        return value if len(value) <= MAX_URL_CHARS else None

    def _image(self, value: str) -> str | None:
        url = plain_url(value)
        scheme = url[:5].lower()
        if scheme.startswith("cid:"):
            content_id = clean_text(unquote(url[4:])).strip().strip("<>")[:MAX_MESSAGE_ID_CHARS]
            if not content_id or (content_id not in self.cids and len(self.cids) >= MAX_CIDS):
                return None
            self.cids.setdefault(content_id)
            return self._link_for_cid(content_id)
        if scheme == "data:" and len(url) <= MAX_DATA_IMAGE_CHARS and _DATA_IMAGE.fullmatch(url):
            self._data_chars += len(url)
            return url if self._data_chars <= MAX_DATA_IMAGES_CHARS else None
        return None


def _link(value: str) -> str | None:
    url = plain_url(value)
    return url if url.lower().startswith(_LINK_SCHEMES) and len(url) <= MAX_URL_CHARS * 2 else None


def _body_style(attributes: dict[str, str]) -> str:
    """Begin a `div` that looks as the `<body>` did, for a fragment has none; nh3 closes it."""
    declarations = []
    if colour := safe_colour(attributes.get("bgcolor", "")):
        declarations.append(f"background-color:{colour}")
    if colour := safe_colour(attributes.get("text", "")):
        declarations.append(f"color:{colour}")
    if style := safe_style(attributes.get("style", "")):
        declarations.append(style)
    quoted = ";".join(declarations).replace("&", "&amp;").replace('"', "&quot;")
    return f'<div style="{quoted}">' if quoted else ""
