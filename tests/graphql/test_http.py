"""GraphQL over HTTP: methods, media types, sizes, tokens."""

import pytest

from tests.graphql.conftest import GraphQL
from tests.rest.conftest import Api

NEW = "application/graphql-response+json"


async def test_a_mutation_is_never_done_by_get(api: Api, account: str) -> None:
    query = f'mutation {{ pauseAccount(account: "{account}") {{ state }} }}'
    answer = await api.http.get("/graphql", params={"query": query}, headers={"Accept": NEW})
    assert 400 <= answer.status_code < 500
    assert (await api.get(f"/v1/accounts/{account}"))["state"] != "paused"


async def test_a_batch_is_refused(api: Api) -> None:
    answer = await api.http.post("/graphql", json=[{"query": "{ __typename }"}])
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "invalid_request"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_what_a_foreign_form_can_send_is_refused(api: Api, kind: str) -> None:
    answer = await api.http.post("/graphql", content=b'{"query": "{ __typename }"}', headers={"Content-Type": kind})
    assert answer.status_code == 415


async def test_without_a_token_nothing_is_answered(api: Api) -> None:
    answer = await api.http.post("/graphql", json={"query": "{ __typename }"}, headers={"Authorization": ""})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["errors"][0]["extensions"]["code"] == "unauthorized"
    assert "data" not in answer.json()


async def test_a_body_over_the_bound_is_413(api: Api) -> None:
    answer = await api.http.post("/graphql", json={"query": "{ __typename }" + " " * 2_000_000})
    assert answer.status_code == 413


async def test_other_methods_are_405(api: Api) -> None:
    answer = await api.http.put("/graphql", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


async def test_an_unknown_media_type_is_406(api: Api) -> None:
    answer = await api.http.post("/graphql", json={"query": "{ __typename }"}, headers={"Accept": "image/png"})
    assert answer.status_code == 406


async def test_the_status_follows_the_media_type(api: Api) -> None:
    for accept, status in ((NEW, 400), ("application/json", 200)):
        answer = await api.http.post("/graphql", json={"query": "{ nothing }"}, headers={"Accept": accept})
        assert answer.status_code == status
        assert answer.headers["content-type"] == f"{accept}; charset=utf-8"
        assert "data" not in answer.json()


async def test_the_request_is_counted_and_told(api: Api) -> None:
    answer = await api.http.post("/graphql", json={"query": "{ __typename }"})
    assert answer.json()["data"] == {"__typename": "Query"}
    assert answer.json()["extensions"]["mail"]["roundTrips"] == 0
    assert "ratelimit" in answer.headers
    assert "server-timing" in answer.headers


async def test_a_fault_of_ours_tells_nothing_of_our_inside(
    graphql: GraphQL, account: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret inside")

    monkeypatch.setattr("app.services.mailboxes.Mailboxes.tree", broken)
    error = await graphql.refused("query($a: ID!) { account(id: $a) { mailboxes { id } } }", a=account)
    assert error["extensions"]["code"] == "internal_error"
    assert "secret" not in str(error)
    assert "ZeroDivision" not in str(error)
