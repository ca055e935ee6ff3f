"""The main job on a maildrop: the same calls, and what the server lacks kept by the service."""

import asyncio
from collections.abc import Callable
from poplib import POP3
from typing import Any

import httpx
import pytest

from app.bootstrap import create_app
from app.config import Settings
from tests.rest.conftest import ADMIN_TOKEN, Api, account_body
from tests.rest.test_reading import plain, rich
from tests.support.dovecot import Dovecot, MailUser

pytestmark = pytest.mark.dovecot


def pop3_body(user: MailUser, **more: Any) -> dict[str, Any]:
    body = account_body(user, user.server.pop3, **more)
    body["incoming"]["protocol"] = "pop3"
    return body


@pytest.fixture
async def maildrop(api: Api, mail_user: MailUser) -> str:
    """The path of a POP3 account on real Dovecot."""
    made = await api.post("/v1/accounts", pop3_body(mail_user))
    return f"/v1/accounts/{made['id']}"


async def test_the_inbox_is_shown_without_downloading_a_body(api: Api, maildrop: str, mail_user: MailUser) -> None:
    mail_user.append_all([plain(1), plain(2), rich()])
    (inbox,) = (await api.get(f"{maildrop}/mailboxes"))["items"]
    assert (inbox["role"], inbox["total"], inbox["unread"]) == ("inbox", 3, 3)
    page = await api.get(f"{maildrop}/mailboxes/inbox/messages")
    assert [item["subject"] for item in page["items"]] == ["写真 and plans", "Letter 2", "Letter 1"]
    letter = page["items"][1]
    assert letter["from"] == [{"name": "Björn Åkesson", "email": "bjorn@example.com"}]
    assert letter["message_id"] == "letter-2@example.com"
    assert letter["size"] > 0
    assert letter["flags"] == []
    assert page["items"][0]["defects"] == ["attachments_not_known"]
    assert page["next"] is None


async def test_a_message_is_opened_read_and_its_parts_streamed(api: Api, maildrop: str, mail_user: MailUser) -> None:
    sent = rich()
    mail_user.append(sent)
    (row,) = (await api.get(f"{maildrop}/mailboxes/inbox/messages"))["items"]
    message = await api.get(f"{maildrop}/messages/{row['id']}")
    files = {item["filename"]: item for item in message["attachments"]}
    assert files["Pläne.zip"]["content_type"] == "application/zip"
    body = await api.get(f"{maildrop}/messages/{row['id']}/body")
    assert body["text"].strip() == "See the picture."
    assert "<script" not in body["html"]
    part = await api.http.get(f"{maildrop}/messages/{row['id']}/parts/{files['Pläne.zip']['part']}")
    assert part.content.startswith(b"PK")
    raw = await api.http.get(f"{maildrop}/messages/{row['id']}/raw")
    assert raw.content.replace(b"\r\n", b"\n") == sent.replace(b"\r\n", b"\n")
    again = (await api.get(f"{maildrop}/mailboxes/inbox/messages", params={"fields": "attachments,preview"}))["items"]
    assert {item["filename"] for item in again[0]["attachments"]} == set(files)
    assert again[0]["preview"] == "See the picture."
    assert mail_user.uids() == [1]


async def test_flags_are_kept_by_the_service(api: Api, maildrop: str, mail_user: MailUser) -> None:
    mail_user.append_all([plain(1), plain(2)])
    rows = (await api.get(f"{maildrop}/mailboxes/inbox/messages"))["items"]
    changed = await api.http.patch(
        f"{maildrop}/messages/{rows[0]['id']}", json={"flags": {"add": ["seen", "flagged", "later"], "remove": []}}
    )
    assert changed.status_code == 200, changed.text
    assert changed.json()["flags"] == ["flagged", "later", "seen"]
    again = (await api.get(f"{maildrop}/mailboxes/inbox/messages"))["items"]
    assert [row["flags"] for row in again] == [["flagged", "later", "seen"], []]
    (inbox,) = (await api.get(f"{maildrop}/mailboxes"))["items"]
    assert inbox["unread"] == 1
    capabilities = await api.get(f"{maildrop}/capabilities")
    assert capabilities["protocol"] == "pop3"
    assert capabilities["items"]["flags"] == {"supported": True, "source": "service", "how": "stored"}
    assert capabilities["items"]["move"]["supported"] is False


async def test_pages_hold_under_arrivals_and_deletions(api: Api, maildrop: str, mail_user: MailUser) -> None:
    mail_user.append_all([plain(number) for number in range(1, 6)])
    path = f"{maildrop}/mailboxes/inbox/messages"
    first = await api.get(path, params={"limit": 2})
    assert [item["subject"] for item in first["items"]] == ["Letter 5", "Letter 4"]
    mail_user.append(plain(6))
    mail_user.expunge([3])
    second = await api.get(path, params={"limit": 2, "cursor": first["next"]})
    assert [item["subject"] for item in second["items"]] == ["Letter 3", "Letter 2"]
    third = await api.get(path, params={"limit": 2, "cursor": second["next"]})
    assert [item["subject"] for item in third["items"]] == ["Letter 1"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/messages/{message}/copy", {"mailbox": "inbox"}),
        ("POST", "/mailboxes", {"name": "Work"}),
    ],
)
async def test_what_a_maildrop_cannot_do_is_said_by_name(
    api: Api, maildrop: str, mail_user: MailUser, method: str, path: str, body: dict[str, Any]
) -> None:
    mail_user.append(plain(1))
    (row,) = (await api.get(f"{maildrop}/mailboxes/inbox/messages"))["items"]
    answer = await api.http.request(method, maildrop + path.format(message=row["id"]), json=body)
    assert answer.status_code == 501, answer.text
    assert answer.json()["code"] == "not_supported_by_server"


async def test_a_maildrop_held_by_another_program_is_locked_and_not_refused(
    api: Api, dovecot_with: Callable[..., Dovecot]
) -> None:
    server = dovecot_with(settings=("pop3_lock_session = yes",))
    user = server.add_user()
    user.append(plain(1))
    other = POP3(server.pop3.host, server.pop3.port, timeout=20)
    other.user(user.username)
    other.pass_(user.password)
    answer = await api.http.post("/v1/accounts", json=pop3_body(user))
    assert (answer.status_code, answer.json()["code"]) in {(503, "mailbox_locked"), (504, "upstream_timeout")}
    other.quit()


async def test_the_steps_of_a_check_are_told(api: Api, mail_user: MailUser, maildrop: str) -> None:
    mail_user.append(plain(1))
    report = await api.post(f"{maildrop}/check", status=200)
    assert [step["name"] for step in report["steps"]] == [
        "resolved", "connected", "greeting", "login", "capabilities", "mailboxes",
    ]  # fmt: skip
    assert report["steps"][-1]["detail"] == "1 message"


async def test_summaries_and_flags_outlive_the_process(
    api: Api, maildrop: str, mail_user: MailUser, settings: Settings
) -> None:
    mail_user.append(plain(1))
    (row,) = (await api.get(f"{maildrop}/mailboxes/inbox/messages"))["items"]
    await api.http.patch(f"{maildrop}/messages/{row['id']}", json={"flags": {"add": ["seen"]}})
    app = await asyncio.to_thread(create_app, settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://hatch.test", headers=headers) as http:
            (again,) = (await http.get(f"{maildrop}/mailboxes/inbox/messages")).json()["items"]
    assert again == {**row, "flags": ["seen"]}


async def test_search_goes_by_what_is_held_and_says_so(api: Api, maildrop: str, mail_user: MailUser) -> None:
    mail_user.append_all([plain(1), plain(2), rich()])
    found = await api.get(f"{maildrop}/search", params={"q": "subject:letter is:unread"})
    assert [item["subject"] for item in found["items"]] == ["Letter 2", "Letter 1"]
    assert found["unsupported_terms"] == []
    bodies = await api.get(f"{maildrop}/search", params={"q": "body:pictures OR subject:plans"})
    assert [item["subject"] for item in bodies["items"]] == ["写真 and plans"]
    assert bodies["unsupported_terms"] == ["body:pictures"]
