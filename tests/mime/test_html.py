import base64

from hypothesis import given
from hypothesis import strategies as st

from app.domain.message import BlockedContent
from app.mime.html import clean
from app.mime.limits import MAX_CIDS, MAX_DATA_IMAGE_CHARS
from tests.mime.safety import dangers


def link(content_id: str) -> str | None:
    return None if content_id == "gone" else f"/signed/{len(content_id)}"


def cleaned(html: str) -> str:
    return clean(html, link).html


def test_a_newsletter_keeps_its_looks() -> None:
    html = (
        '<table width="600" cellpadding="0" bgcolor="#ffffff" align="center"><tbody><tr>'
        '<td style="color:#333;padding:10px" valign="top"><font face="Arial" size="2"><b>Hi</b></font></td>'
        "</tr></tbody></table>"
    )
    for fragment in (
        'width="600"',
        'bgcolor="#ffffff"',
        'style="color:#333;padding:10px"',
        '<font face="Arial" size="2">',
    ):
        assert fragment in cleaned(html)


def test_links_open_elsewhere_and_tell_nothing() -> None:
    assert cleaned('<a href="https://x.example/a?b=1&amp;c=2" ping="//t" onclick="x">go</a>') == (
        '<a href="https://x.example/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer nofollow">go</a>'
    )
    assert "href" not in cleaned('<a href="ftp://x">x</a><a href="relative">y</a><a href=" java\nscript:x">z</a>')
    assert 'href="mailto:a@b.c"' in cleaned('<a href="mailto:a@b.c">x</a>')


def test_inline_images_get_their_links() -> None:
    found = clean(
        '<img src="cid:a@b" alt="A"><img src="CID:%3Cc%40d%3E"><img src="cid:gone"><table background="cid:x">', link
    )
    assert '<img src="/signed/3" alt="A"><img src="/signed/3"><img>' in found.html
    assert found.cids == {"a@b", "c@d", "gone", "x"}
    assert found.blocked == ()


def test_remote_images_leave_their_place_and_an_entry() -> None:
    found = clean('<img src="https://t.example/p.gif" alt="Logo" srcset="https://t.example/2 2x">', link)
    assert found.html == '<img alt="Logo">'
    assert found.blocked == (
        BlockedContent("image", "https://t.example/p.gif"),
        BlockedContent("image", "https://t.example/2"),
    )


def test_embedded_images_stay_within_bounds() -> None:
    small = "data:image/png;base64," + base64.b64encode(b"x" * 100).decode()
    assert small in cleaned(f'<img src="{small}">')
    assert "data:" not in cleaned(f'<img src="data:image/png;base64,{"A" * MAX_DATA_IMAGE_CHARS}">')
    assert "data:" not in cleaned('<img src="data:image/svg+xml;base64,AAAA">')
    large = "data:image/png;base64," + "A" * (MAX_DATA_IMAGE_CHARS - 100)
    assert cleaned(f'<img src="{large}">' * 8).count("data:") == 4


def test_the_looks_of_the_body_are_kept() -> None:
    assert cleaned('<html><body bgcolor="eeeeee" text="red" style="margin:0"><p>x</p></body></html>') == (
        '<div style="background-color:#eeeeee;color:red;margin:0"><p>x</p></div>'
    )


def test_styles_scripts_and_forms_go_with_what_is_in_them() -> None:
    html = (
        "<style>p{}</style><script>x</script><title>t</title><select><option>o</select><textarea>a</textarea><p>stays"
    )
    assert cleaned(html) == "<p>stays</p>"
    assert cleaned("<form action=x><label>Name</label><input></form>") == "Name"


def test_the_number_of_content_ids_is_bounded() -> None:
    found = clean("".join(f'<img src="cid:{number}">' for number in range(2 * MAX_CIDS)), link)
    assert len(found.cids) == MAX_CIDS


@given(st.text(alphabet="<>/=\"' aimgsrcstyleonpdv:;&#()url\x00\ud800", max_size=150))
def test_no_text_raises_or_is_dangerous(html: str) -> None:
    assert dangers(cleaned(html)) == []


TAGS = st.sampled_from(["a", "img", "p", "table", "td", "svg", "style", "script", "math", "video", "link", "form", "x"])
NAMES = st.sampled_from(
    ["href", "src", "style", "onclick", "background", "srcset", "poster", "id", "xlink:href", "ping"]
)
VALUES = st.sampled_from(
    [
        "https://t.example/",
        "//t.example",
        "javascript:x",
        "cid:a",
        "data:text/html,x",
        "color:red;background:url(//t.example)",
        "x",
    ]
)


@given(st.lists(st.tuples(TAGS, NAMES, VALUES, st.booleans()), max_size=12))
def test_no_combination_loads_or_runs(nodes: list[tuple[str, str, str, bool]]) -> None:
    html = "".join(f'<{tag} {name}="{value}">' + (f"</{tag}>" if closed else "") for tag, name, value, closed in nodes)
    assert dangers(cleaned(html)) == []
