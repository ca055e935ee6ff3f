"""Messages handed in over REST, on real Dovecot: raw or as a form, streamed, bounded, once."""

import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from app.config import Settings
from tests.rest.conftest import Api
from tests.support.dovecot import MailUser

pytestmark = pytest.mark.dovecot

RAW = b"From: ana@example.com\nTo: ben@example.com\nSubject: A draft\nMessage-ID: <d1@example.com>\n\nDear Ben,\n"
MAIL = {"Content-Type": "message/rfc822"}
LARGE = 3 * 1024 * 1024


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"message_bytes": LARGE, "request_body_bytes": 64 * 1024})


async def upload(api: Api, account: str, status: int = 201, mailbox: str = "drafts", **request: Any) -> Any:
    answer = await api.http.post(f"/v1/accounts/{account}/mailboxes/{mailbox}/messages", **request)
    assert answer.status_code == status, answer.text
    return answer.json() | {"location": answer.headers.get("location")}


async def test_a_raw_message_is_stored_and_can_be_opened(api: Api, account: str) -> None:
    stored = await upload(
        api,
        account,
        content=RAW,
        headers=MAIL,
        params={"flags": "draft,seen,$Label", "received": "2026-03-01T09:00:00+01:00", "client_mutation_id": "u"},
    )
    assert stored["location"] == f"http://hatch.test/v1/accounts/{account}/messages/{stored['id']}"
    assert stored["client_mutation_id"] == "u"
    found = await api.get(f"/v1/accounts/{account}/messages/{stored['id']}")
    assert found["flags"] == ["$Label", "draft", "seen"]
    assert datetime.fromisoformat(found["received"]) == datetime(2026, 3, 1, 8, tzinfo=UTC)
    raw = await api.http.get(f"/v1/accounts/{account}/messages/{stored['id']}/raw")
    assert raw.content == RAW.replace(b"\n", b"\r\n")
    assert stored["size"] == len(raw.content)
    assert (await api.get(f"/v1/accounts/{account}/mailboxes/drafts/messages"))["items"][0]["id"] == stored["id"]


async def test_a_form_says_the_same(api: Api, account: str) -> None:
    stored = await upload(
        api,
        account,
        files={"message": ("draft.eml", RAW, "message/rfc822")},
        data={"flags": ["draft", "seen, $Label"], "received": "2026-03-01T09:00:00Z", "client_mutation_id": "u"},
    )
    found = await api.get(f"/v1/accounts/{account}/messages/{stored['id']}")
    assert found["flags"] == ["$Label", "draft", "seen"]
    assert stored["client_mutation_id"] == "u"


@pytest.mark.parametrize("cut", [1, 7, 64])
async def test_a_form_may_come_in_any_pieces(api: Api, account: str, cut: int) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="flags"\r\n\r\ndraft\r\n'
        b'--b\r\nContent-Disposition: form-data; name="message"; filename="x.eml"\r\n\r\n' + RAW + b"\r\n--b--\r\n"
    )

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), cut):
            yield body[start : start + cut]

    stored = await upload(api, account, content=pieces(), headers={"Content-Type": "multipart/form-data; boundary=b"})
    raw = await api.http.get(f"/v1/accounts/{account}/messages/{stored['id']}/raw")
    assert raw.content == RAW.replace(b"\n", b"\r\n")


async def test_a_large_message_streams_through_and_over_the_bound_it_is_refused(
    api: Api, account: str, mail_user: MailUser
) -> None:
    async def body(size: int) -> AsyncIterator[bytes]:
        yield RAW
        for _ in range(size // 65536):
            yield (b"x" * 78 + b"\r\n") * 819 + b"y" * 14 + b"\r\n"

    await upload(api, account, content=body(65536), headers=MAIL)  # what is made once is made
    tracemalloc.start()
    await upload(api, account, content=body(LARGE - 70_000), headers=MAIL)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < LARGE
    refused = await upload(api, account, 413, content=body(2 * LARGE), headers=MAIL)
    assert refused["code"] == "payload_too_large"
    told = await upload(api, account, 413, content=RAW + b"x" * 2 * LARGE, headers=MAIL)
    assert told["code"] == "payload_too_large"
    assert len(mail_user.uids("Drafts")) == 2
    other = await api.http.post(f"/v1/accounts/{account}/messages/batch", content=b"x" * 70_000)
    assert other.status_code == 413  # other bodies keep their own bound


@pytest.mark.parametrize(
    ("request_", "pointer"),
    [
        ({"content": b"", "headers": MAIL}, "/message"),
        ({"content": b"no header", "headers": MAIL}, "/message"),
        ({"content": b"From ana\n\n", "headers": MAIL}, "/message"),
        ({"content": RAW + b"\0", "headers": MAIL}, "/message"),
        ({"content": RAW, "headers": MAIL, "params": {"flags": "seen,a b"}}, "/flags/1"),
        ({"content": RAW, "headers": MAIL, "params": {"received": "yesterday"}}, "/query/received"),
        ({"content": RAW, "headers": MAIL, "params": {"received": "0001-01-01T00:00:00Z"}}, "/received"),
        ({"data": {"flags": "seen"}, "files": {"x": b"y"}}, "/message"),
        ({"files": [("message", RAW), ("message", RAW)]}, "/message"),
        ({"files": {"message": RAW}, "data": {"a/b": "y"}}, "/a~1b"),
        ({"files": {"message": RAW}, "data": {"received": "yesterday"}}, "/received"),
        ({"files": {"message": RAW}, "data": {"received": ["2026-01-01T00:00:00Z"] * 2}}, "/received"),
        ({"files": {"message": RAW}, "data": {"flags": "x" * 9000}}, "/flags"),
    ],
)
async def test_what_is_wrong_is_pointed_at(
    api: Api, account: str, mail_user: MailUser, request_: dict[str, Any], pointer: str
) -> None:
    problem = await upload(api, account, 400, **request_)
    assert problem["code"] == "invalid_request"
    assert problem["errors"][0]["pointer"] == pointer
    assert mail_user.uids("Drafts") == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", RAW),
        ("multipart/form-data; boundary=b", b"--b\r\nnonsense"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="message"\r\n\r\nX: y'),
        ("multipart/form-data; boundary=" + "b" * 500, RAW),
        ("multipart/form-data; boundary=b", b"--b\r\nA: b\r\n\r\n\r\n" * 100),
    ],
)
async def test_a_broken_form_is_refused(api: Api, account: str, content_type: str, body: bytes) -> None:
    problem = await upload(api, account, 400, content=body, headers={"Content-Type": content_type})
    assert problem["code"] == "invalid_request"


async def test_another_kind_of_body_is_unsupported(api: Api, account: str) -> None:
    assert (await upload(api, account, 415, json={"raw": "x"}))["code"] == "unsupported_media_type"
    assert (await upload(api, account, 415))["code"] == "unsupported_media_type"


async def test_a_mailbox_that_is_not_there_is_told_before_the_body_is_read(api: Api, account: str) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield RAW

    assert (await upload(api, account, 404, "nonsense", content=body(), headers=MAIL))["code"] == "not_found"
    assert read == 0


async def test_an_upload_under_a_key_is_done_once(api: Api, account: str, mail_user: MailUser) -> None:
    key = {"Idempotency-Key": "u-1"}
    first = await upload(api, account, content=RAW, headers=MAIL | key)
    assert await upload(api, account, content=RAW, headers=MAIL | key) == first
    # A form has another boundary each time; lines may end otherwise on their way.
    form = {"Idempotency-Key": "u-2"}
    one = await upload(api, account, files={"message": RAW}, data={"flags": "seen"}, headers=form)
    assert await upload(api, account, files={"message": RAW}, data={"flags": "seen"}, headers=form) == one
    await upload(api, account, 422, files={"message": RAW}, data={"flags": "draft"}, headers=form)
    await upload(api, account, 422, content=RAW + b"more", headers=MAIL | key)
    assert mail_user.uids("Drafts") == [1, 2]
