# ruff: noqa: RUF001 - real mail is written in many scripts
"""Mail that is wrong on purpose, or right in a way few programs expect. Broken mail is written as bytes."""

from datetime import datetime
from email.utils import format_datetime

from app.demo.mail import files
from app.demo.mail.compose import Person, attached, multipart, text
from app.demo.mail.desk import READ, UNREAD, Desk, trace
from app.demo.mail.people import ANA, LANDLORD, MIRA

_SCANNER = Person("Etagendrucker", "scan@lindenhof.example")
_REGISTRY = Person("Stadt Altenfelde, Gewerbeamt", "gewerbe@altenfelde.example")
_SHIPPER = Person("Frachtkontor Nord", "dispo@frachtkontor.example")


def add(desk: Desk) -> None:
    """File the awkward mail."""
    _mislabelled(desk)
    _malformed(desk)
    _subjects(desk)
    _addresses(desk)


def _head(sender: Person, desk: Desk, at: datetime, *fields: bytes) -> bytes:
    plain = f"Date: {format_datetime(sender.clock(at))}\r\nFrom: {sender.spelled()}\r\nTo: {ANA.spelled()}\r\n"
    return trace(sender, desk.owner, at) + plain.encode("ascii") + b"".join(field + b"\r\n" for field in fields)


def _mislabelled(desk: Desk) -> None:
    # Windows' typographic quotes and the euro sign lie where ISO 8859-1 has control characters.
    words = (
        "Sehr geehrte Frau Petrović,\r\n\r\ndie Nebenkosten steigen ab März auf 312 € – das betrifft alle Mieter "
        "„ohne Ausnahme“.\r\nDie Abrechnung liegt im Büro… bitte holen Sie sie ab.\r\n\r\nHausverwaltung Krüger\r\n"
    ).replace("ć", "c")
    at = desk.ago(days=1, hours=7)
    raw = _head(
        LANDLORD,
        desk,
        at,
        b"Subject: =?iso-8859-1?Q?Nebenkosten_=96_neue_Pauschale_=80_312?=",
        b"Message-ID: <nk-2026-03@hv-krueger.example>",
        b"MIME-Version: 1.0",
        b"Content-Type: text/plain; charset=iso-8859-1",
        b"Content-Transfer-Encoding: 8bit",
        b"",
    )
    desk.raw("INBOX", at, raw + words.encode("cp1252"), "windows-1252-as-iso-8859-1", flags=UNREAD)
    at = desk.ago(days=4, hours=9)
    freight = "Guten Tag,\r\n\r\nIhre Sendung liegt in Tür 4, Kühlhalle „Süd“, Gebühr 12,50 €.\r\n\r\nDispo\r\n"
    raw = _head(
        _SHIPPER,
        desk,
        at,
        "Subject: Sendung für Lindenhof liegt bereit".encode("cp1252"),  # a raw header in no charset at all
        b"Message-ID: <fk-8812@frachtkontor.example>",
        b"MIME-Version: 1.0",
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Transfer-Encoding: 8bit",
        b"",
    )
    desk.raw("INBOX", at, raw + freight.encode("cp1252"), "windows-1252-as-utf-8", "raw-8bit-header", flags=READ)


def _malformed(desk: Desk) -> None:
    """A scanner's mail: a header line with no colon, an unknown charset, bad base64, the last boundary missing."""
    at = desk.ago(days=2, hours=4)
    raw = _head(
        _SCANNER,
        desk,
        at,
        b"Subject: Scan vom Etagendrucker",
        b"this line is not a header field",
        b"Message-ID: scan-0007",
        b'Content-Type: multipart/mixed; boundary="----=_scan_0007"',
        b"",
    )
    body = (
        b"------=_scan_0007\r\n"
        b"Content-Type: text/plain; charset=x-scanner-latin\r\n"
        b"Content-Transfer-Encoding: 8-bit\r\n\r\n"
        b"Ihr Scan ist fertig. 2 Seiten, Gr\xf6\xdfe 1 kB.\r\n"
        b"------=_scan_0007\r\n"
        b'Content-Type: application/pdf; name="scan 0007.pdf\r\n'
        b"Content-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename=scan 0007.pdf\r\n\r\n"
        b"JVBERi0xLjQKJeLjz9MKMSAwIG9iago8PCA*** PAPIERSTAU ***\r\n"
        b"PC9UeXBlL0NhdGFsb2c=+PmVuZG9iag\r\n"
    )
    desk.raw("INBOX", at, raw + body, "malformed", flags=READ)


def _subjects(desk: Desk) -> None:
    subject = (
        "Bekanntmachung gemäß § 14 Absatz 2 der Verordnung über die Sondernutzung öffentlicher Straßen, Wege und "
        "Plätze "
        "(Sondernutzungsverordnung), hier: Aufstellung von Pflanzkübeln, Sitzgelegenheiten und Warenauslagen vor dem "
        "Grundstück Lindenstraße 14, Flurstück 2208/3, in der Zeit vom 1. April bis zum 31. Oktober, Ihr Antrag "
        "eingegangen am 12. des Vormonats unter dem Aktenzeichen Gew-II-2210-14/3-b; Nachforderung von Unterlagen: "
        "Lageplan im Maßstab 1:500, Nachweis der Haftpflichtversicherung, Einverständniserklärung der Nachbarn"
    )
    desk.receives(
        _REGISTRY,
        subject,
        "Guten Tag,\n\nsiehe Betreff.\n\nIm Auftrag\nSchmidtke\n",
        desk.ago(days=3, hours=6),
        "long-subject",
    )


def _addresses(desk: Desk) -> None:
    at = desk.ago(days=5, hours=1)
    raw = trace(MIRA, desk.owner, at) + (
        f"Date: {format_datetime(at)}\r\n"
        'From: "Lindqvist, Mira (Studio \\"Lindenhof\\")" <mira@lindenhof.example>\r\n'
        "To: undisclosed-recipients:;\r\n"
        "Reply-To: Buchhaltung <rechnung@lindenhof.example>, ana@lindenhof.example\r\n"
        "Subject: Re: AW: Re: Fwd: AW: new bank details of the studio\r\n"
        "Message-ID: <bank-01@lindenhof.example>\r\n"
        "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
        "Dear suppliers,\r\n\r\nour account moves to Spreebank on the 1st. Please answer to accounting, not to "
        "me.\r\n\r\n"
        "Mira\r\n"
    ).encode("ascii")
    desk.raw("INBOX", at, raw, "group-address", "reply-to", flags=READ)
    card = (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lindqvist;Mira;;;\r\nFN:Mira Lindqvist\r\nORG:Studio Lindenhof\r\n"
        "EMAIL:mira@lindenhof.example\r\nEND:VCARD\r\n"
    )
    drawing = (
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3" fill="#5e7a5c"/></svg>'
    )
    desk.receives(
        MIRA,
        "Files with odd names",
        multipart(
            "mixed",
            text("All of these open here. Do they open on your side?\n\nMira\n"),
            attached("text/vcard", card.encode(), "Mira Lindqvist.vcf"),
            attached("image/svg+xml", drawing, "../moss dot.svg"),
            attached("text/csv; charset=utf-8", "Stück;Preis\n3;12,50 €\n".encode(), "Preise 🧾 (März).csv"),
            attached("application/pdf", files.pdf(["No name", "This file was sent without one."]), ""),
        ),
        desk.ago(days=6, hours=3),
        "odd-filenames",
        "pdf",
    )
