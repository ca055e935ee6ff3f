"""What of the demo lies on disk: a lock while it runs, its data, and `demo.json` for scripts."""

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from app.security.tokens import new_token

_MARK = ".mailhatch-demo"


class DemoRefused(Exception):
    """The demo cannot start; the message is one sentence for people."""


class DemoState:
    """The files of one running demo, all in one folder (`var`).

    The lock is the kernel's: it is free again when the demo is gone, however it went, so that a left-over `demo.json`
    never stands in the way.
    """

    def __init__(self, folder: Path) -> None:
        """Take the lock and make an admin token. Raises DemoRefused, telling where, when a demo already runs."""
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "demo.json"
        self.data = folder / "demo"
        _, self.admin_token = new_token()
        self._lock = os.open(folder / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise DemoRefused(_already_runs(self.file)) from None

    def __enter__(self) -> Self:
        """Hold the lock."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove `demo.json` and give the lock back."""
        self.file.unlink(missing_ok=True)
        os.close(self._lock)

    def fresh_data(self) -> Path:
        """Empty the data folder. Raises DemoRefused when something other than a demo made it."""
        self.file.unlink(missing_ok=True)
        if self.data.exists():
            if not (self.data / _MARK).exists():
                raise DemoRefused(f"The folder {self.data} was not made by the demo; move it away first.")
            shutil.rmtree(self.data)
        self.data.mkdir(mode=0o700)
        (self.data / _MARK).touch()
        return self.data

    def publish(self, facts: Mapping[str, object]) -> None:
        """Write `demo.json`, readable by this user alone; it appears whole or not at all."""
        draft = self.file.with_suffix(".json.new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(facts, out, indent=2)
            out.write("\n")
        draft.replace(self.file)


def _already_runs(file: Path) -> str:
    try:
        facts = json.loads(file.read_text())
        return f"A demo already runs at {facts['docs']} (process {facts['pids']['demo']}); {file} has its token."
    except (OSError, ValueError, KeyError, TypeError):
        return f"A demo is already starting with the folder {file.parent}."
