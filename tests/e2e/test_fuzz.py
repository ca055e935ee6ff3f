"""schemathesis over the whole OpenAPI: no 5xx, no undocumented answer."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.service import Service, running
from tests.support.dovecot import MailUser

ROOT = Path(__file__).parents[2]
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method"
)
#: A mail server that refuses or cannot be reached is 502, 503 or 504, and documented; 500 would be a bug of ours.
EXPECTED = ("[checks.not_a_server_error]", 'expected-statuses = ["2xx", "3xx", "4xx", 501, 502, 503, 504]')
#: These end what the other operations work on; they are tried with ids that are not there.
ENDING = (
    "deleteAccount",
    "revokeToken",
    "pauseAccount",
    "deleteMessage",
    "moveMessage",
    "deleteMailbox",
    "patchMailbox",
)


def fuzz(service: Service, folder: Path, parameters: dict[str, str], *more: str) -> None:
    """Run schemathesis; `parameters` are the path parameters that make calls meaningful."""
    configuration = folder / "schemathesis.toml"
    lines = [f'{name} = "{value}"' for name, value in parameters.items()]
    configuration.write_text("\n".join(["[parameters]", *lines, *EXPECTED]) + "\n", "utf-8")
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration), "run"]
    command += [f"{service.url}/openapi.json", "--header", f"Authorization: Bearer {service.token}"]
    command += ["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--no-color"]
    command += ["--suppress-health-check=all", *more]
    hooks = {"SCHEMATHESIS_HOOKS": "tests.e2e.fuzz_bodies", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=1800, check=False, cwd=folder, env=os.environ | hooks
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "Test cases:" in done.stdout


def fuzz_everything(service: Service, user: MailUser, folder: Path, *more: str) -> None:
    user.fill(30)
    account = service.put_account(user, "fuzz")
    page = service.call("GET", f"/v1/accounts/{account}/mailboxes/inbox/messages?limit=1")
    real = {"account": account, "mailbox": "inbox", "message": page["items"][0]["id"], "part": "1"}
    fuzz(service, folder, real, *more, *(word for name in ENDING for word in ("--exclude-operation-id", name)))
    fuzz(service, folder, {}, *more, *(word for name in ENDING for word in ("--include-operation-id", name)))
    assert service.call("GET", f"/v1/accounts/{account}/mailboxes/inbox/messages")["items"]


@pytest.mark.dovecot
@pytest.mark.timeout(600)
def test_no_answer_surprises(mail_user: MailUser, tmp_path: Path) -> None:
    with running(tmp_path, "http://localhost:3000") as service:
        fuzz_everything(service, mail_user, tmp_path, "--max-examples", "15", "--seed", "1")


@pytest.mark.dovecot
@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_no_answer_surprises_for_long(mail_user: MailUser, tmp_path: Path) -> None:
    with running(tmp_path, "http://localhost:3000") as service:
        fuzz_everything(service, mail_user, tmp_path, "--max-examples", "500")
