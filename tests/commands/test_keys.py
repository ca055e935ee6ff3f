import stat
from pathlib import Path

import pytest

from app.commands.exits import Exit
from app.security.keyring import parse_keyring
from tests.commands.conftest import Command


def add_account(mailhatch: Command) -> str:
    ended = mailhatch(
        "accounts", "add", "--email", "ann@example.com", "--host", "imap.example.com", "--no-verify",
        "--password-stdin", given="korrekt pferd\n",
    )  # fmt: skip
    assert ended.code == Exit.DONE, ended.err
    return ended.out.strip()


def test_a_generated_key_is_one_and_each_is_new(mailhatch: Command) -> None:
    first, second = mailhatch("keys", "generate").out, mailhatch("keys", "generate", "--id", "2027").out
    assert parse_keyring(first).current.id == "k1"
    assert parse_keyring(second).current.id == "2027"
    assert first.partition(":")[2] != second.partition(":")[2]
    assert mailhatch("keys", "generate", "--id", "Not An Id").code == Exit.FAILED


def test_a_key_file_is_made_once_and_for_its_owner_alone(mailhatch: Command, data: Path) -> None:
    assert mailhatch("keys", "generate", "--write").code == Exit.DONE
    written = (data / "keys").read_text()
    assert stat.S_IMODE((data / "keys").stat().st_mode) == 0o600
    again = mailhatch("keys", "generate", "--write")
    assert again.code == Exit.FAILED
    assert (data / "keys").read_text() == written
    assert written.split(":")[1].strip() not in again.err + again.out


def test_a_rotation_seals_anew_and_the_secrets_still_open(mailhatch: Command, data: Path) -> None:
    add_account(mailhatch)
    before = (data / "keys").read_text()
    ended = mailhatch("keys", "rotate")
    assert ended.code == Exit.DONE, ended.err
    assert ended.out.startswith("1 secrets are sealed with the key k2.")
    assert "k1" in ended.out
    keys = (data / "keys").read_text()
    assert [key.id for key in parse_keyring(keys).keys] == ["k2", "k1"]
    assert keys.endswith(before)
    (data / "keys").write_text(keys.splitlines()[0] + "\n")  # nothing needs the old one
    assert mailhatch("accounts", "list").code == Exit.DONE


def test_an_interrupted_rotation_goes_on_without_another_key(mailhatch: Command, data: Path) -> None:
    add_account(mailhatch)
    (data / "keys").write_text(mailhatch("keys", "generate", "--id", "next").out + (data / "keys").read_text())
    ended = mailhatch("keys", "rotate", "--no-new-key")
    assert ended.out.startswith("1 secrets are sealed with the key next.")
    assert mailhatch("keys", "rotate", "--no-new-key").out.startswith("0 secrets")


def test_keys_of_the_environment_are_sealed_with_and_never_written(
    mailhatch: Command, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (mailhatch("keys", "generate", "--id", name).out.strip() for name in ("old", "new"))
    monkeypatch.setenv("MAILHATCH_ENCRYPTION_KEYS", old)
    add_account(mailhatch)
    assert mailhatch("keys", "generate", "--write").code == Exit.USAGE
    monkeypatch.setenv("MAILHATCH_ENCRYPTION_KEYS", f"{new},{old}")
    assert mailhatch("keys", "rotate").out.startswith("1 secrets are sealed with the key new.")
    assert not (data / "keys").exists()


def test_the_wrong_key_is_said_plainly(mailhatch: Command, data: Path) -> None:
    add_account(mailhatch)
    (data / "keys").write_text(mailhatch("keys", "generate").out)
    ended = mailhatch("accounts", "list")
    assert ended.code == Exit.FAILED
    assert "k1" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("words", [("accounts", "list"), ("serve", "--port", "0")])
def test_a_lost_key_file_is_said_plainly_and_no_other_takes_its_place(
    mailhatch: Command, data: Path, words: tuple[str, ...]
) -> None:
    assert mailhatch("accounts", "list").code == 0
    kept = (data / "keys").rename(data / "backup")
    for _ in range(2):
        ended = mailhatch(*words)
        assert ended.code == 1
        assert f"The key file {data / 'keys'} is missing" in ended.err
        assert not (data / "keys").exists()
    kept.rename(data / "keys")
    assert mailhatch("accounts", "list").code == 0
