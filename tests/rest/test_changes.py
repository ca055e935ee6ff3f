"""The change feed of a whole service that watches a real server."""

import asyncio
import json
from typing import Any

import pytest

from app.config import Settings
from app.domain.ids import AccountId
from app.domain.positions import LogPosition, write_token
from tests.rest.conftest import Api, account_body
from tests.support.mail_user import MailUser

pytestmark = pytest.mark.dovecot


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"watch": True, "watch_interval": 1.0})


class Copy:
    """A client's copy of a mailbox, kept in step by events alone."""

    def __init__(self, api: Api, account: str) -> None:
        self.api, self.account, self.since = api, account, ""
        self.mail: dict[str, list[str]] = {}
        self.events: list[dict[str, Any]] = []

    async def begin(self) -> None:
        self.since = (await self.api.get(f"/v1/accounts/{self.account}/changes"))["next"]

    async def follow(self, *until: str) -> None:
        """Apply events until one of each type has come."""
        missing = set(until)
        for _ in range(20):
            params: dict[str, Any] = {"since": self.since, "wait": 5}
            page = await self.api.get(f"/v1/accounts/{self.account}/changes", params=params)
            self.since = page["next"]
            for event in page["items"]:
                self.events.append(event)
                missing.discard(event["type"])
                message = event["data"].get("message")
                if event["type"] in {"message.created", "message.updated"}:
                    self.mail[message["id"]] = message["flags"]
                elif event["type"] == "message.deleted":
                    self.mail.pop(message["id"], None)
            if not missing:
                return
        pytest.fail(f"never told: {missing}")


async def test_a_copy_is_kept_in_step(api: Api, mail_user: MailUser) -> None:
    mail_user.fill(3)
    account = (await api.post("/v1/accounts", account_body(mail_user)))["id"]
    copy = Copy(api, account)
    await copy.begin()
    begun = copy.since
    await watched(api, account)
    mail_user.deliver(b"Subject: one\r\n\r\nhello\r\n")
    await copy.follow("message.created", "mailbox.updated")
    assert [event["type"] for event in copy.events] == ["message.created", "mailbox.updated"]
    (created, counts) = copy.events
    assert created["account"] == account
    assert created["data"]["mailbox"]["role"] == "inbox"
    assert counts["data"]["mailbox"]["total"] == 4
    assert counts["data"]["mailbox"]["unread"] == 1
    rows = await api.get(f"/v1/accounts/{account}/mailboxes/inbox/messages")
    assert rows["items"][0]["id"] == created["data"]["message"]["id"]

    mail_user.set_flags([4], ["\\Seen", "\\Flagged"])
    await copy.follow("message.updated")
    assert copy.mail == {created["data"]["message"]["id"]: ["flagged", "seen"]}
    mail_user.expunge([4])
    await copy.follow("message.deleted")
    assert copy.mail == {}
    mail_user.create_mailbox("Projects")
    await copy.follow("mailbox.created")
    assert copy.events[-1]["data"]["mailbox"]["path"] == ["Projects"]
    assert [event["sequence"] for event in copy.events] == list(range(1, len(copy.events) + 1))

    collapsed = await api.get(f"/v1/accounts/{account}/changes", params={"since": begun, "collapse": True})
    assert [event["type"] for event in collapsed["items"]] == ["mailbox.updated", "mailbox.created"]
    everything = await api.get("/v1/changes", params={"since": begun, "limit": 2})
    assert everything["items"] == copy.events[:2]
    assert everything["next"] == copy.events[1]["position"]
    assert everything["latest"] != everything["next"]


async def test_a_copy_of_a_maildrop_is_kept_in_step(api: Api, mail_user: MailUser) -> None:
    mail_user.fill(3)
    body = account_body(mail_user, mail_user.server.pop3)
    body["incoming"]["protocol"] = "pop3"
    account = (await api.post("/v1/accounts", body))["id"]
    copy = Copy(api, account)
    await copy.begin()
    await watched(api, account)
    mail_user.deliver(b"Subject: one\r\n\r\nhello\r\n")
    await copy.follow("message.created", "mailbox.updated")
    assert [event["type"] for event in copy.events] == ["message.created", "mailbox.updated"]
    (message,) = copy.mail
    await api.http.patch(f"/v1/accounts/{account}/messages/{message}", json={"flags": {"add": ["seen"]}})
    await copy.follow("message.updated")
    assert copy.mail == {message: ["seen"]}
    mail_user.expunge([4])
    await copy.follow("message.deleted")
    assert copy.mail == {}
    assert [event["sequence"] for event in copy.events] == list(range(1, len(copy.events) + 1))


async def watched(api: Api, account: str) -> None:
    """Wait until the account was seen for the first time."""
    for _ in range(200):
        feed = api.app.state.services.changes
        if (await feed.watch(AccountId(account))).synced_at is not None:
            return
        await asyncio.sleep(0.1)
    pytest.fail("the account was never in sync")


async def test_a_token_of_another_log_is_told_so(api: Api) -> None:
    assert (await api.get("/v1/changes", 400, params={"since": "x"}))["errors"][0]["pointer"] == "/query/since"
    gone = await api.get("/v1/changes", 410, params={"since": write_token(LogPosition(5, 0))})
    assert gone["code"] == "cursor_expired"
    assert "state" in gone["detail"]


async def lines(api: Api, account: str, mailbox: str = "inbox") -> list[dict[str, Any]]:
    answer = await api.http.get(f"/v1/accounts/{account}/mailboxes/{mailbox}/state")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_who_came_too_late_begins_with_a_copy(api: Api, mail_user: MailUser) -> None:
    mail_user.fill(3)
    mail_user.set_flags([2], ["\\Flagged"])
    account = (await api.post("/v1/accounts", account_body(mail_user)))["id"]
    await watched(api, account)
    head, *messages = await lines(api, account)
    rows = (await api.get(f"/v1/accounts/{account}/mailboxes/inbox/messages"))["items"]
    assert messages == [{"id": row["id"], "flags": row["flags"]} for row in reversed(rows)]
    assert messages[1]["flags"] == ["flagged"]
    assert head["mailbox"]["role"] == "inbox"
    assert head["mailbox"]["total"] == 3
    assert (await lines(api, account, head["mailbox"]["id"]))[1:] == messages

    copy = Copy(api, account)
    copy.since, copy.mail = head["changes_token"], {one["id"]: one["flags"] for one in messages}
    mail_user.expunge([1])
    mail_user.set_flags([2], ["\\Seen"])
    mail_user.deliver(b"Subject: one\r\n\r\nhello\r\n")
    await copy.follow("message.created", "message.deleted", "message.updated")
    assert copy.mail == {one["id"]: one["flags"] for one in (await lines(api, account))[1:]}


async def test_a_copy_of_what_is_not_watched_is_refused(api: Api, mail_user: MailUser) -> None:
    account = (await api.post("/v1/accounts", account_body(mail_user)))["id"]
    mail_user.create_mailbox("Projects")
    await watched(api, account)
    boxes = (await api.get(f"/v1/accounts/{account}/mailboxes"))["items"]
    projects = next(box["id"] for box in boxes if box["name"] == "Projects")
    path = f"/v1/accounts/{account}/mailboxes"
    assert (await api.get(f"{path}/{projects}/state", 409))["code"] == "conflict"
    assert (await api.get(f"{path}/mbx_none/state", 404))["code"] == "not_found"
    assert (await api.get("/v1/accounts/acc_none/mailboxes/inbox/state", 404))["code"] == "not_found"
    body = {"name": "other", "scopes": ["mail.meta.read"], "accounts": []}
    stranger = (await api.post("/v1/tokens", body | {"accounts": None, "tenant": "elsewhere"}))["token"]
    refused = await api.http.get(f"{path}/inbox/state", headers={"Authorization": f"Bearer {stranger}"})
    assert refused.status_code == 404
