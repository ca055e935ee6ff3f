import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from app.demo.catcher import Catcher, line_of, verified
from app.webhooks.signature import headers, key_of, new_secret

SECRET = new_secret()
EVENT = {
    "type": "message.created",
    "timestamp": "2027-01-15T08:00:00.000Z",
    "data": {
        "account": "acc_1",
        "external_id": "demo-ana",
        "mailbox": {"id": "mbx_1", "role": "inbox"},
        "message": {"id": "msg_1", "flags": []},
    },
}
BODY = json.dumps(EVENT).encode()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def catcher(said: list[str]) -> Iterator[Catcher]:
    catcher = Catcher(said.append)
    catcher.secret = SECRET
    yield catcher
    catcher.close()


def post(url: str, made: dict[str, str], body: bytes) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, body, made), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_what_is_signed_is_printed_and_nothing_else(catcher: Catcher, said: list[str]) -> None:
    now = int(time.time())
    assert post(catcher.url, headers([key_of(SECRET)], "evt_1", now, BODY), BODY) == 204
    assert said[-1].endswith("webhook, signature verified: message.created demo-ana inbox msg_1")
    for made in (
        headers([key_of(new_secret())], "evt_1", now, BODY),
        headers([key_of(SECRET)], "evt_1", now - 1000, BODY),
        headers([key_of(SECRET)], "evt_1", now, BODY + b" "),
        headers([key_of(SECRET)], "evt_1", now, BODY) | {"webhook-signature": "v1,x v2,y nonsense"},
        {},
    ):
        assert post(catcher.url, made, BODY) == 401
        assert "webhook refused" in said[-1]
    assert post(catcher.url, headers([key_of(SECRET)], "e", now, b"[]"), b"[]") == 401


def test_during_a_rotation_either_secret_is_right() -> None:
    made = headers([key_of(new_secret()), key_of(SECRET)], "evt_1", 1_800_000_000, BODY)
    assert verified(SECRET, made, BODY, 1_800_000_000.0) == EVENT


def test_a_line_for_what_has_no_mailbox() -> None:
    assert line_of({"type": "endpoint.test", "data": {"endpoint": "whk_1", "tenant": None}}) == "endpoint.test whk_1"
