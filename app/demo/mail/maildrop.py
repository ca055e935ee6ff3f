# ruff: noqa: RUF001 - real mail is written in many scripts
"""Mira's mail: she never left the provider of her student days, which has POP3 alone."""

from datetime import datetime

from app.demo.mail import files
from app.demo.mail.compose import Person, alternative, attached, html, multipart, text
from app.demo.mail.desk import DemoMessage, Desk
from app.demo.mail.people import ANA, HATICE, JONAS, MIRA, MOTHER, PLANTS, YUQING

#: The same Mira at another address.
OWNER = Person(MIRA.name, "mira@altbriefkasten.example")
_PROVIDER = Person("Altbriefkasten", "hinweis@altbriefkasten.example")


def maildrop_messages(now: datetime, seed: int = 1) -> tuple[DemoMessage, ...]:
    """Write her mail as of `now`, the oldest first; the same arguments give the same bytes."""
    desk = Desk(OWNER, now, seed)
    _letters(desk)
    _files(desk)
    _machines(desk)
    return tuple(sorted(desk.messages, key=lambda message: message.received))


def _letters(desk: Desk) -> None:
    desk.receives(ANA, "Are you still on this address?", "It bounced last time. 😅\n\nAna\n", desk.ago(days=9))
    desk.receives(
        JONAS,
        "Re: Are you still on this address?",
        "She answers here within minutes. Elsewhere within weeks.\n\nJonas\n",
        desk.ago(days=8, hours=20),
        cc=[ANA],
    )
    desk.receives(YUQING, "新年好,Mira!", "祝你新年快乐,万事如意。\n\n林雨晴\n", desk.ago(days=5, hours=2), "chinese")
    desk.receives(
        MOTHER,
        "Мира, јеси ли ти то?",
        text("Ана ми је дала ову адресу. Ајвар чека и тебе.\n\nВесна\n", charset="windows-1251", encoding="8bit"),
        desk.ago(days=4, hours=7),
        "cyrillic",
        charset="windows-1251",
    )


def _files(desk: Desk) -> None:
    picture = files.landscape(640, 420, (230, 180, 120), (90, 110, 80))
    desk.receives(
        HATICE,
        "Dein Fahrrad steht noch im Hof",
        multipart(
            "mixed",
            text("Beweisfoto anbei. Es regnet morgen.\n\nHatice\n"),
            attached("image/jpeg", picture, "Fahrrad im Hof.jpg"),
        ),
        desk.ago(days=2, hours=3),
        "photo",
    )
    receipts = files.pdf(["Receipts 2026", "Paper 214,00 EUR", "Ink 88,50 EUR"])
    desk.receives(
        JONAS,
        "Receipts, scanned",
        multipart(
            "mixed",
            text("As promised, all in one file.\n\nJonas\n"),
            attached("application/pdf", receipts, "receipts.pdf"),
        ),
        desk.ago(days=1, hours=6),
        "pdf",
    )


def _machines(desk: Desk) -> None:
    desk.receives(
        PLANTS,
        "🌱 Your monstera misses you",
        alternative(
            "Water it.\n",
            '<html><body><h1>Water it.</h1><img src="https://img.plantclub.example/m.gif" width="1" height="1">'
            "<p>It knows.</p></body></html>\n",
        ),
        desk.ago(hours=30),
        "newsletter",
        headers={
            "List-Id": "Plant Club <news.plantclub.example>",
            "List-Unsubscribe": "<https://plantclub.example/u/42>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    desk.receives(
        _PROVIDER,
        "Ihr Postfach ist zu 81 % gefüllt",
        html("<p>Bitte holen Sie Ihre Nachrichten ab und löschen Sie sie auf dem Server.</p>\n"),
        desk.ago(hours=4),
        "html-only",
    )
