"""Nothing that somebody looks for adds a command on the wire; `make soak` tries 10,000 queries."""

from contextlib import suppress
from datetime import date

from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.account import Password
from app.domain.errors import InvalidRequest, MailhatchError
from app.domain.lookup import MatchQuery, Sort, SortKey
from app.domain.search import Keyword, Term, Text, TextField, leaves, parse, settle
from app.imap.session import ImapSession
from app.imap.wire.tokenizer import tokenize
from tests.imap.conftest import soon
from tests.imap.recorder import Recorder
from tests.imap.test_injection import VALUES, _without_sizes, connect
from tests.support.searches import all_leaves, days, trees

CAPABILITIES = st.sampled_from(["IMAP4rev1", "IMAP4rev1 LITERAL+", "IMAP4rev1 LITERAL- ESEARCH SORT"])


def check(capabilities: str, term: Term, sort: Sort | None, before: int | None) -> None:
    recorder = Recorder(capabilities)
    session = ImapSession(connect(recorder, "user", Password("secret")))
    recorder.commands.clear()
    with suppress(MailhatchError):
        session.find(MatchQuery("INBOX", term, before_uid=before, sort=sort), soon())  # type: ignore[arg-type]  # a UID
    assert recorder.is_at_rest
    assert set(recorder.names) <= {b"EXAMINE", b"UID SEARCH", b"UID SORT"}
    known = {leaf.value.encode() for leaf in leaves(term) if isinstance(leaf, Text)}
    for _, name, parts in recorder.commands:
        if name == b"EXAMINE":
            continue
        literals = [part for index, part in enumerate(parts) if index % 2]
        assert set(literals) <= known
        tokenize(tuple(_without_sizes(parts)))  # every quote and parenthesis is closed


@given(CAPABILITIES, trees(all_leaves), days, st.booleans(), st.sampled_from([None, 1, 2, 9]), st.booleans())
def test_a_tree_is_sent_as_the_commands_it_means(
    capabilities: str, term: Term, today: date, is_in: bool, before: int | None, is_sorted: bool
) -> None:
    settled = settle(term, today, lambda _: is_in)
    check(capabilities, settled, Sort(SortKey.SIZE, is_descending=True) if is_sorted else None, before)


@given(CAPABILITIES, VALUES, st.sampled_from(TextField))
@example("IMAP4rev1", 'a"\r\nM9 LOGOUT\r\n', TextField.BODY)
@example("IMAP4rev1 LITERAL+", "{5}\r\nM9 LOGOUT", TextField.FROM)
def test_any_text_stays_a_text(capabilities: str, value: str, field: TextField) -> None:
    with suppress(UnicodeEncodeError):  # a lone surrogate: the grammar lets none through
        check(capabilities, Text(field, value), None, None)


@given(CAPABILITIES, VALUES)
@example("IMAP4rev1", "x\r\nM9 LOGOUT")
def test_any_keyword_is_a_keyword_or_refused(capabilities: str, value: str) -> None:
    check(capabilities, Keyword(value), None, None)


@given(CAPABILITIES, VALUES)
def test_any_query_is_read_or_sends_nothing(capabilities: str, query: str) -> None:
    with suppress(InvalidRequest):
        check(capabilities, settle(parse(query), date(2026, 1, 1), bool), None, None)
