"""The three lock files: hashed, free of any index, agreeing with each other and with pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.contracts.repository import ROOT

RUNTIME = ROOT / "requirements.lock"
DEMO = ROOT / "app" / "demo" / "requirements.lock"
TESTS = ROOT / "tests" / "requirements.lock"
LOCKS = [RUNTIME, DEMO, TESTS]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

#: `name==version ; marker \` and then its hashes, four spaces in: nothing else may stand in a lock file.
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[0-9a-z.+!]+)(?P<marker> ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?P<more> \\)?")


def pins(path: Path) -> dict[str, set[tuple[str, str]]]:
    """Read the (version, marker) pairs of each name; a name has several where the marker decides."""
    found: dict[str, set[tuple[str, str]]] = {}
    for line in path.read_text("ascii").splitlines():
        if match := PIN.fullmatch(line):
            found.setdefault(match["name"], set()).add((match["version"], (match["marker"] or "").strip()))
    return found


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_line_is_a_pin_or_its_hash(path: Path) -> None:
    expects_hash = False
    for number, line in enumerate(path.read_text("ascii").splitlines(), 1):
        if match := HASH.fullmatch(line):
            assert expects_hash, f"line {number}: a hash without a pin"
            expects_hash = bool(match["more"])
        else:
            assert not expects_hash, f"line {number}: the pin before has no hash"
            assert PIN.fullmatch(line), f"line {number} is neither a pin nor a hash: {line}; run `make lock`"
            expects_hash = True
    assert not expects_hash


def test_a_shared_pin_is_the_same_everywhere() -> None:
    runtime, demo, tests = (pins(path) for path in LOCKS)
    for name, versions in runtime.items():
        assert demo.get(name) == versions, f"{name} differs between the runtime and the demo; run `make lock`"
    for name, versions in demo.items():
        assert {version for version, _ in tests[name]} == {version for version, _ in versions}, f"{name}: `make lock`"


@pytest.mark.parametrize(
    ("path", "declared"),
    [
        (RUNTIME, PROJECT["project"]["dependencies"]),
        (DEMO, PROJECT["project"]["optional-dependencies"]["demo"]),
        (TESTS, PROJECT["dependency-groups"]["dev"]),
    ],
    ids=["runtime", "demo", "dev"],
)
def test_what_is_declared_is_locked(path: Path, declared: list[str]) -> None:
    locked = pins(path)
    for text in declared:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{name} is declared but not locked; run `make lock`"
        for version, _ in locked[name]:
            assert requirement.specifier.contains(Version(version)), f"{text} does not allow {version}; run `make lock`"
