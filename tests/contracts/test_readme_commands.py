"""What the README says to type is something the service takes."""

import json
import re
import shlex
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from app.cli import parser
from app.http.edit_models import MailboxBody, MessageBatch, MessagePatch, MessageTarget
from app.http.models import AccountBody
from app.http.webhook_models import WebhookBody

README = Path("README.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ mailhatch ([^#\n]+)", README, re.MULTILINE)
CHANGES = re.findall(r"--json '(.+?)' ", README)
BODIES = re.findall(r"-d '(.+?)'$", README, re.MULTILINE | re.DOTALL)
VERBS = re.findall(r"^\$ make (\w+)", README, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_understood(command: str) -> None:
    assert callable(parser().parse_args(shlex.split(command)).run)


@pytest.mark.parametrize("body", BODIES)
def test_a_body_is_an_account(body: str) -> None:
    assert AccountBody.model_validate(json.loads(body)).to_domain().email


@pytest.mark.parametrize("body", CHANGES)
def test_a_change_is_one_the_service_takes(body: str) -> None:
    def is_taken(model: type[BaseModel]) -> bool:
        try:
            return bool(model.model_validate(json.loads(body)))
        except ValidationError:
            return False

    assert any(is_taken(model) for model in (MessagePatch, MessageTarget, MessageBatch, MailboxBody, WebhookBody))


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_one_of_makes(verb: str) -> None:
    assert re.search(rf"^{verb}:", Path("Makefile").read_text("utf-8"), re.MULTILINE)


def test_they_are_found() -> None:
    assert len(COMMANDS) >= 4
    assert BODIES
    assert len(CHANGES) >= 4
    assert "demo" in VERBS
