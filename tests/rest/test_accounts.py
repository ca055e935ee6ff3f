"""Accounts over REST, on real Dovecot."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.config import Settings
from tests.rest.conftest import Api, account_body
from tests.support.dovecot import MailUser


@pytest.mark.parametrize("endpoint", ["plain", "starttls", "tls"])
async def test_an_account_is_verified_and_read(api: Api, mail_user: MailUser, endpoint: str) -> None:
    body = account_body(mail_user, getattr(mail_user, endpoint), external_id="a-1", metadata={"team": "blue"})
    made = await api.post("/v1/accounts", body)
    assert made["external_id"] == "a-1"
    assert made["metadata"] == {"team": "blue"}
    assert made["incoming"]["auth"] == {"type": "password", "expires_at": None}
    assert mail_user.password not in str(made)
    assert (await api.get(f"/v1/accounts/{made['id']}"))["id"] == made["id"]
    tree = await api.get(f"/v1/accounts/{made['id']}/mailboxes")
    assert tree["items"][0]["role"] == "inbox"


async def test_a_wrong_password_is_told_before_anything_is_stored(api: Api, mail_user: MailUser) -> None:
    body = account_body(mail_user)
    body["incoming"]["auth"]["password"] = "wrong"
    problem = await api.post("/v1/accounts", body, status=502)
    assert problem["code"] == "authentication_failed"
    assert problem["blame"] == "mail_server"
    assert (await api.get("/v1/accounts"))["items"] == []


async def test_a_certificate_nobody_vouches_for_is_refused(api: Api, mail_user: MailUser) -> None:
    body = account_body(mail_user, mail_user.tls)
    del body["incoming"]["tls"]
    problem = await api.post("/v1/accounts", body, status=502)
    assert problem["code"] == "tls_failed"
    assert "ca_pem" in problem["detail"]


async def test_nobody_listening_is_unavailable(api: Api, mail_user: MailUser) -> None:
    body = account_body(mail_user)
    body["incoming"]["port"] = 1
    problem = await api.post("/v1/accounts", body, status=503)
    assert problem["code"] == "upstream_unavailable"


async def test_an_unknown_host_is_unavailable(api: Api, mail_user: MailUser) -> None:
    body = account_body(mail_user)
    body["incoming"]["host"] = "no-such-host.invalid"
    problem = await api.post("/v1/accounts", body, status=503)
    assert problem["code"] == "upstream_unavailable"


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "192.168.1.1", "::1"])
async def test_a_private_address_is_refused_and_the_setting_named(api: Api, mail_user: MailUser, host: str) -> None:
    body = account_body(mail_user)
    body["incoming"]["host"] = host
    problem = await api.post("/v1/accounts", body, status=422)
    assert problem["code"] == "host_not_allowed"
    assert "MAILHATCH_ALLOWED_MAIL_NETWORKS" in problem["detail"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"incoming": {"host": "x"}}, "/incoming/username"),
        ({"email": 5}, "/email"),
        ({"nonsense": 1}, "/nonsense"),
        ({"metadata": {"a": "b" * 100_000}}, "/metadata/a"),
    ],
)
async def test_bad_bodies_are_pointed_at(api: Api, mail_user: MailUser, change: dict[str, Any], pointer: str) -> None:
    problem = await api.post("/v1/accounts", account_body(mail_user) | change, status=400)
    assert problem["code"] == "invalid_request"
    assert pointer in [item["pointer"] for item in problem["errors"]]


async def test_broken_json_is_a_problem(api: Api) -> None:
    answer = await api.http.post("/v1/accounts", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_huge_body_is_refused(api: Api) -> None:
    answer = await api.http.post("/v1/accounts", content=b" " * 2_000_000, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["code"] == "payload_too_large"


async def test_a_huge_body_that_does_not_say_its_size_is_refused(api: Api) -> None:
    async def drip() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b" " * 10_000

    answer = await api.http.post("/v1/accounts", content=drip(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["code"] == "payload_too_large"


async def test_put_by_external_id_makes_and_then_changes(api: Api, mail_user: MailUser) -> None:
    path = "/v1/accounts/by-external-id/crm-1"
    first = await api.http.put(path, json=account_body(mail_user))
    assert first.status_code == 201
    assert first.headers["location"].endswith(first.json()["id"])
    second = await api.http.put(path, json=account_body(mail_user, metadata={"a": "b"}))
    assert second.status_code == 200
    assert second.json()["id"] == first.json()["id"]
    assert second.json()["metadata"] == {"a": "b"}


async def test_a_batch_answers_for_each_item(api: Api, mail_user: MailUser) -> None:
    bad = account_body(mail_user)
    bad["incoming"] = bad["incoming"] | {"host": "10.9.9.9"}
    answer = await api.post("/v1/accounts/batch?verify=now", {"items": [account_body(mail_user), bad]}, status=200)
    assert [item["status"] for item in answer["items"]] == [201, 422]
    assert answer["items"][0]["account"]["state"]
    assert answer["items"][1]["problem"]["code"] == "host_not_allowed"


async def test_an_idempotency_key_makes_one_account(api: Api, mail_user: MailUser) -> None:
    headers = {"Idempotency-Key": '"k-1"'}
    body = account_body(mail_user)
    first = await api.http.post("/v1/accounts", json=body, headers=headers)
    again = await api.http.post("/v1/accounts", json=body, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["location"] == first.headers["location"]
    assert len((await api.get("/v1/accounts"))["items"]) == 1
    other = await api.http.post("/v1/accounts", json=body | {"email": "o@example.com"}, headers=headers)
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_mismatch"


async def test_a_failed_creation_may_be_tried_again_under_its_key(api: Api, mail_user: MailUser) -> None:
    headers = {"Idempotency-Key": "k-2"}
    body = account_body(mail_user)
    body["incoming"]["port"] = 1
    assert (await api.http.post("/v1/accounts", json=body, headers=headers)).status_code == 503
    assert (await api.http.post("/v1/accounts", json=body, headers=headers)).status_code == 503


async def test_new_credentials_are_verified_before_the_old_ones_go(api: Api, account: str, mail_user: MailUser) -> None:
    change = {"incoming": {"auth": {"type": "password", "password": "wrong"}}}
    refused = await api.http.patch(f"/v1/accounts/{account}", json=change)
    assert refused.status_code == 502
    assert (await api.get(f"/v1/accounts/{account}/mailboxes"))["items"]


async def test_a_merge_patch_changes_what_it_names(api: Api, account: str) -> None:
    path = f"/v1/accounts/{account}"
    answer = await api.http.patch(
        path,
        content=b'{"metadata": {"a": "1", "b": "2"}}',
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert answer.status_code == 200, answer.text
    await api.http.patch(path, json={"metadata": {"a": None}, "email": None})
    found = await api.get(path)
    assert found["metadata"] == {"b": "2"}
    assert found["email"] is None


async def test_pause_closes_connections_and_resume_opens_again(api: Api, account: str, mail_user: MailUser) -> None:
    await api.get(f"/v1/accounts/{account}/mailboxes")
    assert await asyncio.to_thread(mail_user.has_connections, 1)
    paused = await api.post(f"/v1/accounts/{account}/pause", status=200)
    assert paused["state"] == "paused"
    problem = await api.get(f"/v1/accounts/{account}/mailboxes", status=409)
    assert problem["code"] == "account_paused"
    for _ in range(50):
        if mail_user.connections() == 0:
            break
        await asyncio.sleep(0.1)
    assert mail_user.connections() == 0
    await api.post(f"/v1/accounts/{account}/resume", status=200)
    await api.get(f"/v1/accounts/{account}/mailboxes")


async def test_delete_erases(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append(b"Subject: x\r\n\r\ny\r\n")
    page = await api.get(f"/v1/accounts/{account}/mailboxes/inbox/messages")
    assert (await api.http.delete(f"/v1/accounts/{account}")).status_code == 204
    for path in ("", "/mailboxes", "/mailboxes/inbox/messages", f"/messages/{page['items'][0]['id']}"):
        assert (await api.http.get(f"/v1/accounts/{account}{path}")).status_code == 404


async def test_check_tells_each_step(api: Api, mail_user: MailUser) -> None:
    made = await api.post("/v1/accounts", account_body(mail_user, mail_user.tls))
    report = await api.post(f"/v1/accounts/{made['id']}/check", status=200)
    assert report["ok"] is True
    names = [step["name"] for step in report["steps"]]
    assert names == ["resolved", "connected", "tls", "greeting", "login", "capabilities", "mailboxes"]
    assert all(step["took"] >= 0 for step in report["steps"])


async def test_capabilities_say_where_the_truth_lives(api: Api, account: str) -> None:
    found = await api.get(f"/v1/accounts/{account}/capabilities")
    assert found["protocol"] == "imap"
    assert "IDLE" in found["server"]
    assert found["items"]["flags"]["source"] == "server"


async def test_accounts_come_in_pages_and_filters(api: Api, mail_user: MailUser) -> None:
    items = [account_body(mail_user, external_id=f"e-{number}", tenant="t1") for number in range(5)]
    items.append(account_body(mail_user, external_id="e-0", tenant="t2"))
    answer = await api.post("/v1/accounts/batch?verify=never", {"items": items}, status=200)
    assert {item["status"] for item in answer["items"]} == {201}
    page = await api.get("/v1/accounts?tenant=t1&limit=3")
    rest = await api.get(f"/v1/accounts?tenant=t1&limit=3&cursor={page['next']}")
    assert len(page["items"]) == 3
    assert len(rest["items"]) == 2
    assert rest["next"] is None
    assert (await api.get(f"/v1/accounts?tenant=t2&limit=3&cursor={page['next']}", status=400))[
        "code"
    ] == "invalid_request"
    assert len((await api.get("/v1/accounts?external_id=e-0"))["items"]) == 2
    assert (await api.get("/v1/accounts?state=paused"))["items"] == []
    assert (await api.get("/v1/accounts/external:e-0", status=409))["code"] == "conflict"


async def test_a_token_that_ends_after_the_last_date_cannot_spoil_the_list(api: Api, mail_user: MailUser) -> None:
    body = account_body(mail_user)
    body["incoming"]["auth"] = {"type": "access_token", "token": "t", "expires_at": "9999-12-31T23:59:59-23:59"}
    problem = await api.post("/v1/accounts?verify=never", body, status=400)
    assert [item["pointer"] for item in problem["errors"]] == ["/incoming/auth/expires_at"]
    assert (await api.get("/v1/accounts"))["items"] == []


@pytest.mark.parametrize(("place", "pointer"), [(None, ""), ("incoming", "/incoming"), ("metadata", "/metadata")])
async def test_fifty_thousand_fields_are_one_finding(
    api: Api, mail_user: MailUser, place: str | None, pointer: str
) -> None:
    many = {str(number): number for number in range(50_000)}
    body = account_body(mail_user)
    body |= many if place is None else {place: many}
    problem = await api.post("/v1/accounts", body, status=400)
    assert [(item["detail"], item["pointer"]) for item in problem["errors"]] == [("At most 200 fields.", pointer)]


async def test_a_stolen_database_gives_no_way_to_try_passwords(
    api: Api, mail_user: MailUser, settings: Settings
) -> None:
    """A digest of the request, whose other fields are known, could be compared with guesses at full speed."""
    answer = await api.http.post(
        "/v1/accounts?verify=never", json=account_body(mail_user), headers={"Idempotency-Key": "k-9"}
    )
    assert answer.status_code == 201
    request = answer.request.content
    guesses = [hashlib.sha256(given).digest() for given in (request, b"POST /v1/accounts?verify=never\n" + request)]
    database = b"".join(await asyncio.to_thread(_files, settings.data_dir))
    assert database
    assert not any(guess in database for guess in guesses)


def _files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("mailhatch.db*"))]


async def test_a_change_holds_to_what_was_seen(api: Api, account: str) -> None:
    path = f"/v1/accounts/{account}"
    seen = await api.http.get(path)
    etag = seen.headers["etag"]
    assert (await api.http.get(path, headers={"If-None-Match": etag})).status_code == 304
    changed = await api.http.patch(path, json={"email": "a@example.com"}, headers={"If-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
    for method in ("PATCH", "DELETE"):
        late = await api.http.request(method, path, json={"email": "b@example.com"}, headers={"If-Match": etag})
        assert late.status_code == 412
        assert late.json()["code"] == "precondition_failed"
    assert (await api.get(path))["email"] == "a@example.com"
    assert (await api.http.delete(path, headers={"If-Match": "*"})).status_code == 204


@pytest.mark.parametrize("name", ["host", "port", "security", "username", "auth"])
async def test_what_cannot_be_emptied_says_so(api: Api, account: str, name: str) -> None:
    answer = await api.http.patch(f"/v1/accounts/{account}", json={"incoming": {name: None}})
    assert answer.status_code == 400
    assert name in answer.json()["errors"][0]["detail"]
