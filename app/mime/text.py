"""Text made from HTML, and HTML made from text, each in linear time."""

import html as entities
import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from app.mime.charset import clean_text
from app.mime.limits import MAX_LINKS, MAX_TEXT_NODES, MAX_URL_CHARS
from app.mime.markup import scan


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_LINK = re.compile(
    r"(?<![\w@.+-])(?:(?P<url>(?:https?://|www\.)[^\s<>\"'`\x00-\x20]{1,2000})"
    r"|(?P<mail>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}))",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?*_~"
_PAIRS = {")": "(", "]": "[", "}": "{"}

_SKIPPED = _set(
    "script style title head template noscript select textarea object iframe svg math audio video canvas datalist"
)
_BLOCKS = _set(
    "address article aside blockquote body center details dd dir div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr li main menu nav ol p pre section summary table tbody tfoot thead tr ul"
)
_SPACED = _set("p h1 h2 h3 h4 h5 h6 blockquote ul ol dl pre table")
_SPACES = re.compile(r"[ \t\n\f\r]+")
#: Characters that newsletters stuff their hidden preheader with; they have no width.
_FILLERS = re.compile("[\u00ad\u034f\u200b-\u200d\u2060\ufeff]")


def text_to_html(text: str) -> str:
    """Show plain text as HTML: escaped, lines and spaces kept, http links and mail addresses clickable.

    Quoted lines keep their `>`. At most 5,000 links are made; what follows stays text.
    """
    text = clean_text(text).replace("\r\n", "\n").replace("\r", "\n")
    pieces: list[str] = []
    position = 0
    for count, match in enumerate(_LINK.finditer(text)):
        if count >= MAX_LINKS:
            break
        shown = _without_trailing(match.group())
        pieces.append(entities.escape(text[position : match.start()]))
        pieces.append(_anchor(shown, is_mail=match["mail"] is not None))
        position = match.start() + len(shown)
    pieces.append(entities.escape(text[position:]))
    return f'<div style="white-space:pre-wrap;overflow-wrap:break-word">{"".join(pieces)}</div>'


def _anchor(shown: str, *, is_mail: bool) -> str:
    target = f"mailto:{shown}" if is_mail else shown if shown.lower().startswith("http") else f"http://{shown}"
    escaped = entities.escape(target)
    return f'<a href="{escaped}" rel="noopener noreferrer nofollow" target="_blank">{entities.escape(shown)}</a>'


def _without_trailing(url: str) -> str:
    """Leave out the punctuation of the sentence around a link, and a bracket that was opened before it."""
    while url:
        last = url[-1]
        if last in _TRAILING or (last in _PAIRS and url.count(last) > url.count(_PAIRS[last])):
            url = url[:-1]
        else:
            break
    return url


def html_to_text(html: str) -> str:
    """Turn HTML into readable text: paragraphs, list items, table rows and links survive, scripts and styles do not.

    A link becomes `text <url>` where the text is not the URL itself. Takes uncleaned HTML too; never raises.
    """
    writer = _Writer()
    root = LexborHTMLParser(scan(clean_text(html)).html).body
    if root is not None:
        _walk(root, writer)
    return writer.text()


def _walk(root: LexborNode, writer: "_Writer") -> None:
    """Visit the tree without recursion, telling the writer of each beginning and end."""
    node: LexborNode | None = root
    nodes = 0
    while node is not None and nodes < MAX_TEXT_NODES:
        nodes += 1
        if node.is_text_node:
            writer.add(node.text_content or "")
        elif writer.begin(node) and node.first_child is not None:
            node = node.first_child
            continue
        while node is not None:
            if not node.is_text_node:
                writer.end(node)
            if node.mem_id == root.mem_id:
                return
            if node.next is not None:
                node = node.next
                break
            node = node.parent


class _Writer:
    """Puts text together: white space collapsed as a browser does, at most one empty line between blocks."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._breaks = 2  # how many line breaks the text ends in; as at its beginning
        self._pending = 0
        self._space = False
        self._pre = 0
        self._lists: list[int | None] = []
        self._links: list[tuple[str, int]] = []

    def text(self) -> str:
        return "".join(self._pieces).strip()

    def add(self, raw: str) -> None:
        raw = _FILLERS.sub("", raw)
        if self._pre:
            self._write(raw)
            return
        words = _SPACES.sub(" ", raw)
        if not words:
            return
        if words[0] == " ":
            self._space = True
        if content := words.strip(" "):
            self._write(content)
            self._space = words[-1] == " "

    def begin(self, node: LexborNode) -> bool:
        """Take an element's beginning; False when nothing in it is text."""
        tag = node.tag or ""
        if tag in _SKIPPED or not node.is_element_node:
            return False
        if tag == "br":
            self._pieces.append("\n")
            self._breaks += 1
            self._pending = 0
            self._space = False
        elif tag in _BLOCKS:
            self._block(tag)
        if tag == "img" and (alt := (node.attributes.get("alt") or "").strip()):
            self.add(alt)
        elif tag in {"ul", "ol"}:
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._item()
        elif tag == "hr":
            self._write("-" * 20)
        elif tag == "pre":
            self._pre += 1
        elif tag == "a":
            self._links.append((_web_link(node), len(self._pieces)))
        return True

    def end(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _SKIPPED or not node.is_element_node:
            return
        if tag in {"td", "th"}:
            self._space = True
        elif tag == "a" and self._links:
            self._link(*self._links.pop())
        elif tag == "pre":
            self._pre -= 1
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        if tag in _BLOCKS:
            self._block(tag)

    def _block(self, tag: str) -> None:
        self._pending = max(self._pending, 2 if tag in _SPACED and not (self._lists and tag in {"ul", "ol"}) else 1)
        self._space = False

    def _item(self) -> None:
        depth = max(0, len(self._lists) - 1)
        mark = "-"
        if self._lists and (number := self._lists[-1]) is not None:
            self._lists[-1] = number + 1
            mark = f"{number + 1}."
        self._write(f"{'  ' * min(depth, 10)}{mark} ")
        self._pending = 0

    def _link(self, url: str, start: int) -> None:
        shown = "".join(self._pieces[start:]).strip()
        same = {url, url.removeprefix("mailto:"), url.partition("://")[2].rstrip("/")}
        if url and shown and shown not in same:
            self._space = True
            self._write(f"<{url}>")

    def _write(self, content: str) -> None:
        missing = self._pending - self._breaks
        if missing > 0 and self._pieces:
            self._pieces.append("\n" * missing)
        elif self._space and self._pieces and not self._pieces[-1].endswith(("\n", " ")):
            self._pieces.append(" ")
        self._pending = 0
        self._space = False
        self._breaks = len(content) - len(content.rstrip("\n"))
        self._pieces.append(content)


def _web_link(node: LexborNode) -> str:
    href = (node.attributes.get("href") or "").strip()
    return href if href.lower().startswith(("http://", "https://", "mailto:")) and len(href) <= MAX_URL_CHARS else ""
