"""What the README says to type is something the service takes."""

import json
import re
import shlex
from pathlib import Path

import pytest

from app.cli import parser
from app.http.models import AccountBody

README = Path("README.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ mailhatch ([^#\n]+)", README, re.MULTILINE)
BODIES = re.findall(r"-d '(.+?)'$", README, re.MULTILINE | re.DOTALL)
VERBS = re.findall(r"^\$ make (\w+)", README, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_understood(command: str) -> None:
    assert callable(parser().parse_args(shlex.split(command)).run)


@pytest.mark.parametrize("body", BODIES)
def test_a_body_is_an_account(body: str) -> None:
    assert AccountBody.model_validate(json.loads(body)).to_domain().email


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_one_of_makes(verb: str) -> None:
    assert re.search(rf"^{verb}:", Path("Makefile").read_text("utf-8"), re.MULTILINE)


def test_they_are_found() -> None:
    assert len(COMMANDS) >= 4
    assert BODIES
    assert "demo" in VERBS
