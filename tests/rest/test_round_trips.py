"""What a user feels: how often the mail server's answer is waited for (DESIGN, budget), counted on the wire."""

from collections.abc import Iterator

import pytest

from tests.rest.conftest import Api, account_body
from tests.support.dovecot import MailUser
from tests.support.proxy import Proxy


@pytest.fixture
def proxy(mail_user: MailUser) -> Iterator[Proxy]:
    with Proxy(mail_user.plain.host, mail_user.plain.port) as running:
        yield running


@pytest.fixture
async def account(api: Api, mail_user: MailUser, proxy: Proxy) -> str:
    """An account behind the counting proxy, one connection already logged in."""
    body = account_body(mail_user)
    body["incoming"]["port"] = proxy.port
    made = await api.post("/v1/accounts", body)
    await api.get(f"/v1/accounts/{made['id']}/mailboxes")
    return str(made["id"])


async def cost(api: Api, proxy: Proxy, path: str) -> int:
    with proxy.measure() as counts:
        answer = await api.http.get(path)
    assert answer.status_code == 200, answer.text
    told = answer.headers["server-timing"]
    assert f"{counts.round_trips} round trips" in told, told
    return counts.round_trips


async def test_the_tree_is_one_round_trip(api: Api, account: str, proxy: Proxy) -> None:
    assert await cost(api, proxy, f"/v1/accounts/{account}/mailboxes") == 1


async def test_a_page_is_two_and_then_one(api: Api, account: str, proxy: Proxy, mail_user: MailUser) -> None:
    mail_user.fill(200)
    mail_user.create_mailbox("Other")
    path = f"/v1/accounts/{account}/mailboxes/inbox/messages?limit=50"
    assert await cost(api, proxy, path) == 2  # another mailbox than before: none
    assert await cost(api, proxy, path) == 1
    mail_user.append(b"Subject: new\r\n\r\nhello\r\n")
    assert await cost(api, proxy, path) == 2  # an arrival
    assert await cost(api, proxy, path) == 1
    mail_user.expunge(mail_user.uids()[-3:-1])
    assert await cost(api, proxy, path) == 2  # an expunge
    assert await cost(api, proxy, path) == 1


async def test_depth_costs_nothing(api: Api, account: str, proxy: Proxy, mail_user: MailUser) -> None:
    mail_user.fill(1000)
    path = f"/v1/accounts/{account}/mailboxes/inbox/messages?limit=50"
    page = await api.get(path)
    for _ in range(12):
        page = await api.get(f"{path}&cursor={page['next']}")
    assert await cost(api, proxy, f"{path}&cursor={page['next']}") == 1


async def test_opening_a_message_is_two(api: Api, account: str, proxy: Proxy, mail_user: MailUser) -> None:
    mail_user.fill(10)
    page = await api.get(f"/v1/accounts/{account}/mailboxes/inbox/messages")
    message = f"/v1/accounts/{account}/messages/{page['items'][0]['id']}"
    assert await cost(api, proxy, message) == 1
    assert await cost(api, proxy, f"{message}/body") == 1


async def test_a_body_alone_is_two(api: Api, account: str, proxy: Proxy, mail_user: MailUser) -> None:
    mail_user.fill(10)
    page = await api.get(f"/v1/accounts/{account}/mailboxes/inbox/messages")
    assert await cost(api, proxy, f"/v1/accounts/{account}/messages/{page['items'][3]['id']}/body") == 2


async def test_an_unchanged_body_is_none(api: Api, account: str, proxy: Proxy, mail_user: MailUser) -> None:
    mail_user.fill(1)
    page = await api.get(f"/v1/accounts/{account}/mailboxes/inbox/messages")
    path = f"/v1/accounts/{account}/messages/{page['items'][0]['id']}/body"
    etag = (await api.http.get(path)).headers["etag"]
    with proxy.measure() as counts:
        assert (await api.http.get(path, headers={"If-None-Match": etag})).status_code == 304
    assert counts.round_trips == 0


async def test_flags_alone_fetch_flags_alone(api: Api, mail_user: MailUser) -> None:
    mail_user.fill(60)
    with Proxy(mail_user.plain.host, mail_user.plain.port, record=True) as recorder:
        body = account_body(mail_user)
        body["incoming"]["port"] = recorder.port
        account = (await api.post("/v1/accounts", body))["id"]
        path = f"/v1/accounts/{account}/mailboxes/inbox/messages?limit=50"
        lean = await api.get(f"{path}&fields=id,flags")
        assert len(lean["items"]) == 50
        assert set(lean["items"][0]) == {"id", "flags"}
        assert not any(b"ENVELOPE" in sent for sent in recorder.sent)
        whole = await api.get(path)
        assert [item["id"] for item in whole["items"]] == [item["id"] for item in lean["items"]]
        assert whole["items"][0]["subject"] == "Message number 59"
