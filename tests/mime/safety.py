"""The static judge of cleaned HTML: it parses again, and believes nothing it does not know."""

import re

from selectolax.lexbor import LexborHTMLParser

_ALLOWED_TAGS = (
    "html head body a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col "
    "colgroup dd del details dfn dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup "
    "hr i img ins kbd li main mark menu nav ol p pre q rp rt ruby s samp section small span strike strong sub "
    "summary sup table tbody td tfoot th thead time tr tt u ul var wbr"
)
ALLOWED_TAGS = frozenset(_ALLOWED_TAGS.split())
_URL_ATTRIBUTES = (
    "action archive background cite classid codebase data dynsrc formaction href icon imagesrcset longdesc lowsrc "
    "manifest ping poster profile src srcdoc srcset usemap xlink:href xmlns"
)
URL_ATTRIBUTES = frozenset(_URL_ATTRIBUTES.split())
_LINK = re.compile(r"(?:https?:|mailto:|tel:)", re.IGNORECASE)
_IMAGE = re.compile(r"/signed/\d+|data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=\s]+", re.IGNORECASE)
_BAD_CSS = re.compile(
    r"url|image|expression|behaviou?r|binding|@|\\|/\*|position|javascript|var\(|attr\(", re.IGNORECASE
)


def dangers(html: str) -> list[str]:
    """List everything in cleaned HTML that runs, submits, or loads from elsewhere."""
    found: list[str] = []
    for node in LexborHTMLParser(f"<!doctype html><body>{html}</body>").root.css("*"):  # type: ignore[union-attr]  # there is always a root
        tag = node.tag or ""
        if tag not in ALLOWED_TAGS:
            found.append(f"<{tag}>")
        for name, value in node.attributes.items():
            found.extend(_of_attribute(tag, name.lower(), value or ""))
    return found


def _of_attribute(tag: str, name: str, value: str) -> list[str]:
    shown = f"<{tag} {name}={value!r}>"
    if name.startswith("on") or name in {"id", "name", "class", "srcdoc"}:
        return [shown]
    if name == "style":
        return [shown] if _BAD_CSS.search(value) else []
    if name not in URL_ATTRIBUTES:
        return []
    if (tag, name) == ("a", "href"):
        return [] if _LINK.match(value) else [shown]
    if (tag, name) == ("img", "src") or name == "background":
        return [] if _IMAGE.fullmatch(value) else [shown]
    return [shown]
