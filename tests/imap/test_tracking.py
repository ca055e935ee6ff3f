"""Messages followed through expunges, beside a list that shifts as a mailbox does."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.ids import Uid
from app.imap.tracking import Tracked
from app.imap.wire.responses import Untagged, read_response

STEPS = st.lists(st.tuples(st.sampled_from(["fetch", "expunge", "expunge"]), st.integers(0, 1_000)), max_size=60)


def said(line: str) -> Untagged:
    response = read_response((line.encode(),))
    assert isinstance(response, Untagged)
    return response


@given(st.integers(1, 30), STEPS, st.sets(st.integers(10, 310)))
def test_what_went_is_what_a_shifting_list_says(count: int, steps: list[tuple[str, int]], wanted: set[int]) -> None:
    mailbox = [10 * number for number in range(1, count + 1)]
    tracked = Tracked({Uid(uid) for uid in wanted})
    seen: set[int] = set()
    gone: set[int] = set()
    for what, number in steps:
        if not mailbox:
            break
        seq = number % len(mailbox) + 1
        uid = mailbox[seq - 1]
        if what == "fetch":
            tracked.take(said(f"* {seq} FETCH (UID {uid})"))
            seen |= {uid} & wanted
        else:
            tracked.take(said(f"* {seq} EXPUNGE"))
            del mailbox[seq - 1]
            gone |= {uid} & seen
    assert (tracked.seen, tracked.gone) == (seen, gone)


def test_vanished_and_what_was_never_asked_for() -> None:
    tracked = Tracked({Uid(5), Uid(6)})
    for line in ("* 1 FETCH (UID 5)", "* 2 FETCH (UID 7)", "* 3 FETCH (FLAGS ())", "* VANISHED 5,7:9", "* 9 EXISTS"):
        tracked.take(said(line))
    assert (tracked.seen, tracked.gone) == ({5}, {5})
