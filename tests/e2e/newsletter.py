"""An HTML message with all that a frontend must show or must not: inline images, a remote one, scripts, a file."""

import base64
import struct
import zlib

RED = (200, 30, 40)
BLUE = (20, 60, 190)
#: Width and height of both inline images, in pixels.
SIZE = (120, 48)

MENU = b"%PDF-1.4\n% not much of a menu\n%%EOF\n"
MENU_NAME = "Menü 2026 (neu).pdf"
TRACKER = "https://tracker.example/opened.gif?reader=ana"

HTML = f"""\
<html><head><title>News</title>
<script>window.top.postMessage('a script ran', '*')</script>
<style>h2 {{ color: #8a5a00 }}</style></head>
<body bgcolor="#fff8e7" onload="window.top.postMessage('a handler ran', '*')">
<table width="100%" cellpadding="12"><tr><td style="background-color:#fff8e7; font-family:sans-serif">
<p><img src="cid:banner@lindenhof" alt="Lindenhof" width="{SIZE[0]}" height="{SIZE[1]}"></p>
<h2>The bakery opens on Friday</h2>
<p>Dear reader, the oven is warm and <b>the first loaves</b> are out. <a href="https://lindenhof.example/">Come by</a>,
or look at the menu in the attachment.</p>
<p><img src="cid:oven@lindenhof" alt="The oven" width="{SIZE[0]}" height="{SIZE[1]}"></p>
<img src="{TRACKER}" width="1" height="1" alt="">
<img src="x:" onerror="window.top.postMessage('an image ran', '*')" alt="">
</td></tr></table></body></html>
"""


def png(colour: tuple[int, int, int]) -> bytes:
    """Draw an image of one colour."""
    width, height = SIZE
    rows = (b"\0" + bytes(colour) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def newsletter() -> bytes:
    """Write the message: one inline image says that it is one, the other has no Content-Disposition."""
    lines = [
        "From: Bakery Lindenhof <news@lindenhof.example>",
        "To: Ana <ana@example.com>",
        "Subject: The bakery opens on Friday",
        "Date: Mon, 23 Nov 2026 07:00:00 +0100",
        "Message-ID: <news-7@lindenhof.example>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="outer"',
        "",
        "--outer",
        'Content-Type: multipart/related; boundary="inner"; type="text/html"',
        "",
        *_part("inner", 'text/html; charset="utf-8"', HTML.encode()),
        *_part(
            "inner",
            'image/png; name="banner.png"',
            png(RED),
            "Content-ID: <banner@lindenhof>",
            'Content-Disposition: inline; filename="banner.png"',
        ),
        *_part("inner", "image/png", png(BLUE), "Content-ID: <oven@lindenhof>"),
        "--inner--",
        *_part(
            "outer",
            "application/pdf",
            MENU,
            "Content-Disposition: attachment; filename*=UTF-8''Men%C3%BC%202026%20%28neu%29.pdf",
        ),
        "--outer--",
        "",
    ]
    return "\r\n".join(lines).encode("ascii")


def _part(boundary: str, kind: str, content: bytes, *headers: str) -> list[str]:
    encoded = base64.encodebytes(content).decode().splitlines()
    return [f"--{boundary}", f"Content-Type: {kind}", "Content-Transfer-Encoding: base64", *headers, "", *encoded]
