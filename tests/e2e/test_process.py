"""The service as a process: killed, stopped and started again, and what it writes to its log."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.security.tokens import new_token
from tests.e2e.service import PATIENCE
from tests.support.dovecot import MailUser
from tests.support.mailfill import numbered_message

pytestmark = [pytest.mark.dovecot, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
TOKEN = new_token()[1]
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


class Process:
    """`mailhatch serve` over a data folder."""

    def __init__(self, data: Path) -> None:
        self.log_path = data / "service.log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MAILHATCH_")}
        ours = {
            "MAILHATCH_DATA_DIR": str(data),
            "MAILHATCH_ADMIN_TOKEN": TOKEN,
            "MAILHATCH_ALLOWED_MAIL_NETWORKS": "127.0.0.0/8",
            "MAILHATCH_ALLOW_INSECURE_MAIL": "true",
            "MAILHATCH_MAIL_TIMEOUT": "60",
        }
        with self.log_path.open("ab") as log:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "app", "serve", "--port", "0"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
                env=kept | ours,
            )
        assert self.child.stdout
        welcome = self.child.stdout.readline().split()
        assert welcome, self.log
        self.url = welcome[-1]

    @property
    def log(self) -> str:
        return self.log_path.read_text("utf-8")

    def call(self, method: str, path: str, body: object = None, headers: dict[str, str] = HEADERS) -> httpx.Response:
        return httpx.request(method, self.url + path, json=body, headers=headers, timeout=PATIENCE, trust_env=False)

    def end(self, how: signal.Signals) -> int:
        self.child.send_signal(how)
        code = self.child.wait(PATIENCE)
        assert self.child.stdout
        self.child.stdout.close()
        return code


def account_of(user: MailUser) -> dict[str, Any]:
    return {
        "external_id": "one",
        "incoming": {
            "host": user.plain.host,
            "port": user.plain.port,
            "security": "none",
            "username": user.username,
            "auth": {"type": "password", "password": user.password},
        },
    }


def test_a_killed_service_comes_back_with_everything(mail_user: MailUser, tmp_path: Path) -> None:
    mail_user.fill(3)
    process = Process(tmp_path)
    made = process.call("POST", "/v1/accounts", account_of(mail_user))
    assert made.status_code == 201, made.text
    path = f"/v1/accounts/{made.json()['id']}/mailboxes/inbox/messages"
    before = process.call("GET", path).json()
    assert process.end(signal.SIGKILL) == -signal.SIGKILL
    process = Process(tmp_path)
    try:
        assert process.call("GET", path).json() == before
    finally:
        assert process.end(signal.SIGTERM) == 0


def test_a_stopped_service_logs_out_and_ends_well(mail_user: MailUser, tmp_path: Path) -> None:
    process = Process(tmp_path)
    account = process.call("POST", "/v1/accounts", account_of(mail_user)).json()["id"]
    process.call("GET", f"/v1/accounts/{account}/mailboxes")
    assert mail_user.connections() > 0
    assert process.end(signal.SIGTERM) == 0
    assert mail_user.has_connections(0)


def test_the_log_is_json_without_secrets_or_mail(mail_user: MailUser, tmp_path: Path) -> None:
    mail_user.append(numbered_message(4711).replace(b"text of message", b"xyzzy-plugh"))
    process = Process(tmp_path)
    account = process.call("POST", "/v1/accounts", account_of(mail_user)).json()["id"]
    wrong = account_of(mail_user) | {"external_id": "two"}
    wrong["incoming"]["auth"]["password"] = "hunter2-hunter2"
    assert process.call("POST", "/v1/accounts", wrong).status_code == 502
    page = process.call("GET", f"/v1/accounts/{account}/mailboxes/inbox/messages").json()
    message = f"/v1/accounts/{account}/messages/{page['items'][0]['id']}"
    assert "xyzzy-plugh" in process.call("GET", f"{message}/body").json()["text"]
    opened = process.call("GET", message, headers=HEADERS | {"X-Request-Id": "look-for-me"})
    assert opened.status_code == 200
    process.call("GET", "/v1/accounts", headers={"Authorization": "Bearer mh_guess_guessguess"})
    assert process.end(signal.SIGTERM) == 0
    lines = [json.loads(line) for line in process.log.splitlines() if line.startswith("{")]
    assert [line for line in lines if line.get("request_id") == "look-for-me"]
    assert {"ts", "level", "logger", "message"} <= set(lines[0])
    for secret in (mail_user.password, "hunter2", TOKEN, "guessguess", "Message number", "xyzzy", "sender4711"):
        assert secret not in process.log
