"""Nothing in the project tells on which machine it was written, or from which index its packages came."""

import re
from pathlib import Path

import pytest

from tests.contracts.repository import ROOT, project_files, shown

#: Folders that exist on somebody's machine, not in a clone, a container or a Debian package.
PERSONAL_PATH = re.compile(r"(?<![\w./<}-])/(?:home|root|Users|work|workspace)/[\w.]+")
#: An index other than the default one.
INDEX = re.compile(
    r"(?<!no-emit-)(?:--(?:extra-)?index-url|--find-links|UV_INDEX|PIP_[A-Z_]*INDEX)\b|file:///", re.IGNORECASE
)


@pytest.mark.parametrize("pattern", [PERSONAL_PATH, INDEX], ids=["paths", "indexes"])
def test_no_file_names_a_machine(pattern: re.Pattern[str]) -> None:
    found = []
    for path in project_files():
        if path == Path(__file__):
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if pattern.search(line):
                found.append(f"{shown(path)}:{number}: {line.strip()[:120]}")
    assert found == []


@pytest.mark.parametrize("bad", ["see /home/ada/notes.txt", "cd /root/src", "'/work/src'", "pip --index-url x"])
def test_such_words_would_be_found(bad: str) -> None:
    assert PERSONAL_PATH.search(bad) or INDEX.search(bad)


@pytest.mark.parametrize(
    "good", ["/v1/work/x", "https://example.org/home/x", "./home/x", "--no-emit-index-url", "$HOME"]
)
def test_ordinary_words_are_not(good: str) -> None:
    assert not PERSONAL_PATH.search(good)
    assert not INDEX.search(good)


def test_the_project_is_found() -> None:
    assert ROOT / "pyproject.toml" in project_files()
