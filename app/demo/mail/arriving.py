"""New mail that keeps coming while the demo runs."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import Message

from app.demo.mail import files
from app.demo.mail.compose import Letter, Person, alternative, attached, digest, multipart, text
from app.demo.mail.desk import trace
from app.demo.mail.people import ANA, HATICE, JONAS, KENJI, LAYLA, MIRA, NOAM, PLANTS, SATO, YAMAMOTO, YUQING

_COURIER = Person("PaketPilot", "no-reply@paketpilot.example")
_FORGE = Person("mkowalczyk (via Forge)", "notifications@forge.example", 0)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message for one account's INBOX: who gets it, and what a line about it says."""

    external_id: str
    sender: str
    subject: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class _Note:
    reader: Person
    sender: Person
    subject: str
    words: str
    looks: str = "plain"  # or "html", "photo", "pdf", "jis": how the message is built


_NOTES = (
    _Note(ANA, JONAS, "Re: Menu board: last look before paint", "She has started. No way back now.\n\nJonas\n"),
    _Note(ANA, HATICE, "Simit? 🥯", "Es sind noch {number} übrig. Wer zuerst kommt …\n\nHatice\n", "html"),
    _Note(ANA, NOAM, "Re: Moss Gardens: cover, paper and foil", "Pre-orders today: {number}. The stones work.\n\nN.\n"),
    _Note(KENJI, YAMAMOTO, "湿度の記録 {number}%", "乾燥室、ただいま{number}%です。\n\n山本\n", "jis"),
    _Note(ANA, MIRA, "Receipt no. {number}", "For the blue folder, please.\n\nMira\n", "pdf"),
    _Note(ANA, _COURIER, "Noch {number} Stopps bis zu Ihnen", "Ihr Paket ist gleich da. Ablageort: Blumenladen.\n"),
    _Note(KENJI, ANA, "Re: stones", "Two millimetres is fine. Photo from my desk, proof {number}.\n\nAna\n", "photo"),
    _Note(ANA, PLANTS, "🌵 Fern report: {number} new leaves", "Talk to it. It listens. 💚\n", "html"),
    _Note(KENJI, SATO, "帯の部数について", "田中様\n\n帯は{number}00枚でお願いいたします。\n\n佐藤\n", "jis"),
    _Note(ANA, YUQING, "样品:第 {number} 号", "Ana 您好:\n\n第 {number} 号样品今天寄出。\n\n林雨晴\n"),
    _Note(ANA, _FORGE, "[lindenhof/site] Build #{number} passed", "All checks have passed.\n", "html"),
    _Note(ANA, LAYLA, "شاي؟ ({number})", "عزيزتي آنا، الشاي جاهز. هل تأتين؟\n\nليلى\n"),
)


class Coming:
    """A message whose hour has not been set yet."""

    def __init__(self, note: _Note, number: int, count: int) -> None:
        self._note = note
        self._number = number
        self._count = count

    def at(self, now: datetime) -> Arrival:
        """Write it as sent and received now."""
        note = self._note
        subject, words = (value.format(number=self._number) for value in (note.subject, note.words))
        host = note.sender.email.partition("@")[2]
        letter = Letter(
            sender=note.sender,
            to=[note.reader],
            subject=subject,
            at=now,
            body=_body(note.looks, words, self._number),
            charset="iso-2022-jp" if note.looks == "jis" else "utf-8",
            message_id=f"{digest(subject, words, str(self._count))}@{host}",
        )
        external_id = "demo-ana" if note.reader is ANA else "demo-kenji"
        raw = trace(note.sender, note.reader, now) + letter.written()
        return Arrival(external_id, note.sender.name, subject, raw)


def arriving_mail(seed: int = 1) -> Iterator[Coming]:
    """Yield, without end, what comes next; no two messages are the same."""
    chance = random.Random(f"arriving {seed}")
    count = 0
    while True:
        for note in chance.sample(_NOTES, len(_NOTES)):
            count += 1
            yield Coming(note, chance.randrange(12, 98), count)


def _body(looks: str, words: str, number: int) -> Message:
    if looks == "jis":
        return text(words, charset="iso-2022-jp", encoding="7bit")
    if looks == "html":
        lines = "".join(f"<p>{line}</p>" for line in words.splitlines() if line)
        return alternative(words, f'<html><body style="font-family:sans-serif">{lines}</body></html>\n')
    if looks == "photo":
        shade = (90 + number, 120 + number // 2, 200 - number)
        picture = attached("image/jpeg", files.landscape(480, 320, shade, (80, 90, 70)), f"proof-{number}.jpg")
        return multipart("mixed", text(words), picture)
    if looks == "pdf":
        receipt = files.pdf([f"Receipt no. {number}", "Studio Lindenhof", f"Total {number},00 EUR"])
        return multipart("mixed", text(words), attached("application/pdf", receipt, f"receipt-{number}.pdf"))
    return text(words)
