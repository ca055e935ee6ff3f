"""Searches over REST where something is missing, refused, or changes in between, on real Dovecot."""

from collections.abc import Callable
from typing import Any

import pytest

from app.gateway.limits import SORTED_BY_SERVICE
from tests.rest.conftest import Api, account_body
from tests.rest.test_search import WITH_FILE, mail
from tests.support.dovecot import Dovecot, MailUser
from tests.support.dovecot_configuration import ACCESS_LISTS

pytestmark = pytest.mark.dovecot

#: What a server without SORT announces.
PLAIN = "IMAP4rev1 LITERAL+ UIDPLUS SPECIAL-USE ESEARCH"
#: A mailbox of all mail (RFC 6154).
ALL_MAIL = ("namespace inbox {\n  mailbox Everything {\n    auto = subscribe\n    special_use = \\All\n  }\n}",)


async def search(api: Api, account: str, status: int = 200, **params: Any) -> Any:
    return await api.get(f"/v1/accounts/{account}/search", status, params=params)


def subjects(page: Any) -> list[str]:
    return [item["subject"] for item in page["items"]]


async def test_without_sort_the_service_sorts_a_few_and_refuses_many(
    api: Api, dovecot_with: Callable[..., Dovecot]
) -> None:
    user = dovecot_with(capability=PLAIN).add_user()
    user.append_all([mail("b", "x" * 50), mail("Re: a", "x" * 900), WITH_FILE, mail("c", "x" * 5)])
    account = (await api.post("/v1/accounts", account_body(user)))["id"]
    inbox: dict[str, Any] = {"mailbox": "inbox", "sort": "-size", "limit": 3}
    first = await search(api, account, **inbox)
    assert (subjects(first), first["sorted_by"], first["total"]) == (["Re: a", "with a file", "b"], "service", 4)
    assert subjects(await search(api, account, **inbox, cursor=first["next"])) == ["c"]
    by_subject = await search(api, account, mailbox="inbox", sort="subject", q="-has:attachment")
    assert (subjects(by_subject), by_subject["unsupported_terms"]) == (["Re: a", "b", "c"], ["has:attachment"])
    user.fill(SORTED_BY_SERVICE - 3)
    refused = await search(api, account, 501, **inbox)
    assert refused["code"] == "not_supported_by_server"
    assert str(SORTED_BY_SERVICE) in refused["detail"]
    within = await search(api, account, mailbox="inbox", sort="-size", q="subject:a", limit=1)
    assert (subjects(within), within["sorted_by"]) == (["Re: a"], "service")


async def test_a_mailbox_that_may_not_be_read_costs_nothing_but_itself(
    api: Api, dovecot_with: Callable[..., Dovecot]
) -> None:
    user = dovecot_with(settings=ACCESS_LISTS).add_user()
    user.create_mailbox("Closed", "Work")
    for number, box in enumerate(("INBOX", "Closed", "Work")):
        user.append(mail(f"plan {number}"), box, received=1_780_000_000 + number)
    account = (await api.post("/v1/accounts", account_body(user)))["id"]
    boxes = {box["name"]: box["id"] for box in (await api.get(f"/v1/accounts/{account}/mailboxes"))["items"]}
    user.restrict("l", "Closed")
    user.kick()
    page = await search(api, account, q="subject:plan")
    assert subjects(page) == ["plan 2", "plan 0"]
    ((box, code),) = {(one["mailbox_id"], one["code"]) for one in page["failures"]}
    assert (box, code, page["total"]) == (boxes["Closed"], "permission_denied", None)
    alone = await search(api, account, 403, q="subject:plan", mailbox=boxes["Closed"])
    assert alone["code"] == "permission_denied"


async def test_a_mailbox_deleted_meanwhile_is_told_and_the_rest_found(
    api: Api, account: str, mail_user: MailUser
) -> None:
    mail_user.create_mailbox("Work")
    for number in range(4):
        mail_user.append(mail(f"plan {number}"), ("INBOX", "Work")[number % 2], received=1_780_000_000 + number)
    first = await search(api, account, q="subject:plan", limit=2)
    assert subjects(first) == ["plan 3", "plan 2"]
    with mail_user.client() as imap:
        imap.delete_folder("Work")
    rest = await search(api, account, q="subject:plan", limit=2, cursor=first["next"])
    assert subjects(rest) == ["plan 0"]
    assert [one["code"] for one in rest["failures"]] == ["not_found"]
    assert rest["next"] is None


async def test_a_mailbox_of_all_mail_is_searched_instead_of_every_mailbox(
    api: Api, dovecot_with: Callable[..., Dovecot]
) -> None:
    user = dovecot_with(settings=ALL_MAIL).add_user()
    for number, box in enumerate(("INBOX", "Everything", "Trash")):
        user.append(mail(f"plan {number}"), box, received=1_780_000_000 + number)
    account = (await api.post("/v1/accounts", account_body(user)))["id"]
    assert subjects(await search(api, account, q="subject:plan")) == ["plan 1"]
    assert (await search(api, account, q="", sort="-date"))["sorted_by"] == "server"  # one mailbox, so it sorts
    assert subjects(await search(api, account, q="subject:plan in:inbox")) == ["plan 0"]
    anywhere = await search(api, account, q="subject:plan in:anywhere")
    assert subjects(anywhere) == ["plan 2", "plan 0"]  # all mail is a view of what lies elsewhere


async def test_a_sorted_page_goes_on_after_its_last_message_that_is_still_there(
    api: Api, account: str, mail_user: MailUser
) -> None:
    mail_user.append_all([mail("m", "x" * 100 * number) for number in range(1, 31)])
    asked: dict[str, Any] = {"mailbox": "inbox", "sort": "size", "limit": 20, "fields": "id,size"}
    first = await search(api, account, **asked)
    sizes = [item["size"] for item in first["items"]]
    mail_user.expunge([3, 19, 20])  # of the page, its last two among them
    rest = await search(api, account, **asked, cursor=first["next"])
    assert (len(rest["items"]), min(item["size"] for item in rest["items"]) > max(sizes)) == (10, True)
    mail_user.expunge(range(1, 21))
    expired = await search(api, account, 410, **asked, cursor=first["next"])
    assert expired["code"] == "cursor_expired"


async def test_a_mailbox_renumbered_between_pages_expires_the_cursor(
    api: Api, account: str, mail_user: MailUser
) -> None:
    mail_user.append_all([mail(f"plan {number}") for number in range(3)])
    asked: dict[str, Any] = {"mailbox": "inbox", "q": "subject:plan", "limit": 2}
    first = await search(api, account, **asked)
    mail_user.change_uidvalidity()
    expired = await search(api, account, 410, **asked, cursor=first["next"])
    assert expired["code"] == "cursor_expired"
    assert subjects(await search(api, account, **asked)) == ["plan 2", "plan 1"]


async def test_a_rename_between_pages_loses_nothing(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.create_mailbox("Old")
    mail_user.append_all([mail(f"plan {number}") for number in range(3)], "Old")
    boxes = await api.get(f"/v1/accounts/{account}/mailboxes")
    old = next(box["id"] for box in boxes["items"] if box["name"] == "Old")
    many: dict[str, Any] = {"q": "subject:plan", "limit": 2}
    cursors = [(asked, (await search(api, account, **asked))["next"]) for asked in (many | {"mailbox": old}, many)]
    renamed = await api.http.patch(f"/v1/accounts/{account}/mailboxes/{old}", json={"name": "New"})
    assert renamed.status_code == 200, renamed.text
    for asked, cursor in cursors:
        rest = await search(api, account, **asked, cursor=cursor)
        assert (subjects(rest), rest["next"], rest["failures"]) == (["plan 0"], None, [])


async def test_a_batch_by_texts_in_bodies_needs_the_scope_that_reads_them(
    api: Api, account: str, mail_user: MailUser
) -> None:
    mail_user.append(mail("plan", "a secret word"))
    token = await api.post("/v1/tokens", {"name": "flags", "scopes": ["mail.meta.read", "mail.flags.write"]})
    headers = {"Authorization": f"Bearer {token['token']}"}

    async def star(query: str, status: int) -> Any:
        body = {"filter": {"mailbox": "inbox", "query": query}, "action": {"type": "flags", "add": ["flagged"]}}
        return await api.post(f"/v1/accounts/{account}/messages/batch", body, status, headers=headers)

    for query in ("secret", "body:secret", "-(subject:x OR text:secret)"):
        assert (await star(query, 403))["code"] == "forbidden"
    assert subjects(await search(api, account, q="is:flagged")) == []
    assert (await star("subject:plan", 200))["done"] == 1
    assert subjects(await search(api, account, q="is:flagged")) == ["plan"]
