import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mime.limits import MAX_STYLE_CHARS
from app.mime.style import safe_colour, safe_style


@pytest.mark.parametrize(
    "style",
    [
        "color:#fff",
        "font-family:'Helvetica Neue', Arial, sans-serif",
        "background-color:rgba(0, 0, 0, .5)",
        "border:1px solid #ccc;border-top-left-radius:3px",
        "width:calc(100% - 20px)",
        "margin:0 auto;padding-left:10px;text-align:center;display:none",
        "color:red !important",
        "line-height:1.5;max-width:600px",
    ],
)
def test_what_newsletters_need_stays(style: str) -> None:
    assert safe_style(style) == style


@pytest.mark.parametrize(
    "style",
    [
        "background:url(http://x)",
        "background:URL ( x )",
        "background:u\\72l(x)",
        "background:\\75\\72\\6c(x)",
        "background:u/**/rl(x)",
        "background-image:none",
        "width:expression(alert(1))",
        "position:fixed",
        "z-index:9",
        "behavior:url(x)",
        "-moz-binding:url(x)",
        "background:image-set('http://x' 1x)",
        "background:cross-fade(a, b)",
        "color:var(--x)",
        "--x:1",
        "content:attr(href)",
        "color:red}body{color:blue",
        "color:<b>",
        "color:'",
        "color:(",
        "color",
        ":red",
        "",
        "font-family:" + "a" * MAX_STYLE_CHARS,
    ],
)
def test_what_loads_or_covers_goes(style: str) -> None:
    assert safe_style(style) is None


def test_a_bad_declaration_takes_none_with_it() -> None:
    assert safe_style('color:red;background:url("a;b");font-size:2em;') == "color:red;font-size:2em"


@given(st.text(alphabet="urlcolor:background;()\\/*'\"@ x-#", max_size=80))
def test_nothing_that_could_load_gets_through(style: str) -> None:
    safe = safe_style(style) or ""
    assert "url" not in safe.replace("curl", "") or "(" not in safe
    assert "\\" not in safe
    assert "@" not in safe


def test_colours_of_old_attributes() -> None:
    assert safe_colour(" #ffF ") == "#ffF"
    assert safe_colour("ffffff") == "#ffffff"
    assert safe_colour("red") == "red"
    assert safe_colour("url(x)") is None
    assert safe_colour("") is None
