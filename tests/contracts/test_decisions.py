"""Each record of a decision says what it must, and they are numbered without gaps."""

import re
from pathlib import Path

import pytest

from tests.contracts.repository import ROOT

RECORDS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
SECTIONS = ["Context", "Decision", "Alternatives considered", "Consequences"]


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.name)
def test_a_record_has_its_four_parts(path: Path) -> None:
    text = path.read_text("utf-8")
    assert re.match(rf"# {int(path.name[:4])}\. \S", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS


def test_records_are_numbered_without_gaps() -> None:
    numbers = [int(re.fullmatch(r"(\d{4})-[a-z0-9-]+\.md", path.name)[1]) for path in RECORDS]  # type: ignore[index]  # a wrong name fails here
    assert numbers == list(range(1, len(RECORDS) + 1))
