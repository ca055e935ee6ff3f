"""A person's mail being laid out: what lies in which mailbox, since when, and with which flags."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import Message
from email.utils import format_datetime

from app.demo.mail.compose import Letter, Person, digest, text

UNREAD: tuple[str, ...] = ()
READ = ("\\Seen",)
FLAGGED = ("\\Seen", "\\Flagged")
ANSWERED = ("\\Seen", "\\Answered")
DRAFT = ("\\Seen", "\\Draft")


@dataclass(frozen=True, slots=True)
class DemoMessage:
    """A message as the server is to hold it. `received` becomes INTERNALDATE; `kinds` says what it shows."""

    mailbox: str
    received: datetime
    flags: tuple[str, ...]
    kinds: tuple[str, ...]
    raw: bytes


class Desk:
    """Collects one person's messages. Times are told back from `now`, so that the inbox looks alive whenever it is."""

    def __init__(self, owner: Person, now: datetime, seed: int) -> None:
        self.owner = owner
        self.messages: list[DemoMessage] = []
        self._now = now.replace(microsecond=0)
        self._chance = random.Random(f"{seed} {owner.email}")

    def ago(self, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
        """A moment that long ago, and some minutes more: nobody writes on the full hour."""
        return self._now - timedelta(days=days, hours=hours, minutes=minutes, seconds=self._chance.randrange(5, 1500))

    def receives(
        self,
        sender: Person,
        subject: str | None,
        body: Message | str,
        at: datetime,
        *kinds: str,
        mailbox: str = "INBOX",
        flags: tuple[str, ...] = READ,
        to: Sequence[Person] | None = None,
        cc: Sequence[Person] = (),
        charset: str = "utf-8",
        headers: Mapping[str, str] | None = None,
    ) -> DemoMessage:
        """File what somebody sent to the owner (or to `to`); a `str` is plain text."""
        return self.received(
            Letter(
                sender=sender,
                to=[self.owner] if to is None else to,
                subject=subject,
                at=at,
                body=text(body) if isinstance(body, str) else body,
                cc=cc,
                charset=charset,
                headers=headers,
            ),
            *kinds,
            mailbox=mailbox,
            flags=flags,
        )

    def writes(
        self,
        to: Sequence[Person],
        subject: str,
        body: Message | str,
        at: datetime,
        *kinds: str,
        mailbox: str = "Sent",
        flags: tuple[str, ...] = READ,
    ) -> DemoMessage:
        """File what the owner wrote; no server has put anything on top of it."""
        part = text(body) if isinstance(body, str) else body
        letter = Letter(sender=self.owner, to=to, subject=subject, at=at, body=part)
        return self.raw(mailbox, at, letter.written(), *kinds, flags=flags)

    def received(
        self, letter: Letter, *kinds: str, mailbox: str = "INBOX", flags: tuple[str, ...] = READ
    ) -> DemoMessage:
        """File a letter with the trace of its way (RFC 5321 section 4.4)."""
        arrived = letter.at + timedelta(seconds=self._chance.randrange(2, 9))
        raw = trace(letter.sender, self.owner, arrived) + letter.written()
        return self.raw(mailbox, arrived, raw, *kinds, flags=flags)

    def raw(self, mailbox: str, at: datetime, raw: bytes, *kinds: str, flags: tuple[str, ...] = READ) -> DemoMessage:
        """File bytes as they are."""
        message = DemoMessage(mailbox, at, flags, kinds, raw)
        self.messages.append(message)
        return message


def trace(sender: Person, reader: Person, arrived: datetime) -> bytes:
    """Write the header fields a receiving server puts on top."""
    host, home = (person.email.partition("@")[2] for person in (sender, reader))
    stamp = format_datetime(reader.clock(arrived))
    queue = digest(sender.email, reader.email, stamp)[:12].upper()
    return (
        f"Return-Path: <{sender.email}>\r\n"
        f"Received: from mail.{host} (mail.{host} [192.0.2.{int(queue[:2], 16) % 250 + 1}])\r\n"
        f"\tby mx.{home} (Postfix) with ESMTPS id {queue}\r\n"
        f"\tfor <{reader.email}>; {stamp}\r\n"
        f"Authentication-Results: mx.{home}; dkim=pass header.d={host}; spf=pass\r\n"
    ).encode("ascii")
