import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

PASSWORDS = {"demo-ana": "ana's secret", "demo-kenji": "kenji's secret", "demo-mira": "mira's secret"}


@dataclass(frozen=True)
class RunningMailServer:
    """The embedded mail server as its parent sees it."""

    process: subprocess.Popen[str]
    port: int
    pop3_port: int
    messages: int

    def deliver(self) -> dict[str, Any]:
        """Let one message arrive."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write('{"deliver": true}\n')
        self.process.stdin.flush()
        fact: dict[str, Any] = json.loads(self.process.stdout.readline())
        return fact


@contextmanager
def running() -> Iterator[RunningMailServer]:
    """Run a mail server process; it must end with its standard input."""
    with subprocess.Popen(
        [sys.executable, "-m", "app.demo.imap_server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"passwords": PASSWORDS}) + "\n")
        process.stdin.flush()
        ready = json.loads(process.stdout.readline())
        try:
            yield RunningMailServer(process, ready["port"], ready["pop3_port"], ready["messages"])
            process.stdin.close()
            assert process.wait(20) == 0
        finally:
            process.kill()


@pytest.fixture(scope="package")
def demo_mail_server() -> Iterator[RunningMailServer]:
    """A mail server for tests that only read."""
    with running() as server:
        yield server


@pytest.fixture
def fresh_mail_server() -> Iterator[RunningMailServer]:
    """A mail server for a test that lets mail arrive or ends it."""
    with running() as server:
        yield server
