import json
from pathlib import Path

import pytest

from tests.commands.conftest import Command


def test_the_document_is_printed_and_written_alike(
    mailhatch: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = mailhatch("openapi").out
    assert json.loads(printed)["openapi"].startswith("3.1")
    monkeypatch.chdir(tmp_path)
    ended = mailhatch("openapi", "--write")
    assert ended.out == ""
    assert (tmp_path / "openapi" / "mailhatch.json").read_text("utf-8") == printed


def test_a_folder_that_cannot_be_written_is_said_plainly(
    mailhatch: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "openapi").write_text("a file")
    monkeypatch.chdir(tmp_path)
    ended = mailhatch("openapi", "--write")
    assert ended.code == 1
    assert ended.err.startswith("mailhatch: openapi/mailhatch.json cannot be written")
