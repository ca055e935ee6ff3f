from pathlib import Path

import pytest

from tests.commands.conftest import Command


def test_the_schema_is_printed_and_written_alike(
    mailhatch: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = mailhatch("graphql").out
    assert "type Query {" in printed
    monkeypatch.chdir(tmp_path)
    ended = mailhatch("graphql", "--write")
    assert ended.out == ""
    assert (tmp_path / "schemas" / "graphql" / "mailhatch.graphql").read_text("utf-8") == printed


def test_a_folder_that_cannot_be_written_is_said_plainly(
    mailhatch: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "schemas").write_text("a file")
    monkeypatch.chdir(tmp_path)
    ended = mailhatch("graphql", "--write")
    assert ended.code == 1
    assert ended.err.startswith("mailhatch: schemas/graphql/mailhatch.graphql cannot be written")
