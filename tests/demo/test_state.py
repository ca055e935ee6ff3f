import json
import stat
from pathlib import Path

import pytest

from app.demo.state import DemoRefused, DemoState


def test_a_second_demo_is_told_where_the_first_one_is(tmp_path: Path) -> None:
    with DemoState(tmp_path) as first:
        first.publish({"docs": "http://127.0.0.1:1/docs", "pids": {"demo": 7}})
        with pytest.raises(DemoRefused, match=r"already runs at http://127\.0\.0\.1:1/docs \(process 7\)"):
            DemoState(tmp_path)


def test_a_second_demo_is_refused_while_the_first_one_starts(tmp_path: Path) -> None:
    with DemoState(tmp_path), pytest.raises(DemoRefused, match="already starting"):
        DemoState(tmp_path)


def test_a_demo_that_was_killed_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text('{"docs": "http://127.0.0.1:1/docs", "pids": {"demo": 1}}')
    with DemoState(tmp_path) as state:
        state.fresh_data()
        assert not state.file.exists()
    with DemoState(tmp_path):
        pass


def test_demo_json_is_for_this_user_alone_and_goes_with_the_demo(tmp_path: Path) -> None:
    with DemoState(tmp_path) as state:
        state.publish({"token": "mh_x"})
        assert stat.S_IMODE(state.file.stat().st_mode) == 0o600
        assert json.loads(state.file.read_text()) == {"token": "mh_x"}
    assert not (tmp_path / "demo.json").exists()


def test_data_is_fresh_at_each_start(tmp_path: Path) -> None:
    with DemoState(tmp_path) as state:
        (state.fresh_data() / "mailhatch.db").touch()
        assert not (state.fresh_data() / "mailhatch.db").exists()


def test_a_folder_the_demo_did_not_make_is_never_emptied(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "thesis.txt").write_text("years of work")
    with DemoState(tmp_path) as state, pytest.raises(DemoRefused, match="was not made by the demo"):
        state.fresh_data()
    assert (tmp_path / "demo" / "thesis.txt").exists()
