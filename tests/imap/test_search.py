"""Searching a real Dovecot: what it finds is what the grammar means."""

import pytest
from hypothesis import HealthCheck, given, settings

from app.domain.lookup import MatchQuery
from app.domain.search import SearchableMessage, Term, matches, parse, to_text
from app.imap.session import ImapSession
from tests.imap.asking import LogIn
from tests.imap.conftest import soon
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
