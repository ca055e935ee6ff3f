import os
from pathlib import Path

import pytest

from app.demo.children import Child, ChildFailed


def test_a_child_that_dies_shows_the_end_of_its_log(tmp_path: Path) -> None:
    child = Child("mail server", ("app.demo.no_such_module",), tmp_path / "log", is_heard=True)
    with pytest.raises(ChildFailed, match=r"(?s)The mail server has ended.*log:.*No module named") as failure:
        child.hear(30)
    child.stop()
    assert child.has_ended
    assert str(tmp_path / "log") in str(failure.value)


def test_a_silent_child_is_not_waited_for_without_end(tmp_path: Path) -> None:
    child = Child("mail server", ("app.demo.imap_server",), tmp_path / "log", is_heard=True)
    try:
        with pytest.raises(ChildFailed, match="said nothing for 0 seconds"):
            child.hear(0.05)  # it waits for its first line itself
    finally:
        child.stop()


def test_a_child_cannot_be_hit_by_the_terminals_ctrl_c(tmp_path: Path) -> None:
    child = Child("mail server", ("app.demo.imap_server",), tmp_path / "log", is_heard=True)
    try:
        assert os.getpgid(child.pid) != os.getpgid(0)
    finally:
        child.stop()


def test_stopping_twice_does_no_harm(tmp_path: Path) -> None:
    child = Child("mail server", ("app.demo.imap_server",), tmp_path / "log", is_heard=True)
    child.stop()
    child.stop()
    assert child.has_ended
    with pytest.raises(ChildFailed, match="has ended"):
        child.say("anybody there?")
