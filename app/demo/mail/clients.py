# ruff: noqa: RUF001 - real mail is written in many scripts
"""Ana's clients: a family's kitchen, a café's light."""

from email.message import Message

from app.demo.mail import files
from app.demo.mail.compose import Letter, alternative, attached, html, multipart, text
from app.demo.mail.desk import ANSWERED, FLAGGED, UNREAD, Desk
from app.demo.mail.people import ANA, BRANDT, HATICE, JONAS, LANDLORD

_KITCHEN = "Projekte/Küche"
_CAFE = "Projekte/Morgenrot"


def add(desk: Desk) -> None:
    """File the clients' mail."""
    _measures(desk)
    _plan(desk)
    _photos(desk)
    _pictures(desk)
    _menu(desk)


def _measures(desk: Desk) -> None:
    measures = """\
Liebe Frau Petrović,

anbei noch einmal alle Maße, mein Mann hat nachgemessen (zweimal!):

  Fensterseite   3,42 m
  Nische         0,64 m tief, 2,10 m hoch
  Heizkörper     bleibt, leider

Geht trotz der Nische ein Backofen auf Augenhöhe? Das wäre unser größter Wunsch.

Herzliche Grüße
Sabine Brandt
"""
    desk.receives(
        BRANDT,
        "Küche: Maße und noch eine Frage",
        measures,
        desk.ago(days=9, hours=2),
        "plain",
        mailbox=_KITCHEN,
        flags=ANSWERED,
    )


def _plan(desk: Desk) -> None:
    plan = files.pdf(
        [
            "Küche Brandt – Entwurf 3",
            "Grundriss 1:20",
            "Fensterseite 3,42 m",
            "Nische 0,64 m, Backofen auf Augenhöhe",
            "Fronten: Esche oder Eiche, geölt",
        ]
    )
    desk.receives(
        JONAS,
        "Entwurf 3 mit Backofen auf Augenhöhe ✔",
        multipart(
            "mixed",
            text("Passt! 4 mm Luft auf jeder Seite. Plan hängt an.\n\nJonas\n"),
            attached("application/pdf", plan, "Küchenplan – Entwurf 3 (größer).pdf"),
        ),
        desk.ago(days=5, hours=6),
        "pdf",
        "rfc2231-filename",
        mailbox=_KITCHEN,
        flags=FLAGGED,
    )


def _photos(desk: Desk) -> None:
    light = """\
Liebe Frau Petrović,

zwei Fotos vom Licht um 16 Uhr und die beiden Holzmuster nebeneinander.
Uns gefällt die Esche inzwischen besser. Schlimm?

Sabine Brandt
"""
    photos = [
        attached("image/jpeg", files.landscape(1200, 800, (150, 170, 190), (120, 110, 90)), "IMG_2041.jpg"),
        attached("image/jpeg", files.landscape(1200, 800, (220, 180, 140), (90, 100, 80)), "IMG_2042.jpg"),
        attached("image/png", files.swatches(((201, 164, 110), (226, 205, 170)), 96), "Eiche-Esche.png"),
    ]
    desk.receives(
        BRANDT,
        "Fotos vom Licht am Nachmittag",
        multipart("mixed", text(light), *photos),
        desk.ago(days=1, hours=22),
        "image",
        mailbox=_KITCHEN,
        flags=UNREAD,
        cc=[JONAS],
    )


def _pictures(desk: Desk) -> None:
    # Some programs name an inline image by its Content-ID alone and never say `inline`.
    names = ("B3F1-0021@cafe-morgenrot.example", "B3F1-0022@cafe-morgenrot.example")
    before = attached("image/jpeg", files.landscape(960, 640, (90, 70, 110), (60, 50, 60)), "", "", names[0])
    after = attached("image/jpeg", files.landscape(960, 640, (240, 160, 110), (110, 80, 70)), "", "", names[1])
    page = html(
        '<html><head><meta charset="utf-8"></head><body dir="auto"><div>Liebe Ana,</div><div><br></div>'
        f'<div>vorher:</div><div><img src="cid:{names[0]}" width="480"></div><div>und heute um sieben, mit dem neuen '
        f'Licht:</div><div><img src="cid:{names[1]}" width="480"></div><div><br></div><div>Die ersten Gäste haben '
        "geklatscht. Wirklich! Kommt bald auf einen Simit vorbei. ☕️</div><div><br></div><div>Hatice</div>"
        "</body></html>\n"
    )
    desk.receives(
        HATICE,
        "vorher / nachher 🧡",
        multipart("related", page, before, after),
        desk.ago(hours=27),
        "inline-without-disposition",
        "html",
        "emoji",
        flags=FLAGGED,
    )


def _menu(desk: Desk) -> None:
    menu = alternative(
        "Menu v4 (DE/TR):\n\nKahvaltı für zwei ........ 24,50\nSimit mit Schafskäse ...... 6,20\n"
        "Türkischer Mokka .......... 3,40\n\nBitte *genau* so.\n",
        "<h2>Menu v4</h2><table border=1><tr><td>Kahvaltı für zwei<td align=right>24,50<tr><td>Simit mit Schafskäse"
        "<td align=right>6,20<tr><td>Türkischer Mokka<td align=right>3,40</table><p>Bitte <i>genau</i> so.</p>\n",
    )
    desk.receives(
        HATICE,
        "Speisekarte v4, jetzt aber wirklich die letzte",
        menu,
        desk.ago(days=6, hours=1),
        "html",
        mailbox=_CAFE,
        to=[ANA, JONAS],
    )
    desk.receives(
        HATICE,
        "Fwd: Lärm in der Linienstraße",
        multipart("mixed", text("Ana, so etwas bekommen wir jetzt jede Woche. Hilft ein Vorhang?\n"), _forwarded(desk)),
        desk.ago(days=12),
        "forwarded-message",
        mailbox=_CAFE,
    )


def _forwarded(desk: Desk) -> Message:
    complaint = Letter(
        sender=LANDLORD,
        to=[HATICE],
        subject="Lärm in der Linienstraße",
        at=desk.ago(days=12, hours=4),
        body=text(
            "Sehr geehrte Frau Yılmaz,\n\ndie Mieter im ersten Stock hören Ihre Kaffeemühle ab 6:15 Uhr. Bitte finden\n"
            "Sie eine Lösung.\n\nMit freundlichen Grüßen\nHausverwaltung Krüger\n"
        ),
    )
    part = Message()
    part["Content-Type"] = "message/rfc822"
    part["Content-Disposition"] = "inline"
    part.set_payload(complaint.written().decode("ascii"))
    return part
