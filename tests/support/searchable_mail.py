"""A mailbox of which every fact is known, and what the grammar means by it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email.header import Header
from email.utils import formataddr
from itertools import cycle

from hypothesis import strategies as st

from app.domain.flags import from_imap
from app.domain.message import Address
from app.domain.search import Is, Keyword, Leaf, Received, SearchableMessage, Size, State, Text, TextField
from tests.support.mail_user import MailUser

#: Words of subjects, names and bodies; some differ in case or accents alone.
WORDS = (
    "invoice", "Invoice", "INVOICE", "report", "Annual", "plan", "straße", "STRASSE", "Müller", "MÜLLER", "Muller",
    "élève", "eleve", "日本語", "Ελλάδα", "ελλάδα", "Привет", "ПРИВЕТ", "naïve", "coöperate", "x{5}", "ALL", "NIL",
    "a*b%c", "50%", "(draft)", "[list]", "tom&jerry", "under_score", "dot.dot",
)  # fmt: skip
_FLAGS: tuple[tuple[str, ...], ...] = (
    (), ("\\Seen",), ("\\Seen", "\\Flagged"), ("\\Answered",), ("\\Draft", "\\Seen"), ("$Forwarded",),
    ("\\Flagged", "Work"), ("\\Seen", "$Label1"),
)  # fmt: skip
_FIRST = datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A message as it is appended, and its facts."""

    raw: bytes
    flags: tuple[str, ...]
    received: datetime
    facts: SearchableMessage


def known_messages(count: int = 48) -> Iterator[KnownMessage]:
    """Make messages that differ in every fact a query can ask of."""
    words = cycle(WORDS)
    for number in range(count):
        one, two, three, four = (next(words) for _ in range(4))
        sender = Address(f"{one} {two}", f"sender{number % 7}@example.org")
        to = Address(three, f"reader{number % 5}@example.net")
        cc = Address(None, f"copy{number % 3}@example.com")
        subject = f"{two} {three} {number}"
        body = f"Dear {one},\r\n{four} and {two}.\r\n" + "padding " * (number * 11 % 97) + "\r\n"
        yield _known(number, (sender, to, cc), subject, body)
        next(words) if number % 3 else None  # so that words meet in new pairs


def _known(number: int, people: tuple[Address, Address, Address], subject: str, body: str) -> KnownMessage:
    sender, to, cc = people
    received = _FIRST + timedelta(hours=7 * number)
    fields = {
        "From": _address(sender),
        "To": _address(to),
        "Cc": _address(cc),
        "Subject": Header(subject, "utf-8").encode() if not subject.isascii() else subject,
        "Date": received.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    header = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    raw = f"{header}\r\n{body}".encode()
    flags = _FLAGS[number % len(_FLAGS)]
    plain = fields | {"Subject": subject}
    plain |= {name: f"{who.name} <{who.email}>" for name, who in (("From", sender), ("To", to)) if who.name}
    facts = SearchableMessage(
        from_=(sender,),
        to=(to,),
        cc=(cc,),
        subject=subject,
        size=len(raw),
        received=received.isoformat(),
        flags=from_imap(flags),
        has_attachments=False,
        headers="\n".join(f"{name}: {value}" for name, value in plain.items()),
        body=body.replace("\r\n", "\n"),
    )
    return KnownMessage(raw, flags, received, facts)


def _address(who: Address) -> str:
    return formataddr((who.name or "", who.email or ""), "utf-8")


def fill(user: MailUser, messages: Sequence[KnownMessage], mailbox: str = "INBOX") -> dict[int, SearchableMessage]:
    """Append the messages and tell the facts by UID."""
    facts: dict[int, SearchableMessage] = {}
    with user.client() as imap:
        for one in messages:
            answer = imap.append(mailbox, one.raw, flags=one.flags, msg_time=one.received)
            uid = int(bytes(answer).split(b"APPENDUID ")[1].split(b"]")[0].split()[1])
            facts[uid] = replace(one.facts)
    return facts


def _parts(word: str) -> st.SearchStrategy[str]:
    return st.tuples(st.integers(0, len(word) - 1), st.integers(1, len(word))).map(
        lambda cut: word[cut[0] : cut[0] + cut[1]]
    )


#: Texts that are there often: words, parts of them, in other case.
_texts = (
    st.sampled_from(WORDS)
    .flatmap(_parts)
    .flatmap(lambda part: st.sampled_from((part, part.upper(), part.lower(), part.title())))
    .filter(lambda text: bool(text.strip()))
)

#: Leaves of which the known mailbox has the truth.
known_leaves: st.SearchStrategy[Leaf] = st.one_of(
    st.builds(Text, st.sampled_from(TextField), _texts),
    st.builds(Is, st.sampled_from(State)),
    st.builds(Keyword, st.sampled_from(("$Forwarded", "$forwarded", "Work", "work", "$Label1", "unheard-of"))),
    st.builds(Size, st.sampled_from(("larger", "smaller")), st.integers(300, 1200)),
    st.builds(Received, st.sampled_from(("before", "after")), st.dates(date(2025, 12, 30), date(2026, 1, 18))),
)
