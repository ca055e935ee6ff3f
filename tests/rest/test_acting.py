"""Acting on mail over REST, on real Dovecot: every promise, and every way it cannot be kept."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.rest.conftest import Api, account_body
from tests.rest.test_reading import plain
from tests.support.dovecot import Dovecot, MailUser
from tests.support.dovecot_configuration import ACCESS_LISTS, SMALL_QUOTA
from tests.support.proxy import Proxy

pytestmark = pytest.mark.dovecot


@pytest.fixture
def proxy(mail_user: MailUser) -> Iterator[Proxy]:
    with Proxy(mail_user.plain.host, mail_user.plain.port, record=True) as running:
        yield running


@pytest.fixture
async def counted(api: Api, mail_user: MailUser, proxy: Proxy) -> str:
    """An account behind the counting proxy."""
    body = account_body(mail_user)
    body["incoming"]["port"] = proxy.port
    return str((await api.post("/v1/accounts", body))["id"])


async def page(api: Api, account: str, mailbox: str = "inbox", **query: Any) -> list[dict[str, Any]]:
    found = await api.get(f"/v1/accounts/{account}/mailboxes/{mailbox}/messages", params={"limit": 200, **query})
    items: list[dict[str, Any]] = found["items"]
    return items


async def patch(api: Api, path: str, body: Any, status: int = 200, **headers: str) -> Any:
    answer = await api.http.patch(path, json=body, headers={name.replace("_", "-"): at for name, at in headers.items()})
    assert answer.status_code == status, answer.text
    return answer.json()


async def delete(api: Api, path: str, status: int = 200, **query: Any) -> Any:
    answer = await api.http.delete(path, params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


async def batch(api: Api, account: str, ids: list[str], action: dict[str, Any], status: int = 200) -> Any:
    body = {"ids": ids, "action": action, "client_mutation_id": "b-1"}
    return await api.post(f"/v1/accounts/{account}/messages/batch", body, status)


async def test_flags_are_changed_in_one_round_trip_and_seen_by_the_next_read(
    api: Api, counted: str, proxy: Proxy, mail_user: MailUser
) -> None:
    account = counted
    mail_user.append_all([plain(1), plain(2)])
    first = await page(api, account)
    etag = (await api.http.get(f"/v1/accounts/{account}/mailboxes/inbox/messages?limit=200")).headers["etag"]
    message = f"/v1/accounts/{account}/messages/{first[0]['id']}"
    await patch(api, message, {"flags": {"add": ["answered"]}})  # the mailbox is entered for writing
    with proxy.measure() as counts:
        changed = await patch(
            api, message, {"flags": {"add": ["seen", "$Label1"], "remove": ["answered"]}, "client_mutation_id": "x"}
        )
    assert counts.round_trips == 1
    assert changed == {"id": first[0]["id"], "flags": ["$Label1", "seen"], "client_mutation_id": "x"}
    again = await api.http.get(
        f"/v1/accounts/{account}/mailboxes/inbox/messages?limit=200", headers={"If-None-Match": etag}
    )
    assert again.status_code == 200
    assert again.json()["items"][0]["flags"] == ["$Label1", "seen"]
    assert (await api.get(message))["flags"] == ["$Label1", "seen"]


async def test_if_match_holds_a_change_to_what_was_seen(api: Api, account: str, mail_user: MailUser) -> None:
    (uid,) = mail_user.append_all([plain(1)])
    message = f"/v1/accounts/{account}/messages/{(await page(api, account))[0]['id']}"
    etag = (await api.http.get(message)).headers["etag"]
    mail_user.set_flags([uid], ["\\Flagged"])
    refused = await patch(api, message, {"flags": {"add": ["seen"]}}, 412, If_Match=etag)
    assert refused["code"] == "precondition_failed"
    assert (await api.get(message))["flags"] == ["flagged"]
    fresh = (await api.http.get(message)).headers["etag"]
    answer = await api.http.patch(message, json={"flags": {"add": ["seen"]}}, headers={"If-Match": f"W/{fresh}"})
    assert answer.json()["flags"] == ["flagged", "seen"]
    await patch(api, message, {"flags": {"remove": ["seen"]}}, If_Match=answer.headers["etag"])
    await patch(api, message, {"flags": {"add": ["seen"]}}, 412, If_Match=answer.headers["etag"])
    await patch(api, message, {"flags": {"add": ["seen"]}}, If_Match="*")
    await patch(api, message, {"flags": {"add": ["seen"]}}, 412, If_Match='"nonsense"')


async def test_with_condstore_a_held_change_is_one_round_trip(
    api: Api, counted: str, proxy: Proxy, mail_user: MailUser
) -> None:
    (uid,) = mail_user.append_all([plain(1)])
    message = f"/v1/accounts/{counted}/messages/{(await page(api, counted))[0]['id']}"
    await patch(api, message, {"flags": {"add": ["answered"]}})  # the mailbox is entered for writing
    for _ in range(2):  # opened afresh, and from the cache
        etag = (await api.http.get(message)).headers["etag"]
        assert not etag.startswith('"0-')  # the server's count of changes is in it
        with proxy.measure() as counts:
            await patch(api, message, {"flags": {"add": ["seen"]}}, If_Match=etag)
        assert counts.round_trips == 1
    mail_user.set_flags([uid], ["\\Flagged"])
    with proxy.measure() as counts:
        await patch(api, message, {"flags": {"add": ["seen"]}}, 412, If_Match=etag)
    assert counts.round_trips == 1


async def test_a_link_of_another_hour_is_no_conflict(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append(b"Subject: x\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nz\r\n")
    path = f"/v1/accounts/{account}/messages/{(await page(api, account))[0]['id']}"
    here = (await api.http.get(path)).headers["etag"]
    there = (await api.http.get(path, headers={"Host": "another.test"})).headers["etag"]
    assert here != there  # the links in it differ, and must be fetched again
    await patch(api, path, {"flags": {"add": ["seen"]}}, If_Match=there)


@pytest.mark.parametrize(
    ("flags", "pointer"),
    [
        ({"add": ["seen"], "remove": ["seen"]}, "/flags/add/0"),
        ({"add": ["a b"]}, "/flags/add/0"),
        ({"remove": ["seen", "\\Seen"]}, "/flags/remove/1"),
        ({}, "/flags"),
        ({"add": ["x" * 101]}, "/flags/add/0"),
        ({"add": ["k"] * 51}, "/flags/add"),
        ({"adds": ["k"]}, "/flags/adds"),
    ],
)
async def test_flags_that_are_none_are_pointed_at(
    api: Api, account: str, mail_user: MailUser, flags: dict[str, Any], pointer: str
) -> None:
    mail_user.append(plain(1))
    message = f"/v1/accounts/{account}/messages/{(await page(api, account))[0]['id']}"
    problem = await patch(api, message, {"flags": flags}, 400)
    assert problem["code"] == "invalid_request"
    assert problem["errors"][0]["pointer"] == pointer


async def test_a_message_is_moved_and_its_old_id_tells_the_new_one(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append_all([plain(1), plain(2)])
    old = (await page(api, account))[0]["id"]
    base = f"/v1/accounts/{account}/messages"
    moved = await api.post(f"{base}/{old}/move", {"mailbox": "drafts", "client_mutation_id": "m"}, 200)
    assert moved["client_mutation_id"] == "m"
    assert (await page(api, account, "drafts"))[0]["id"] == moved["moved_to"]
    assert (await api.get(f"{base}/{moved['moved_to']}"))["subject"] == "Letter 2"
    for path in ("", "/body", "/raw", "/parts/1"):
        gone = await api.get(f"{base}/{old}{path}", 410)
        assert (gone["code"], gone["moved_to"]) == ("stale_reference", moved["moved_to"])
    again = await api.post(f"{base}/{old}/move", {"mailbox": "drafts"}, 410)
    assert again["moved_to"] == moved["moved_to"]
    assert len(await page(api, account)) == 1


async def test_a_copy_has_its_own_id(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append(plain(1), flags=("\\Flagged",))
    base = f"/v1/accounts/{account}/messages"
    old = (await page(api, account))[0]["id"]
    copied = await api.post(f"{base}/{old}/copy", {"mailbox": "drafts"}, 200)
    assert (await api.get(f"{base}/{copied['moved_to']}"))["flags"] == ["flagged"]
    assert (await api.get(f"{base}/{old}"))["id"] == old


async def test_deleting_is_to_the_trash_and_for_good_when_asked(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append(plain(1))
    base = f"/v1/accounts/{account}/messages"
    old = (await page(api, account))[0]["id"]
    deleted = await delete(api, f"{base}/{old}", client_mutation_id="d")
    assert (await page(api, account, "trash"))[0]["id"] == deleted["moved_to"]
    refused = await delete(api, f"{base}/{deleted['moved_to']}", 409)
    assert refused["code"] == "conflict"
    assert "permanently" in refused["detail"]
    erased = await delete(api, f"{base}/{deleted['moved_to']}", permanently=True)
    assert erased["moved_to"] is None
    assert mail_user.uids("Trash") == []
    assert (await api.get(f"{base}/{old}", 410))["code"] == "stale_reference"


async def test_a_missing_trash_names_the_way_out(
    api: Api, dovecot_with: Callable[..., Dovecot], mail_user: MailUser
) -> None:
    user = dovecot_with(settings=("namespace inbox {\n  mailbox Trash {\n    auto = no\n  }\n}",)).add_user()
    account = (await api.post("/v1/accounts", account_body(user)))["id"]
    user.append(plain(1))
    message = (await page(api, account))[0]["id"]
    refused = await delete(api, f"/v1/accounts/{account}/messages/{message}", 409)
    assert refused["code"] == "role_missing"
    assert (await batch(api, account, [message], {"type": "delete"}, 409))["code"] == "role_missing"
    await api.post(f"/v1/accounts/{account}/mailboxes", {"name": "Trash"})
    await delete(api, f"/v1/accounts/{account}/messages/{message}")
    assert user.uids("Trash") == [1]


async def test_a_thousand_messages_are_few_commands_and_each_is_told(
    api: Api, counted: str, proxy: Proxy, mail_user: MailUser
) -> None:
    account = counted
    mail_user.fill(900)
    mail_user.create_mailbox("Other")
    mail_user.fill(100, "Other")
    tree = (await api.get(f"/v1/accounts/{account}/mailboxes"))["items"]
    (other,) = [item["id"] for item in tree if item["name"] == "Other"]
    ids = []
    for mailbox in ("inbox", other):
        cursor: dict[str, str] = {}
        while True:
            found = await api.get(
                f"/v1/accounts/{account}/mailboxes/{mailbox}/messages",
                params={"limit": 200, "fields": "id", **cursor},
            )
            ids += [item["id"] for item in found["items"]]
            if not found["next"]:
                break
            cursor = {"cursor": found["next"]}
    ids = ids[::3] + ids[1::3] + ids[2::3]
    assert len(ids) == 1000
    proxy.sent.clear()
    with proxy.measure() as counts:
        report = await batch(api, account, ids, {"type": "flags", "add": ["seen"]})
    stores = [sent for sent in proxy.sent if b"UID STORE" in sent]
    assert len(stores) <= 4
    assert counts.round_trips <= 6
    assert [item["id"] for item in report["items"]] == ids
    assert {(item["state"], item["status"], tuple(item["flags"])) for item in report["items"]} == {
        ("done", 200, ("seen",))
    }
    assert (report["done"], report["has_more"], report["client_mutation_id"]) == (1000, False, "b-1")
    moved = await batch(api, account, ids, {"type": "move", "mailbox": "drafts"})
    assert moved["done"] == 1000
    assert len({item["moved_to"] for item in moved["items"]}) == 1000
    assert mail_user.uids() == mail_user.uids("Other") == []
    gone = await batch(api, account, ids[:3], {"type": "flags", "add": ["seen"]})
    assert [item["problem"]["moved_to"] for item in gone["items"]] == [item["moved_to"] for item in moved["items"][:3]]


async def test_a_batch_tells_the_truth_of_each(api: Api, account: str, mail_user: MailUser) -> None:
    uids = mail_user.append_all([plain(number) for number in range(4)])
    ids = [item["id"] for item in await page(api, account)]
    mail_user.expunge(uids[1:2])
    report = await batch(api, account, [ids[2], "msg_x", ids[0], ids[0]], {"type": "move", "mailbox": "archive"}, 404)
    assert report["code"] == "not_found"  # Dovecot here has no mailbox with the role archive
    report = await batch(api, account, [ids[2], "msg_x", ids[0], ids[0]], {"type": "delete"})
    told = [(item["state"], item["status"], (item["problem"] or {}).get("code")) for item in report["items"]]
    assert told == [
        ("gone", 410, "stale_reference"),
        ("failed", 404, "not_found"),
        ("done", 200, None),
        ("done", 200, None),
    ]
    assert report["done"] == 2
    assert mail_user.uids() == [uids[0], uids[2]]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"ids": [], "action": {"type": "delete"}}, "/ids"),
        ({"ids": ["x"] * 1001, "action": {"type": "delete"}}, "/ids"),
        ({"action": {"type": "delete"}}, ""),
        ({"ids": ["x"], "filter": {"mailbox": "inbox", "query": ""}, "action": {"type": "delete"}}, ""),
        ({"ids": ["x"], "action": {"type": "explode"}}, "/action"),
        ({"ids": ["x"], "action": {"type": "move"}}, "/action/mailbox"),
        ({"ids": ["x"], "action": {"type": "flags", "add": ["a"], "remove": ["A"]}}, "/action/add/0"),
        ({"ids": ["x"], "action": {"type": "flags", "add": ["a b"]}}, "/action/add/0"),
        ({"ids": ["x"], "action": {"type": "delete"}, "client_mutation_id": "a\nb"}, "/client_mutation_id"),
    ],
)
async def test_a_batch_that_is_none_is_pointed_at(api: Api, account: str, body: Any, pointer: str) -> None:
    problem = await api.post(f"/v1/accounts/{account}/messages/batch", body, 400)
    assert problem["code"] == "invalid_request"
    assert problem["errors"][0]["pointer"] == pointer


async def test_a_batch_under_a_key_is_done_once(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append_all([plain(1), plain(2)])
    ids = [item["id"] for item in await page(api, account)]
    path = f"/v1/accounts/{account}/messages/batch"
    body = {"ids": ids, "action": {"type": "copy", "mailbox": "drafts"}}
    key = {"Idempotency-Key": "once-1"}
    answers = await asyncio.gather(*(api.http.post(path, json=body, headers=key) for _ in range(3)))
    done = [answer for answer in answers if answer.status_code == 200]
    assert done
    assert {answer.status_code for answer in answers} <= {200, 409}
    again = await api.http.post(path, json=body, headers=key)
    assert again.content == done[0].content
    assert again.headers["idempotency-replayed"] == "true"
    assert mail_user.uids("Drafts") == [1, 2]
    other = await api.http.post(path, json=body | {"ids": ids[:1]}, headers=key)
    assert other.status_code == 422


async def test_a_mailbox_that_can_only_be_read_says_so(api: Api, dovecot_with: Callable[..., Dovecot]) -> None:
    user = dovecot_with(settings=ACCESS_LISTS).add_user()
    user.append_all([plain(1), plain(2)])
    account = (await api.post("/v1/accounts", account_body(user)))["id"]
    ids = [item["id"] for item in await page(api, account)]
    user.restrict("lr")
    user.kick()
    base = f"/v1/accounts/{account}/messages"
    assert (await patch(api, f"{base}/{ids[0]}", {"flags": {"add": ["seen"]}}, 403))["code"] == "permission_denied"
    assert (await delete(api, f"{base}/{ids[0]}", 403))["code"] == "permission_denied"
    report = await batch(api, account, ids, {"type": "flags", "add": ["seen"]})
    assert {(item["state"], item["problem"]["code"]) for item in report["items"]} == {("failed", "permission_denied")}
    refused = await api.http.post(
        f"/v1/accounts/{account}/mailboxes/inbox/messages", content=plain(3), headers={"Content-Type": "message/rfc822"}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")


async def test_a_full_mailbox_says_so(api: Api, dovecot_with: Callable[..., Dovecot]) -> None:
    user = dovecot_with(settings=SMALL_QUOTA).add_user()
    user.append(b"Subject: large\r\n\r\n" + b"x" * 60_000)
    account = (await api.post("/v1/accounts", account_body(user)))["id"]
    (item,) = await page(api, account)
    path = f"/v1/accounts/{account}/messages/{item['id']}/copy"
    assert (await api.post(path, {"mailbox": "drafts"}, 507))["code"] == "quota_exceeded"
    report = await batch(api, account, [item["id"]], {"type": "copy", "mailbox": "drafts"})
    assert report["items"][0]["problem"]["code"] == "quota_exceeded"
    refused = await api.http.post(
        f"/v1/accounts/{account}/mailboxes/drafts/messages",
        content=b"Subject: x\r\n\r\n" + b"y" * 60_000,
        headers={"Content-Type": "message/rfc822"},
    )
    assert (refused.status_code, refused.json()["code"]) == (507, "quota_exceeded")


async def test_a_token_that_only_writes_names_accounts_by_your_own_id(api: Api, mail_user: MailUser) -> None:
    from tests.rest.test_principals import client, make_token

    mail_user.append(plain(1))
    account = (await api.post("/v1/accounts", account_body(mail_user, external_id="crm-7")))["id"]
    message = (await page(api, account))[0]["id"]
    marker = client(api, await make_token(api, scopes=["mail.flags.write"]))
    flags = {"flags": {"add": ["seen"]}}
    done = await marker.patch(f"/v1/accounts/external:crm-7/messages/{message}", json=flags)
    assert done.json()["flags"] == ["seen"]
    assert (await marker.get("/v1/accounts/external:crm-7")).status_code == 403
    assert (await marker.patch(f"/v1/accounts/external:crm-8/messages/{message}", json=flags)).status_code == 404


async def test_scopes_of_writing(api: Api, account: str, mail_user: MailUser) -> None:
    from tests.rest.test_principals import client, make_token

    mail_user.append(plain(1))
    message = f"/v1/accounts/{account}/messages/{(await page(api, account))[0]['id']}"
    reader = client(api, await make_token(api))
    marker = client(api, await make_token(api, scopes=["mail.flags.write"]))
    writer = client(api, await make_token(api, scopes=["mail.write"]))
    flags = {"flags": {"add": ["seen"]}}
    refused = await reader.patch(message, json=flags)
    assert refused.status_code == 403
    assert 'scope="mail.flags.write"' in refused.headers["www-authenticate"]
    assert (await marker.patch(message, json=flags)).status_code == 200
    assert (await writer.patch(message, json=flags)).status_code == 200
    assert 'scope="mail.write"' in (await marker.delete(message)).headers["www-authenticate"]
    assert (await writer.delete(message)).status_code == 200
