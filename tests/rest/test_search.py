"""Searching over REST, on real Dovecot."""

from typing import Any

import pytest

from tests.rest.conftest import Api
from tests.support.mail_user import MailUser

pytestmark = pytest.mark.dovecot


def mail(subject: str, body: str = "Hello", more: str = "") -> bytes:
    return f"From: Ana <ana@example.org>\r\nSubject: {subject}\r\n{more}\r\n{body}\r\n".encode()


WITH_FILE = mail(
    "with a file",
    "--x\r\n\r\nhi\r\n--x\r\nContent-Disposition: attachment; filename=a.pdf\r\n"
    "Content-Type: application/pdf\r\n\r\nx\r\n--x--",
    "Content-Type: multipart/mixed; boundary=x\r\n",
)


async def found(api: Api, account: str, query: str, **more: Any) -> list[str]:
    page = await api.get(f"/v1/accounts/{account}/search", params={"q": query} | more)
    return [item["subject"] for item in page["items"]]


async def test_one_mailbox_is_searched_in_pages(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append_all([mail(f"plan {number}") for number in range(5)])
    mail_user.append(mail("other"))
    page = await api.get(f"/v1/accounts/{account}/search", params={"q": "subject:plan", "mailbox": "inbox", "limit": 2})
    assert ([item["subject"] for item in page["items"]], page["total"]) == (["plan 4", "plan 3"], 5)
    mail_user.append(mail("plan 5"))  # an arrival between pages repeats nothing
    params = {"q": "subject:plan", "mailbox": "inbox", "limit": 3, "cursor": page["next"]}
    page = await api.get(f"/v1/accounts/{account}/search", params=params)
    assert ([item["subject"] for item in page["items"]], page["next"]) == (["plan 2", "plan 1", "plan 0"], None)
    again = params | {"q": "subject:other"}
    refused = await api.get(f"/v1/accounts/{account}/search", params=again, status=400)
    assert refused["errors"][0]["pointer"] == "/query/cursor"


async def test_all_of_an_account_is_one_list_by_time(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.create_mailbox("Work", "Empty")
    for number in range(9):
        box = ("INBOX", "Work", "Trash")[number % 3]
        mail_user.append(mail(f"plan {number}"), box, received=1_780_000_000 + number * 60)
    subjects: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(4):
        page = await api.get(f"/v1/accounts/{account}/search", params={"q": "subject:plan", "limit": 2, **cursor})
        subjects += [item["subject"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert subjects == [f"plan {number}" for number in (7, 6, 4, 3, 1, 0)]
    assert await found(api, account, "subject:plan in:trash") == ["plan 8", "plan 5", "plan 2"]
    assert await found(api, account, "subject:plan in:anywhere -in:work", limit=3) == ["plan 8", "plan 6", "plan 5"]
    assert await found(api, account, "in:work subject:7 OR subject:4") == ["plan 7", "plan 4"]


async def test_what_the_server_cannot_run_is_judged_and_told(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append_all([mail("none"), WITH_FILE, mail("none either")])
    page = await api.get(f"/v1/accounts/{account}/search", params={"q": "has:attachment", "mailbox": "inbox"})
    assert [item["subject"] for item in page["items"]] == ["with a file"]
    assert page["unsupported_terms"] == ["has:attachment"]
    assert await found(api, account, "-has:attachment", mailbox="inbox") == ["none either", "none"]
    assert await found(api, account, "subject:either OR has:attachment") == ["none either", "with a file"]


async def test_one_mailbox_is_sorted(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append_all([mail("b", "x" * 50), mail("Re: a", "x" * 500), mail("c", "x" * 5)])
    assert await found(api, account, "", mailbox="inbox", sort="subject") == ["Re: a", "b", "c"]
    first = await api.get(f"/v1/accounts/{account}/search", params={"mailbox": "inbox", "sort": "-size", "limit": 2})
    assert ([item["subject"] for item in first["items"]], first["sorted_by"]) == (["Re: a", "b"], "server")
    rest = await found(api, account, "", mailbox="inbox", sort="-size", limit=2, cursor=first["next"])
    assert rest == ["c"]
    mail_user.create_mailbox("Work")
    mail_user.append(mail("d"), "Work")
    refused = await api.get(f"/v1/accounts/{account}/search", params={"sort": "size"}, status=400)
    assert refused["errors"][0]["pointer"] == "/query/sort"


async def test_a_bad_query_is_told_with_its_place(api: Api, account: str) -> None:
    refused = await api.get(f"/v1/accounts/{account}/search", params={"q": "a (form:b)"}, status=400)
    (error,) = refused["errors"]
    assert (error["code"], error["position"], error["pointer"]) == ("unknown_operator", 4, "/query/q")


async def test_texts_in_bodies_need_the_scope_that_reads_them(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append(mail("plan", "a secret word"))
    token = await api.post("/v1/tokens", {"name": "meta", "scopes": ["mail.meta.read"]})
    headers = {"Authorization": f"Bearer {token['token']}"}
    for query in ("secret", "body:secret", "-(subject:x OR text:secret)"):
        await api.get(f"/v1/accounts/{account}/search", params={"q": query}, headers=headers, status=403)
    page = await api.get(f"/v1/accounts/{account}/search", params={"q": "subject:plan"}, headers=headers)
    assert len(page["items"]) == 1


async def test_another_tenants_account_is_not_found(api: Api, account: str) -> None:
    token = await api.post("/v1/tokens", {"name": "t", "scopes": ["mail.meta.read"], "tenant": "other"})
    headers = {"Authorization": f"Bearer {token['token']}"}
    await api.get(f"/v1/accounts/{account}/search", params={"q": "subject:a"}, headers=headers, status=404)
