"""Searching a real Dovecot: what it finds is what the grammar means."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings

from app.domain.account import Password
from app.domain.errors import CursorExpired, NotFound, NotSupportedByServer, StaleReference
from app.domain.ids import Uid
from app.domain.lookup import MatchQuery, RowsQuery, Sort, SortKey
from app.domain.search import Everything, Nothing, SearchableMessage, Term, matches, parse, to_text
from app.imap.session import ImapSession
from tests.imap.asking import LogIn, first_page, trips
from tests.imap.conftest import Open, soon
from tests.support.dovecot import Dovecot
from tests.support.mail_user import MailUser
from tests.support.searchable_mail import fill, known_leaves, known_messages
from tests.support.searches import trees

pytestmark = pytest.mark.dovecot


@pytest.fixture
def known(mail_user: MailUser) -> dict[int, SearchableMessage]:
    """A mailbox of which every fact is known."""
    return fill(mail_user, list(known_messages()))


def found(session: ImapSession, text: str | Term, mailbox: str = "INBOX") -> list[int]:
    term = parse(text) if isinstance(text, str) else text
    return list(session.find(MatchQuery(mailbox, term), soon()).uids)


def test_what_is_found_is_what_the_query_means(
    mail_user: MailUser, log_in: LogIn, known: dict[int, SearchableMessage]
) -> None:
    session = log_in(mail_user)
    hits = 0

    @given(trees(known_leaves, 6))
    # Each example asks Dovecot, so that the long run takes a twentieth of the usual count.
    @settings(max_examples=min(500, settings().max_examples), suppress_health_check=[HealthCheck.too_slow])
    def check(term: Term) -> None:
        nonlocal hits
        expected = [uid for uid, facts in known.items() if matches(term, facts)]
        assert found(session, term) == expected, to_text(term)
        hits += bool(expected)

    check()
    assert hits > 20, "the queries find too little to prove anything"


def test_a_search_is_one_round_trip_and_its_rows_another(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(30)
    session = log_in(mail_user)
    query = MatchQuery("INBOX", parse('subject:"number 2"'))
    assert trips(session, lambda: session.find(query, soon())) == 1
    found = session.find(query, soon())
    rows = RowsQuery("INBOX", found.uidvalidity, [Uid(uid) for uid in reversed(found.uids)])
    assert trips(session, lambda: session.rows(rows, frozenset(), soon())) == 1
    told = session.rows(rows, frozenset(), soon())
    assert next(row.facts.subject for row in told if row.facts) == "Message number 29"
    assert [row.uid for row in told] == rows.uids


def test_what_changed_elsewhere_is_seen_by_the_next_search(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(3)
    session = log_in(mail_user)
    assert found(session, "is:flagged") == []
    mail_user.set_flags([2], ["\\Flagged"])
    assert found(session, "is:flagged") == [2]
    mail_user.expunge([2])
    assert found(session, "is:flagged") == []
    (new,) = mail_user.append_all([b"Subject: new\r\n\r\nx"])
    by_size = MatchQuery("INBOX", Everything(), sort=Sort(SortKey.SIZE, is_descending=False))
    assert sorted(session.find(by_size, soon()).uids) == [1, 3, new]
    mail_user.expunge([1])
    assert {uid for one in session.conversations("INBOX", soon()).items for uid in one.uids} == {3, new}
    assert trips(session, lambda: session.find(by_size, soon())) == 1  # nothing new: nothing is asked twice


@pytest.mark.parametrize("off", ["nothing", "ESEARCH", "LITERAL+", "everything"])
def test_what_is_found_does_not_depend_on_extensions(
    dovecot_with: Callable[..., Dovecot], open_session: Open, off: str
) -> None:
    all_of = ["LITERAL+", "UIDPLUS", "SORT", "THREAD=REFERENCES", "ESEARCH", "CONDSTORE"]
    left = [] if off == "everything" else [one for one in all_of if one != off]
    user = dovecot_with(capability=" ".join(["IMAP4rev1", *left])).add_user()
    known = fill(user, list(known_messages()))
    session = open_session(user.plain, user.username, Password(user.password))
    for text in ("subject:straße OR from:MÜLLER -is:read", "is:unread", "", "larger:400 body:日本", "keyword:work"):
        term = parse(text)
        assert found(session, term) == [uid for uid, facts in known.items() if matches(term, facts)]


def test_sorting_is_the_servers_where_it_can(mail_user: MailUser, log_in: LogIn) -> None:
    known = fill(mail_user, list(known_messages()))
    session = log_in(mail_user)
    by_size = session.find(MatchQuery("INBOX", Everything(), sort=Sort(SortKey.SIZE, is_descending=True)), soon()).uids
    sizes = [known[uid].size for uid in by_size]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == len(known)


def test_another_uidvalidity_is_told(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(3)
    session = log_in(mail_user)
    uidvalidity = first_page(session).uidvalidity
    with pytest.raises(CursorExpired):
        session.find(MatchQuery("INBOX", Everything(), uidvalidity + 1), soon())
    with pytest.raises(StaleReference):
        session.rows(RowsQuery("INBOX", uidvalidity + 1, [Uid(1)]), frozenset(), soon())
    with pytest.raises(NotFound):
        session.find(MatchQuery("None such", Everything()), soon())
    assert not session.find(MatchQuery("INBOX", Nothing()), soon()).uids
    assert session.is_usable


def test_sorting_is_refused_where_the_server_cannot(dovecot_with: Callable[..., Dovecot], open_session: Open) -> None:
    user = dovecot_with(capability="IMAP4rev1 LITERAL+").add_user()
    session = open_session(user.plain, user.username, Password(user.password))
    with pytest.raises(NotSupportedByServer):
        session.find(MatchQuery("INBOX", Everything(), sort=Sort(SortKey.SIZE, is_descending=False)), soon())
