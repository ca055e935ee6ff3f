# ruff: noqa: RUF001 - real mail is written in many scripts
"""Mail to many: newsletters with remote images, an advertisement, a mailing list."""

from app.demo.mail.compose import Person, alternative, digest, html
from app.demo.mail.desk import UNREAD, Desk
from app.demo.mail.people import PLANTS, SHOP

_MARGIN = Person("The Margin", "letters@themargin.example", -5)
_LIST_MEMBER = Person("Ingrid Solberg", "ingrid@fjelltype.example")
_LIST = Person("Letterpress people", "letterpress@lists.typefolk.example", 0)


def add(desk: Desk) -> None:
    """File what goes to many."""
    _weekly(desk)
    _offer(desk)
    _plants(desk)
    _mailing_list(desk)


def _weekly(desk: Desk) -> None:
    page = f"""\
<!doctype html><html><head><meta charset="utf-8"><title>The Margin 214</title>
<style>body{{background:#f4efe6}} .w{{width:600px;margin:auto;background:#fff;font-family:Georgia}} a{{color:#a33}}
@import url("https://fonts.themargin.example/caslon.css");</style></head><body>
<div style="display:none;max-height:0">Why every second bookshop smells of vanilla, and a font made by a river.</div>
<div class="w"><img src="https://img.themargin.example/214/header.jpg" width="600" height="240" alt="The Margin">
<h1>No. 214: Things that dry slowly</h1>
<p>Hello Ana,</p><p>old paper smells of vanilla because lignin breaks down into vanillin. Your local bookshop is,
chemically, a very slow cake.</p>
<p><a href="https://themargin.example/l/214/1?u=8812"><img src="https://img.themargin.example/214/river.png" width="280"
style="float:left;margin:0 16px 8px 0" alt="A typeface drawn by a river"></a> A student in Gdańsk let a river draw a
typeface: 26 stencils, 26 nights, one flood. The <b>R</b> is gone; she calls it “open source”.</p>
<table background="https://img.themargin.example/214/paper.gif" width="100%"><tr><td style="padding:24px">
<b>Elsewhere:</b> the last typewriter mechanic of Lisbon · why menus lie · a museum of thumbs</td></tr></table>
<p style="font-size:11px;color:#777">You get this because you once liked a tweet about kerning.
<a href="https://themargin.example/unsubscribe?u=8812&amp;t={digest("margin")}">Unsubscribe</a></p></div>
<img src="https://t.themargin.example/o.gif?m=214&amp;u=8812" width="1" height="1" alt=""></body></html>
"""
    plain = (
        "THE MARGIN, No. 214: Things that dry slowly\n\nOld paper smells of vanilla because lignin breaks down into\n"
        "vanillin. Your local bookshop is, chemically, a very slow cake.\n\nRead on: https://themargin.example/214\n"
    )
    unsubscribe = "<https://themargin.example/u/8812>, <mailto:unsubscribe@themargin.example?subject=8812>"
    desk.receives(
        _MARGIN,
        "No. 214: Things that dry slowly",
        alternative(plain, page),
        desk.ago(hours=9.5),
        "newsletter",
        "remote-images",
        "html",
        flags=UNREAD,
        headers={
            "List-Id": "The Margin weekly <weekly.themargin.example>",
            "List-Unsubscribe": unsubscribe,
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Precedence": "bulk",
        },
    )


def _offer(desk: Desk) -> None:
    offer = (
        '<html><body bgcolor="#ffffff"><center><table width="560" cellpadding="0" cellspacing="0"><tr><td>'
        '<a href="https://kontor-papier.example/kozo"><img src="https://cdn.kontor-papier.example/m/kozo.jpg" '
        'srcset="https://cdn.kontor-papier.example/m/kozo@2x.jpg 2x" width="560"></a></td></tr><tr><td '
        "style=\"background-image:url('https://cdn.kontor-papier.example/m/bg.png');padding:20px;font-family:Arial\">"
        "<h2>20&nbsp;% auf alle Japanpapiere</h2><p>Nur bis Sonntag, mit dem Code <b>KOZO20</b>.</p></td></tr></table>"
        "</center></body></html>\n"
    )
    desk.receives(
        SHOP,
        "📜 20 % auf alle Japanpapiere – nur bis Sonntag",
        html(offer),
        desk.ago(days=1, hours=2),
        "newsletter",
        "html-only",
        "remote-images",
        flags=UNREAD,
        headers={"List-Unsubscribe": "<https://kontor-papier.example/abmelden?k=55102>"},
    )


def _plants(desk: Desk) -> None:
    desk.receives(
        PLANTS,
        "🪴💧 Your monstera is thirsty!! (week 47)",
        "Hi plant friend 🌱\n\nthis week: water the monstera, turn the pilea, talk to the fern.\nYou have 3 plants. "
        "All of them miss you. 💚\n",
        desk.ago(hours=11),
        "emoji",
        flags=UNREAD,
    )


def _mailing_list(desk: Desk) -> None:
    post = """\
Dear all,

we finally moved the Heidelberg. Four people, one piano trolley, no injuries
except for the door frame.

Question to those with wooden floors: how do you spread the weight? Steel
plate, plywood, prayer?

Ingrid
_______________________________________________
letterpress mailing list
letterpress@lists.typefolk.example
https://lists.typefolk.example/listinfo/letterpress
"""
    base = "https://lists.typefolk.example/letterpress"
    desk.receives(
        _LIST_MEMBER,
        "[letterpress] Moving a 1.1 t press over a wooden floor",
        post,
        desk.ago(days=1, hours=9),
        "mailing-list",
        to=[_LIST],
        headers={
            "Sender": "letterpress-bounces@lists.typefolk.example",
            "List-Id": "Letterpress people <letterpress.lists.typefolk.example>",
            "List-Post": "<mailto:letterpress@lists.typefolk.example>",
            "List-Archive": f"<{base}/archive>",
            "List-Unsubscribe": f"<{base}/unsubscribe?m=ana%40lindenhof.example>,\r\n "
            "<mailto:letterpress-leave@lists.typefolk.example>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Precedence": "list",
        },
    )
