import errno
import logging
import multiprocessing
import os
import stat
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from app.config import Settings
from app.security.keyfile import load_or_create_keyring, rotate_file
from app.security.keyring import KeyringError, generate_key, parse_keyring
from app.security.vault import Vault


def _settings(folder: Path) -> Settings:
    return Settings.model_validate({"data_dir": folder})


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_first_start_makes_a_key_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    made, created = load_or_create_keyring(_settings(folder))
    again, created_again = load_or_create_keyring(_settings(folder))
    assert (created, created_again) == (True, False)
    assert made == again
    assert stat.S_IMODE((folder / "keys").stat().st_mode) == 0o600
    assert _files(folder) == ["keys"]


def test_keys_of_the_settings_win_and_touch_no_file(tmp_path: Path) -> None:
    given = Settings.model_validate({"data_dir": tmp_path, "encryption_keys": generate_key("mine")})
    keyring, created = load_or_create_keyring(given)
    assert keyring.current.id == "mine"
    assert not created
    assert _files(tmp_path) == []


def _start(folder: str) -> tuple[str, bool]:
    keyring, created = load_or_create_keyring(_settings(Path(folder)))
    return keyring.fingerprints()["k1"], created


def test_processes_that_start_at_once_end_with_one_key(tmp_path: Path) -> None:
    rounds = [tmp_path / str(number) for number in range(12)]
    with ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as processes:
        found = [list(processes.map(_start, [str(folder)] * 4)) for folder in rounds]
    for folder, starts in zip(rounds, found, strict=True):
        assert len({fingerprint for fingerprint, _ in starts}) == 1
        assert sum(created for _, created in starts) == 1
        assert _files(folder) == ["keys"]


def test_a_key_that_another_process_made_meanwhile_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = generate_key("k1")
    real = Path.hardlink_to

    def late(self: Path, target: Path) -> None:
        self.write_text(other)
        self.chmod(0o600)
        real(self, target)

    monkeypatch.setattr(Path, "hardlink_to", late)
    keyring, created = load_or_create_keyring(_settings(tmp_path))
    assert (keyring, created) == (parse_keyring(other), False)
    assert _files(tmp_path) == ["keys"]


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_file_system_without_links_still_gets_one_key(
    is_taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = generate_key("k1")

    def refuse(self: Path, target: Path) -> None:
        if is_taken:
            self.write_text(other)
            self.chmod(0o600)
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    keyring, created = load_or_create_keyring(_settings(tmp_path))
    assert created != is_taken
    assert (keyring == parse_keyring(other)) == is_taken
    assert _files(tmp_path) == ["keys"]


def test_a_key_file_that_everybody_reads_is_refused(tmp_path: Path) -> None:
    load_or_create_keyring(_settings(tmp_path))
    (tmp_path / "keys").chmod(0o604)
    with pytest.raises(KeyringError, match="chmod 600"):
        load_or_create_keyring(_settings(tmp_path))


def test_a_key_file_that_a_group_reads_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    load_or_create_keyring(_settings(tmp_path))
    (tmp_path / "keys").chmod(0o640)
    with caplog.at_level(logging.WARNING):
        load_or_create_keyring(_settings(tmp_path))
    assert "chmod 600" in caplog.text


@pytest.mark.parametrize("content", [b"", b"k1:short", b"\xff\xfe", b"#" * 20_000])
def test_a_broken_key_file_is_refused_and_kept(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyringError):
        load_or_create_keyring(_settings(tmp_path))
    with pytest.raises(KeyringError):
        rotate_file(path)
    assert path.read_bytes() == content
    assert _files(tmp_path) == ["keys"]


def test_a_folder_in_the_place_of_the_file_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    with pytest.raises(KeyringError, match="cannot be used"):
        load_or_create_keyring(_settings(tmp_path))


def test_rotation_puts_a_new_key_first_and_keeps_the_old(tmp_path: Path) -> None:
    before, _ = load_or_create_keyring(_settings(tmp_path))
    sealed = Vault(before).seal(b"password", "row 1")
    path = tmp_path / "keys"
    path.chmod(0o640)
    assert rotate_file(path) == "k2"
    assert rotate_file(path) == "k3"
    after, created = load_or_create_keyring(_settings(tmp_path))
    assert not created
    assert [key.id for key in after.keys] == ["k3", "k2", "k1"]
    assert after.keys[-1] == before.current
    assert Vault(after).open(sealed, "row 1") == b"password"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert _files(tmp_path) == ["keys"]


def test_rotation_follows_a_link_and_leaves_it(tmp_path: Path) -> None:
    load_or_create_keyring(_settings(tmp_path))
    link = tmp_path / "link"
    link.symlink_to("keys")
    rotate_file(link)
    assert link.is_symlink()
    assert len(parse_keyring((tmp_path / "keys").read_text()).keys) == 2


def test_rotation_without_a_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeyringError, match="keys generate"):
        rotate_file(tmp_path / "keys")


def test_a_rotation_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_or_create_keyring(_settings(tmp_path))
    was = (tmp_path / "keys").read_bytes()

    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(KeyringError, match="No space left"):
        rotate_file(tmp_path / "keys")
    assert (tmp_path / "keys").read_bytes() == was
    assert _files(tmp_path) == ["keys"]


def test_the_key_is_on_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash after the start answered must not lose the key that credentials are sealed with."""
    did: list[str] = []
    sync, link = os.fsync, Path.hardlink_to

    def synced(descriptor: int) -> None:
        did.append("sync")
        sync(descriptor)

    def linked(self: Path, target: Path) -> None:
        did.append("link")
        link(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "hardlink_to", linked)
    load_or_create_keyring(_settings(tmp_path))
    assert did == ["sync", "link", "sync"]


def _ids(entries: Iterable[str]) -> list[str]:
    return [entry.partition(":")[0] for entry in entries]


def test_comments_and_order_of_the_file_survive_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"# kept by the vault team\n{generate_key('k2')}\n{generate_key('legacy')}\n")
    path.chmod(0o600)
    assert rotate_file(path) == "k1"
    lines = path.read_text().splitlines()
    assert _ids(lines) == ["k1", "# kept by the vault team", "k2", "legacy"]
