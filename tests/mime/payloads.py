"""Hostile HTML, cleaned: for the static check here and for a browser that loads the documents for real."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from app.mime.html import clean, text_to_html

CORPUS = Path(__file__).parents[2] / "../shared/corpora/html-payloads/payloads.json"

#: Ways to fetch or run that sanitisers have let through; written for this project, so that there is always something.
OWN = (
    '<img src="https://tracker.example/p.gif" srcset="https://tracker.example/2x 2x">',
    '<p style="background:url(https://tracker.example/bg)">x',
    '<p style="background:u\\72l(https://tracker.example/bg)">x',
    "<p style=\"background-image:image-set('https://tracker.example/a' 1x)\">x",
    '<p style="list-style:url(//tracker.example/l);content:url(https://tracker.example/c)">x',
    '<p style="color:red;/*;background:url(https://tracker.example/)*/">x',
    '<p style="width:expression(alert(1));behavior:url(#x);-moz-binding:url(https://tracker.example/x)">x',
    '<p style="position:fixed;top:0;left:0;width:100%;height:100%">over all',
    '<table background="https://tracker.example/t"><tr><td background="//tracker.example/c">x</table>',
    '<body background="https://tracker.example/b" onload="alert(1)">x</body>',
    '<video poster="https://tracker.example/v" src="https://tracker.example/v.mp4" autoplay></video>',
    '<audio src="https://tracker.example/a" autoplay></audio><picture><source srcset="https://tracker.example/s"></picture>',
    '<link rel="stylesheet" href="https://tracker.example/s.css"><link rel="prefetch" href="https://tracker.example/p">',
    '<link rel="dns-prefetch" href="//tracker.example"><meta http-equiv="refresh" content="0;url=https://tracker.example">',
    '<style>@import "https://tracker.example/i.css"; @font-face{font-family:x;src:url(https://tracker.example/f)}</style>',
    '<svg><image href="https://tracker.example/s"/><use xlink:href="https://tracker.example/u#a"/></svg>',
    "<svg><style>*{background:url(https://tracker.example/z)}</style><script>alert(1)</script></svg>",
    "<math><mtext></p><style><img src=x onerror=alert(1)></style></mtext></math>",
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<iframe src="https://tracker.example/f" srcdoc="<script>alert(1)</script>"></iframe><frameset><frame src="//t">',
    '<object data="https://tracker.example/o"></object><embed src="https://tracker.example/e"><applet code="x">',
    '<form action="https://tracker.example/f"><input onfocus="alert(1)"><button formaction="javascript:alert(1)">',
    '<input type="image" src="https://tracker.example/i">',
    '<a href="java\tscript:alert(1)" ping="https://tracker.example/ping" target="_top">x</a>',
    '<a href="\x01javascript:alert(1)">x</a><a href="data:text/html,<script>1">y</a><a href="vbscript:x">z</a>',
    '<a href="//tracker.example/relative">x</a><a href="/relative">y</a><a href="#top">z</a>',
    '<base href="https://tracker.example/"><img src="relative.png"><img src="cid:inline@x"><img src="CID:inline%40x">',
    '<img src="data:image/svg+xml;base64,PHN2Zy8+"><img src="data:text/html,x"><img src="data:image/png;base64,AAAA">',
    '<img src="blob:https://tracker.example/x"><img src="file://localhost/etc/passwd"><img src="\\\\tracker.example">',
    '<img src="x" onerror="alert(1)" ONLOAD=alert(1) style=x onmouseover=alert(1)//',
    '<img dynsrc="https://tracker.example/d" lowsrc="https://tracker.example/l" longdesc="https://tracker.example/x">',
    '<bgsound src="https://tracker.example/b"><layer src="https://tracker.example/l"></layer><xml src="//t.example">',
    '<details open ontoggle=alert(1)><marquee onstart=alert(1)>x</marquee><isindex action="javascript:alert(1)">',
    '<template><img src="https://tracker.example/t"></template><portal src="https://tracker.example/p"></portal>',
    '<blockquote cite="https://tracker.example/q">x</blockquote><q cite="javascript:alert(1)">y</q>',
    '<div id="location" name="cookie" class="x"><img name="body"></div>',
    '<!--><img src="https://tracker.example/c">--><!--[if IE]><img src="https://tracker.example/ie"><![endif]-->',
    '<xmp><img src=x onerror=alert(1)></xmp><plaintext><img src="https://tracker.example/p">',
)


class Payload(NamedTuple):
    """One hostile fragment and what became of it. `made` tells by which way."""

    name: str
    source: str
    cleaned: str
    made: str


def link_for_cid(content_id: str) -> str:
    """Stand in for the signed link of an inline image."""
    return f"/signed/{len(content_id)}"


def cleaned_payloads() -> Iterator[Payload]:
    """Yield every payload cleaned as HTML, and shown as plain text: our own, and the corpus where it is present.

    A fragment of `cleaned` belongs into the body of an otherwise empty document.
    """
    for number, source in enumerate(OWN):
        yield Payload(f"own {number}", source, clean(source, link_for_cid).html, "clean")
        yield Payload(f"own {number} as text", source, text_to_html(source), "text_to_html")
    if CORPUS.exists():
        for number, entry in enumerate(json.loads(CORPUS.read_text("utf-8"))):
            source = entry["html"]
            yield Payload(f"{entry['source']} {number}", source, clean(source, link_for_cid).html, "clean")
            yield Payload(f"{entry['source']} {number} as text", source, text_to_html(source), "text_to_html")
