"""Mailboxes made, renamed and deleted over REST, on real Dovecot."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.rest.conftest import Api, account_body
from tests.rest.test_acting import delete, page, patch
from tests.rest.test_reading import plain
from tests.support.dovecot import Dovecot, MailUser
from tests.support.dovecot_configuration import ACCESS_LISTS

pytestmark = pytest.mark.dovecot


async def tree(api: Api, account: str) -> dict[str, dict[str, Any]]:
    found = (await api.get(f"/v1/accounts/{account}/mailboxes"))["items"]
    return {"/".join(item["path"]): item for item in found}


async def make(api: Api, account: str, name: str, status: int = 201, **more: Any) -> Any:
    return await api.post(f"/v1/accounts/{account}/mailboxes", {"name": name, **more}, status)


@pytest.mark.parametrize("name", ["Invoices", "旅行 & Köln", 'quo"te\\back', "100 %", "a.b", "&AOk-", "x" * 80])
async def test_a_mailbox_of_any_name_is_made_used_and_deleted(
    api: Api, account: str, mail_user: MailUser, name: str
) -> None:
    made = await make(api, account, name, client_mutation_id="c")
    assert (made["name"], made["is_subscribed"], made["total"]) == (name, True, 0)
    assert made["client_mutation_id"] == "c"
    within = await make(api, account, "2026", parent_id=made["id"])
    assert within["path"] == [name, "2026"]
    mail_user.append(plain(1))
    message = (await page(api, account))[0]["id"]
    moved = await api.post(f"/v1/accounts/{account}/messages/{message}/move", {"mailbox": within["id"]}, 200)
    assert (await page(api, account, within["id"]))[0]["id"] == moved["moved_to"]
    box = f"/v1/accounts/{account}/mailboxes/{made['id']}"
    assert (await delete(api, box, 409))["code"] == "mailbox_not_empty"
    assert (await delete(api, box, 409, with_children=True))["code"] == "mailbox_not_empty"
    gone = await delete(api, box, with_children=True, with_messages=True, client_mutation_id="d")
    assert gone == {"ids": [made["id"], within["id"]], "client_mutation_id": "d"}
    assert name not in await tree(api, account)


async def test_names_that_cannot_be_are_pointed_at(api: Api, account: str) -> None:
    for name in ("", "a/b", "a\nb", "x" * 256, "~Dovecot takes no tilde"):
        problem = await make(api, account, name, 400)
        assert problem["errors"][0]["pointer"] == "/name"
    assert (await make(api, account, "x", 400, parent_id="mbx_AAAAAAAAAAE"))["errors"][0]["pointer"] == "/parent_id"
    for taken in ("Sent", "inbox"):
        assert (await make(api, account, taken, 409))["code"] == "mailbox_exists"


async def test_a_rename_keeps_the_ids_of_all_within(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.create_mailbox("Projects", "Projects/Küche")
    mail_user.append(plain(1), mailbox="Projects/Küche")
    before = await tree(api, account)
    kitchen = before["Projects/Küche"]["id"]
    message = (await page(api, account, kitchen))[0]["id"]
    changed = await patch(
        api, f"/v1/accounts/{account}/mailboxes/{before['Projects']['id']}", {"name": "Werke", "parent_id": None}
    )
    assert (changed["id"], changed["path"]) == (before["Projects"]["id"], ["Werke"])
    after = await tree(api, account)
    assert after["Werke/Küche"]["id"] == kitchen
    assert after["Werke/Küche"]["is_subscribed"]
    assert (await page(api, account, kitchen))[0]["id"] == message
    assert (await api.get(f"/v1/accounts/{account}/messages/{message}"))["subject"] == "Letter 1"
    await patch(api, f"/v1/accounts/{account}/mailboxes/{kitchen}", {"parent_id": "drafts"})
    assert (await tree(api, account))["Drafts/Küche"]["id"] == kitchen
    again = await make(api, account, "Projects")
    assert again["id"] != before["Projects"]["id"]
    assert await page(api, account, again["id"]) == []


async def test_merge_patches_that_cannot_be(api: Api, account: str) -> None:
    box = f"/v1/accounts/{account}/mailboxes"
    sent = (await tree(api, account))["Sent"]["id"]
    await make(api, account, "Mine")
    assert (await patch(api, f"{box}/inbox", {"name": "Other"}, 409))["code"] == "conflict"
    assert (await patch(api, f"{box}/{sent}", {"name": "Mine"}, 409))["code"] == "mailbox_exists"
    assert (await patch(api, f"{box}/{sent}", {"name": None}, 400))["code"] == "invalid_request"
    assert (await patch(api, f"{box}/{sent}", {"parent_id": sent}, 400))["errors"][0]["pointer"] == "/parent_id"
    assert (await patch(api, f"{box}/mbx_AAAAAAAAAAE", {"name": "x"}, 404))["code"] == "not_found"


async def test_subscribing(api: Api, account: str) -> None:
    made = await make(api, account, "News", is_subscribed=False)
    assert not made["is_subscribed"]
    box = f"/v1/accounts/{account}/mailboxes/{made['id']}"
    assert (await patch(api, box, {"is_subscribed": True}))["is_subscribed"]
    assert (await tree(api, account))["News"]["is_subscribed"]


@pytest.mark.parametrize("role", ["inbox", "trash", "sent", "drafts"])
async def test_mailboxes_that_mail_needs_stay(api: Api, account: str, role: str) -> None:
    box = f"/v1/accounts/{account}/mailboxes/{role}"
    assert (await delete(api, box, 409, with_messages=True, with_children=True))["code"] == "conflict"


async def test_a_mailbox_made_under_a_key_is_made_once(api: Api, account: str) -> None:
    key = {"Idempotency-Key": "m-1"}
    path = f"/v1/accounts/{account}/mailboxes"
    first = await api.http.post(path, json={"name": "Once"}, headers=key)
    again = await api.http.post(path, json={"name": "Once"}, headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["location"] == first.headers["location"]


async def test_an_access_list_is_told_as_such(api: Api, dovecot_with: Callable[..., Dovecot]) -> None:
    user = dovecot_with(settings=ACCESS_LISTS).add_user()
    user.create_mailbox("Shared")
    account = (await api.post("/v1/accounts", account_body(user)))["id"]
    shared = (await tree(api, account))["Shared"]["id"]
    user.restrict("lr", "Shared")
    user.kick()
    box = f"/v1/accounts/{account}/mailboxes/{shared}"
    assert (await patch(api, box, {"name": "Other"}, 403))["code"] == "permission_denied"
    assert (await delete(api, box, 403))["code"] == "permission_denied"
    assert (await make(api, account, "x", 403, parent_id=shared))["code"] == "permission_denied"
