# ruff: noqa: RUF001 - real mail is written in many scripts
"""Ana's working days: the studio, its clients, their files."""

from email.message import Message

from app.demo.mail import files
from app.demo.mail.compose import Letter, alternative, attached, html, multipart, text
from app.demo.mail.desk import ANSWERED, DRAFT, FLAGGED, READ, UNREAD, Desk
from app.demo.mail.people import ANA, BRANDT, HATICE, JONAS, KENJI, LANDLORD, MIRA, NOAM

_KITCHEN = "Projekte/Küche"
_CAFE = "Projekte/Morgenrot"
_BILLS = "Rechnungen & Belege"
_PALETTE = ((196, 78, 52), (232, 178, 94), (94, 122, 92), (44, 62, 80))


def add(desk: Desk) -> None:
    """File the studio's mail."""
    _colleagues(desk)
    _logo(desk)
    _kitchen(desk)
    _cafe(desk)
    _files(desk)
    _own(desk)


def _colleagues(desk: Desk) -> None:
    monday = """\
Morning you two,

Thursday is a holiday, so we have four days for five days of work:

- Moss Gardens: stone question (Ana)
- Brandt kitchen: front panels, they want to see oak AND ash (Ana)
- Café Morgenrot: menu board is at the sign painter, pick up Wednesday (Jonas)
- The printer is out of magenta again. It is always magenta.

Coffee is on me on Friday.

Mira
"""
    desk.receives(
        MIRA,
        "Short week, long list",
        monday,
        desk.ago(hours=7.2),
        "plain",
        flags=UNREAD,
        to=[ANA, JONAS],
    )
    desk.receives(JONAS, "EOM: keys are under the plant", "", desk.ago(days=2, hours=3), "empty-body")
    desk.receives(
        MIRA,
        None,
        "call me when you are out of the meeting?\n\nSent from my phone\n",
        desk.ago(days=1, hours=5),
        "no-subject",
    )


def _logo(desk: Desk) -> None:
    content_id = "logo.7f3a@lindenhof.example"
    logo = attached("image/png", files.swatches(_PALETTE, 40), "lindenhof-logo.png", "inline", content_id)
    words = html(
        '<html><body style="font-family:Georgia,serif;color:#222"><p>Hi Ana,</p><p>the sign painter can do the menu '
        "board <b>by Wednesday</b>, but only if she gets the final wording today. I put our latest version on the "
        "server, could you read it once more? Last time we sold “Hausgemachte Limo<u>m</u>ade” for two months.</p>"
        f'<p>Jonas</p><hr><table><tr><td><img src="cid:{content_id}" alt="Studio Lindenhof" width="160"></td>'
        '<td style="font-size:12px">Jonas Weber<br>Studio Lindenhof · Lindenstraße 14 · Berlin</td></tr></table>'
        "</body></html>\n"
    )
    plain = text(
        "Hi Ana,\n\nthe sign painter can do the menu board by Wednesday, but only if she gets the\n"
        "final wording today. I put our latest version on the server, could you read it\n"
        "once more?\n\nJonas\n-- \nJonas Weber\nStudio Lindenhof, Berlin\n"
    )
    desk.receives(
        JONAS,
        "Menu board: last look before paint",
        multipart("alternative", plain, multipart("related", words, logo, type="text/html")),
        desk.ago(hours=4.6),
        "inline-with-disposition",
        "html",
        flags=UNREAD,
    )


def _kitchen(desk: Desk) -> None:
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


def _cafe(desk: Desk) -> None:
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


def _files(desk: Desk) -> None:
    icons = {
        "icons/README.txt": b"48 px, white margin 6 px. Please do not scale up.\n",
        "icons/stone.png": files.swatches(((120, 124, 120),)),
        "icons/moss.png": files.swatches(((94, 122, 70),)),
        "icons/palette.png": files.swatches(_PALETTE),
    }
    desk.receives(
        NOAM,
        "Icons for the series page",
        multipart(
            "mixed",
            text("Zipped because the mail gateway here eats loose PNGs on Tuesdays.\n\nNoam\n"),
            attached("application/zip", files.archive(icons), "moss-gardens-icons.zip"),
        ),
        desk.ago(days=3, hours=8),
        "zip",
        flags=ANSWERED,
    )
    sound = """\
Hi Ana,

the sound for the exhibition room, one long take: the hum of the press hall and
the bell they ring when a run is done. It is big because I do not trust MP3
with the low end. Tell me if your mail chokes on it.

Mira
"""
    desk.receives(
        MIRA,
        "Press hall recording (5 MB, sorry)",
        multipart(
            "mixed",
            text(sound),
            attached("audio/x-wav", files.recording(5 * 1024 * 1024), "press-hall-and-bell.wav"),
        ),
        desk.ago(days=4, hours=2),
        "large-attachment",
    )
    invoice = files.pdf(
        [
            "Rechnung 2291-07",
            "Hoshizora Press, Kyoto",
            "1.200 Schutzumschläge, Kozo 110 kg",
            "Silberfolie matt, Titel und drei Steine",
            "Dispersionslack außen",
            "Summe: 4.860,00 €",
        ]
    )
    desk.receives(
        KENJI,
        "Invoice H-2291 (first half)",
        multipart(
            "mixed",
            text("Dear Ana-san,\n\nplease find the first half attached. No hurry before the 30th.\n\nKenji\n"),
            attached("application/pdf", invoice, "H-2291.pdf"),
        ),
        desk.ago(days=2, hours=1),
        "pdf",
        mailbox=_BILLS,
    )


def _own(desk: Desk) -> None:
    desk.writes(
        [BRANDT],
        "Re: Küche: Maße und noch eine Frage",
        "Liebe Frau Brandt,\n\nja, das geht! Jonas zeichnet gerade, ich schicke Ihnen den Plan bis Freitag.\n\nAna "
        "Petrović\n",
        desk.ago(days=8, hours=20),
        "sent",
    )
    desk.writes(
        [NOAM],
        "Re: Icons for the series page",
        "They survived the gateway. Thank you!\n\nAna\n",
        desk.ago(days=3, hours=5),
        "sent",
    )
    desk.writes(
        [LANDLORD],
        "Heizung Hinterhaus, 2. OG",
        "Sehr geehrte Damen und Herren,\n\nseit Montag wird der Heizkörper im Besprechungsraum nicht mehr warm. Wir "
        "haben\n"
        "inzwischen drei",
        desk.ago(hours=26),
        "draft",
        mailbox="Drafts",
        flags=DRAFT,
    )
    desk.writes(
        [],
        "Ideen Sommerfest",
        "- Simit von Hatice\n- Lampions?\n- Jonas NICHT grillen lassen\n",
        desk.ago(days=10),
        "draft",
        mailbox="Drafts",
        flags=DRAFT,
    )
    desk.receives(
        JONAS,
        "lunch?",
        "12:30, the Vietnamese place, I am starving\n",
        desk.ago(days=7, hours=3),
        "trash",
        mailbox="Trash",
        flags=READ,
    )
    desk.receives(
        MIRA,
        "Contract Brandt, signed",
        "For the archive: both copies are in the blue folder, scan is on the server.\n\nMira\n",
        desk.ago(days=31),
        "archive",
        mailbox="Archive",
    )
