"""Quick routes answer what the usual ones answer."""

import itertools
from typing import Any

import pytest
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st

from app.rest.paging import _PLAIN_QUERY, _with_cursor
from app.rest.quick import QuickRoute
from app.rest.routes import mailboxes, messages
from tests.rest.conftest import ADMIN_TOKEN, Api
from tests.rest.test_reading import plain, rich
from tests.support.dovecot import MailUser

#: What differs from one request to the next.
_OF_THE_MOMENT = {"x-request-id", "server-timing", "ratelimit", "date"}
_QUERIES = (
    "", "limit=2", "limit=002", "limit=0", "limit=201", "limit=-1", "limit=2.0", "limit=", "limit", "limit=1&limit=2",
    "limit=%32", "limit=\uff12", "limit=999999999999999999999", "fields=id,subject", "fields=id%2Csubject&limit=1",
    "fields=from%2cto", "fields=nonsense", "fields=", "fields=,", "fields=preview", "fields=id&fields=to",
    f"fields={'a' * 513}", "cursor=", "cursor=nonsense", "cursor=CURSOR", "cursor=CURSOR&limit=1",
    "limit=1&cursor=CURSOR",
    f"cursor={'a' * 512}", f"cursor={'a' * 513}", "unknown=1", "limit=2&unknown=1", "&limit=2", "limit=2&", "limit=2&&",
    "Limit=2", "limit=2#x", "limit=2;cursor=CURSOR", "fields=id+subject", "max_bytes=5", "max_bytes=0",
    "max_bytes=99999999999",
)  # fmt: skip
_PATHS = (
    "/v1/accounts/ACCOUNT/mailboxes/inbox/messages", "/v1/accounts/ACCOUNT/mailboxes/MAILBOX/messages",
    "/v1/accounts/external:ana@example.com/mailboxes/inbox/messages", "/v1/accounts/ACCOUNT/mailboxes/junk/messages",
    "/v1/accounts/ACCOUNT/mailboxes/outbox/messages", "/v1/accounts/ACCOUNT/mailboxes/mbx_x/messages",
    "/v1/accounts/acc_x/mailboxes/inbox/messages", "/v1/accounts/ACCOUNT/mailboxes/in%62ox/messages",
    "/v1/accounts/ACCOUNT/mailboxes/inbox/messages/", "/v1/accounts/ACCOUNT/mailboxes",
    "/v1/accounts/external:nobody/mailboxes", "/v1/accounts/ACCOUNT/messages/MESSAGE",
    "/v1/accounts/ACCOUNT/messages/MESSAGE/body", "/v1/accounts/ACCOUNT/messages/msg_x",
    "/v1/accounts/ACCOUNT/messages/batch",
)  # fmt: skip
_HEADERS: tuple[dict[str, str], ...] = (
    {}, {"Authorization": ""}, {"Authorization": "Bearer mh_nobody_" + "a" * 40}, {"Authorization": "Bearer x"},
    {"Authorization": f"bearer {ADMIN_TOKEN}"}, {"Authorization": f"Bearer  {ADMIN_TOKEN}"},
    {"Authorization": f"Basic {ADMIN_TOKEN}"}, {"If-None-Match": "*"}, {"Accept": "text/html"},
    {"Origin": "http://localhost:3000"}, {"Origin": "http://evil.example"}, {"Content-Type": "application/json"},
)  # fmt: skip


async def asked(api: Api, path: str, headers: dict[str, str], method: str = "GET") -> dict[str, Any]:
    answer = await api.http.request(method, path, headers=headers)
    told = {name: value for name, value in answer.headers.multi_items() if name not in _OF_THE_MOMENT}
    body = answer.json() if answer.content else None
    if isinstance(body, dict):
        body.pop("request_id", None)
    return {"status": answer.status_code, "headers": told, "body": body}


def quick_routes(app: FastAPI) -> list[QuickRoute]:
    return [route for route in app.router.routes if isinstance(route, QuickRoute)]


async def both(api: Api, path: str, headers: dict[str, str], method: str = "GET") -> int:
    """Ask with and without the quick routes; returns how many of them took it."""
    routes = api.app.router.routes
    kept, taken = list(routes), 0
    for route in quick_routes(api.app):
        handle = route.handle

        async def counted(*args: Any, handle: Any = handle) -> None:
            nonlocal taken
            taken += 1
            await handle(*args)

        vars(route)["handle"] = counted
    try:
        fast = await asked(api, path, headers, method)
        routes[:] = [route for route in kept if not isinstance(route, QuickRoute)]
        usual = await asked(api, path, headers, method)
    finally:
        routes[:] = kept
        for route in quick_routes(api.app):
            del vars(route)["handle"]
    assert fast == usual, (path, headers)
    return taken


@pytest.fixture
async def places(api: Api, account: str, mail_user: MailUser) -> dict[str, str]:
    mail_user.append_all([plain(1), plain(2), rich(), plain(3)], flags=())
    await api.http.patch(f"/v1/accounts/{account}", json={"external_id": "ana@example.com"})
    page = await api.get(f"/v1/accounts/{account}/mailboxes/inbox/messages?limit=2")
    first = page["items"][1]
    return {"ACCOUNT": account, "MAILBOX": first["mailbox_id"], "MESSAGE": first["id"], "CURSOR": page["next"]}


def filled(text: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(name, value)
    return text


async def test_every_query_is_answered_as_by_the_usual_route(api: Api, places: dict[str, str]) -> None:
    taken = 0
    for path, query in itertools.product((_PATHS[0], _PATHS[12]), _QUERIES):
        taken += await both(api, filled(f"{path}?{query}", places), {})
    assert 12 <= taken < len(_QUERIES)


async def test_every_path_is_answered_as_by_the_usual_route(api: Api, places: dict[str, str]) -> None:
    taken = [path for path in _PATHS if await both(api, filled(path, places), {})]
    assert len(taken) == 12
    for path in (_PATHS[0], _PATHS[9], _PATHS[11]):
        for method in ("HEAD", "POST", "OPTIONS", "DELETE"):
            if (path, method) != (_PATHS[11], "DELETE"):
                assert not await both(api, filled(path, places), {}, method)


async def test_every_header_is_answered_as_by_the_usual_route(api: Api, places: dict[str, str]) -> None:
    for headers in _HEADERS:
        for path in (_PATHS[0], _PATHS[12]):
            await both(api, filled(path, places), headers)


def test_each_quick_route_stands_for_a_usual_one() -> None:
    for module in (mailboxes, messages):
        usual = {route.path: route.endpoint for route in module.router.routes if "GET" in route.methods}
        for route in module.quick:
            assert usual[route.path] is route._endpoint


def request(query: str) -> Request:
    return Request(
        {"type": "http", "path": "/", "query_string": query.encode(), "headers": [], "server": ("hatch.test", 80)}
    )


@given(st.text(alphabet="ab=&%2+C;,._-", max_size=30) | st.from_regex(_PLAIN_QUERY, fullmatch=True))
def test_the_next_page_has_the_query_the_framework_would_write(query: str) -> None:
    at = request(query)
    assert _with_cursor(at, "x-_9") == at.url.include_query_params(cursor="x-_9").query


def test_a_query_of_equals_signs_does_not_hold_up_the_loop() -> None:
    for query in ("a=" * 2_000 + "%", "a=aa" * 1_000 + "%", "a=b&" * 1_000 + "%"):
        assert not _PLAIN_QUERY.fullmatch(query)
        assert _with_cursor(request(query), "x-_9") == request(query).url.include_query_params(cursor="x-_9").query
