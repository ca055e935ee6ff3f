"""The outside scoreboard: npm's graphql-http audits, all 61, against the service as it is run."""

import json
from pathlib import Path

import pytest

from tests.e2e.service import running
from tests.support import npm


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the audits installed, by the lock file alone."""
    return npm.install(Path(__file__).parent / "npm", tmp_path_factory.mktemp("npm"))


def test_all_61_audits_are_passed(audits: Path, tmp_path: Path) -> None:
    with running(tmp_path, "http://localhost:3000") as service:
        told = npm.node(audits, "audit.mjs", environment={"URL": f"{service.url}/graphql", "TOKEN": service.token})
    results = [json.loads(line) for line in told.splitlines()]
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61
