"""Downloaded messages on disk: any range comes back, nothing can be read or exchanged, the budget holds."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import StorageUnavailable
from app.domain.ids import AccountId, Uid
from app.domain.ports import BodyKey
from app.storage.bodies import FRAME, DiskBodyCache

KEY = bytes(range(32))
A = BodyKey(AccountId("acc_a"), 7, Uid(1))


def put(cache: DiskBodyCache, key: BodyKey, data: bytes, step: int = 50_000) -> None:
    writer = cache.writer(key)
    for start in range(0, len(data), step):
        writer.write(data[start : start + step])
    writer.keep()


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", [0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME])
def test_any_range_comes_back(tmp_path: Path, size: int) -> None:
    cache = DiskBodyCache(tmp_path, 10**9, KEY)
    data = os.urandom(size)
    put(cache, A, data)
    assert cache.size(A) == size
    for offset, length in ((0, size), (0, 1), (FRAME - 1, 2), (FRAME, FRAME), (size, 5), (size + 9, 1), (5, 0)):
        assert cache.read(A, offset, length) == data[offset : offset + length]


@given(data=st.binary(max_size=200), offset=st.integers(0, 300), length=st.integers(0, 300))
def test_ranges_are_cut_as_slices_are(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, offset: int, length: int
) -> None:
    cache = DiskBodyCache(tmp_path_factory.mktemp("bodies"), 10**9, KEY)
    put(cache, A, data, 7)
    assert cache.read(A, offset, length) == data[offset : offset + length]


def test_nothing_of_a_message_is_readable_on_disk(tmp_path: Path) -> None:
    cache = DiskBodyCache(tmp_path, 10**9, KEY)
    put(cache, A, b"the secret of the message " * 5000)
    (file,) = files(tmp_path)
    assert b"secret" not in file.read_bytes()
    assert "acc_a" not in str(file.relative_to(tmp_path))
    assert file.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", ["cut", "flip", "swap", "foreign"])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, damage: str) -> None:
    cache = DiskBodyCache(tmp_path, 10**9, KEY)
    data = os.urandom(3 * FRAME)
    put(cache, A, data)
    (file,) = files(tmp_path)
    raw = file.read_bytes()
    sealed = FRAME + 16
    frames = [raw[12 + start : 12 + start + sealed] for start in range(0, len(raw) - 12, sealed)]
    broken = {
        "cut": raw[: 12 + 2 * sealed],
        "flip": raw[:200] + bytes([raw[200] ^ 1]) + raw[201:],
        "swap": raw[:12] + frames[1] + frames[0] + frames[2],
        "foreign": b"something else",
    }[damage]
    file.write_bytes(broken)
    again = DiskBodyCache(tmp_path, 10**9, KEY)
    size = again.size(A)
    assert size is None or again.read(A, 0, size) is None
    assert again.read(A, 0, 10) is None
    assert files(tmp_path) == []


def test_a_later_run_finds_what_was_kept_and_another_key_does_not(tmp_path: Path) -> None:
    put(DiskBodyCache(tmp_path, 10**9, KEY), A, b"kept")
    assert DiskBodyCache(tmp_path, 10**9, KEY).read(A, 0, 10) == b"kept"
    assert DiskBodyCache(tmp_path, 10**9, bytes(32)).read(A, 0, 10) is None


def test_a_file_of_one_message_is_not_taken_for_another(tmp_path: Path) -> None:
    cache = DiskBodyCache(tmp_path, 10**9, KEY)
    put(cache, A, b"for ana")
    (file,) = files(tmp_path)
    file.rename(file.with_name("7-2"))
    assert DiskBodyCache(tmp_path, 10**9, KEY).read(BodyKey(A.account_id, 7, Uid(2)), 0, 10) is None


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = DiskBodyCache(tmp_path, 250_000, KEY)
    keys = [BodyKey(A.account_id, 7, Uid(uid)) for uid in range(1, 4)]
    for key in keys[:2]:
        put(cache, key, os.urandom(100_000))
    assert cache.read(keys[0], 0, 1) is not None
    put(cache, keys[2], os.urandom(100_000))
    assert [cache.size(key) is not None for key in keys] == [True, False, True]
    assert cache.used == sum(file.stat().st_size for file in files(tmp_path)) <= 250_000


def test_one_over_the_budget_stays_until_the_next(tmp_path: Path) -> None:
    cache = DiskBodyCache(tmp_path, 0, KEY)
    put(cache, A, b"x" * 100_000)
    assert cache.read(A, 0, 1) == b"x"
    put(cache, BodyKey(A.account_id, 7, Uid(2)), b"y")
    assert cache.read(A, 0, 1) is None


def test_a_writer_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    cache = DiskBodyCache(tmp_path, 10**9, KEY)
    writer = cache.writer(A)
    writer.write(b"x" * 200_000)
    writer.discard()
    assert files(tmp_path) == []
    assert cache.size(A) is None


def test_what_a_killed_process_left_half_is_removed(tmp_path: Path) -> None:
    put(DiskBodyCache(tmp_path, 10**9, KEY), A, b"whole")
    (file,) = files(tmp_path)
    old, young = file.with_name("0123456789abcdef.part"), file.with_name("fedcba9876543210.part")
    for half in (old, young):
        half.write_bytes(b"half")
    os.utime(old, (0, 0))
    DiskBodyCache(tmp_path, 10**9, KEY)
    assert files(tmp_path) == [file, young]  # the young one may belong to a process beside this one


def test_forgetting_an_account_leaves_the_others(tmp_path: Path) -> None:
    cache = DiskBodyCache(tmp_path, 10**9, KEY)
    other = BodyKey(AccountId("acc_b"), 7, Uid(1))
    put(cache, A, b"a")
    put(cache, other, b"b")
    cache.forget(A.account_id)
    assert (cache.read(A, 0, 1), cache.read(other, 0, 1)) == (None, b"b")
    assert len(files(tmp_path)) == 1


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageUnavailable):
        DiskBodyCache(tmp_path / "file" / "bodies", 10, KEY)
