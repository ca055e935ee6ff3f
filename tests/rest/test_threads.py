"""Conversations over REST, on real Dovecot, by its THREAD and without it."""

from collections.abc import Callable

import pytest

from tests.rest.conftest import Api, account_body
from tests.support.dovecot import Dovecot

pytestmark = pytest.mark.dovecot


def mail(number: int, subject: str, references: str = "") -> bytes:
    link = f"References: {references}\r\nIn-Reply-To: {references.split()[-1]}\r\n" if references else ""
    return (
        f"From: P{number} <p{number}@example.org>\r\nMessage-ID: <{number}@t>\r\nSubject: {subject}\r\n{link}"
        f"Date: Thu, 01 Jan 2026 0{number}:00:00 +0000\r\n\r\nhi\r\n"
    ).encode()


@pytest.mark.parametrize(("off", "source"), [(False, "server"), (True, "service")])
async def test_a_mailbox_is_told_as_conversations(
    api: Api, dovecot_with: Callable[..., Dovecot], off: bool, source: str
) -> None:
    user = dovecot_with(capability="IMAP4rev1 LITERAL+ UIDPLUS SPECIAL-USE" if off else None).add_user()
    account = (await api.post("/v1/accounts", account_body(user)))["id"]
    user.append_all([mail(1, "plan"), mail(2, "lunch"), mail(3, "Re: plan", "<1@t>")], flags=("\\Seen",))
    user.append(mail(4, "Re: plan", "<1@t> <3@t>"))
    base = f"/v1/accounts/{account}/mailboxes/inbox/threads"
    page = await api.get(base, params={"limit": 1})
    assert (page["source"], page["scope"], page["is_complete"]) == (source, "mailbox", True)
    (plan,) = page["items"]
    assert (plan["subject"], plan["messages"], plan["unread"]) == ("plan", 3, 1)
    assert [who["email"] for who in plan["participants"]] == ["p1@example.org", "p3@example.org", "p4@example.org"]
    rest = await api.get(base, params={"limit": 1, "cursor": page["next"]})
    assert ([one["subject"] for one in rest["items"]], rest["next"]) == (["lunch"], None)
    for name in (plan["id"], plan["latest"]["id"]):
        one = await api.get(f"/v1/accounts/{account}/threads/{name}")
        assert ([row["subject"] for row in one["items"]], one["id"]) == (["plan", "Re: plan", "Re: plan"], plan["id"])
    user.expunge([1])
    await api.get(f"/v1/accounts/{account}/threads/{plan['id']}", status=410)
    for name in ("thr_", "thr_x!", "msg_x", "thr_" + "A" * 400):
        await api.get(f"/v1/accounts/{account}/threads/{name}", status=404)
