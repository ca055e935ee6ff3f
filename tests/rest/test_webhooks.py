"""Webhooks over REST, delivered by the running service to a receiver on this machine."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from aiohttp import web
from pydantic import TypeAdapter
from standardwebhooks import Webhook

from app.bootstrap import openapi
from app.bootstrap.clock import SystemClock
from app.config import Settings
from app.domain.events import DATA, AccountChanged, EventType, NewEvent
from app.domain.ids import AccountId
from app.storage.engine import Database
from app.storage.events import SqlEventLog
from tests.rest.conftest import Api, account_body
from tests.support.dovecot import MailUser
from tests.support.receiver import Received, Receiver

UNREACHABLE = "https://receiver.invalid/hook"


async def _account(api: Api, user: MailUser, **more: Any) -> str:
    return str((await api.post("/v1/accounts?verify=never", account_body(user, **more)))["id"])


async def _happen(settings: Settings, account: str, count: int = 1) -> list[str]:
    """Write events as another process would: the service finds them by itself."""
    database = await Database.open(settings.database)
    try:
        log = SqlEventLog(database, SystemClock())
        new = [NewEvent(EventType.ACCOUNT_CONNECTED, AccountChanged())] * count
        return [event.id for event in await log.append(AccountId(account), None, new)]
    finally:
        await database.close()


async def _until(receiver: Receiver, count: int) -> None:
    async with asyncio.timeout(20):
        while len(receiver.received) < count:
            await asyncio.sleep(0.02)


async def test_from_making_one_to_reading_its_log(api: Api, settings: Settings, mail_user: MailUser) -> None:
    account = await _account(api, mail_user)
    async with Receiver(answer=lambda _: web.Response(status=202, text="thanks")) as receiver:
        made = await api.post("/v1/webhooks", {"url": receiver.url, "verify": True})
        events = await _happen(settings, account, 3)
        await _until(receiver, 4)
        test, *live = receiver.received
        assert [one.id for one in live] == events
        verifier = Webhook(made["secret"])
        for one in receiver.received:
            verifier.verify(one.body, one.headers)
        shown = await api.get(f"/v1/webhooks/{made['id']}")
        assert "secret" not in shown
        assert shown == {name: value for name, value in made.items() if name != "secret"}
        async with asyncio.timeout(10):
            while len((log := await api.get(f"/v1/webhooks/{made['id']}/deliveries"))["items"]) < 3:
                await asyncio.sleep(0.02)
        assert [one["event_id"] for one in log["items"]] == events[::-1]
        first = log["items"][0]
        assert (first["status"], first["answer"], first["success"], first["attempt"]) == (202, "thanks", True, 1)
        pages = await api.get(f"/v1/webhooks/{made['id']}/deliveries?limit=2")
        rest = await api.get(f"/v1/webhooks/{made['id']}/deliveries?limit=2&cursor={pages['next']}")
        assert [one["id"] for one in pages["items"] + rest["items"]] == [one["id"] for one in log["items"]]
        await api.post(f"/v1/webhooks/{made['id']}/deliveries/{first['id']}/retry", status=202)
        await _until(receiver, 5)
        again = receiver.received[-1]
        assert (again.id, again.body) == (events[-1], live[-1].body)
        answer = await api.post(f"/v1/webhooks/{made['id']}/replay", {"since": "2020-01-01T00:00:00Z"}, status=202)
        assert answer == {"accounts": 1}
        await _until(receiver, 8)
        assert [one.id for one in receiver.received[5:]] == events
    async with asyncio.timeout(10):
        while 'deliveries_total{result="2xx"} 7.0' not in (metrics := (await api.http.get("/metrics")).text):
            await asyncio.sleep(0.05)
    assert "mailhatch_webhook_oldest_owed_seconds 0.0" in metrics
    assert test.body.startswith(b'{"type":"endpoint.test"')


async def test_pause_resume_patch_and_remove(api: Api, settings: Settings, mail_user: MailUser) -> None:
    account = await _account(api, mail_user)
    async with Receiver() as receiver:
        made = await api.post("/v1/webhooks", {"url": receiver.url, "types": ["message.created"]})
        path = f"/v1/webhooks/{made['id']}"
        assert (await api.post(f"{path}/pause", status=200))["state"] == "paused"
        assert (await api.post(f"{path}/pause", status=200))["state"] == "paused"
        changed = await api.http.patch(
            path,
            json={"types": None, "description": "x"},
            headers={"Content-Type": "application/merge-patch+json"},
        )
        assert changed.status_code == 200
        assert (changed.json()["types"], changed.json()["description"]) == (None, "x")
        events = await _happen(settings, account)
        assert (await api.post(f"{path}/resume", status=200))["state"] == "enabled"
        await _until(receiver, 1)
        assert receiver.ids == events
        assert (await api.http.delete(path)).status_code == 204
        await api.get(path, status=404)
        assert (await api.get("/v1/webhooks"))["items"] == []


async def test_rotation_overlaps(api: Api) -> None:
    async with Receiver() as receiver:
        made = await api.post("/v1/webhooks", {"url": receiver.url})
        path = f"/v1/webhooks/{made['id']}"
        second = await api.post(f"{path}/rotate-secret", {"overlap": 600}, status=200)
        third = await api.post(f"{path}/rotate-secret", {"overlap": 600}, status=200)
        assert (await api.post(f"{path}/test", status=200))["success"]
        await api.post(f"{path}/rotate-secret", {"overlap": 0}, status=200)
        await api.post(f"{path}/test", status=200)
    with_overlap, without = receiver.received
    for secret in (made["secret"], second["secret"], third["secret"]):
        Webhook(secret).verify(with_overlap.body, with_overlap.headers)
        with pytest.raises(Exception, match="No matching signature"):
            Webhook(secret).verify(without.body, without.headers)


async def test_a_repeated_request_makes_one_webhook_and_tells_its_secret_again(api: Api) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await api.post("/v1/webhooks", {"url": UNREACHABLE}, headers=headers)
    again = await api.post("/v1/webhooks", {"url": UNREACHABLE}, headers=headers)
    assert first == again
    assert len((await api.get("/v1/webhooks"))["items"]) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"url": "ftp://example.com/"}, "/url"),
        ({"url": "https://"}, "/url"),
        ({"url": "https://user:secret@example.com/"}, "/url"),
        ({"url": "https://example.com/#x"}, "/url"),
        ({"url": "https://example.com:0/"}, "/url"),
        ({"url": "https://example.com:99999/"}, "/url"),
        ({"url": "https://exa mple.com/"}, "/url"),
        ({"url": "https://example.com/\r\nX: y"}, "/url"),
        ({"url": "https://2130706433/"}, "/url"),
        ({"url": "https://0x7f.1/"}, "/url"),
        ({"url": "https://127.1/"}, "/url"),
        ({"url": "https://[::1/"}, "/url"),
        ({"url": "https://①②⑦.0.0.1/"}, "/url"),
        ({"url": UNREACHABLE, "types": ["message.sent"]}, "/types/0"),
        ({"url": UNREACHABLE, "types": []}, "/types"),
        ({"url": UNREACHABLE, "accounts": ["acc_none"]}, "/accounts/0"),
        ({"url": UNREACHABLE, "hold_for": -1}, "/hold_for"),
        ({"url": UNREACHABLE, "concurrency": 0}, "/concurrency"),
        ({"url": UNREACHABLE, "rate": 0}, "/rate"),
        ({"url": UNREACHABLE, "secret": "whsec_mine"}, "/secret"),
    ],
)
async def test_what_cannot_be_is_said_where(api: Api, body: dict[str, Any], pointer: str) -> None:
    problem = await api.post("/v1/webhooks", body, status=400)
    assert pointer in [one["pointer"] for one in problem["errors"]]


async def test_others_webhooks_do_not_exist(api: Api, mail_user: MailUser) -> None:
    account = await _account(api, mail_user, tenant="acme")
    body = {"name": "x", "scopes": ["webhooks.manage"]}
    acme = (await api.post("/v1/tokens", body | {"tenant": "acme"}))["token"]
    other = (await api.post("/v1/tokens", body | {"tenant": "other"}))["token"]
    bound = (await api.post("/v1/tokens", body | {"accounts": [account]}))["token"]
    reader = (await api.post("/v1/tokens", body | {"scopes": ["mail.meta.read"]}))["token"]

    async def call(method: str, path: str, token: str, json: object = None) -> httpx.Response:
        return await api.http.request(method, path, json=json, headers={"Authorization": f"Bearer {token}"})

    made = (await call("POST", "/v1/webhooks", acme, {"url": UNREACHABLE})).json()
    assert made["tenant"] == "acme"
    own = (await call("POST", "/v1/webhooks", bound, {"url": UNREACHABLE})).json()
    assert own["accounts"] == [account]
    assert (await call("POST", "/v1/webhooks", acme, {"url": UNREACHABLE, "tenant": "other"})).status_code == 403
    assert (await call("POST", "/v1/webhooks", other, {"url": UNREACHABLE, "accounts": [account]})).status_code == 400
    path = f"/v1/webhooks/{made['id']}"
    calls: list[tuple[str, str, object]] = [
        ("GET", path, None),
        ("PATCH", path, {"description": "x"}),
        ("DELETE", path, None),
        ("POST", f"{path}/pause", None),
        ("POST", f"{path}/resume", None),
        ("POST", f"{path}/test", None),
        ("POST", f"{path}/rotate-secret", {}),
        ("GET", f"{path}/deliveries", None),
        ("POST", f"{path}/deliveries/dlv_x/retry", None),
        ("POST", f"{path}/replay", {"since": "2020-01-01T00:00:00Z"}),
    ]
    for method, address, body_of_call in calls:
        for token in (other, bound):
            answer = await call(method, address, token, body_of_call)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (method, address)
        refused = await call(method, address, reader, body_of_call)
        assert refused.status_code == 403
        assert "webhooks.manage" in refused.headers["WWW-Authenticate"]
    assert [one["id"] for one in (await call("GET", "/v1/webhooks", bound)).json()["items"]] == [own["id"]]
    assert (await call("GET", "/v1/webhooks", other)).json()["items"] == []
    assert len((await api.get("/v1/webhooks"))["items"]) == 2


async def test_a_receiver_that_does_not_take_the_test_gets_no_webhook(api: Api) -> None:
    async with Receiver(answer=500) as receiver:
        problem = await api.post("/v1/webhooks", {"url": receiver.url, "verify": True}, status=400)
    assert "status 500" in problem["detail"]
    assert (await api.get("/v1/webhooks"))["items"] == []


class TestWithoutAllowedNetworks:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"allowed_webhook_networks": ()})

    async def test_an_inside_address_is_refused_and_the_log_says_by_what(self, api: Api) -> None:
        async with Receiver() as inside:
            url = f"http://localhost:{inside.port}/"
            problem = await api.post("/v1/webhooks", {"url": url, "verify": True}, status=422)
            assert problem["code"] == "host_not_allowed"
            made = await api.post("/v1/webhooks", {"url": url})
            delivery = await api.post(f"/v1/webhooks/{made['id']}/test", status=200)
        assert (delivery["error"], delivery["blocked_by"]) == ("blocked", "private_address")
        assert inside.received == []
        log = await api.get(f"/v1/webhooks/{made['id']}/deliveries?success=false")
        assert [one["id"] for one in log["items"]] == [delivery["id"]]


async def test_rotation_under_load_leaves_nothing_unverifiable(
    api: Api, settings: Settings, mail_user: MailUser
) -> None:
    """One receiver changes to the new secret as soon as it is told of it, one not before the overlap ends."""
    account = await _account(api, mail_user)
    eager = {"secret": ""}
    verified: dict[str, set[str]] = {"eager": set(), "slow": set()}

    def take(name: str, secrets: dict[str, str], received: Received) -> int:
        try:
            Webhook(secrets["secret"]).verify(received.body, received.headers)
        except Exception:  # noqa: BLE001
            return 401
        verified[name].add(received.id)
        return 204

    events: list[str] = []
    slow: dict[str, str] = {}
    async with (
        Receiver(answer=lambda one: take("eager", eager, one)) as first,
        Receiver(answer=lambda one: take("slow", slow, one)) as second,
    ):
        made = [await api.post("/v1/webhooks", {"url": one.url}) for one in (first, second)]
        eager["secret"], slow["secret"] = (one["secret"] for one in made)
        for round_ in range(8):
            events += await _happen(settings, account, 20)
            if round_ % 2:
                for one in made:
                    rotated = await api.post(f"/v1/webhooks/{one['id']}/rotate-secret", {"overlap": 600}, status=200)
                    if one is made[0]:
                        eager["secret"] = rotated["secret"]
        async with asyncio.timeout(30):
            while any(len(seen) < len(events) for seen in verified.values()):
                await asyncio.sleep(0.05)
    assert verified["eager"] == verified["slow"] == set(events)
    assert len(second.received) == len(events)  # whoever keeps the former secret never refuses one


def test_every_event_type_has_its_place_in_the_openapi() -> None:
    document = json.loads(openapi())
    assert document["openapi"].startswith("3.1")
    assert document["webhooks"].keys() == {kind.value for kind in EventType} | {"endpoint.test"}
    for kind, item in document["webhooks"].items():
        example = item["post"]["requestBody"]["content"]["application/json"]["example"]
        assert example["type"] == kind
        if kind == "endpoint.test":
            continue
        shape = DATA[EventType(kind)]
        own = {name: example["data"][name] for name in shape.__dataclass_fields__}
        TypeAdapter(shape).validate_python(own)
        name = item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        data = document["components"]["schemas"][f"{name}Data"]
        assert example["data"].keys() == data["properties"].keys()
