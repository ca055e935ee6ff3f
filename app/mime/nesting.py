"""How many elements are open while an HTML document passes by, never fewer than a parser would have open.

A model of tree construction (WHATWG HTML 13.2.6) that is exact for tidy documents and errs upwards for others: where it
is not certain that a parser closes an element, the element stays open. Raw text and foreign content are the caller's.
"""

from app.mime.limits import MAX_HTML_WALK


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


VOID = _set("area base br col embed hr img input link meta param source track wbr image keygen frame")
_NEVER_NESTED = _set("html body head")
FORMATTING = _set("a b big code em font i nobr s small strike strong tt u")
_MARKERS = _set("td th caption object applet marquee template")
_SPECIAL = _set(
    "address applet article aside blockquote button caption center colgroup dd details dir div dl dt fieldset "
    "figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup iframe li listing main marquee menu "
    "nav noembed noframes noscript object ol p plaintext pre script search section select style summary table "
    "tbody td template textarea tfoot th thead title tr ul xmp"
)
#: Elements whose closing tag passes over whatever is open within, up to a barrier (13.2.6.4.7).
_BLOCKS = _set(
    "address article aside blockquote button center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer h1 h2 h3 h4 h5 h6 header hgroup li listing main menu nav ol p pre search section summary ul applet "
    "marquee object"
)
_SCOPE = _set("applet caption table td th marquee object template select frameset")
_SCOPES = {"p": _SCOPE | {"button"}, "li": _SCOPE | {"ol", "ul"}}
_TABLE_PARTS = _set("caption colgroup tbody thead tfoot tr td th")
_TABLE_SCOPE = _set("table template")
#: Start tags before which an open `p` ends; before `table` it depends on the doctype.
_ENDS_P = (_BLOCKS | _set("details form hr li plaintext xmp")) - _set("button applet marquee object")
_RUBY = _set("rb rp rt rtc")
_ENDED_BY_RUBY = _set("p li dd dt option optgroup")
#: Marks an open element that may have ended, or never begun: it counts, and no start tag closes it.
_MAYBE = "?"
#: What a new part of a table closes, out to the table.
_CLOSED_BY = {
    "td": _set("td th caption colgroup"),
    "th": _set("td th caption colgroup"),
    "tr": _set("tr td th caption colgroup"),
} | dict.fromkeys(("caption", "colgroup", "tbody", "thead", "tfoot"), _TABLE_PARTS)
#: What a new item closes: the former one, past elements that are not special, and these.
_ITEMS = {"li": _set("li"), "dd": _set("dd dt"), "dt": _set("dd dt")}
_ITEM_PASSES = _set("address div p")


#: Start tags that may close something.
_CLOSING = _TABLE_PARTS | _ENDS_P | _RUBY | _set("li dd dt table a nobr option")
_P = frozenset({"p"})
_TABLE = frozenset({"table"})
_CELLS = _set("td th caption template")


class OpenElements:
    """The stack of open elements."""

    def __init__(self) -> None:
        """Begin with none."""
        self._names: list[str] = []
        self._counts: dict[str, int] = {}
        self.formatting = 0  # how many of the open ones a parser may open again
        self.misplaced = 0  # how many began within a table and outside of its cells: a parser moves them before it

    def __len__(self) -> int:
        """Count the open ones."""
        return len(self._names)

    def enter(self, name: str, *, may_close: bool = True) -> None:
        """Take a start tag; `may_close` is False where it may be text, so that it only adds."""
        if may_close:
            if name in _TABLE_PARTS and not self._counts.get("table") and not self._counts.get("template"):
                return  # ignored outside of a table
            if name in _CLOSING:
                self._close_before(name)
            if self._counts.get("table") and name not in _TABLE_PARTS:
                self.misplaced += self._innermost(_TABLE, _CELLS) is not None
        if name in VOID or name in _NEVER_NESTED:
            return
        self.formatting += name in FORMATTING
        self._append(name if may_close or name in FORMATTING else _MAYBE)

    def _append(self, name: str) -> None:
        self._names.append(name)
        self._counts[name] = self._counts.get(name, 0) + 1

    def _doubt(self, index: int) -> None:
        """Mark an open element as one that may have ended."""
        name = self._names[index]
        self._counts[name] -= 1
        self._names[index] = name + _MAYBE
        self._counts[name + _MAYBE] = self._counts.get(name + _MAYBE, 0) + 1

    def _close_before(self, name: str) -> None:
        """Close what a start tag closes by itself."""
        if name in _TABLE_PARTS:
            self._cut(self._outermost(_CLOSED_BY[name]))
            return
        if name in _ITEMS:
            self._cut(self._innermost(_ITEMS[name], _SPECIAL - _ITEM_PASSES))
        if name in _ENDS_P:
            if self._names and self._names[-1] == "p?":
                self._cut(len(self._names) - 1)
            self._cut(self._innermost(_P, _SCOPES["p"]))
        elif name == "table" and (index := self._innermost(_P, _SCOPES["p"])) is not None:
            self._doubt(index)
        elif name in _RUBY:
            for index in range(len(self._names) - 1, -1, -1):
                if self._names[index] not in _ENDED_BY_RUBY:
                    break
                self._doubt(index)
        elif name in {"a", "nobr", "option"} and self._names and self._names[-1] == name:
            self._cut(len(self._names) - 1, is_end_tag=True)

    def close(self, name: str) -> None:
        """Take an end tag; one that a parser might ignore closes nothing."""
        if self._names and self._names[-1] == name:  # most documents are tidy
            self._names.pop()
            self._counts[name] -= 1
            self.formatting -= name in FORMATTING
            return
        if name == "p" and self._names and self._names[-1] == "p?":
            self._cut(len(self._names) - 1)
            return
        if not self._counts.get(name):
            return
        if name == "form":  # it alone goes, what is open within stays
            index = self._innermost(frozenset({name}), _SCOPE)
            if index is not None:
                del self._names[index]
                self._counts[name] -= 1
            return
        if name in _TABLE_PARTS or name == "table":
            barrier = _TABLE_SCOPE
        elif name in _BLOCKS:
            barrier = _SCOPES.get(name, _SCOPE)
        else:
            barrier = _SPECIAL
        self._cut(self._innermost(frozenset({name}), barrier), is_end_tag=True)

    def _innermost(self, names: frozenset[str], barrier: frozenset[str]) -> int | None:
        """Find the last open element of `names` above any of `barrier`, within the bound on looking."""
        for index in range(len(self._names) - 1, max(-1, len(self._names) - 1 - MAX_HTML_WALK), -1):
            open_name = self._names[index]
            if open_name in names:
                return index
            if open_name in barrier:
                return None
            if open_name[-1] == _MAYBE and (open_name[:-1] or "table") in barrier:  # what is not known may be one
                return None
        return None

    def _outermost(self, names: frozenset[str]) -> int | None:
        """Find the first open element of `names` within the innermost table."""
        found = None
        for index in range(len(self._names) - 1, max(-1, len(self._names) - 1 - MAX_HTML_WALK), -1):
            if self._names[index] in _TABLE_SCOPE or self._names[index] == _MAYBE:
                return found if self._names[index] == "table" else None
            if self._names[index] in names:
                found = index
        return None

    def _cut(self, index: int | None, *, is_end_tag: bool = False) -> None:
        """Close all from `index` on. Formatting elements that no marker shields will be opened again, so they stay."""
        if index is None:
            return
        kept: list[str] = []
        is_shielded = False
        for place, name in enumerate(self._names[index:]):
            is_shielded |= name in _MARKERS
            if name in FORMATTING and not is_shielded and not (place == 0 and is_end_tag):
                kept.append(name)
                continue
            self._counts[name] -= 1
            self.formatting -= name in FORMATTING
        self._names[index:] = kept
