"""A linear look at untrusted HTML before any parser sees it: bounded size, bounded nesting, an inventory of fetches.

HTML parsers are quadratic in nesting and may reopen formatting elements without end. The scan estimates both from
above: it reads tags as the tokenizer of the HTML standard does and keeps account of what is open.
Comments, SVG and MathML, which are never shown, are taken out first: inside them other rules would hold.
"""

import html as entities
import re
from dataclasses import dataclass, field

from app.mime.limits import (
    MAX_HTML_CHARS,
    MAX_HTML_DEPTH,
    MAX_HTML_MISPLACED,
    MAX_HTML_REOPENED,
    MAX_HTML_TAGS,
    MAX_REFERENCES_IN_A_ROW,
    MAX_TAG_CHARS,
    MAX_TEXT_RUN_CHARS,
)
from app.mime.nesting import OpenElements
from app.mime.remote import Inventory, attributes

_RAW_TEXT = frozenset({
    "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext",
})  # fmt: skip

#: A tag as the tokenizer reads it (WHATWG HTML 13.2.5): quotes mean something only after an equals sign.
_TAG = re.compile(
    r"<(?:(?P<slash>/?)(?P<name>[a-zA-Z][^\t\n\f\r />]*+)(?P<source>"
    r"(?:[\t\n\f\r /]++|(?:=[^\t\n\f\r />=]*+|[^\t\n\f\r />=]++)(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+"
    r"(?:\"[^\"]*+\"|'[^']*+'|[^\t\n\f\r >\"'][^\t\n\f\r >]*+|(?=>)))?+)*+"
    r")(?P<end>>|\Z)|(?P<bogus>[!?/])|)"
)
_COMMENT_END = re.compile(r"--!?>")
_FOREIGN = re.compile(r"<(svg|math)(?=[\t\n\f\r />])", re.IGNORECASE)
_FOREIGN_TAG = re.compile(r"<(/?)(svg|math)(?=[\t\n\f\r />]|\Z)", re.IGNORECASE)


@dataclass(slots=True)
class Scanned:
    """What the scan found. `html` is what a parser may see; `body_attributes` are those of the first `<body>`."""

    html: str = ""
    truncated: bool = False
    defects: list[str] = field(default_factory=list)
    inventory: Inventory = field(default_factory=Inventory)
    body_attributes: dict[str, str] = field(default_factory=dict)
    tags: int = 0


def scan(html: str) -> Scanned:
    """Bound HTML and list what it would fetch.

    Where a bound is passed the rest is cut off: `truncated`, with `html_too_large`, `html_too_deep` or
    `html_too_complex` as the defect.
    """
    found = Scanned()
    if len(html) > MAX_HTML_CHARS:
        html = html[:MAX_HTML_CHARS]
        found.truncated = True
        found.defects.append("html_too_large")
    html = _without_foreign(html, found.inventory)
    html = _without_comments(html)
    html = _FOREIGN_TAG.sub(r"<\1x-\2", html)  # what removal may have put together, or an unclosed one
    found.html = _Pass(found).run(html)
    return found


class _Pass:
    """One pass over the tags."""

    def __init__(self, found: Scanned) -> None:
        self._found = found
        self._open = OpenElements()
        self._reopened = 0
        self._raw_end = 0
        self._edits: list[tuple[int, int, str]] = []

    def run(self, html: str) -> str:
        """Return the HTML as far as it may be parsed, with what is costly to parse written otherwise."""
        has_many_references = html.count("&") > MAX_REFERENCES_IN_A_ROW
        position = 0
        while (start := html.find("<", position)) >= 0:
            if has_many_references:
                self._text(html, position, start)
            tag = _TAG.match(html, start)
            if tag is None or tag[2] is None:
                position = _after_non_tag(html, start, is_bogus=tag is not None and tag["bogus"] is not None)
                continue
            if not tag[4]:
                return self._rewritten(html, start)  # a tag that never ends is no content
            position = tag.end()
            self._found.tags += 1
            self._take(html, tag)
            if defect := self._passed_bound():
                self._found.truncated = True
                self._found.defects.append(defect)
                return self._rewritten(html, start)
        if has_many_references:
            self._text(html, position, len(html))
        return self._rewritten(html, len(html))

    def _rewritten(self, html: str, end: int) -> str:
        pieces: list[str] = []
        position = 0
        for start, stop, replacement in self._edits:
            if stop > end:
                break
            pieces += (html[position:start], replacement)
            position = stop
        pieces.append(html[position:end])
        return "".join(pieces)

    def _text(self, html: str, start: int, end: int) -> None:
        """Part a long run of text by empty comments: nh3 is quadratic in the `&` of a run (1 MB of them: 9 s)."""
        while (cut := html.find("&", start + MAX_TEXT_RUN_CHARS, end)) >= 0:
            self._edits.append((cut, cut, "<!---->"))
            start = cut

    def _long_tag(self, tag: re.Match[str]) -> None:
        """Write a long tag with few attributes and few references, in which nh3 is quadratic as well."""
        written = "".join(
            f' {name}="{entities.escape(value)}"'
            for name, value in attributes(tag["source"]).items()
            if len(value) <= MAX_TAG_CHARS or value.startswith("data:")
        )
        self._edits.append((tag.start(), tag.end(), f"<{tag['slash']}{tag['name']}{'' if tag['slash'] else written}>"))

    def _take(self, html: str, tag: re.Match[str]) -> None:
        slash, name, source = tag.group(1, 2, 3)
        name = name.lower()
        is_raw = tag.start() < self._raw_end
        if len(source) > MAX_TAG_CHARS:
            self._long_tag(tag)
        if slash:
            if not is_raw:  # within raw text a closing tag is text
                self._open.close(name)
            return
        self._reopened += self._open.formatting
        self._open.enter(name, may_close=not is_raw)  # counted in raw text too, for a parser may see it otherwise
        if is_raw:
            return
        if source:
            self._found.inventory.tag(name, source)
            if name == "body" and not self._found.body_attributes:
                self._found.body_attributes = attributes(source)
        if name in _RAW_TEXT:
            self._raw_text(html, name, tag.end())

    def _raw_text(self, html: str, name: str, position: int) -> None:
        """Find where raw text ends; closing tags in it count for nothing."""
        close = re.compile(rf"</{name}[\t\n\f\r />]", re.IGNORECASE).search(html, position)
        self._raw_end = close.start() if close and name != "plaintext" else len(html)
        if name == "style":
            self._found.inventory.css(html[position : self._raw_end])

    def _passed_bound(self) -> str | None:
        if len(self._open) > MAX_HTML_DEPTH:
            return "html_too_deep"
        if self._reopened > MAX_HTML_REOPENED or self._found.tags > MAX_HTML_TAGS:
            return "html_too_complex"
        if self._open.misplaced > MAX_HTML_MISPLACED:
            return "html_too_complex"
        return None


def _after_non_tag(html: str, start: int, *, is_bogus: bool) -> int:
    """Pass over a `<` that begins no tag, or a bogus comment such as a doctype, which ends at the next `>`."""
    if not is_bogus:
        return start + 1
    end = html.find(">", start)
    return len(html) if end < 0 else end + 1


def _without_comments(html: str) -> str:
    """Take comments out (WHATWG HTML 13.2.5.42 ff.); an unclosed one becomes text, so that the scan sees its inside."""
    pieces: list[str] = []
    position = 0
    while (start := html.find("<!--", position)) >= 0:
        end = _comment_end(html, start)
        if end < 0:
            break
        pieces.append(html[position:start])
        position = end
    pieces.append(html[position:])
    return "".join(pieces).replace("<!--", "&lt;!--")


def _comment_end(html: str, start: int) -> int:
    for short in ("<!-->", "<!--->"):
        if html.startswith(short, start):
            return start + len(short)
    match = _COMMENT_END.search(html, start + 4)
    return match.end() if match else -1


def _without_foreign(html: str, inventory: Inventory) -> str:
    """Take SVG and MathML out, up to the first closing tag of their name, listing what they would fetch."""
    pieces: list[str] = []
    position = 0
    missing: set[str] = set()
    for opening in _FOREIGN.finditer(html):
        name = opening[1].lower()
        if opening.start() < position or name in missing:
            continue
        close = re.compile(rf"</{name}[\t\n\f\r ]*+>", re.IGNORECASE).search(html, opening.end())
        if close is None:
            missing.add(name)
            continue
        for tag in _TAG.finditer(html, opening.start(), close.start()):
            if tag["name"] and not tag["slash"]:
                inventory.tag(tag["name"].lower(), tag["source"])
        pieces.append(html[position : opening.start()])
        position = close.end()
    pieces.append(html[position:])
    return "".join(pieces)
