"""Mail no person typed: receipts, bookings, notices, invitations, bounces."""

from datetime import datetime
from email.message import Message
from email.utils import format_datetime

from app.demo.mail import files
from app.demo.mail.compose import Person, alternative, attached, multipart, text
from app.demo.mail.desk import FLAGGED, READ, UNREAD, Desk
from app.demo.mail.people import ANA, MIRA, ROBOT, SHOP

_RAIL = Person("Nordbahn Tickets", "booking@nordbahn.example")
_FORGE = Person("mkowalczyk (via Forge)", "notifications@forge.example", 0)
_FORGE_SECURITY = Person("Forge", "security@forge.example", 0)
_PARCEL = Person("PaketPilot", "no-reply@paketpilot.example")
_BANK = Person("Spreebank", "kontomitteilung@spreebank.example")
_TAXI = Person("Cab Receipts", "receipts@rolltaxi.example")


def add(desk: Desk) -> None:
    """File the machines' mail."""
    _receipts(desk)
    _travel(desk)
    _forge(desk)
    _notices(desk)
    _invitation(desk)
    _bounce(desk)


def _receipts(desk: Desk) -> None:
    desk.receives(
        _TAXI,
        "Your ride on Tuesday: 18,40 €",
        alternative(
            "Thanks for riding!\n\nLindenstraße 14 -> Hauptbahnhof\n6,2 km, 17 min\n\nTotal 18,40 EUR (card ending "
            "4411)\n",
            '<html><body><div style="max-width:480px;font-family:sans-serif"><h2>Thanks for riding!</h2>'
            '<img src="https://maps.rolltaxi.example/static?r=7f21c" width="480" alt="Your route">'
            '<table width="100%"><tr><td>Lindenstraße 14 → Hauptbahnhof<td align="right">16,90 €<tr><td>Tip'
            '<td align="right">1,50 €<tr><td><b>Total</b><td align="right"><b>18,40 '
            "€</b></table></div></body></html>\n",
        ),
        desk.ago(days=5, hours=14),
        "receipt",
        mailbox="Rechnungen & Belege",
    )
    bill = files.pdf(["Kontor & Papier", "Beleg 88-1204", "2 x Kozo 110 kg, 64 x 96 cm", "Summe 58,00 €, bezahlt"])
    desk.receives(
        SHOP,
        "Ihr Beleg 88-1204",
        multipart(
            "mixed",
            text("Vielen Dank für Ihren Einkauf. Ihr Beleg hängt an.\n"),
            attached("application/octet-stream", bill, "Beleg_88-1204.pdf"),
        ),
        desk.ago(days=8),
        "receipt",
        "pdf",
        mailbox="Rechnungen & Belege",
    )
    desk.receives(
        _BANK,
        "Neue Mitteilung in Ihrem Postfach",
        "Guten Tag,\n\nin Ihrem Online-Postfach liegt ein neuer Kontoauszug. Aus Sicherheitsgründen\n"
        "enthält diese Nachricht keine Links.\n\nIhre Spreebank\n",
        desk.ago(days=6, hours=9),
        "notice",
        mailbox="Archive",
    )


def _travel(desk: Desk) -> None:
    leaves = desk.ago(days=-9)
    seat = "Wagen 7, Platz 42, Fenster"
    event = _calendar("PUBLISH", "nb-77QK4L@nordbahn.example", "Berlin Hbf → København H", leaves, "")
    desk.receives(
        _RAIL,
        "Booking 77QK4L: Berlin → København",
        multipart(
            "mixed",
            alternative(
                f"Booking 77QK4L\n\n{leaves:%a %d %b %Y}\n09:37  Berlin Hbf\n16:22  København H\n{seat}\n\nTotal "
                f"79,90 EUR\n",
                "<html><body><h1>77QK4L</h1><table cellpadding=8 style='border:1px solid "
                "#ccc'><tr><th>09:37<td>Berlin Hbf"
                f"<tr><th>16:22<td>København H<tr><td colspan=2>{leaves:%a %d %b %Y}, {seat}</table><p>Total <b>79,90 €"
                "</b></p></body></html>\n",
            ),
            attached("application/pdf", files.pdf(["Ticket 77QK4L", "Berlin Hbf - København H", seat]), "ticket.pdf"),
            attached("text/calendar; charset=utf-8; method=PUBLISH", event.encode(), "trip.ics"),
        ),
        desk.ago(days=3, hours=1),
        "travel",
        "pdf",
        flags=FLAGGED,
    )


def _forge(desk: Desk) -> None:
    thread = "<lindenhof/site/pull/118@forge.example>"
    desk.receives(
        _FORGE,
        "[lindenhof/site] Serve images as AVIF (PR #118)",
        alternative(
            '@mkowalczyk commented on this pull request.\n\n> +  <source type="image/avif" srcset=…>\n\nNice, 61 % '
            "smaller on "
            "the portfolio page. Two nits:\n\n1. `sizes` is missing on the hero\n2. could we keep the JPEG for "
            "feeds?\n\n--\n"
            "Reply to this email directly or view it on Forge:\nhttps://forge.example/lindenhof/site/pull/118#c-5521\n",
            '<p><b>@mkowalczyk</b> commented on this pull request.</p><pre>+  &lt;source type="image/avif" '
            "srcset=…&gt;</pre>"
            "<p>Nice, 61 % smaller on the portfolio page. Two nits:</p><ol><li><code>sizes</code> is missing on the "
            "hero</li>"
            "<li>could we keep the JPEG for feeds?</li></ol><p style='color:#666'>— Reply to this email directly or "
            '<a href="https://forge.example/lindenhof/site/pull/118#c-5521">view it on Forge</a>.<img '
            'src="https://forge.example/notifications/beacon/AAB5.gif" height="1" width="1" alt=""></p>\n',
        ),
        desk.ago(hours=14),
        "forge",
        "html",
        headers={
            "In-Reply-To": thread,
            "References": thread,
            "Reply-To": "lindenhof/site <reply+AAB5521@reply.forge.example>",
            "List-ID": "lindenhof/site <site.lindenhof.forge.example>",
            "List-Unsubscribe": "<mailto:unsub+AAB5521@reply.forge.example>",
            "X-Forge-Reason": "review_requested",
        },
    )


def _notices(desk: Desk) -> None:
    desk.receives(
        _FORGE_SECURITY,
        "[Forge] A new sign-in from Firefox on Linux",
        "Hey ana-petrovic!\n\nA new sign-in to your account: Firefox on Linux, near Berlin.\n\nIf this was you, "
        "there is "
        "nothing to do. If not, reset your password and review\nyour sessions at "
        "https://forge.example/settings/sessions\n",
        desk.ago(days=1, hours=13),
        "notice",
    )
    desk.receives(
        _PARCEL,
        "Ihr Paket kommt heute zwischen 14:10 und 15:40 Uhr",
        "Guten Tag Ana Petrović,\n\nIhr Paket von Hoshizora Press (Kyoto) ist im Zustellfahrzeug.\n\n"
        "Ablageort: Blumenladen nebenan\nSendung:   PP 4471 0092 18 JP\n",
        desk.ago(hours=5.3),
        "notice",
        flags=UNREAD,
    )


def _invitation(desk: Desk) -> None:
    starts = desk.ago(days=-3)
    event = _calendar(
        "REQUEST", "brandt-fronts-01@lindenhof.example", "Brandt: fronts, oak or ash?", starts, MIRA.email
    )
    invite = text(event, "calendar", encoding="base64", method="REQUEST")
    words = alternative(
        "Mira Lindqvist invites you:\n\nBrandt: fronts, oak or ash?\nStudio Lindenhof, big table\n",
        "<p>Mira Lindqvist invites you:</p><h3>Brandt: fronts, oak or ash?</h3><p>Studio Lindenhof, big table</p>\n",
    )
    words.attach(invite)
    desk.receives(
        MIRA,
        "Invitation: Brandt: fronts, oak or ash?",
        multipart("mixed", words, attached("application/ics", event.encode(), "invite.ics")),
        desk.ago(hours=22),
        "calendar",
        flags=UNREAD,
    )


def _calendar(method: str, uid: str, summary: str, starts: datetime, organizer: str) -> str:
    begin = starts.strftime("%Y%m%dT083000Z")
    end = starts.strftime("%Y%m%dT100000Z")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Lindenhof//Calendar 3.2//EN",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{begin}",
        f"DTSTART:{begin}",
        f"DTEND:{end}",
        f"SUMMARY:{summary}",
        *([f"ORGANIZER;CN=Mira Lindqvist:mailto:{organizer}"] if organizer else []),
        f"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{ANA.email}",
        "SEQUENCE:0",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "\r\n".join(lines) + "\r\n"


def _bounce(desk: Desk) -> None:
    at = desk.ago(days=2, hours=7)
    notice = text(
        "This is the mail system at host mx.lindenhof.example.\n\nI'm sorry to have to inform you that your message "
        "could "
        "not be delivered to\none or more recipients. It's attached "
        "below.\n\n<sabine.brandt@brandt-familie.example>: host "
        "mx.brandt-familie.example[192.0.2.77]\n    said: 550 5.1.1 User unknown (in reply to RCPT TO command)\n"
    )
    status = Message()
    status["Content-Type"] = "message/delivery-status"
    status["Content-Description"] = "Delivery report"
    about_all = {"Reporting-MTA": "dns; mx.lindenhof.example", "Arrival-Date": format_datetime(at)}
    about_one = {
        "Final-Recipient": "rfc822; sabine.brandt@brandt-familie.example",
        "Action": "failed",
        "Status": "5.1.1",
        "Remote-MTA": "dns; mx.brandt-familie.example",
        "Diagnostic-Code": "smtp; 550 5.1.1 User unknown",
    }
    status.set_payload([_fields(about_all), _fields(about_one)])
    returned = Message()
    returned["Content-Type"] = "text/rfc822-headers"
    returned["Content-Description"] = "Undelivered Message Headers"
    returned.set_payload(
        "From: Ana =?utf-8?q?Petrovi=C4=87?= <ana@lindenhof.example>\nTo: sabine.brandt@brandt-familie.example\n"
        "Subject: =?utf-8?q?Holzmuster_f=C3=BCr_die_Fronten?=\nMessage-ID: <holz-77@lindenhof.example>\n"
    )
    desk.receives(
        ROBOT,
        "Undelivered Mail Returned to Sender",
        multipart("report", notice, status, returned, **{"report-type": "delivery-status"}),
        at,
        "bounce",
        flags=READ,
        headers={"Auto-Submitted": "auto-replied"},
    )


def _fields(values: dict[str, str]) -> Message:
    block = Message()
    for name, value in values.items():
        block[name] = value
    return block
