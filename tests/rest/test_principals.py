"""Who may call what: tokens, scopes, tenants, limits."""

from typing import Any

import httpx
import pytest

from app.rest.routes import accounts, mailbox_edits, mailboxes, message_edits, messages, parts, tokens, uploads
from tests.rest.conftest import Api, account_body
from tests.support.dovecot import MailUser


def client(api: Api, token: str | None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(transport=api.http._transport, base_url="http://hatch.test", headers=headers)


async def make_token(api: Api, **more: Any) -> str:
    body = {"name": "t", "scopes": ["mail.meta.read", "mail.body.read"], **more}
    return str((await api.post("/v1/tokens", body))["token"])


async def test_without_a_token_nothing_is_told(api: Api) -> None:
    answer = await client(api, None).get("/v1/accounts")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "unauthorized"


@pytest.mark.parametrize("token", ["x", "mh_a_b", "mh_" + "a" * 500, "\x00"])
async def test_a_wrong_token_is_refused(api: Api, token: str) -> None:
    refused = await client(api, token).get("/v1/accounts")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] in ("Bearer", 'Bearer error="invalid_token"')


async def test_guessing_is_slowed_down(api: Api) -> None:
    stranger = client(api, "mh_wrong_wrong")
    statuses = [(await stranger.get("/v1/accounts")).status_code for _ in range(200)]
    assert 429 in statuses
    assert set(statuses) <= {401, 429}
    assert (await api.http.get("/v1/accounts")).status_code == 200


async def test_a_token_reaches_its_accounts_alone(api: Api, account: str, mail_user: MailUser) -> None:
    other = (await api.post("/v1/accounts", account_body(mail_user)))["id"]
    mine = client(api, await make_token(api, accounts=[account]))
    assert (await mine.get(f"/v1/accounts/{account}/mailboxes")).status_code == 200
    assert (await mine.get(f"/v1/accounts/{other}/mailboxes")).status_code == 404
    assert [item["id"] for item in (await mine.get("/v1/accounts")).json()["items"]] == [account]


def operations() -> list[tuple[str, str]]:
    found = []
    for module in (accounts, mailboxes, mailbox_edits, message_edits, messages, parts, uploads):
        for route in module.router.routes:
            path = getattr(route, "path", "")
            if "{account}" in path:
                found += [(method, path) for method in sorted(getattr(route, "methods", ()))]
    return found


#: Bodies that are right, where a wrong one would be told before the account is looked for.
BODIES = {
    ("PATCH", "messages/{message}"): {"flags": {"add": ["seen"]}},
    ("POST", "move"): {"mailbox": "archive"},
    ("POST", "copy"): {"mailbox": "archive"},
    ("POST", "batch"): {"ids": ["msg_x"], "action": {"type": "delete"}},
    ("POST", "mailboxes"): {"name": "x"},
}


def body_of(method: str, path: str) -> object:
    known = [body for (verb, end), body in BODIES.items() if verb == method and path.endswith(end)]
    return known[0] if known else {} if method == "PATCH" else None


@pytest.mark.parametrize(("method", "path"), operations())
async def test_another_tenants_account_does_not_exist(api: Api, mail_user: MailUser, method: str, path: str) -> None:
    made = await api.post("/v1/accounts?verify=never", account_body(mail_user, tenant="red"))
    scopes = ["mail.meta.read", "mail.body.read", "mail.flags.write", "mail.write", "accounts.manage"]
    blue = client(api, await make_token(api, tenant="blue", scopes=scopes))
    where = path.format(account=made["id"], mailbox="inbox", message="msg_AQAAAAAAAAABAAAAAQAAAAE", part="1")
    answer = await blue.request(method, where, json=body_of(method, path))
    assert answer.status_code == 404, answer.text
    assert answer.json()["code"] == "not_found"


async def test_a_scope_that_is_missing_is_named(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append(b"Subject: x\r\n\r\ny\r\n")
    meta = client(api, await make_token(api, scopes=["mail.meta.read"]))
    page = (await meta.get(f"/v1/accounts/{account}/mailboxes/inbox/messages")).json()
    message = page["items"][0]["id"]
    assert (await meta.get(f"/v1/accounts/{account}/messages/{message}")).status_code == 200
    refused = await meta.get(f"/v1/accounts/{account}/messages/{message}/body")
    assert refused.status_code == 403
    assert 'scope="mail.body.read"' in refused.headers["www-authenticate"]
    preview = await meta.get(f"/v1/accounts/{account}/mailboxes/inbox/messages?fields=id,preview")
    assert preview.status_code == 403


async def test_nobody_gives_more_than_they_have(api: Api) -> None:
    manager = client(api, await make_token(api, scopes=["accounts.manage", "mail.meta.read"]))
    wider = await manager.post("/v1/tokens", json={"name": "x", "scopes": ["mail.body.read"]})
    assert wider.status_code == 403
    narrower = await manager.post("/v1/tokens", json={"name": "x", "scopes": ["mail.meta.read"]})
    assert narrower.status_code == 201


async def test_a_revoked_token_and_its_links_are_dead(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append(
        b"Subject: x\r\nContent-Type: application/pdf; name=a.pdf\r\n"
        b"Content-Disposition: attachment; filename=a.pdf\r\n\r\nz\r\n"
    )
    made = await api.post("/v1/tokens", {"name": "t", "scopes": ["mail.meta.read", "mail.body.read"]})
    mine = client(api, made["token"])
    page = (await mine.get(f"/v1/accounts/{account}/mailboxes/inbox/messages")).json()
    found = (await mine.get(f"/v1/accounts/{account}/messages/{page['items'][0]['id']}")).json()
    link = found["attachments"][0]["url"]
    stranger = client(api, None)
    assert (await stranger.get(link)).status_code == 200
    assert (await api.http.delete(f"/v1/tokens/{made['id']}")).status_code == 204
    assert (await mine.get("/v1/accounts")).status_code == 401
    assert (await stranger.get(link)).status_code == 401
    listed = (await api.get("/v1/tokens"))["items"]
    (dead,) = [item for item in listed if item["id"] == made["id"]]
    assert dead["revoked_at"]


async def test_limits_are_told_and_kept(api: Api) -> None:
    mine = client(api, await make_token(api, requests_per_minute=3))
    answers = [await mine.get("/v1/accounts") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"default";q=3;w=60'
    assert answers[0].headers["ratelimit"].startswith('"default";r=2;t=')
    assert int(answers[3].headers["retry-after"]) > 0
    assert answers[3].headers["ratelimit"].startswith('"default";r=0;t=')


async def test_every_operation_but_probes_wants_a_token(api: Api) -> None:
    document = await api.get("/openapi.json")
    stranger = client(api, None)
    for path, methods in document["paths"].items():
        if not path.startswith("/v1/"):
            continue
        for method in methods:
            where = path.replace("{", "").replace("}", "")
            where = where.replace("/parts/part", "/parts/1")
            answer = await stranger.request(method, where, json={})
            assert answer.status_code == 401, (method, path, answer.text)


def test_tokens_have_routes() -> None:
    assert len(tokens.router.routes) == 3
