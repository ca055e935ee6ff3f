"""Packing GraphiQL's files where something is missing: a sentence, and the files of before stay."""

import shutil
from pathlib import Path

import pytest

from app.graphql.page import pack
from tests.support.npm import is_unreachable


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A target of our own with files of before, made from other sources."""
    monkeypatch.setattr(pack, "TARGET", tmp_path / "assets")
    monkeypatch.setattr(pack, "_BUILD", tmp_path / "build")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "stamp").write_text("of before")
    return tmp_path


def test_without_the_registry_it_is_told_and_the_files_of_before_stay(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1/")
    monkeypatch.setenv("npm_config_cache", str(places / "cache"))
    monkeypatch.setenv("npm_config_fetch_retry_mintimeout", "1")
    with pytest.raises(pack.CannotPackError) as told:
        pack.pack()
    assert is_unreachable(str(told.value))
    assert (places / "assets" / "stamp").read_text() == "of before"
    assert [path.name for path in (places / "build").iterdir()] == ["graphiql.lock"]


def test_without_node_it_is_told_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pack.CannotPackError, match="needs Node with npm"):
        pack.pack()


def test_files_of_these_sources_are_left_alone(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (places / "assets" / "stamp").write_text(pack._digest())
    monkeypatch.setattr(pack, "_made", lambda: pytest.fail("packed again"))
    pack.pack()


def test_other_sources_are_packed_again(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(pack.SOURCE, places / "page")
    (places / "assets" / "stamp").write_text(pack._digest())
    assert pack.is_current()
    monkeypatch.setattr(pack, "SOURCE", places / "page")
    (places / "page" / "inbox.graphql").write_text("{ __typename }")
    assert not pack.is_current()


def test_what_one_that_was_ended_left_is_removed(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (places / "build" / "graphiql-x" / "node_modules").mkdir(parents=True)
    monkeypatch.setattr(pack, "_made", lambda: None)
    pack.pack()
    assert not (places / "build" / "graphiql-x").exists()
