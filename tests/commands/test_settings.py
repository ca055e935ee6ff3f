from pathlib import Path

import pytest

from app.commands.exits import Exit
from tests.commands.conftest import Command


def test_a_setting_that_is_wrong_is_named_without_its_value(
    mailhatch: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILHATCH_PORT", "hunter2")
    ended = mailhatch("accounts", "list")
    assert ended.code == Exit.USAGE
    assert "MAILHATCH_PORT" in ended.err
    assert "hunter2" not in ended.err
    assert "Traceback" not in ended.err


def test_a_settings_file_that_is_not_there_is_not_passed_over(
    mailhatch: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MAILHATCH_CONFIG", str(tmp_path / "none.toml"))
    ended = mailhatch("accounts", "list")
    assert (ended.code, "MAILHATCH_CONFIG" in ended.err) == (Exit.USAGE, True)


@pytest.mark.parametrize("text", ["port = [", "nonsense = 1", "port = 'x'"])
def test_a_settings_file_that_is_wrong_is_said_plainly(
    mailhatch: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    monkeypatch.setenv("MAILHATCH_CONFIG", str(path))
    ended = mailhatch("accounts", "list")
    assert ended.code == Exit.USAGE
    assert ended.err.startswith("mailhatch: ")
    assert "Traceback" not in ended.err


def test_a_database_that_cannot_be_used_is_said_plainly(
    mailhatch: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "text.db").write_text("this is not a database, though it is long enough to be taken for one" * 20)
    monkeypatch.setenv("MAILHATCH_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'text.db'}")
    ended = mailhatch("accounts", "list")
    assert ended.code == Exit.FAILED
    assert ended.err.startswith("mailhatch: The database")
    assert "Traceback" not in ended.err


def test_a_bug_shows_no_traceback_unless_it_is_asked_for(mailhatch: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("app.commands.tokens.with_services", broken)
    ended = mailhatch("tokens", "list")
    assert ended.code == Exit.FAILED
    assert "ZeroDivisionError" in ended.err
    assert "a secret" not in ended.err
    monkeypatch.setenv("MAILHATCH_LOG_LEVEL", "debug")
    with pytest.raises(ZeroDivisionError):
        mailhatch("tokens", "list")


def test_an_interruption_is_said_plainly(mailhatch: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.commands.tokens.with_services", interrupted)
    assert mailhatch("tokens", "list").code == Exit.INTERRUPTED
