"""The differ on a real server with its capabilities switched off one by one: it finds the same."""

from collections.abc import Callable

import pytest

from app.domain.account import Password
from app.domain.changes import Change, Created, Deleted, Updated
from app.domain.errors import NotFound, UpstreamProtocolError
from app.domain.ids import Uid
from app.domain.looks import UidWindow
from app.domain.snapshots import Chunk
from app.imap.session import ImapSession
from app.watch.diff.differ import diff
from app.watch.diff.steps import Answer, Difference, FetchFlags, ListUids, ReadChunks, ReadFirsts
from tests.imap.conftest import Open, soon
from tests.imap.script import ScriptedServer
from tests.imap.test_capability_matrix import EVERYTHING
from tests.support.dovecot import Dovecot
from tests.watch.model import Snapshot


def look(session: ImapSession, snapshot: Snapshot, mailbox: str = "INBOX") -> tuple[list[Change], Difference]:
    """Look with a real session, and commit."""
    steps = diff(snapshot.header)
    given: Answer | None = None
    while True:
        try:
            request = next(steps) if given is None else steps.send(given)
        except StopIteration as end:
            difference: Difference = end.value
            break
        match request:
            case FetchFlags(window, modseq):
                given = session.changes_since(mailbox, modseq, window, soon())
            case ListUids():
                given = session.uids(mailbox, soon())
            case ReadFirsts():
                given = tuple(sorted(snapshot.chunks))
            case ReadChunks(firsts):
                given = tuple[Chunk, ...](snapshot.chunks[first] for first in firsts)
    for portion in difference.portions:
        snapshot.commit(portion.write)
    return [change for portion in difference.portions for change in portion.changes], difference


@pytest.mark.dovecot
@pytest.mark.parametrize(
    ("off", "quiet_trips", "busy_trips"),
    [
        ("nothing", 1, 1),
        ("QRESYNC", 1, 2),
        ("QRESYNC ESEARCH", 1, 2),
        ("QRESYNC CONDSTORE", 2, 2),
        ("QRESYNC CONDSTORE ESEARCH", 2, 2),
        ("everything", 2, 2),
    ],
)
def test_a_look_finds_the_same_whatever_the_server_can(
    dovecot_with: Callable[..., Dovecot], open_session: Open, off: str, quiet_trips: int, busy_trips: int
) -> None:
    left = [one for one in EVERYTHING.split() if one not in off.split() and off != "everything"]
    server = dovecot_with(capability=" ".join(["IMAP4rev1", *left]))
    user = server.add_user()
    user.fill(8)
    session = open_session(user.plain, user.username, Password(user.password))
    snapshot = Snapshot()
    changes, difference = look(session, snapshot)
    assert (changes, difference.is_settled, difference.is_reset) == ([], True, False)
    assert sorted(snapshot.mail()) == list(range(1, 9))
    look(session, snapshot)

    trips = session.round_trips
    assert look(session, snapshot)[0] == []
    assert session.round_trips - trips == quiet_trips

    user.set_flags([2], ["\\Seen", "\\Flagged", "$Forwarded"])
    user.expunge([3, 4])
    user.deliver(b"Subject: new\r\n\r\nhello\r\n")
    before = snapshot.mail()
    trips = session.round_trips
    changes, difference = look(session, snapshot)
    assert session.round_trips - trips == busy_trips
    assert difference.is_settled
    new = snapshot.mail()[Uid(9)]
    assert changes == [
        Deleted(Uid(3), before[Uid(3)]), Deleted(Uid(4), before[Uid(4)]),
        Updated(Uid(2), before[Uid(2)], ("$Forwarded", "flagged", "seen")),
        Created(Uid(9), new),
    ]  # fmt: skip
    assert look(session, snapshot)[0] == []


@pytest.mark.dovecot
def test_a_mailbox_made_again_is_one_reset(log_in: Callable[..., ImapSession], dovecot: Dovecot) -> None:
    user = dovecot.add_user()
    session = log_in(user)
    user.create_mailbox("a")
    snapshot = Snapshot()
    look(session, snapshot, "a")
    with user.client() as client:
        client.delete_folder("a")
    with pytest.raises(NotFound):
        look(session, snapshot, "a")
    user.create_mailbox("a")
    changes, difference = look(session, snapshot, "a")
    assert (changes, difference.is_reset) == ([], True)
    assert not look(session, snapshot, "a")[1].is_reset


GREETING = """
    S: * OK [CAPABILITY IMAP4rev1 CONDSTORE QRESYNC ENABLE] ready
    C~ M1 LOGIN .*
    S: M1 OK [CAPABILITY IMAP4rev1 CONDSTORE QRESYNC ENABLE] in
    C: M2 ENABLE QRESYNC
    S: * ENABLED QRESYNC
    S: M2 OK
    C: M3 EXAMINE "INBOX" (CONDSTORE)
    C: M4 UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE 5 VANISHED)
    S: * 3 EXISTS
    S: * OK [UIDVALIDITY 7]
"""


def changes(open_session: Open, *script: str) -> object:
    with ScriptedServer(GREETING, *script, "!wait") as server:
        session = open_session(server.endpoint)
        try:
            return session.changes_since("INBOX", 5, UidWindow(), soon())
        finally:
            session.abort()


def test_highestmodseq_0_is_none(open_session: Open) -> None:
    told = changes(open_session, "S: * OK [HIGHESTMODSEQ 0]\nS: M3 OK\nS: M4 BAD no modseq here")
    assert (told.rows, told.view.modseq) == (None, None)  # type: ignore[attr-defined]


def test_a_malformed_vanished_says_nothing_and_a_broken_row_is_told(open_session: Open) -> None:
    told = changes(
        open_session,
        "S: * OK [HIGHESTMODSEQ 9]\nS: M3 OK\nS: * VANISHED (EARLIER) 1:x,*\nS: * VANISHED (EARLIER) 9:8",
        'S: * 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (6))\nS: * 2 FETCH (UID 2 FLAGS "\nS: M4 OK',
    )
    assert told.rows == ((1, ("seen",)),)  # type: ignore[attr-defined]
    assert told.vanished == ((8, 9),)  # type: ignore[attr-defined]
    assert not told.is_whole  # type: ignore[attr-defined]


def test_a_modseq_over_63_bits_is_none(open_session: Open) -> None:
    told = changes(open_session, "S: * OK [HIGHESTMODSEQ 18446744073709551615]\nS: M3 OK\nS: M4 OK")
    assert (told.rows, told.view.modseq) == (None, None)  # type: ignore[attr-defined]


@pytest.mark.parametrize("answer", ["S: * SEARCH 1 x 3\n", ""], ids=["no number", "no answer"])
def test_a_list_of_uids_is_never_taken_for_less_than_it_is(open_session: Open, answer: str) -> None:
    script = f"""
        S: * OK [CAPABILITY IMAP4rev1] ready
        C~ M1 LOGIN .*
        S: M1 OK [CAPABILITY IMAP4rev1] in
        C: M2 EXAMINE "INBOX"
        C: M3 UID SEARCH ALL
        S: * 3 EXISTS
        S: * OK [UIDVALIDITY 7]
        S: M2 OK
        {answer}S: M3 OK
        !wait
    """
    with ScriptedServer(script) as server:
        session = open_session(server.endpoint)
        with pytest.raises(UpstreamProtocolError):
            session.uids("INBOX", soon())
        session.abort()
