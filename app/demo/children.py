"""Processes the demo starts: each with a log, a pipe that ties it to the demo, and an end."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import app
from app.demo.limits import CHILD_STOP, LOG_LINES


class ChildFailed(Exception):
    """A process ended or stayed silent when it should not have; the message is for people."""


class Child:
    """A Python module run as a process of its own.

    Its standard input is a pipe that closes when this process is gone, however it went; the module ends then. It is in
    a session of its own, so that Ctrl-C reaches the demo alone, which then ends its children in order.
    """

    def __init__(
        self,
        name: str,
        arguments: tuple[str, ...],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        is_heard: bool = False,
    ) -> None:
        """Start `python -m` with these arguments; what it prints goes to `log`, or to `hear` if `is_heard`."""
        self.name = name
        self.log = log
        variables = dict(os.environ if environment is None else environment)
        # The checkout need not be installed: the module is looked for where this one was found.
        root = str(Path(app.__file__).parent.parent)
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, (root, variables.get("PYTHONPATH"))))
        with log.open("ab") as sink:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
                [sys.executable, "-m", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if is_heard else sink,
                stderr=sink,
                env=variables,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    def say(self, line: str) -> None:
        """Write a line to its standard input. Raises ChildFailed when it is gone."""
        assert self._process.stdin is not None
        if self.has_ended:
            raise self.failure("has ended")
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self.failure("has ended") from None

    def hear(self, timeout: float) -> str:
        """Read the next line of its standard output. Raises ChildFailed when none comes within `timeout` seconds."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], timeout)
        line = self._process.stdout.readline() if ready else b""
        if not line:
            raise self.failure("has ended" if ready else f"said nothing for {timeout:.0f} seconds")
        return line.decode()

    def failure(self, what: str) -> ChildFailed:
        """Make the error that tells what happened, with the end of the log."""
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        shown = "".join(f"\n    {line}" for line in lines)
        return ChildFailed(f"The {self.name} {what}. The end of {self.log}:{shown or ' (empty)'}")

    def stop(self) -> None:
        """End it: politely first, then for good. Safe to call again."""
        process = self._process
        with suppress(ProcessLookupError):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        try:
            process.wait(CHILD_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
