"""The connection to the mail server is lost with a change on its way: nobody is told more than is known."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.rest.conftest import Api, account_body
from tests.rest.test_acting import page
from tests.rest.test_reading import plain
from tests.support.dovecot import MailUser
from tests.support.proxy import Proxy

pytestmark = pytest.mark.dovecot


@pytest.fixture
def proxy(mail_user: MailUser) -> Iterator[Proxy]:
    with Proxy(mail_user.plain.host, mail_user.plain.port) as running:
        yield running


@pytest.fixture
async def account(api: Api, mail_user: MailUser, proxy: Proxy) -> str:
    """An account behind the proxy, with four messages, entered for writing."""
    mail_user.append_all([plain(number) for number in range(4)])
    body = account_body(mail_user)
    body["incoming"]["port"] = proxy.port
    account = str((await api.post("/v1/accounts", body))["id"])
    await api.get(f"/v1/accounts/{account}/mailboxes")
    first = (await page(api, account))[0]["id"]
    await api.http.patch(f"/v1/accounts/{account}/messages/{first}", json={"flags": {"add": ["seen"]}})
    return account


#: What a change may end in that was cut off: with the command on its way, or before it left.
UNKNOWN, NOT_BEGUN = (504, "outcome_unknown"), (503, "upstream_unavailable")


async def mend(api: Api, account: str, proxy: Proxy) -> None:
    """Let connections through again, and forget the waiting time after failures."""
    proxy.accept()
    await api.post(f"/v1/accounts/{account}/reconnect", status=200)


async def test_a_message_that_may_have_been_stored_is_not_stored_twice(
    api: Api, account: str, mail_user: MailUser, proxy: Proxy
) -> None:
    async def upload() -> Any:
        return await api.http.post(
            f"/v1/accounts/{account}/mailboxes/drafts/messages",
            content=plain(9),
            headers={"Content-Type": "message/rfc822", "Idempotency-Key": "half-way"},
        )

    proxy.cut_after(0)
    lost = await upload()
    stored = len(mail_user.uids("Drafts"))
    assert (lost.status_code, lost.json()["code"]) in {UNKNOWN, NOT_BEGUN}
    await mend(api, account, proxy)
    again = await upload()
    if lost.status_code == UNKNOWN[0]:
        assert again.content == lost.content
        assert again.headers["idempotency-replayed"] == "true"
        assert len(mail_user.uids("Drafts")) == stored <= 1
    else:
        assert (stored, again.status_code, mail_user.uids("Drafts")) == (0, 201, [1])


async def test_a_batch_cut_off_tells_what_is_unknown(api: Api, account: str, mail_user: MailUser, proxy: Proxy) -> None:
    ids = [item["id"] for item in await page(api, account)]
    path = f"/v1/accounts/{account}/messages/batch"
    body = {"ids": ids, "action": {"type": "move", "mailbox": "drafts"}}
    proxy.cut_after(0)
    report = await api.post(path, body, 200)
    ((state, code),) = {(item["state"], item["problem"]["code"]) for item in report["items"]}
    assert (state, code) in {("unknown", UNKNOWN[1]), ("failed", NOT_BEGUN[1])}
    assert report["done"] == 0
    arrived = len(mail_user.uids("Drafts"))
    assert arrived + len(mail_user.uids()) == 4
    assert state == "unknown" or arrived == 0
    await mend(api, account, proxy)
    again = await api.post(path, body, 200)
    assert {item["state"] for item in again["items"]} <= {"done", "gone"}
    assert len(mail_user.uids("Drafts")) == 4
    assert mail_user.uids() == []


async def test_a_flag_on_a_lost_connection_is_unknown_and_can_be_set_again(
    api: Api, account: str, proxy: Proxy
) -> None:
    first = (await page(api, account))[1]["id"]
    path = f"/v1/accounts/{account}/messages/{first}"
    proxy.cut_after(0)
    lost = await api.http.patch(path, json={"flags": {"add": ["flagged"]}})
    assert (lost.status_code, lost.json()["code"]) in {UNKNOWN, NOT_BEGUN}
    await mend(api, account, proxy)
    again = await api.http.patch(path, json={"flags": {"add": ["flagged"]}})
    assert again.json()["flags"] == ["flagged"]
