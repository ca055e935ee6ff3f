"""Ana's working days at the studio: colleagues, their files, her own letters."""

from app.demo.mail import files
from app.demo.mail.compose import attached, html, multipart, text
from app.demo.mail.desk import ANSWERED, DRAFT, READ, UNREAD, Desk
from app.demo.mail.people import ANA, BRANDT, JONAS, KENJI, LANDLORD, MIRA, NOAM

_BILLS = "Rechnungen & Belege"
_PALETTE = ((196, 78, 52), (232, 178, 94), (94, 122, 92), (44, 62, 80))


def add(desk: Desk) -> None:
    """File the studio's mail."""
    _colleagues(desk)
    _logo(desk)
    _icons(desk)
    _recording(desk)
    _invoice(desk)
    _sent(desk)
    _drafts(desk)
    _put_away(desk)


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


def _icons(desk: Desk) -> None:
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


def _recording(desk: Desk) -> None:
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


def _invoice(desk: Desk) -> None:
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


def _sent(desk: Desk) -> None:
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


def _drafts(desk: Desk) -> None:
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


def _put_away(desk: Desk) -> None:
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
