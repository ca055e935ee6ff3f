"""Conversations by a server's own ids, which no server at hand has (RFC 8474; X-GM-EXT-1), and what comes unasked."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from app.domain.errors import NotFound, NotSupportedByServer
from app.domain.ids import Uid
from app.domain.lookup import Conversation, Conversations, RowsQuery
from app.domain.query import Row
from app.imap.session import ImapSession
from tests.imap.conftest import Open, soon
from tests.imap.script import ScriptedServer, Step, examine, login

_T = TypeVar("_T")


def ask(open_session: Open, capabilities: str, do: Callable[[ImapSession], _T], *steps: Step) -> _T:
    with ScriptedServer(login(f"LITERAL+ {capabilities}"), *steps, "!wait") as server:
        session = open_session(server.endpoint)
        try:
            return do(session)
        finally:
            session.abort()


def conversations(session: ImapSession) -> Conversations:
    return session.conversations("INBOX", soon(5))


def test_a_mailbox_is_grouped_by_thread_ids(open_session: Open) -> None:
    found = ask(
        open_session, "OBJECTID", conversations, examine(5),
        "C: M3 FETCH 1:* (UID FLAGS THREADID)",
        "S: * 1 FETCH (UID 10 FLAGS (\\Seen) THREADID (T1))\n"
        "S: * 2 FETCH (UID 20 FLAGS () THREADID (T2))\n"
        "S: * 3 FETCH (UID 30 FLAGS (\\Seen) THREADID NIL)\n"
        "S: * 4 FETCH (UID 40 FLAGS () THREADID (T1))\n"
        "S: * 5 FETCH (UID 50 FLAGS (\\Seen) THREADID NIL)\n"
        "S: M3 OK done",
    )  # fmt: skip
    assert (found.source, found.is_complete) == ("server_id", True)
    assert found.unseen == {20, 40}
    assert found.items == (
        Conversation((Uid(50),)),  # NIL is no id: these two have nothing to do with each other
        Conversation((Uid(10), Uid(40)), "T1"),
        Conversation((Uid(30),)),
        Conversation((Uid(20),), "T2"),
    )


def test_a_mailbox_of_gmail_is_grouped_by_its_ids(open_session: Open) -> None:
    found = ask(
        open_session, "X-GM-EXT-1", conversations, examine(2),
        "C: M3 FETCH 1:* (UID FLAGS X-GM-THRID)",
        "S: * 1 FETCH (UID 10 FLAGS () X-GM-THRID 1266894439832287888)\n"
        "S: * 2 FETCH (UID 20 FLAGS (\\Seen) X-GM-THRID 1266894439832287888)\n"
        "S: M3 OK done",
    )  # fmt: skip
    assert found.items == (Conversation((Uid(10), Uid(20)), "1266894439832287888"),)
    assert found.source == "server_id"
    assert found.unseen == {10}


@pytest.mark.parametrize(
    ("capabilities", "server_id", "key"),
    [
        ("OBJECTID", "T64b478a75b7ea9", "THREADID T64b478a75b7ea9"),
        ("X-GM-EXT-1", "1266894439832287888", "X-GM-THRID 1266894439832287888"),
        ("OBJECTID X-GM-EXT-1", "T1", "THREADID T1"),
    ],
)
def test_the_members_are_searched_by_the_id(open_session: Open, capabilities: str, server_id: str, key: str) -> None:
    found = ask(
        open_session, capabilities, lambda session: session.members("INBOX", server_id, soon(5)),
        'C: M2 EXAMINE "INBOX"', f"C: M3 UID SEARCH {key}",
        "S: * 9 EXISTS\nS: * OK [UIDVALIDITY 7] ok\nS: M2 OK done\nS: * SEARCH 40 10\nS: M3 OK done",
    )  # fmt: skip
    assert (found.uidvalidity, found.uids, found.is_complete) == (7, (40, 10), True)


def test_members_by_an_id_need_a_server_that_has_ids(open_session: Open) -> None:
    with pytest.raises(NotSupportedByServer):
        ask(open_session, "THREAD=REFERENCES", lambda session: session.members("INBOX", "T1", soon(5)))


@pytest.mark.parametrize("server_id", ["T1 OR ALL", "T1)", "T1\r\nM9 LOGOUT", "", "T" * 256])
def test_what_is_no_id_is_never_sent(open_session: Open, server_id: str) -> None:
    def members(session: ImapSession) -> bool:
        with pytest.raises(NotFound):
            session.members("INBOX", server_id, soon(5))
        return bool(session.members("INBOX", "T1", soon(5)).uids)

    assert ask(
        open_session, "OBJECTID", members,
        'C: M2 EXAMINE "INBOX"', "C: M3 UID SEARCH THREADID T1",
        "S: * 9 EXISTS\nS: * OK [UIDVALIDITY 7] ok\nS: M2 OK done\nS: * SEARCH 4\nS: M3 OK done",
    )  # fmt: skip


def test_flags_that_come_unasked_cost_a_conversation_nothing(open_session: Open) -> None:
    found = ask(
        open_session, "OBJECTID", conversations, examine(2),
        "C: M3 FETCH 1:* (UID FLAGS THREADID)",
        "S: * 1 FETCH (UID 10 FLAGS () THREADID (T1))\n"
        "S: * 1 FETCH (UID 10 FLAGS (\\Seen))\n"
        "S: * 2 FETCH (UID 20 FLAGS () THREADID (T1))\n"
        "S: M3 OK done",
    )  # fmt: skip
    assert found.items == (Conversation((Uid(10), Uid(20)), "T1"),)
    assert found.unseen == {20}


@pytest.mark.parametrize("when", ["before", "after"])
def test_flags_that_come_unasked_cost_a_row_nothing(open_session: Open, when: str) -> None:
    row = (
        r'S: * 2 FETCH (UID 20 FLAGS () INTERNALDATE "01-Jan-2026 00:00:00 +0000" RFC822.SIZE 9 ENVELOPE (NIL "plan" '
        r'(("Ana" NIL "ana" "example.org")) NIL NIL NIL NIL NIL NIL NIL) '
        r'BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 9 1))'
    )
    flags = "S: * 2 FETCH (UID 20 FLAGS (\\Seen))\nS: * 1 FETCH (UID 10 FLAGS (\\Flagged))"

    def rows(session: ImapSession) -> tuple[Row, ...]:
        return session.rows(RowsQuery("INBOX", 7, [Uid(20)]), frozenset(), soon(5))

    (found,) = ask(
        open_session, "", rows, 'C: M2 EXAMINE "INBOX"', "C~ M3 UID FETCH 20 .*",
        "S: * 2 EXISTS\nS: * OK [UIDVALIDITY 7] ok\nS: M2 OK done",
        *((flags, row) if when == "before" else (row, flags)),
        "S: M3 OK done",
    )  # fmt: skip
    assert found.facts is not None
    assert (found.facts.subject, found.facts.from_[0].email, found.facts.size) == ("plan", "ana@example.org", 9)
    assert found.flags == (("seen",) if when == "after" else ())
