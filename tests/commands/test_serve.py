import asyncio
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from app.commands import serve
from app.telemetry.log import report_loop_error
from tests.commands.conftest import Command

#: Starting loads everything on a busy machine; a hang is what this ends.
PATIENCE = 60


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run the service until the block ends; yields the process and what it printed up to its last line of welcome."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "serve", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        yield process, [process.stdout.readline().strip() for _ in range(2)]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=PATIENCE)


@pytest.fixture
def in_repository(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Subprocesses start where `app` is."""
    monkeypatch.chdir(Path(__file__).parents[2])


@pytest.mark.usefixtures("in_repository")
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_tells_where_and_stops_cleanly(data: Path, stop: signal.Signals) -> None:
    with serving() as (process, welcome):
        assert process.stdout
        assert process.stderr
        url = re.fullmatch(r"Mailhatch \S+ listens on (http://127\.0\.0\.1:\d+)", welcome[0])
        assert url, welcome
        assert welcome[1] == f"Try every call in the browser: {url[1]}/docs"
        keys, token = process.stdout.readline(), process.stdout.readline().split()[-1]
        assert str(data / "keys") in keys
        bearer = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{url[1]}/v1/accounts", headers=bearer).json() == {"items": [], "next": None}
        assert httpx.get(f"{url[1]}/v1/accounts").status_code == 401
        assert httpx.get(f"{url[1]}/docs").status_code == 200
        assert "server" not in httpx.get(f"{url[1]}/livez").headers
        process.send_signal(stop)
        rest, log = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, log
        assert rest == ""
        assert log.rstrip().endswith("Stopped.")
        assert "Traceback" not in log
        assert token.rpartition("_")[2] not in log


@pytest.mark.usefixtures("in_repository")
def test_the_admin_token_is_shown_at_the_first_start_alone(data: Path) -> None:
    with serving() as (process, _):
        assert process.stdout
        process.stdout.readline()
        assert "mh_" in process.stdout.readline()
        process.terminate()
        process.communicate(timeout=PATIENCE)
    with serving() as (process, welcome):
        process.terminate()
        rest, _ = process.communicate(timeout=PATIENCE)
        assert "mh_" not in "".join(welcome) + rest


def test_a_taken_port_is_said_before_anything_is_made(mailhatch: Command, data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = mailhatch("serve", "--port", str(port))
    assert ended.code == 1
    assert f"Cannot listen on 127.0.0.1 port {port}" in ended.err
    assert not data.exists()


@pytest.mark.parametrize("words", [("--host", "no such host"), ("--port", "70000")])
def test_an_address_that_cannot_be_is_said_plainly(mailhatch: Command, words: tuple[str, ...]) -> None:
    ended = mailhatch("serve", *words)
    assert ended.code in {1, 2}
    assert "Traceback" not in ended.err


def test_an_admin_token_that_cannot_be_is_said_plainly(mailhatch: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILHATCH_ADMIN_TOKEN", "letmein-please")
    ended = mailhatch("serve", "--port", "0")
    assert ended.code == 2
    assert "MAILHATCH_ADMIN_TOKEN" in ended.err
    assert "letmein" not in ended.err


async def test_what_nobody_awaited_is_logged_without_what_it_says() -> None:
    async def nothing(scope: object, receive: object, send: object) -> None:
        raise AssertionError("nobody calls")

    config = uvicorn.Config(nothing, lifespan="off", log_config=None)
    config.load()
    server = serve._Server(config, [])
    server.lifespan = config.lifespan_class(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await server.startup([listener])
        assert asyncio.get_running_loop().get_exception_handler() is report_loop_error
        await server.shutdown([listener])
