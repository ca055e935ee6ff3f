import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

import app.mime.markup
from app.domain.message import BlockedContent
from app.mime.limits import MAX_BLOCKED, MAX_HTML_CHARS, MAX_HTML_DEPTH
from app.mime.markup import scan

_SOUP = """
<div> </div> <span> </span> <table> <td> <tr> </table> </td> <textarea> </textarea> <title> </title>
<div_=="></div>"> <div_title='</div>'> <a_title=" "> <select> </select> <b> </b> <p> </p> <a> </a> <li> <ul> </ul>
<svg> </svg> <math> <!-- --> <![CDATA[ ]]> <! </ <style> </style> <template> </template> <option> <button> </button>
<dd> <dt> <nobr> <font> </font> <form> </form> <frameset> <noscript> </noscript> <xmp> text <object> </object>
<marquee> <h1> </h2> <br/> </br> <body> <html> <td/> <i> </i> <caption> <col> <ruby> <rt> <rb> </head> <script>
</script> <iframe> <x-a> </x-a> <label> </label> <input> <image> <s vg> > <tbody> <foreignobject> <desc> <details>
<center> <u> </u> <hr> <pre> <p/> <head> </body> </html> <legend> <fieldset> <optgroup>
"""
SOUP = [piece.replace("_", " ") for piece in _SOUP.split()]


def depth(html: str) -> int:
    """Measure how deep a real parser nests it."""
    node = LexborHTMLParser(html).root
    level = deepest = 0
    while node is not None:
        deepest = max(deepest, level)
        if node.first_child is not None:
            node = node.first_child
            level += 1
            continue
        while node is not None and node.next is None:
            node = node.parent
            level -= 1
        node = node.next if node is not None else None
    return deepest


@settings(max_examples=200)
@given(st.lists(st.sampled_from(SOUP), max_size=3), st.lists(st.sampled_from(SOUP), min_size=1, max_size=9))
def test_no_soup_nests_deeper_than_was_counted(beginning: list[str], repeated: list[str]) -> None:
    """A table part brings up to three elements nobody wrote; beyond that the count errs upwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.mime.markup, "MAX_HTML_DEPTH", 20)
        html = scan("".join(beginning) + "".join(repeated) * 120).html
    assert depth(html) <= 4 * 20 + 10


@given(st.text(alphabet="<>/!-= \"'abp", max_size=60))
def test_no_markup_raises(html: str) -> None:
    assert len(scan(html).html) <= len(html) * 4


TIDY = (
    "<html><head><title>News</title></head><body bgcolor=#eee><center><table><tbody><tr><td><p>One<p>Two"
    "<ul><li>a<li>b<ul><li>c</ul></ul><font size=2><b>bold</font></b></td><td><a href=x><img src=y></a></td></tr>"
    "<tr><td>&nbsp;<!-- c --></table></center><div><p>x</p><br><hr></div><dl><dt>a<dd>b<dt>c</dl><h1>h</h1></body>"
    "</html>"
)


def test_a_long_tidy_document_is_not_cut() -> None:
    assert scan(TIDY * 500).truncated is False


def test_paragraphs_and_cells_without_ends_are_not_nesting() -> None:
    for unclosed in (
        "<p>x",
        "<li>x",
        "<div><p>x</div>",
        "<table><tr><td><font color=red>x<td><b>y</table>",
        "<a name=x>y",
    ):
        assert scan(unclosed * 2_000).truncated is False


def test_deep_nesting_is_cut_where_it_begins() -> None:
    found = scan("before" + "<div>" * 40_000)
    assert found.html == "before" + "<div>" * MAX_HTML_DEPTH
    assert (found.truncated, found.defects) == (True, ["html_too_deep"])


def test_reopened_formatting_is_counted() -> None:
    fonts = "".join(f"<font size={number}>" for number in range(300))
    found = scan(f"<p>{fonts}</p>" + "<p>x</p>" * 20_000)
    assert found.defects == ["html_too_complex"]


def test_a_large_document_is_cut() -> None:
    found = scan("x" * (MAX_HTML_CHARS + 1))
    assert (len(found.html), found.defects) == (MAX_HTML_CHARS, ["html_too_large"])


def test_the_inventory_names_each_kind_once() -> None:
    found = scan(
        "<img src=https://a/1><img src=HTTPS://a/1><img srcset='https://a/2 1x, //a/3 2x'><td background=http://a/4>"
        "<link rel=stylesheet href=https://a/5.css><link rel=preload as=font href=https://a/6.woff2>"
        "<style>@import 'https://a/7.css'; p{background:url( \"https://a/8.png\" )}"
        "@font-face{src:url(//a/9.woff)}</style>"
        "<video src=https://a/10 poster=https://a/11></video><iframe src=https://a/12></iframe>"
        "<p style='background:url(https://a/13)'><svg><image href='https://a/14'/></svg>"
        "<img src=cid:x><img src=data:image/png;base64,AA><img src=relative.png><a href=https://not-loaded/>"
        "<img src='https://a/?x=1&amp;y=2'>"
    ).inventory.blocked
    kinds = {item.url.split("/", 3)[-1]: item.kind for item in found}
    assert kinds == {
        "14": "image", "1": "image", "2": "image", "3": "image", "4": "image", "5.css": "stylesheet", "6.woff2": "font",
        "7.css": "stylesheet", "8.png": "image", "9.woff": "font", "10": "media", "11": "image", "12": "other",
        "13": "image", "?x=1&y=2": "image",
    }  # fmt: skip
    assert BlockedContent("image", "HTTPS://a/1") in found


def test_the_inventory_is_bounded() -> None:
    found = scan("".join(f"<img src=https://a/{number}>" for number in range(3 * MAX_BLOCKED)))
    assert len(found.inventory.blocked) == MAX_BLOCKED
