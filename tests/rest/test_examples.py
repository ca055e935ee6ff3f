"""The committed examples are run, one file after the other, as a person would."""

from pathlib import Path
from typing import Any

import pytest

from tests.rest.conftest import ADMIN_TOKEN, Api, account_body
from tests.support.dovecot import MailUser
from tests.support.http_examples import fill, read

FILES = sorted((Path(__file__).parents[2] / "openapi" / "examples").glob("*.http"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_examples_work(api: Api, mail_user: MailUser, path: Path) -> None:
    mail_user.fill(12)
    await api.post("/v1/accounts", account_body(mail_user, external_id="demo-ana"))
    variables, examples = read(path)
    variables |= {"url": "http://hatch.test", "token": ADMIN_TOKEN}
    answers: dict[str, Any] = {}
    for example in examples:
        answer = await api.http.request(
            example.method,
            fill(example.url, variables, answers),
            headers={name: fill(value, variables, answers) for name, value in example.headers.items()},
            content=fill(example.body, variables, answers).encode(),
        )
        assert answer.status_code == example.expects, f"{example.title}: {answer.text}"
        if example.name:
            answers[example.name] = answer.json()


def test_there_are_examples() -> None:
    assert len(FILES) >= 3
