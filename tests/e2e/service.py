"""The service as it is run: `mailhatch serve` in a process of its own, over a data folder of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.security.tokens import new_token
from tests.support.dovecot import MailUser

#: Starting loads everything, on a machine that may be busy; a hang is what this ends.
PATIENCE = 90.0
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: where it answers, and the admin token."""

    url: str
    token: str

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Call as the admin and return the JSON, None when there is none; any refusal fails the test."""
        answer = httpx.request(
            method,
            f"{self.url}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=PATIENCE,
            trust_env=False,
        )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def put_account(self, user: MailUser, external_id: str) -> str:
        """Add a user of the test server as an account, or replace the account of that name; return its id."""
        body = {
            "email": f"{user.username}@example.com",
            "incoming": {
                "host": user.plain.host,
                "port": user.plain.port,
                "security": "none",
                "username": user.username,
                "auth": {"type": "password", "password": user.password},
            },
        }
        return str(self.call("PUT", f"/v1/accounts/by-external-id/{external_id}", body)["id"])


@contextmanager
def running(data: Path, cors_origin: str) -> Iterator[Service]:
    """Run the service until the block ends; browsers of one more origin may call it."""
    token = new_token()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAILHATCH_")}
    settings = {
        "MAILHATCH_DATA_DIR": str(data),
        "MAILHATCH_ADMIN_TOKEN": token,
        "MAILHATCH_CORS_ORIGINS": cors_origin,
        "MAILHATCH_ALLOWED_MAIL_NETWORKS": "127.0.0.0/8",
        "MAILHATCH_ALLOW_INSECURE_MAIL": "true",
        "MAILHATCH_MAIL_TIMEOUT": "60",  # the machine may be busy, and nobody judges speed here
        "MAILHATCH_SHUTDOWN_TIMEOUT": "3",
    }
    with (data / "service.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=_ROOT,
            env=kept | settings,
        )
    assert process.stdout
    try:
        welcome = process.stdout.readline().split()
        assert welcome, (data / "service.log").read_text("utf-8", "replace")
        yield Service(welcome[-1], token)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
