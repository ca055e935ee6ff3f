"""A random history of a mailbox, looked at at random moments: a client that applies what is told ends where it is."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.watch.diff import chunks, limits
from tests.watch.model import Client, Server, Snapshot, look

ABILITIES = {
    "qresync": {},
    "condstore": {"says_vanished": False},
    "plain": {"has_modseq": False, "says_vanished": False},
    "vanished lost": {"loses_vanished": 0.5},
    "vanished wrong": {"lies_vanished": 0.5},
    "rows broken": {"breaks_rows": 0.2},
    "plain, rows broken": {"has_modseq": False, "says_vanished": False, "breaks_rows": 0.2},
}


@pytest.fixture(params=["small chunks", "as they are"], autouse=True)
def bounds(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With small bounds a few messages show what else takes thousands."""
    if request.param == "small chunks":
        monkeypatch.setattr(chunks, "CHUNK_UIDS", 3)
        monkeypatch.setattr(chunks, "PORTION_CHANGES", 2)
        monkeypatch.setattr("app.watch.diff.differ.WINDOW_UIDS", 4)


@pytest.mark.parametrize("ability", ABILITIES)
@given(seed=st.integers(0, 2**32), meddling=st.sampled_from([0.0, 0.0, 0.5]), kills=st.booleans())
@settings(max_examples=150)
def test_who_applies_the_changes_ends_where_the_server_is(
    ability: str, seed: int, meddling: float, kills: bool
) -> None:
    dice = random.Random(seed)
    server = Server(dice=dice, **ABILITIES[ability])  # type: ignore[arg-type]
    snapshot, client = Snapshot(), Client()
    for _ in range(dice.randrange(12)):
        server.act()
    was_restored = False
    for _ in range(dice.randrange(1, 10)):
        look(server, snapshot, client, meddling=meddling, stops_after=dice.randrange(4) if kills else 99)
        for _ in range(dice.randrange(8)):
            server.act()
        if dice.random() < 0.05:
            server.has_modseq = not server.has_modseq  # a server is replaced by another, its mail moved over
        if dice.random() < 0.03:
            server.modseq = max(1, server.modseq - 5)  # or restored from a backup
            was_restored = True
    look(server, snapshot, client, is_thorough=was_restored)  # the watcher does so now and then
    for _ in range(40):
        if look(server, snapshot, client) and client.mail == server.mail:
            break
    assert client.mail == server.mail == snapshot.mail()
    told = len(client.told)
    assert look(server, snapshot, client) or server.breaks_rows
    assert len(client.told) == told, "something was told although nothing had happened"


def test_the_bounds_are_those_of_the_store() -> None:
    assert limits.CHUNK_UIDS == 1000
