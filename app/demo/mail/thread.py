"""One long conversation, seen from each account that took part: a book cover between Berlin, London and Kyoto."""

from dataclasses import dataclass
from datetime import datetime

from app.demo.mail.compose import Letter, Person, text
from app.demo.mail.desk import ANSWERED, FLAGGED, READ, UNREAD, Desk
from app.demo.mail.people import ANA, JONAS, KENJI, MIRA, NOAM

SUBJECT = "Moss Gardens: cover, paper and foil"


@dataclass(frozen=True, slots=True)
class _Turn:
    """One message: who wrote, how many hours ago, and which earlier turn it answers (None opens the thread)."""

    who: Person
    hours: float
    answers: int | None
    words: str


_TURNS = (
    _Turn(
        NOAM,
        212,
        None,
        """Hi Ana, hi Tanaka-san,

this is the mail that introduces you to each other. Ana draws the cover of
"Moss Gardens", Hoshizora prints it: 1,200 copies, hardcover, 148 x 210, due
at our warehouse in the first week of next quarter.

Open questions from my side are the paper of the jacket and whether we can
afford the foil. I will mostly listen and pay.

All the best
Noam""",
    ),
    _Turn(
        KENJI,
        203,
        0,
        """Dear Noam-san, dear Ana-san,

thank you for the introduction. For the jacket I would propose one of these:

  1. Takeo "Araveal" 110 kg, snow white, a little rough
  2. our own kozo blend, warmer, takes foil beautifully, but +14 %

Samples of both go out by courier today.

Kenji Tanaka
Hoshizora Press, Kyoto""",
    ),
    _Turn(
        ANA,
        190,
        1,
        """Dear Tanaka-san,

wonderful, thank you! I am in love with number two already and I have not
even touched it. Would the kozo hold a very thin line? The moss is drawn with
0.1 mm hairlines and I do not want them to fill up.

Ana""",
    ),
    _Turn(
        KENJI,
        181,
        2,
        """Ana-san,

0.1 mm in black: yes. 0.1 mm in foil: no, please stay above 0.25 mm. If you
can, separate the drawing so that the foil only takes the title and the three
stones.

Kenji""",
    ),
    _Turn(
        NOAM,
        178,
        3,
        """What would the foil cost with only title and stones?

N.""",
    ),
    _Turn(
        KENJI,
        169,
        4,
        """Noam-san,

title and three stones in matt silver: 38,400 yen for the die, 41 yen a copy.
For 1,200 copies about 87,600 yen. Gold is the same. Holographic is possible
but I would be sad.

Kenji""",
    ),
    _Turn(
        MIRA,
        166,
        5,
        """Jumping in because I saw the number: that is inside the budget we agreed on
with Noam if we drop the printed endpapers. Ana, could you live without the
endpapers?

Mira""",
    ),
    _Turn(
        ANA,
        164,
        6,
        """> Ana, could you live without the endpapers?

With plain dark green ones, yes. That is even nicer: you open the book and it
is forest floor.

Ana""",
    ),
    _Turn(
        JONAS,
        145,
        7,
        """Samples arrived at the studio. I put them on Ana's desk and did not lick them.

The kozo is lovely but it smudges a bit when the fingers are warm. Is there a
varnish that does not kill the surface?

Jonas""",
    ),
    _Turn(
        KENJI,
        131,
        8,
        """Jonas-san,

thank you for not licking. A thin dispersion varnish, matt, only on the outer
side. You will not see it, but you can eat ice cream while reading.

+6 yen a copy.

Kenji""",
    ),
    _Turn(
        NOAM,
        122,
        9,
        """Approved: kozo, matt silver foil (title and stones), dark green endpapers,
varnish. Please send me one offer with everything in it and I sign it today.

N.""",
    ),
    _Turn(
        KENJI,
        98,
        10,
        """Noam-san,

the offer is with you (H-2291). The press is reserved for the 18th, so I need
final files on the 11th at the latest, PDF/X-4, 3 mm bleed, foil as a spot
colour named FOIL.

Kenji""",
    ),
    _Turn(
        ANA,
        51,
        11,
        """Dear all,

files are uploaded: cover_v7, foil separated, everything above 0.25 mm (I
measured the stones twice). Tanaka-san, please shout if the overprint of the
spine looks wrong, I never trust my preview.

Ana""",
    ),
    _Turn(
        KENJI,
        20,
        12,
        """Ana-san,

no shouting necessary. The files are clean. One question: the smallest stone
sits 1.2 mm from the fold. On 1,200 copies the fold will wander, sometimes it
will touch. May I move the stone by 2 mm to the right?

Kenji""",
    ),
    _Turn(
        NOAM,
        3.4,
        13,
        """I vote for moving the stone. (And I love that this is a sentence I get to
write at work.)

N.""",
    ),
)


def add(desk: Desk) -> None:
    """File the conversation; what the owner wrote lies in Sent, the newest is unread.

    Whoever prints the book has cleaned up since: there the first half is only in the references.
    """
    ids: list[str] = []
    chains: list[tuple[str, ...]] = []
    previous: list[tuple[_Turn, datetime]] = []
    for number, turn in enumerate(_TURNS):
        at = desk.ago(hours=turn.hours)
        chain = () if turn.answers is None else (*chains[turn.answers], ids[turn.answers])
        people = [NOAM, ANA, KENJI] if number < 6 else [NOAM, ANA, KENJI, MIRA, JONAS]
        to = [person for person in people[:3] if person is not turn.who]
        cc = [person for person in people[3:] if person is not turn.who]
        letter = Letter(
            sender=turn.who,
            to=to,
            cc=cc,
            subject=SUBJECT if turn.answers is None else f"Re: {SUBJECT}",
            at=at,
            body=text(_with_quote(turn.words, previous, turn.answers), format="flowed"),
            message_id=f"moss-{number:02d}.{turn.who.email.partition('@')[0]}@{turn.who.email.partition('@')[2]}",
            references=chain,
        )
        ids.append(letter.id)
        chains.append(chain)
        previous.append((turn, at))
        if desk.owner is not KENJI or number >= len(_TURNS) // 2:
            _file(desk, letter, number)


def _with_quote(words: str, previous: list[tuple[_Turn, datetime]], answers: int | None) -> str:
    if answers is None or ">" in words:
        return words + "\n"
    turn, at = previous[answers]
    quoted = "\n".join(f"> {line}".rstrip() for line in turn.words.splitlines() if not line.startswith(">"))
    return f"{words}\n\nOn {turn.who.clock(at):%a, %d %b %Y at %H:%M}, {turn.who.name} wrote:\n{quoted}\n"


def _file(desk: Desk, letter: Letter, number: int) -> None:
    last = len(_TURNS) - 1
    if letter.sender is desk.owner:
        desk.raw("Sent", letter.at, letter.written(), "thread")
    else:
        flags = UNREAD if number == last else FLAGGED if number == last - 1 else ANSWERED if number % 3 == 1 else READ
        desk.received(letter, "thread", flags=flags)
