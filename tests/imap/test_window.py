import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import UpstreamProtocolError
from app.imap.selection import View
from app.imap.window import Window
from app.imap.wire.responses import Untagged, read_response
from app.imap.wire.uid_sets import format_set


def untagged(line: str) -> Untagged:
    response = read_response((line.encode(),))
    assert isinstance(response, Untagged)
    return response


EVENTS = st.lists(
    st.tuples(st.sampled_from(["fetch", "expunge", "vanish", "arrive"]), st.integers(0, 1000), st.integers(1, 3)),
    max_size=30,
)


@given(st.integers(0, 12), EVENTS)
def test_rows_stay_right_while_messages_come_and_go(count: int, events: list[tuple[str, int, int]]) -> None:
    mailbox = [10 * number for number in range(1, count + 1)]
    newest = 10 * count
    window = Window(max_rows=1000)
    view = View("INBOX", 7, count, None, None)
    fetched: set[int] = set()
    for kind, at, many in events:
        lines = []
        if kind == "arrive":
            mailbox += [newest + 10 * number for number in range(1, many + 1)]
            newest = mailbox[-1]
            lines = [f"* {len(mailbox)} EXISTS"]
        elif mailbox and kind == "fetch":
            place = at % len(mailbox)
            fetched.add(mailbox[place])
            lines = [f"* {place + 1} FETCH (UID {mailbox[place]} FLAGS ())"]
        elif mailbox and kind == "expunge":
            place = at % len(mailbox)
            del mailbox[place]
            lines = [f"* {place + 1} EXPUNGE"]
        elif mailbox:
            gone = mailbox[at % len(mailbox) :][:many]
            mailbox = [uid for uid in mailbox if uid not in gone]
            lines = [f"* VANISHED {format_set(gone)}"]
        for line in lines:
            view.apply(untagged(line))
            window.take(untagged(line))
    assert view.exists == len(mailbox)
    assert {seq: row.uid for seq, row in window.rows.items()} == {
        place: uid for place, uid in enumerate(mailbox, 1) if uid in fetched
    }


def test_neighbours_tell_a_place() -> None:
    window = Window(max_rows=10)
    assert window.place_of(5, 0) == (0, 1)
    assert window.place_of(5, 9) == (0, 10)
    for seq, uid in ((2, 20), (3, 30)):
        window.take(untagged(f"* {seq} FETCH (UID {uid})"))
    assert window.place_of(30, 9) == (2, 3)
    assert window.place_of(25, 9) == (2, 3)
    assert window.place_of(40, 9) == (3, 10)


def test_more_rows_than_anybody_asked_for_are_refused() -> None:
    window = Window(max_rows=1)
    window.take(untagged("* 1 FETCH (UID 1 FLAGS (a))"))
    window.take(untagged("* 1 FETCH (UID 1 MODSEQ (5))"))
    assert window.rows[1].flags() == ("a",)
    with pytest.raises(UpstreamProtocolError):
        window.take(untagged("* 2 FETCH (UID 2)"))
