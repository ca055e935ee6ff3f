"""The command line in this process, with its own data folder and nothing else of this machine."""

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.cli import main


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The answer of `--json`."""
        return [msgspec.json.decode(line) for line in self.out.splitlines()]


Command = Callable[..., Ended]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of the settings that commands will read."""
    for name in [name for name in os.environ if name.startswith("MAILHATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAILHATCH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MAILHATCH_ALLOWED_MAIL_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("MAILHATCH_MAIL_TIMEOUT", "5")
    return tmp_path / "data"


@pytest.fixture
def mailhatch(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command: `mailhatch("accounts", "list", given="its standard input")`."""

    def run(*arguments: str, given: str = "") -> Ended:
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as ended:  # argparse ends this way
            code = int(ended.code or 0)
        printed = capsys.readouterr()
        return Ended(code, printed.out, printed.err)

    return run
