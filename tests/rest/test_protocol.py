"""Headers and shapes that frontends and tools expect (CONVENTIONS)."""

import pytest

from app.domain.account import AccountState
from app.domain.errors import StorageUnavailable
from app.storage.accounts import SqlAccountStore
from tests.rest.conftest import Api
from tests.support.dovecot import MailUser


async def test_request_ids_are_echoed(api: Api) -> None:
    assert (await api.http.get("/livez", headers={"X-Request-Id": "abc-1"})).headers["x-request-id"] == "abc-1"
    odd = (await api.http.get("/livez", headers={"X-Request-Id": "a b" * 90})).headers["x-request-id"]
    assert odd.isalnum()
    trace = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    assert (await api.http.get("/livez", headers=trace)).headers["x-request-id"] == "0af7651916cd43dd8448eb211c80319c"


async def test_timing_is_told(api: Api, account: str) -> None:
    answer = await api.http.get(f"/v1/accounts/{account}/mailboxes")
    assert "mail;dur=" in answer.headers["server-timing"]
    assert "1 round trips" in answer.headers["server-timing"]


async def test_cors_lets_the_allowed_origin_in_alone(api: Api) -> None:
    preflight = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,idempotency-key,if-none-match",
    }
    ours = await api.http.options("/v1/accounts", headers={"Origin": "http://localhost:3000", **preflight})
    assert ours.status_code == 200
    assert ours.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert ours.headers["access-control-max-age"] == "7200"
    assert "access-control-allow-credentials" not in ours.headers
    theirs = await api.http.options("/v1/accounts", headers={"Origin": "http://evil.example", **preflight})
    assert "access-control-allow-origin" not in theirs.headers
    answer = await api.http.get("/v1/accounts", headers={"Origin": "http://localhost:3000"})
    exposed = answer.headers["access-control-expose-headers"]
    assert {"ETag", "Link", "RateLimit", "X-Request-Id"} <= {name.strip() for name in exposed.split(",")}


async def test_what_is_not_there_is_a_problem(api: Api) -> None:
    answer = await api.http.get("/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"
    wrong = await api.http.delete("/v1/accounts")
    assert wrong.status_code == 405
    assert wrong.json()["code"] == "method_not_allowed"
    assert "GET" in wrong.headers["allow"]


async def test_probes_and_metrics(api: Api, account: str) -> None:
    assert (await api.http.get("/livez")).text == "ok\n"
    ready = await api.get("/readyz")
    assert ready["ok"] is True
    await api.get(f"/v1/accounts/{account}/mailboxes")
    metrics = (await api.http.get("/metrics")).text
    assert 'mailhatch_accounts{state="connected"}' in metrics
    assert 'route="/v1/accounts/{account}/mailboxes"' in metrics
    assert account not in metrics
    assert (await api.http.get("/metrics", headers={"Authorization": ""})).status_code == 401


async def test_metrics_count_the_cache(api: Api, account: str, mail_user: MailUser) -> None:
    mail_user.append(b"Subject: x\r\n\r\ny\r\n")
    for _ in range(2):
        await api.get(f"/v1/accounts/{account}/mailboxes/inbox/messages")
    metrics = (await api.http.get("/metrics")).text
    assert 'mailhatch_summary_cache_reads_total{result="miss"} 1.0' in metrics
    assert 'mailhatch_summary_cache_reads_total{result="hit"} 1.0' in metrics
    assert "mailhatch_summary_cache_entries 1.0" in metrics


async def test_metrics_are_told_while_the_database_is_away(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_: SqlAccountStore) -> dict[AccountState, int]:
        raise StorageUnavailable("away")

    monkeypatch.setattr(SqlAccountStore, "count_by_state", away)
    assert "mailhatch_http_requests_total" in (await api.http.get("/metrics")).text


async def test_every_problem_explains_itself(api: Api) -> None:
    problem = await api.get("/v1/accounts/acc_x", status=404)
    explained = await api.http.get(problem["type"])
    assert explained.status_code == 200
    assert "not_found" in explained.text
    refused = await api.http.delete("/v1/accounts")
    assert "method_not_allowed" in (await api.http.get(refused.json()["type"])).text
    assert (await api.http.get("/problems/no_such_code")).status_code == 404
