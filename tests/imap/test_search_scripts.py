"""Searching servers that lack a charset, or that answer what nobody asked for."""

import pytest

from app.domain.errors import NotSupportedByServer, UpstreamProtocolError
from app.domain.lookup import Matches, MatchQuery
from app.domain.search import parse
from tests.imap.conftest import Open, soon
from tests.imap.script import ScriptedServer, Step, login


def search(open_session: Open, query: str, *steps: Step, capabilities: str = "LITERAL+") -> Matches:
    with ScriptedServer(login(capabilities), *steps, "!wait") as server:
        session = open_session(server.endpoint)
        try:
            return session.find(MatchQuery("INBOX", parse(query)), soon(5))
        finally:
            session.abort()


#: EXAMINE and the search go in one flush: the script answers both once it has read both.
ENTER = 'C: M2 EXAMINE "INBOX"'
ENTERED = "S: * 5 EXISTS\nS: * OK [UIDVALIDITY 7] ok\nS: M2 OK done"


def test_the_mailbox_is_entered_and_searched_in_one_flush(open_session: Open) -> None:
    found = search(
        open_session, "subject:x", ENTER, 'C: M3 UID SEARCH SUBJECT "x"', ENTERED, "S: * SEARCH 4 2\nS: M3 OK x"
    )
    assert list(found.uids) == [2, 4]


def test_without_the_charset_the_service_judges_what_rows_tell(open_session: Open) -> None:
    found = search(
        open_session, "is:read subject:ä",
        ENTER, "C: M3 UID SEARCH CHARSET UTF-8 SEEN SUBJECT {2+}", "C: ä", ENTERED,
        "S: M3 NO [BADCHARSET (US-ASCII)] no", "C: M4 UID SEARCH SEEN", "S: * SEARCH 1 3\nS: M4 OK x",
    )  # fmt: skip
    assert (list(found.uids), found.open_terms) == ([1, 3], (parse("subject:ä"),))
    assert found.holds(3, (True,))
    assert not found.holds(3, (False,))


def test_without_the_charset_bodies_cannot_be_searched(open_session: Open) -> None:
    with pytest.raises(NotSupportedByServer):
        search(
            open_session, "body:ä",
            ENTER, "C: M3 UID SEARCH CHARSET UTF-8 BODY {2+}", "C: ä", ENTERED, "S: M3 NO [BADCHARSET] no",
        )  # fmt: skip


def test_a_charset_that_nobody_asked_for_is_no_endless_loop(open_session: Open) -> None:
    with pytest.raises(UpstreamProtocolError):
        search(open_session, "is:read", ENTER, "C: M3 UID SEARCH SEEN", ENTERED, "S: M3 NO [BADCHARSET] no")


@pytest.mark.parametrize(
    "answer", ["* SEARCH 1 x", "* SEARCH " + "1 " * 9_000 + "2", '* ESEARCH (TAG "M3") UID ALL 1:4294967295']
)
def test_a_flood_of_numbers_is_refused(open_session: Open, answer: str) -> None:
    with pytest.raises(UpstreamProtocolError):
        search(
            open_session, "is:read", ENTER, "C: M3 UID SEARCH RETURN (ALL) SEEN", ENTERED, f"S: {answer}\nS: M3 OK x",
            capabilities="LITERAL+ ESEARCH",
        )  # fmt: skip


def test_messages_that_go_under_the_search_are_no_offence(open_session: Open) -> None:
    found = search(
        open_session, "is:read",
        ENTER, "C: M3 UID SEARCH SEEN", ENTERED, "S: * SEARCH 1 2 3 4 5\nS: * 5 EXPUNGE\nS: * 4 EXPUNGE\nS: M3 OK x",
    )  # fmt: skip
    assert list(found.uids) == [1, 2, 3, 4, 5]
