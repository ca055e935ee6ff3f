"""The whole demo as a newcomer starts it: a process, its printed lines, a shell."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.demo.limits import CHILD_STOP

#: Seconds to wait for the demo to end; generous, the machine may be shared.
PATIENCE = CHILD_STOP + 30


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "app.demo", "--var", str(folder), *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for_end_of(pid: int) -> None:
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended, _, _ = select.select([process], [], [], PATIENCE)
    os.close(process)
    assert ended


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@dataclass
class Demo:
    process: subprocess.Popen[str]
    folder: Path
    printed: list[str]

    @property
    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((self.folder / "demo.json").read_text())
        return facts

    def read_until(self, words: str) -> list[str]:
        assert self.process.stdout is not None
        read = []
        for line in self.process.stdout:
            read.append(line.rstrip("\n"))
            if words in line:
                return read
        assert self.process.stderr is not None
        raise AssertionError(f"The demo ended: {read} {self.process.stderr.read()}")

    def end(self, by: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(by)
        self.process.communicate(timeout=PATIENCE)
        return self.process.returncode


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(start(tmp_path, "--port", "0"), tmp_path, [])
    try:
        running.printed = running.read_until("Ctrl-C ends the demo")
        yield running
    finally:
        if running.process.poll() is None:
            running.end(signal.SIGTERM)
        for pipe in (running.process.stdout, running.process.stderr):
            assert pipe is not None
            pipe.close()


def pasted(line: str) -> Any:
    shell = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(shell.stdout)


def refused(folder: Path, *arguments: str) -> str:
    second = start(folder, *arguments)
    out, told = second.communicate(timeout=PATIENCE)
    assert (second.returncode, out) == (1, "")
    return told


def test_what_is_printed_works_when_pasted_and_ctrl_c_leaves_nothing(demo: Demo) -> None:
    mailboxes, page, body = (pasted(line) for line in demo.printed if line.startswith("curl "))
    assert {"INBOX", "Küche"} <= {item["name"] for item in mailboxes["items"]}
    assert len(page["items"]) == 5
    assert page["next"]
    assert page["items"][0]["subject"]
    assert "sign painter" in body["text"]
    assert "<img" in body["html"]
    facts = demo.facts
    assert any(f"{facts['url']}/docs" in line for line in demo.printed)
    assert any(line.split()[-1:] == [facts["token"]] for line in demo.printed)
    assert [account["external_id"] for account in facts["accounts"]] == ["demo-ana", "demo-kenji", "demo-mira"]
    assert any(line.endswith(f"signature verified: endpoint.test {facts['webhook']['id']}") for line in demo.printed)
    assert "mh_" not in (demo.folder / "demo" / "service.log").read_text()

    told = refused(demo.folder, "--port", "0")
    assert re.fullmatch(rf"A demo already runs at {facts['docs']} \(process {demo.process.pid}\).*\n", told)

    assert demo.end(signal.SIGINT) == 0
    assert not [pid for pid in facts["pids"].values() if is_alive(pid)]
    assert not (demo.folder / "demo.json").exists()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", int(facts["url"].rsplit(":", 1)[1])))


def test_sigterm_in_the_middle_of_a_start_leaves_nothing(tmp_path: Path) -> None:
    running = Demo(start(tmp_path, "--port", "0"), tmp_path, [])
    running.read_until("Mail server")
    children = children_of(running.process.pid)
    assert children
    assert running.end(signal.SIGTERM) == 0
    for pid in children:
        wait_for_end_of(pid)
    assert not (tmp_path / "demo.json").exists()


@pytest.mark.parametrize("part", ["mail_server", "service"])
def test_a_part_that_crashes_ends_the_demo_and_is_named(demo: Demo, part: str) -> None:
    pids = demo.facts["pids"]
    os.kill(pids[part], signal.SIGKILL)
    _, told = demo.process.communicate(timeout=PATIENCE)
    assert demo.process.returncode == 1
    assert told.startswith(f"The {part.replace('_', ' ')} has ended.")
    assert not [pid for pid in pids.values() if is_alive(pid)]


def test_a_demo_that_is_killed_takes_its_processes_along(demo: Demo) -> None:
    pids = demo.facts["pids"]
    demo.process.kill()
    demo.process.wait()
    for name in ("mail_server", "service"):
        wait_for_end_of(pids[name])


def test_a_taken_port_is_reported(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = refused(tmp_path, "--port", str(port))
    assert told == f"Port {port} is taken; choose another one with `make demo PORT=8026`.\n"
