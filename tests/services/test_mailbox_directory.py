from hypothesis import given
from hypothesis import strategies as st

from app.domain.mailbox import MailboxFacts
from app.domain.ports import MailboxRow
from app.services.mailbox_directory import reconcile


def listed(name: str, uidvalidity: int | None = 1, server_id: str | None = None) -> MailboxFacts:
    return MailboxFacts(name, "/", None, True, True, uidvalidity=uidvalidity, mailbox_id=server_id)


def test_new_mailboxes_get_rows() -> None:
    found = reconcile((), [listed("INBOX"), listed("Sent")])
    assert [row.name for row in found.changed] == ["INBOX", "Sent"]
    assert found.gone == ()


def test_nothing_changes_when_nothing_changed() -> None:
    rows = (MailboxRow(1, "INBOX", 5, None), MailboxRow(2, "Sent", 6, "F2"))
    found = reconcile(rows, [listed("INBOX", 5), listed("Sent", 6, "F2")])
    assert found.rows == rows
    assert not found.changed
    assert not found.gone


def test_a_rename_is_followed_by_mailboxid() -> None:
    found = reconcile((MailboxRow(1, "Old", 5, "F1"),), [listed("New", 5, "F1")])
    assert found.rows == (MailboxRow(1, "New", 5, "F1"),)
    assert not found.gone


def test_two_mailboxes_that_swapped_names_keep_their_rows() -> None:
    rows = (MailboxRow(1, "A", 5, "FA"), MailboxRow(2, "B", 6, "FB"))
    found = reconcile(rows, [listed("A", 6, "FB"), listed("B", 5, "FA")])
    assert {(row.row, row.name) for row in found.rows} == {(1, "B"), (2, "A")}


def test_a_mailbox_made_anew_under_an_old_name_is_another_one() -> None:
    found = reconcile((MailboxRow(1, "A", 5, "FA"),), [listed("A", 9, "FX")])
    assert found.rows[0].row != 1
    assert found.gone == (1,)


def test_a_new_uidvalidity_keeps_the_row() -> None:
    found = reconcile((MailboxRow(1, "A", 5, None),), [listed("A", 9)])
    assert found.changed == (MailboxRow(1, "A", 9, None),)


def test_a_count_the_server_would_not_give_does_not_forget_uidvalidity() -> None:
    found = reconcile((MailboxRow(1, "A", 5, None),), [listed("A", None)])
    assert not found.changed


def test_a_server_that_repeats_itself_gets_distinct_rows() -> None:
    found = reconcile((), [listed("A", 1, "F1"), listed("A", 1, "F2"), listed("B", 1, "F1"), listed("C", 1, "F1")])
    assert [(row.name, row.server_id) for row in found.rows] == [("A", "F1"), ("B", None), ("C", None)]


_names = st.sampled_from("ABCDEF")
_ids = st.sampled_from(["1", "2", "3", "4", None])


@given(
    st.lists(st.tuples(_names, _ids), unique_by=(lambda pair: pair[0])),
    st.lists(st.tuples(_names, _ids), unique_by=(lambda pair: pair[0])),
)
def test_rows_say_what_the_server_says(
    before: list[tuple[str, str | None]], after: list[tuple[str, str | None]]
) -> None:
    start = reconcile((), [listed(name, 1, key) for name, key in _distinct(before)])
    found = reconcile(start.rows, [listed(name, 1, key) for name, key in _distinct(after)])
    assert sorted(row.name for row in found.rows) == sorted(name for name, _ in _distinct(after))
    numbers = [row.row for row in found.rows]
    assert len(numbers) == len(set(numbers))
    assert set(found.gone) == {row.row for row in start.rows} - set(numbers)


def _distinct(pairs: list[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    seen: set[str] = set()
    kept = []
    for name, key in pairs:
        if key is None or key not in seen:
            kept.append((name, key))
            seen.add(key or "")
    return kept
