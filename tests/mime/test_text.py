import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mime.text import html_to_text, text_to_html
from tests.mime.safety import dangers


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One  two\n three</p><p>Four</p>", "One two three\n\nFour"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<ul><li>x<li>y<ol><li>1<li>2</ol></ul>", "- x\n- y\n  1. 1\n  2. 2"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc"),
        ("<pre> x\n  y</pre>", "x\n  y"),
        ('<a href="https://x.example/">site</a>!', "site <https://x.example/>!"),
        ('<a href="https://x.example/">https://x.example/</a>', "https://x.example/"),
        ('<a href="https://x.example/">x.example</a>', "x.example"),
        ('<a href="mailto:a@b.c">a@b.c</a>', "a@b.c"),
        ('<a href="javascript:x">y</a>', "y"),
        ("<style>p{}</style><script>x</script><title>t</title>body", "body"),
        ('<img alt="Logo" src=x>', "Logo"),
        ("&lt;b&gt; &amp; &eacute;", "<b> & é"),
        ("<b>bo</b>ld <i>it</i>", "bold it"),
        ("\u200c\u200c\u00ad<p>hidden fillers</p>", "hidden fillers"),
        ("", ""),
        ("<", "<"),
    ],
)
def test_html_reads_as_text(html: str, text: str) -> None:
    assert html_to_text(html) == text


@given(st.text(alphabet="<>/=\"' abpreultdi\n&;", max_size=150))
def test_no_html_raises(html: str) -> None:
    text = html_to_text(html)
    assert "\n\n\n\n" not in text or "<br" in html or "<pre" in html


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see https://x.example/a?b=c&d=(e).", "https://x.example/a?b=c&d=(e)"),
        ("(https://x.example/a)", "https://x.example/a"),
        ("<https://x.example/a>", "https://x.example/a"),
        ("https://x.example/a, and", "https://x.example/a"),
        ("www.x.example!", "www.x.example"),
        ("mail a.b+c@x.example.", "a.b+c@x.example"),
    ],
)
def test_links_end_where_a_person_would_end_them(text: str, url: str) -> None:
    html = text_to_html(text)
    (shown,) = re.findall(r"<a [^>]*>([^<]*)</a>", html)
    assert shown.replace("&amp;", "&") == url


@pytest.mark.parametrize("text", ["javascript:alert(1)", "data:text/html,x", "ftp://x", "a@b", "https://"])
def test_other_things_are_no_links(text: str) -> None:
    assert "<a " not in text_to_html(text)


def test_quotes_and_lines_are_kept() -> None:
    html = text_to_html("> quoted\r\nanswer")
    assert "&gt; quoted\nanswer" in html
    assert "white-space:pre-wrap" in html


@given(st.text(max_size=200))
def test_text_is_shown_as_it_is(text: str) -> None:
    html = text_to_html(text)
    assert dangers(html) == []
    assert "<script" not in html


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cc", "Cs", "Cf"]), max_size=100)
)
def test_text_comes_back_from_its_html(text: str) -> None:
    shown = re.sub(r"</?(?:a|div)(?: [^>]*)?>", "", text_to_html(text))
    assert (
        shown.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", '"')
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
        == text
    )
