"""Plain changes are answered as the usual route answers them."""

import json
from typing import Any

import msgspec
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.types import Message

from app.http.edit_models import MessagePatch, PlainPatch
from app.rest.quick_changes import QuickChange
from app.rest.routes import message_edits
from tests.rest.conftest import ADMIN_TOKEN, Api
from tests.rest.test_quick import filled
from tests.rest.test_reading import plain
from tests.support.dovecot import MailUser

#: What differs from one request to the next.
_OF_THE_MOMENT = {"x-request-id", "server-timing", "ratelimit", "date"}
_PLAIN = b'{"flags": {"add": ["seen"]}}'
_JSON = {"Content-Type": "application/json"}
_BODIES = (
    _PLAIN, b'{"flags": {"add": ["seen", "$Label1"], "remove": ["flagged"]}, "client_mutation_id": "x-1"}',
    b' {"client_mutation_id" : null, "flags":{"remove":["seen"],"add":[]}}\r\n',
    b'{"flags": {"add": ["x"], "add": ["y"]}}',
    b'{"flags": {"add": ["\\u0073een"]}}', b'{"flags": {"add": ["seen"], "remove": ["seen"]}}', b'{"flags": {}}',
    b'{"flags": {"add": ["a b"]}}', b'{"flags": {"add": ["\\\\Seen"]}}', b'{"flags": {"add": ["\xc3\xa4"]}}',
    b'{"flags": {"add": ["\\ud83d"]}}', b'{"flags": {"add": ["SEEN"]}}', b'{"flags": {"add": [""]}}',
    b"", b"null", b"[]", b"{", b"{}", b'{"flags": null}', b'{"flags": []}', b'{"flags": {"add": null}}',
    b'{"flags": {"add": "seen"}}', b'{"flags": {"add": [1]}}', b'{"flags": {"adds": ["seen"]}}',
    b'{"flags": {"add": ["seen"]}, "more": 1}', b'{"flags": {"add": ["seen"]}} x', b'{"flags": {"add": ["\xff"]}}',
    b'\xef\xbb\xbf{"flags": {"add": ["seen"]}}', '{"flags": {"add": ["seen"]}}'.encode("utf-16"),
    b'{"flags": {"add": ["%s"]}}' % (b"x" * 101), b'{"flags": {"add": [%s]}}' % b",".join([b'"k"'] * 51),
    b'{"flags": {"add": ["seen"]}, "client_mutation_id": ""}', b'{"flags": {"add": ["seen"]}, "client_mutation_id": 1}',
    b'{"flags": {"add": ["seen"]}, "client_mutation_id": "a\\nb"}',
    b'{"flags": {"add": ["seen"]}, "client_mutation_id": "a\\n"}',
    b'{"flags": {"add": ["seen"]}, "client_mutation_id": "%s"}' % (b"x" * 201), b"x" * 70_000,
)  # fmt: skip
_PATHS = (
    "ACCOUNT/messages/MESSAGE", "external:ana@example.com/messages/MESSAGE", "external:nobody/messages/MESSAGE",
    "acc_x/messages/MESSAGE", "ACCOUNT/messages/msg_x", "ACCOUNT/messages/batch", "ACCOUNT/messages/MESSAGE/",
    "ACCOUNT/messages/%6dsg_x", "ACCOUNT/messages/MESSAGE?x=1", "ACCOUNT/messages/GONE",
    "ACCOUNT/messages/" + "m" * 300,
)  # fmt: skip
_HEADERS: tuple[dict[str, str], ...] = (
    {}, {"Authorization": ""}, {"Authorization": "Bearer mh_nobody_" + "a" * 40},
    {"Authorization": f"bearer {ADMIN_TOKEN}"}, {"Content-Type": "application/json; charset=utf-8"},
    {"Content-Type": "application/merge-patch+json"}, {"Content-Type": "text/plain"}, {"Content-Type": ""},
    {"If-Match": "*"}, {"If-Match": "ETAG"}, {"If-Match": '"nonsense"'}, {"If-Match": "W/ETAG"},
    {"If-Match": "x" * 200}, {"If-Match": "x" * 201}, {"Idempotency-Key": "k"}, {"Origin": "http://localhost:3000"},
)  # fmt: skip


def quick_changes(app: FastAPI) -> list[QuickChange[Any]]:
    return [route for route in app.router.routes if isinstance(route, QuickChange)]


async def asked(api: Api, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    answer = await api.http.patch(path, content=body, headers=_JSON | headers)
    told = {name: value for name, value in answer.headers.multi_items() if name not in _OF_THE_MOMENT}
    found = answer.json()
    found.pop("request_id", None)
    return {"status": answer.status_code, "headers": told, "body": found}


async def both(api: Api, path: str, body: bytes = _PLAIN, headers: dict[str, str] | None = None) -> tuple[bool, int]:
    """Ask with and without the quick routes; returns whether one of them answered, and the status."""
    routes = api.app.router.routes
    kept, answered = list(routes), False
    headers = headers or {}
    for route in quick_changes(api.app):
        endpoint = route._endpoint

        async def counted(*args: Any, endpoint: Any = endpoint, **more: Any) -> Any:
            nonlocal answered
            answered = True
            return await endpoint(*args, **more)

        vars(route)["_endpoint"] = counted
    without = [route for route in kept if not isinstance(route, QuickChange)]
    try:
        routes[:] = without
        before = await asked(api, path, body, headers)  # what it changes is changed from here on
        routes[:] = kept
        fast = await asked(api, path, body, headers)
        routes[:] = without
        usual = await asked(api, path, body, headers)
    finally:
        routes[:] = kept
        for route in quick_changes(api.app):
            vars(route)["_endpoint"] = message_edits.patch_plainly
    assert fast == usual, (path, body, headers)
    assert before["status"] == fast["status"] or "If-Match" in headers
    return answered, fast["status"]


@pytest.fixture
async def places(api: Api, account: str, mail_user: MailUser) -> dict[str, str]:
    uids = mail_user.append_all([plain(1), plain(2)], flags=())
    await api.http.patch(f"/v1/accounts/{account}", json={"external_id": "ana@example.com"})
    page = await api.get(f"/v1/accounts/{account}/mailboxes/inbox/messages")
    mail_user.expunge(uids[:1])
    return {"ACCOUNT": account, "MESSAGE": page["items"][0]["id"], "GONE": page["items"][1]["id"]}


@pytest.mark.dovecot
async def test_every_body_is_answered_as_by_the_usual_route(api: Api, places: dict[str, str]) -> None:
    path = f"/v1/accounts/{filled(_PATHS[0], places)}"
    answered = [body for body in _BODIES if (await both(api, path, body))[0]]
    assert answered == [body for body in _BODIES if is_plain(body)]
    assert 8 <= len(answered) <= 16


@pytest.mark.dovecot
async def test_every_path_is_answered_as_by_the_usual_route(api: Api, places: dict[str, str]) -> None:
    answered = {path: await both(api, f"/v1/accounts/{filled(path, places)}") for path in _PATHS}
    assert [path for path, (is_quick, _) in answered.items() if is_quick] == [_PATHS[at] for at in (0, 1, 3, 4, 7, 9)]
    assert [answered[_PATHS[at]][1] for at in (0, 1, 2, 3, 4, 9)] == [200, 200, 404, 404, 404, 410]


@pytest.mark.dovecot
async def test_every_header_is_answered_as_by_the_usual_route(api: Api, places: dict[str, str]) -> None:
    path = f"/v1/accounts/{filled(_PATHS[0], places)}"
    await both(api, path)
    etag = (await api.http.patch(path, json=json.loads(_PLAIN))).headers["etag"]
    seen = [
        await both(api, path, _PLAIN, {name: value.replace("ETAG", etag) for name, value in each.items()})
        for each in _HEADERS
    ]
    assert [status for _, status in seen] == [
        200, 401, 401, 200, 200, 200, seen[6][1], seen[7][1], 200, 200, 412, 200, 412, 400, 200, 200,
    ]  # fmt: skip
    assert [at for at, (is_quick, _) in enumerate(seen) if is_quick] == [0, 8, 9, 10, 11, 12, 14, 15]


@pytest.mark.dovecot
@pytest.mark.parametrize("length", [0, 5_000])
async def test_a_body_in_pieces_is_read_once_by_whoever_answers(api: Api, places: dict[str, str], length: int) -> None:
    pieces = [_PLAIN[:9], b" " * length, _PLAIN[9:]]
    messages: list[Message] = [
        {"type": "http.request", "body": piece, "more_body": piece is not pieces[-1]} for piece in pieces
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "PATCH", "path": f"/v1/accounts/{filled(_PATHS[0], places)}", "query_string": b"",
        "headers": [(b"authorization", f"Bearer {ADMIN_TOKEN}".encode()), (b"content-type", b"application/json")],
        "server": ("hatch.test", 80), "client": ("127.0.0.1", 1), "scheme": "http", "http_version": "1.1",
        "root_path": "",
    }  # fmt: skip
    await api.app(scope, receive, send)
    assert sent[0]["status"] == 200
    assert json.loads(sent[1]["body"])["flags"] == ["seen"]


def is_plain(body: bytes) -> bool:
    try:
        msgspec.json.decode(body, type=PlainPatch)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


_words = st.text(max_size=4) | st.sampled_from(["seen", "x" * 100, "x" * 101, "a\n", "é" * 100])
_lists = st.lists(_words, max_size=3) | st.none() | st.just(["k"] * 51) | st.lists(st.integers(), max_size=1)
_flags = st.dictionaries(st.sampled_from(["add", "remove", "adds"]), _lists) | st.none()
_bodies = st.fixed_dictionaries(
    {}, optional={"flags": _flags, "client_mutation_id": st.none() | _words | st.integers(), "x": st.none()}
)


@given(_bodies)
def test_what_the_plain_form_takes_the_model_takes_too(value: dict[str, Any]) -> None:
    body = json.dumps(value).encode()
    if not is_plain(body):
        return
    quick = msgspec.json.decode(body, type=PlainPatch)
    try:
        usual = MessagePatch.model_validate(json.loads(body))
    except ValidationError as error:
        raise AssertionError(body) from error
    assert (quick.flags.add, quick.flags.remove) == (usual.flags.add, usual.flags.remove)
    assert quick.client_mutation_id == usual.client_mutation_id


def test_each_quick_change_stands_for_a_usual_one() -> None:
    routes = [route for route in message_edits.router.routes if isinstance(route, APIRoute)]
    assert {each.path for each in message_edits.quick} == {
        each.path for each in routes if "PATCH" in (each.methods or ())
    }
