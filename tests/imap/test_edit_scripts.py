"""Changes on servers other than Dovecot, and servers that stop half-way: each message is told the truth."""

from collections.abc import Sequence

import pytest

from app.domain.edits import Appended, FlagEdit, ItemState, MessageSet, MessageSource, MoveReport
from app.domain.errors import (
    Conflict,
    InvalidRequest,
    MailhatchError,
    NotFound,
    NotSupportedByServer,
    OutcomeUnknown,
    PayloadTooLarge,
    PermissionDenied,
    QuotaExceeded,
    StaleReference,
    UpstreamRejected,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from app.domain.ids import Uid
from tests.imap.conftest import Open, soon
from tests.imap.script import ScriptedServer, login

DONE, GONE, FAILED, UNKNOWN = ItemState.DONE, ItemState.GONE, ItemState.FAILED, ItemState.UNKNOWN
SEEN = FlagEdit(("seen",))


def select(
    exists: int = 9, permanent: str = r"\Seen \Deleted \Flagged \*", tag: str = "M2", uidvalidity: int = 7
) -> str:
    return f"""
        C~ {tag} SELECT "INBOX".*
        S: * {exists} EXISTS
        S: * OK [PERMANENTFLAGS ({permanent})] ok
        S: * OK [UIDVALIDITY {uidvalidity}] ok
        S: {tag} OK [READ-WRITE] done
    """


def chosen(*uids: int) -> MessageSet:
    return MessageSet("INBOX", 7, tuple(Uid(uid) for uid in uids))


def told(report: MoveReport) -> list[tuple[int, ItemState, int | None]]:
    return [(item.uid, item.state, item.target) for item in report.items]


def errors(report: MoveReport) -> list[type]:
    return [type(item.error) for item in report.items]


def test_a_mailbox_that_was_made_anew_is_found_out_before_anything_is_changed(open_session: Open) -> None:
    with ScriptedServer(login("MOVE"), select(uidvalidity=8), "!wait") as server:
        session = open_session(server.endpoint)
        with pytest.raises(StaleReference):
            session.store_flags(chosen(1), SEEN, None, soon())
        session.abort()


def test_keywords_a_mailbox_does_not_take_are_told_and_not_sent(open_session: Open) -> None:
    script = (login(), select(permanent=r"\Seen $Junk"), "C~ M3 UID STORE 1 .*", "S: M3 OK done",
              "C~ M4 UID STORE 1 .*", "S: M4 OK done", "C~ M5 UID FETCH 1 .*", "S: * 1 FETCH (UID 1 FLAGS ($junk))",
              "S: M5 OK done", "!wait")  # fmt: skip
    with ScriptedServer(*script) as server:
        session = open_session(server.endpoint)
        new = session.store_flags(chosen(1, 2), FlagEdit(("seen", "Fresh")), None, soon())
        assert [(one.state, type(one.error)) for one in new] == [(FAILED, NotSupportedByServer)] * 2
        forbidden = session.store_flags(chosen(1), FlagEdit(("flagged",)), None, soon())
        assert isinstance(forbidden[0].error, PermissionDenied)
        known = session.store_flags(chosen(1), FlagEdit(("$Junk",), ("Fresh",)), None, soon())
        assert known[0].state is DONE
        session.abort()


def test_a_server_that_says_ok_and_does_nothing_is_not_believed(open_session: Open) -> None:
    script = (login(), select(), "C~ M3 UID STORE .*", "S: M3 OK done", "C~ M4 UID FETCH .*",
              "S: * 1 FETCH (UID 1 FLAGS ())", "S: M4 OK done", "!wait")  # fmt: skip
    with ScriptedServer(*script) as server:
        session = open_session(server.endpoint)
        (outcome,) = session.store_flags(chosen(1), SEEN, None, soon())
        assert (outcome.state, outcome.flags, type(outcome.error)) == (FAILED, (), PermissionDenied)
        session.abort()


def test_flags_lost_half_way_are_unknown_and_those_not_sent_are_not_done(open_session: Open) -> None:
    script = (login(), select(), "C~ M3 UID STORE .*", "S: M3 OK done", "!close")
    with ScriptedServer(*script) as server:
        session = open_session(server.endpoint)
        many = tuple(range(1, 2 * 5_000, 2))
        outcomes = session.store_flags(chosen(*many), SEEN, None, soon())
        assert [one.state for one in outcomes] == [UNKNOWN] * 4_000 + [FAILED] * 1_000
        assert all(isinstance(one.error, UpstreamUnavailable) for one in outcomes)
        assert not session.is_usable


@pytest.mark.parametrize("row", ["(UID 1 MODSEQ (9))", "(MODSEQ (9) UID 1)"])
def test_a_row_without_flags_does_not_tell_what_became_of_them(open_session: Open, row: str) -> None:
    heard = f"S: * 1 FETCH {row}"
    script = (login(), select(), "C~ M3 UID STORE .*", heard, "S: M3 OK done", "C~ M4 UID FETCH .*",
              "S: * 1 FETCH (UID 1 FLAGS (\\Seen))", "S: M4 OK done", "C~ M5 UID STORE .*",
              heard, "!close")  # fmt: skip
    with ScriptedServer(*script) as server:
        session = open_session(server.endpoint)
        (outcome,) = session.store_flags(chosen(1), SEEN, None, soon())
        assert (outcome.state, outcome.flags) == (DONE, ("seen",))
        (outcome,) = session.store_flags(chosen(1), SEEN, None, soon())
        assert outcome.state is UNKNOWN


def test_a_move_that_stops_half_way_is_told_message_by_message(open_session: Open) -> None:
    script = (login("MOVE UIDPLUS"), select(), "C: M3 UID SEARCH UID 1:4", 'C: M4 UID MOVE 1:4 "Trash"',
              "S: * SEARCH 1 2 3", "S: M3 OK done", "S: * OK [COPYUID 9 1 40] moved", "S: * 1 EXPUNGE",
              "S: M4 NO [OVERQUOTA] full", "C: M5 UID SEARCH UID 1:4", "S: * SEARCH 3", "S: M5 OK done",
              "!wait")  # fmt: skip
    with ScriptedServer(*script) as server:
        session = open_session(server.endpoint)
        report = session.move(chosen(4, 3, 2, 1), "Trash", soon())
        assert told(report) == [(4, GONE, None), (3, FAILED, None), (2, UNKNOWN, None), (1, DONE, 40)]
        assert report.uidvalidity == 9
        assert isinstance(report.items[1].error, QuotaExceeded)
        assert session.is_usable
        session.abort()


def test_a_move_whose_answer_is_lost_tells_what_was_said_before(open_session: Open) -> None:
    script = (login("MOVE UIDPLUS"), select(), "C~ M3 UID SEARCH .*", "C~ M4 UID MOVE .*", "S: * SEARCH 1 2",
              "S: M3 OK done", "S: * OK [COPYUID 9 1 40] moved", "!close")  # fmt: skip
    with ScriptedServer(*script) as server:
        session = open_session(server.endpoint)
        report = session.move(chosen(1, 2, 3), "Trash", soon())
        assert told(report) == [(1, DONE, 40), (2, UNKNOWN, None), (3, GONE, None)]
        assert not session.is_usable


def test_a_goodbye_in_the_middle_is_a_loss_like_any_other(open_session: Open) -> None:
    script = (
        login("MOVE"),
        select(),
        "C~ M3 UID SEARCH .*",
        "C~ M4 UID MOVE .*",
        "S: * BYE [UNAVAILABLE] later",
        "!close",
    )
    with ScriptedServer(*script) as server:
        session = open_session(server.endpoint)
        assert told(session.move(chosen(1), "Trash", soon())) == [(1, UNKNOWN, None)]
        assert not session.is_usable


def test_without_copyuid_what_was_there_is_done(open_session: Open) -> None:
    script = (login("MOVE"), select(), "C~ M3 UID SEARCH .*", "C~ M4 UID MOVE .*", "S: * SEARCH 2", "S: M3 OK done",
              "S: * 2 EXPUNGE", "S: M4 OK done", "!wait")  # fmt: skip
    with ScriptedServer(*script) as server:
        session = open_session(server.endpoint)
        report = session.move(chosen(1, 2), "Trash", soon())
        assert (report.uidvalidity, told(report)) == (None, [(1, GONE, None), (2, DONE, None)])
        session.abort()


def test_rev2_answers_a_search_in_its_own_way(open_session: Open) -> None:
    script = (login("IMAP4rev2"), select(), "C~ M3 UID SEARCH .*", "C~ M4 UID MOVE .*",
              'S: * ESEARCH (TAG "M3") UID ALL 2:3', "S: M3 OK done", "S: * OK [COPYUID 9 2:3 4:5] x", "S: M4 OK done",
              "!wait")  # fmt: skip
    with ScriptedServer(*script) as server:
        session = open_session(server.endpoint)
        report = session.move(chosen(1, 2, 3), "Trash", soon())
        assert told(report) == [(1, GONE, None), (2, DONE, 4), (3, DONE, 5)]
        session.abort()


def test_a_mapping_that_makes_no_sense_is_not_told(open_session: Open) -> None:
    script = (login("MOVE UIDPLUS"), select(), "C~ M3 UID SEARCH .*", "C~ M4 UID MOVE .*", "S: * SEARCH 1 2",
              "S: M3 OK done", "S: * OK [COPYUID 9 1:4294967295 1:4294967295] x", "S: M4 OK done", "!wait")  # fmt: skip
    with ScriptedServer(*script) as server:
        session = open_session(server.endpoint)
        assert told(session.move(chosen(1, 2), "Trash", soon())) == [(1, DONE, None), (2, DONE, None)]
        session.abort()


#: COPY, then the marks and the look of the removal that follows it.
COPIED = ("C~ M3 UID SEARCH .*", 'C: M4 UID COPY 1:2 "Trash"', "S: * SEARCH 1 2", "S: M3 OK done",
          "S: M4 OK [COPYUID 9 1:2 40:41] done", "C: M5 UID FETCH 1:2 (UID)",
          r"C: M6 UID STORE 1:2 +FLAGS.SILENT (\Deleted)")  # fmt: skip
LOOKED = ("S: * 1 FETCH (UID 1)", "S: * 2 FETCH (UID 2)", "S: M5 OK done", "S: M6 OK done")


def test_what_could_not_be_removed_after_the_copy_names_the_copy(open_session: Open) -> None:
    script = (login("UIDPLUS"), select(), *COPIED, "C: M7 UID EXPUNGE 1:2", *LOOKED, "S: * 1 EXPUNGE",
              "S: M7 NO [NOPERM] not you", "!wait")  # fmt: skip
    with ScriptedServer(*script) as server:
        session = open_session(server.endpoint)
        report = session.move(chosen(1, 2), "Trash", soon())
        assert told(report) == [(1, DONE, 40), (2, FAILED, 41)]
        assert isinstance(report.items[1].error, PermissionDenied)
        session.abort()


def test_a_connection_lost_between_copy_and_removal(open_session: Open) -> None:
    script = (login("UIDPLUS"), select(), *COPIED, "!close")
    with ScriptedServer(*script) as server:
        session = open_session(server.endpoint)
        assert told(session.move(chosen(1, 2), "Trash", soon())) == [(1, UNKNOWN, 40), (2, UNKNOWN, 41)]
        assert not session.is_usable


@pytest.mark.parametrize("marked", ["1 2 8", "8", "x", "1:2"])
def test_expunge_is_never_sent_while_others_are_marked_or_nobody_knows(open_session: Open, marked: str) -> None:
    script = (login(), select(), *COPIED, *LOOKED, "C: M7 UID SEARCH DELETED", f"S: * SEARCH {marked}", "S: M7 OK done",
              "!wait")  # fmt: skip
    with ScriptedServer(*script) as server:
        session = open_session(server.endpoint)
        report = session.move(chosen(1, 2), "Trash", soon())
        assert told(report) == [(1, FAILED, 40), (2, FAILED, 41)]
        assert errors(report) == [Conflict] * 2
        session.abort()


def test_expunge_is_sent_when_our_marks_are_the_only_ones(open_session: Open) -> None:
    script = (login(), select(), *COPIED, *LOOKED, "C: M7 UID SEARCH DELETED", "S: * SEARCH 2 1", "S: M7 OK done",
              "C: M8 EXPUNGE", "S: * 2 EXPUNGE", "S: * 1 EXPUNGE", "S: M8 OK done", "!wait")  # fmt: skip
    with ScriptedServer(*script) as server:
        session = open_session(server.endpoint)
        assert told(session.move(chosen(1, 2), "Trash", soon())) == [(1, DONE, 40), (2, DONE, 41)]
        session.abort()


RAW = b"Subject: s\r\n\r\n"
SOURCE = MessageSource(len(RAW), lambda: iter([RAW]))
ASKED = 'C: M2 APPEND "INBOX" {14}'


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("NO [OVERQUOTA] full", QuotaExceeded),
        ("NO [TRYCREATE] no such mailbox", NotFound),
        ("NO [TOOBIG] too big", PayloadTooLarge),
        ("NO [NOPERM] not you", PermissionDenied),
        ("NO no", UpstreamRejected),
        ("NO [LIMIT] too many", UpstreamRejected),
        ("NO [OVERQUOTA] Suggested Backoff Time: 1000 milliseconds", UpstreamThrottled),
    ],
)
@pytest.mark.parametrize("is_early", [True, False])
def test_a_refused_message_is_told_why(
    open_session: Open, answer: str, error: type[MailhatchError], is_early: bool
) -> None:
    middle = [] if is_early else ["S: + go", "C: Subject: s", "C: ", "C: "]
    with ScriptedServer(login(""), ASKED, *middle, f"S: M2 {answer}", "!wait") as server:
        session = open_session(server.endpoint)
        with pytest.raises(error) as raised:
            session.append("INBOX", SOURCE, (), None, soon())
        assert type(raised.value) is error
        assert session.is_usable is (error is not UpstreamThrottled)
        session.abort()


def test_a_message_that_was_wholly_sent_may_have_been_stored_and_one_that_was_not_is_not(open_session: Open) -> None:
    with ScriptedServer(login(""), ASKED, "S: + go", "C: Subject: s", "C: ", "C: ", "!close") as server:
        session = open_session(server.endpoint)
        with pytest.raises(OutcomeUnknown):
            session.append("INBOX", SOURCE, (), None, soon())
        assert not session.is_usable
    with ScriptedServer(login(""), ASKED, "!close") as server:
        session = open_session(server.endpoint)
        with pytest.raises(UpstreamUnavailable):
            session.append("INBOX", SOURCE, (), None, soon())


def test_a_server_without_uidplus_tells_no_place(open_session: Open) -> None:
    with ScriptedServer(login(""), ASKED, "S: + go", "C: Subject: s", "C: ", "C: ", "S: M2 OK done", "!wait") as server:
        session = open_session(server.endpoint)
        assert session.append("INBOX", SOURCE, (), None, soon()) == Appended(None, None)
        session.abort()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("NO [ALREADYEXISTS] x", Conflict),
        ("NO [HASCHILDREN] x", Conflict),
        ("NO [CANNOT] x", InvalidRequest),
        ("NO [NOPERM] x", PermissionDenied),
        ("NO [NONEXISTENT] x", NotFound),
        ("NO [OVERQUOTA] x", QuotaExceeded),
        ("NO x", UpstreamRejected),
    ],
)
def test_each_refusal_of_a_mailbox_has_its_own_meaning(
    open_session: Open, answer: str, error: type[MailhatchError]
) -> None:
    with ScriptedServer(login(), 'C: M2 DELETE "box"', f"S: M2 {answer}", "!wait") as server:
        session = open_session(server.endpoint)
        with pytest.raises(error) as raised:
            session.delete_mailbox("box", soon())
        assert type(raised.value) is error
        assert session.is_usable
        session.abort()


def test_news_of_the_end_is_seen_without_asking(open_session: Open) -> None:
    def states(*steps: str) -> Sequence[bool]:
        with ScriptedServer(login(), *steps) as server:
            session = open_session(server.endpoint)
            found = [session.has_hung_up()]
            server._thread.join(5) if "!close" in steps else None
            found.append(session.has_hung_up())
            session.abort()
            return found

    assert states("!wait") == [False, False]
    assert states("!close")[-1]
    assert states("S: * BYE Autologout; idle for too long", "!close")[-1]
