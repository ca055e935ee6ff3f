"""Mailboxes, pages and messages of servers other than Dovecot, as transcripts."""

import pytest

from app.domain.errors import (
    MailhatchError,
    NotFound,
    PermissionDenied,
    UpstreamProtocolError,
    UpstreamRejected,
    UpstreamThrottled,
)
from app.domain.ids import Seq, Uid
from app.domain.query import MessageAddress, PageQuery, SectionRange
from tests.imap.asking import NOTHING, first_page, uids
from tests.imap.conftest import Open, soon
from tests.imap.script import ScriptedServer, examine, login

ENVELOPE = '("Thu, 01 Jan 2026 01:59:00 +0000" "s" (("A" NIL "a" "x.org")) NIL NIL NIL NIL NIL NIL "<1@x>")'
TEXT = '("text" "plain" NIL NIL NIL "7bit" 3 1)'


def full(seq: int, uid: int, extra: str = "") -> str:
    return (
        f'S: * {seq} FETCH (UID {uid} FLAGS () INTERNALDATE "01-Jan-2026 01:59:00 +0000" RFC822.SIZE 9 {extra}'
        f"ENVELOPE {ENVELOPE} BODYSTRUCTURE {TEXT})"
    )


def test_without_extensions_the_counts_are_pipelined(open_session: Open) -> None:
    with ScriptedServer(
        login(),
        r"""
        C: M2 LIST "" "*"
        C: M3 LSUB "" "*"
        S: * LIST (\HasNoChildren) "." inbox
        S: * LIST (\Noselect) "." "&ZeVnLIqe-"
        S: * LIST () "." Locked
        S: * LIST (\Trash) NIL {4}
        """,
        b"M\xfcll\r\n",
        r"""
        S: * LIST () "." "x
        S: * LIST () "."
        S: M2 OK done
        S: * LSUB () "." INBOX
        S: * LSUB () "." Gone
        S: M3 OK done
        C: M4 STATUS "INBOX" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)
        C: M5 STATUS "Locked" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)
        C: M6 STATUS {4+}
        """,
        r"""
        C~ M.ll \(MESSAGES UNSEEN UIDNEXT UIDVALIDITY\)
        S: * STATUS "INBOX" (MESSAGES 3 UNSEEN 1 UIDNEXT 9 UIDVALIDITY 7)
        S: M4 OK done
        S: M5 NO [NOPERM] no
        S: * STATUS {4}
        """,
        b"M\xfcll (MESSAGES x UNSEEN NIL)\r\n",
        "S: M6 OK done\n!wait",
    ) as server:
        session = open_session(server.endpoint)
        found = session.mailboxes(soon())
    assert session.round_trips == 2
    assert [(one.name, one.is_selectable, one.is_subscribed, one.messages, one.delimiter) for one in found] == [
        ("INBOX", True, True, 3, "."),
        ("日本語", False, False, None, "."),
        ("Locked", True, False, None, "."),
        ("M\uf0fcll", True, False, None, None),
    ]
    assert found[3].special_use == "trash"


def test_list_status_with_ids(open_session: Open) -> None:
    with ScriptedServer(
        login("LIST-EXTENDED LIST-STATUS SPECIAL-USE CONDSTORE OBJECTID"),
        r"""
        C~ M2 LIST "" "\*" RETURN \(SUBSCRIBED SPECIAL-USE STATUS \(MESSAGES .* HIGHESTMODSEQ MAILBOXID\)\)
        S: * LIST (\Subscribed) "/" INBOX
        S: * STATUS INBOX (MESSAGES 1 UNSEEN 0 UIDNEXT 2 UIDVALIDITY 7 HIGHESTMODSEQ 0 MAILBOXID (F1))
        S: * LIST (\NonExistent \Sent) "/" "gone"
        S: M2 OK done
        !wait
        """,
    ) as server:
        inbox, gone = open_session(server.endpoint).mailboxes(soon())
    assert (inbox.mailbox_id, inbox.modseq, inbox.is_subscribed) == ("F1", None, True)
    assert (gone.is_selectable, gone.special_use) == (False, "sent")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("NO unknown", NotFound),
        ("NO [NONEXISTENT] x", NotFound),
        ("NO [NOPERM] x", PermissionDenied),
        ("NO [LIMIT] x", UpstreamThrottled),
        ("NO [CONTACTADMIN] x", UpstreamRejected),
    ],
)
def test_a_refused_mailbox(open_session: Open, answer: str, error: type[MailhatchError]) -> None:
    with ScriptedServer(login(), f'C: M2 EXAMINE "INBOX"\nS: M2 {answer}\n!wait') as server:
        session = open_session(server.endpoint)
        with pytest.raises(error):
            first_page(session)
        assert session.is_usable is (error is not UpstreamThrottled)


# Pages


def test_one_malformed_message_never_loses_the_batch(open_session: Open) -> None:
    with ScriptedServer(
        login(),
        examine(5, uidnext=50),
        "C~ M3 FETCH 1:5 .*",
        full(1, 10),
        'S: * 2 FETCH (UID 20 FLAGS (\\Seen) INTERNALDATE "x" RFC822.SIZE 9 ENVELOPE ((("x") BODYSTRUCTURE ((()',
        f"S: * 3 FETCH (UID 30 FLAGS () RFC822.SIZE 9 ENVELOPE (NIL NIL) BODYSTRUCTURE {TEXT})",
        f"S: * 4 FETCH (UID 40 FLAGS () RFC822.SIZE 9 ENVELOPE {ENVELOPE} BODYSTRUCTURE NIL)",
        full(5, 45),
        "S: M3 OK done",
        "C~ M4 UID FETCH 20,30 \\(UID FLAGS .*HEADER.FIELDS \\(DATE SUBJECT FROM .*",
        "S: * 2 FETCH (UID 20 FLAGS (\\Seen) RFC822.SIZE 9 BODY[HEADER.FIELDS (SUBJECT FROM)]<0> {45}",
        b"Subject: still there\r\nFrom: Jo <jo@x.org>\r\n\r\n)\r\n",
        "S: * 3 FETCH (UID 30 FLAGS () RFC822.SIZE 9 BODY[HEADER.FIELDS (SUBJECT FROM)]<0> {2}",
        b"\r\n)\r\n",
        "S: M4 OK done\n!wait",
    ) as server:
        session = open_session(server.endpoint)
        page = first_page(session)
        assert session.round_trips == 3
    assert uids(page) == [45, 40, 30, 20, 10]
    facts = {row.uid: row.facts for row in page.rows}
    told = {uid: (one.subject, one.defects) for uid, one in facts.items() if one is not None}
    assert told == {
        45: ("s", ()),
        40: ("s", ("unreadable_structure",)),
        30: ("", ("unreadable_envelope",)),
        20: ("still there", ("unreadable_envelope", "unreadable_structure")),
        10: ("s", ()),
    }
    assert page.rows[3].flags == ("seen",)


def test_twenty_thousand_parentheses_cost_one_message(open_session: Open) -> None:
    deep = "(" * 20_000 + ")" * 20_000
    with ScriptedServer(
        login(),
        examine(2),
        "C~ M3 FETCH 1:2 .*",
        f"S: * 1 FETCH (UID 1 FLAGS () ENVELOPE {ENVELOPE} BODYSTRUCTURE {deep})",
        full(2, 2),
        "S: M3 OK done",
        "C~ M4 UID FETCH 1 .*",
        "S: M4 NO cannot\n!wait",
    ) as server:
        page = first_page(open_session(server.endpoint))
    assert uids(page) == [2, 1]
    assert page.rows[1].facts is not None
    assert page.rows[1].facts.defects == ("unreadable_envelope", "unreadable_structure", "unknown_size")


def test_replies_in_another_order(open_session: Open) -> None:
    with ScriptedServer(
        login(),
        examine(1),
        "C~ M3 FETCH 1 .*",
        full(1, 5),
        "S: M3 OK done",
        "C: M4 NOOP\nC~ M5 FETCH 1 .*",
        full(1, 5),
        "S: M5 OK done\nS: * 2 EXISTS\nS: M4 OK done",
        "C~ M6 FETCH 2 .*",
        full(2, 6),
        "S: M6 OK done\n!wait",
    ) as server:
        session = open_session(server.endpoint)
        first_page(session)
        assert uids(first_page(session)) == [6, 5]


def test_vanished_instead_of_expunge(open_session: Open) -> None:
    with ScriptedServer(
        login(),
        examine(5),
        "C~ M3 FETCH 4:5 .*",
        full(4, 40),
        full(5, 50),
        "S: M3 OK done",
        "C: M4 NOOP\nC: M5 FETCH 4:5 (UID FLAGS)",
        "S: * VANISHED (EARLIER) 1:9\nS: * VANISHED 50,10\nS: M4 OK done",
        "S: * 3 FETCH (UID 40 FLAGS ())\nS: M5 BAD no such number",
        "C~ M6 FETCH 2 .*",
        full(2, 30),
        "S: M6 OK done\n!wait",
    ) as server:
        session = open_session(server.endpoint)
        known = frozenset(row.uid for row in first_page(session, limit=2).rows)
        page = first_page(session, known, limit=2)
    assert uids(page) == [40, 30]
    assert (page.total, page.has_more) == (3, True)


def test_an_expunge_in_the_middle_of_a_page(open_session: Open) -> None:
    with ScriptedServer(
        login(),
        examine(5),
        "C~ M3 FETCH 4:5 .*",
        full(4, 40),
        full(5, 50),
        "S: M3 OK done",
        "C: M4 NOOP\nC: M5 FETCH 4:5 (UID FLAGS)",
        "S: * 5 EXPUNGE\nS: * 4 EXISTS\nS: M4 OK done\nS: * 4 FETCH (UID 40 FLAGS (\\Seen))\nS: M5 BAD out of range",
        "C~ M6 FETCH 3 .*ENVELOPE.*",
        full(3, 30),
        "S: M6 OK done\n!wait",
    ) as server:
        session = open_session(server.endpoint)
        known = frozenset(row.uid for row in first_page(session, limit=2).rows)
        page = first_page(session, known, limit=2)
        assert session.is_usable
    assert uids(page) == [40, 30]
    assert [row.seq for row in page.rows] == [4, 3]
    assert page.rows[0].flags == ("seen",)
    assert (page.total, page.has_more) == (4, True)


def test_rows_the_server_will_not_tell_are_left_out(open_session: Open) -> None:
    with ScriptedServer(
        login(),
        examine(3),
        "C~ M3 FETCH 1:3 .*",
        full(1, 10),
        full(3, 30),
        "S: M3 NO [SERVERBUG] one is damaged",
        "C~ M4 FETCH 2 .*",
        "S: M4 NO [SERVERBUG] one is damaged\n!wait",
    ) as server:
        session = open_session(server.endpoint)
        assert uids(first_page(session)) == [30, 10]
        assert session.is_usable


def test_numbers_that_contradict_each_other_are_refused(open_session: Open) -> None:
    with ScriptedServer(
        login(), examine(2), "C~ M3 FETCH 1:2 .*", full(1, 30), full(2, 20), "S: M3 OK done", "!wait"
    ) as server:
        session = open_session(server.endpoint)
        with pytest.raises(UpstreamProtocolError):
            first_page(session)
        assert not session.is_usable


def test_a_place_is_probed_for_without_esearch(open_session: Open) -> None:
    def rows(first: int, last: int, step: int) -> str:
        return "\n".join(f"S: * {seq} FETCH (UID {seq * 10} FLAGS ())" for seq in range(first, last + 1, step))

    with ScriptedServer(
        login(),
        examine(100, uidnext=1001),
        "C~ M3 FETCH 1,3,5,7,.*,97,99 \\(UID FLAGS\\)",
        rows(1, 100, 2),
        "S: M3 OK done",
        "C: M4 FETCH 42 (UID FLAGS)",
        rows(42, 42, 1),
        "S: M4 OK done",
        "C~ M5 FETCH 40 .*\nC~ M6 UID FETCH 390,410 .*",
        full(40, 400),
        "S: M5 OK done",
        full(39, 390),
        full(41, 410),
        "S: M6 OK done\n!wait",
    ) as server:
        session = open_session(server.endpoint)
        page = session.page(PageQuery("INBOX", 3, Uid(415), 7, None), NOTHING, soon())
    assert uids(page) == [410, 400, 390]
    assert all(row.facts is not None for row in page.rows)


def test_a_stale_hint_is_mended_by_counting(open_session: Open) -> None:
    with ScriptedServer(
        login("ESEARCH"),
        examine(50, uidnext=501),
        "C~ M3 FETCH 38:40 .*",
        *[full(seq, seq * 10 + 100) for seq in (38, 39, 40)],
        "S: M3 OK done",
        "C: M4 UID SEARCH RETURN (COUNT) UID 1:409",
        'S: * ESEARCH (TAG "M4") UID COUNT 30\nS: M4 OK done',
        "C~ M5 FETCH 29:31 .*",
        *[full(seq, seq * 10 + 100) for seq in (29, 30, 31)],
        "S: M5 OK done\n!wait",
    ) as server:
        page = open_session(server.endpoint).page(PageQuery("INBOX", 2, Uid(410), 7, Seq(40)), NOTHING, soon())
    assert uids(page) == [400, 390]


def test_ids_of_content(open_session: Open) -> None:
    with ScriptedServer(
        login("OBJECTID X-GM-EXT-1"),
        examine(3),
        "C~ M3 FETCH 1:3 .*EMAILID THREADID X-GM-MSGID X-GM-THRID .*",
        full(1, 1, "EMAILID (M1) THREADID (T1) "),
        full(2, 2, "EMAILID (M2) THREADID NIL "),
        full(3, 3, "X-GM-MSGID 1278455344230334865 X-GM-THRID 1266894439832287888 "),
        "S: M3 OK done\n!wait",
    ) as server:
        page = first_page(open_session(server.endpoint))
    assert [(row.facts.email_id, row.facts.thread_id) for row in page.rows if row.facts] == [
        ("1278455344230334865", "1266894439832287888"),
        ("M2", None),
        ("M1", "T1"),
    ]


def test_a_literal_is_asked_for_where_it_must_be(open_session: Open) -> None:
    with ScriptedServer(
        login(""),
        "C: M2 EXAMINE {1001}\nS: + go",
        lambda conn: None if len(conn.recv(1001, 0x100)) == 1001 else conn.close(),
        "C: \nS: M2 NO none\n!wait",
    ) as server:
        session = open_session(server.endpoint)
        with pytest.raises(NotFound):
            first_page(session, box="x" * 1001)


# Messages


def test_a_message_with_an_unreadable_structure_is_read_by_ourselves(open_session: Open) -> None:
    raw = (
        b"From: a@x.org\r\nSubject: mine\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b--\r\n"
    )
    with ScriptedServer(
        login(),
        examine(1),
        "C~ M3 UID FETCH 5 .*BODY.PEEK\\[HEADER\\].*",
        b"* 1 FETCH (UID 5 FLAGS (\\Seen) RFC822.SIZE 99 ENVELOPE (broken) BODYSTRUCTURE (())\r\nM3 OK done\r\n",
        "C~ M4 UID FETCH 5 .*BODY.PEEK\\[\\]<0.1048576>\\)",
        b"* 1 FETCH (UID 5 FLAGS (\\Seen) RFC822.SIZE 99 BODY[]<0> {%d}\r\n%s)\r\nM4 OK done\r\n" % (len(raw), raw),
        "!wait",
    ) as server:
        facts = open_session(server.endpoint).message(MessageAddress("INBOX", 7, Uid(5)), soon())
    assert [part.section for part in facts.structure.walk()] == [None, "1"]
    assert facts.summary.subject == "mine"
    assert facts.summary.defects[:2] == ("unreadable_envelope", "unreadable_structure")
    assert facts.flags == ("seen",)
    assert [one.name for one in facts.headers] == ["From", "Subject", "Content-Type"]


def test_a_row_in_pieces_is_put_together(open_session: Open) -> None:
    with ScriptedServer(
        login(),
        examine(1),
        "C~ M3 UID FETCH 5 .*",
        "S: * 1 FETCH (UID 5 FLAGS (\\Seen))\nS: * 1 FETCH (FLAGS (\\Answered))",
        'S: * 1 FETCH (UID 5 BODY[1]<0> NIL BODY[2]<3> "x")\nS: M3 OK done\n!wait',
    ) as server:
        session = open_session(server.endpoint)
        wanted = [SectionRange("2", 3, 1), SectionRange("1", 0, 1)]
        assert session.sections(MessageAddress("INBOX", 7, Uid(5)), wanted, soon()) == (b"x", b"")


def test_a_mailbox_made_anew_is_entered_again_before_anything_is_called_stale(open_session: Open) -> None:
    with ScriptedServer(
        login(),
        examine(1),
        "C~ M3 FETCH 1 .*",
        full(1, 5),
        "S: M3 OK done",
        examine(1, tag="M4", uidvalidity=8),
        "C: M5 UID FETCH 6 (UID FLAGS)\nS: * 1 FETCH (UID 6 FLAGS (\\Seen))\nS: M5 OK done\n!wait",
    ) as server:
        session = open_session(server.endpoint)
        first_page(session)
        assert session.flags(MessageAddress("INBOX", 8, Uid(6)), soon()) == ("seen",)
