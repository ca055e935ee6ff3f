"""Accounts and webhooks in GraphQL: everything REST does, and secrets that never come out."""

from typing import Any

import pytest
from graphql import GraphQLObjectType

from app.graphql.schema import build, core
from tests.graphql.conftest import GraphQL
from tests.graphql.test_once import ACCOUNT, account_input
from tests.support.dovecot import MailUser
from tests.support.receiver import Receiver

CHANGE = """mutation($a: ID!, $in: ChangeAccountInput!) { changeAccount(account: $a, input: $in) {
  id email externalId metadata { key value } incoming { host auth { type } } } }"""
PUT = """mutation($x: String!, $in: AccountInput!) { putAccount(externalId: $x, input: $in, verify: NEVER) {
  id email externalId } }"""
MANY = """mutation($items: [AccountInput!]!) { createAccounts(items: $items, verify: NEVER) {
  results { account { id email } problem { code detail } } } }"""


async def test_an_account_is_verified_changed_and_replaced(graphql: GraphQL, mail_user: MailUser) -> None:
    query = "mutation($in: AccountInput!) { createAccount(input: $in) { id state } }"
    made = (await graphql.ask(query, **{"in": account_input(mail_user)}))["createAccount"]
    assert made["state"] == "CONNECTED"
    wrong = account_input(mail_user)
    wrong["incoming"]["auth"] = {"password": "not this one"}
    refused = await graphql.refused(query, **{"in": wrong})
    assert refused["extensions"]["code"] == "authentication_failed"
    assert "not this one" not in str(refused)
    given: dict[str, Any] = {"externalId": "ana", "metadata": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}
    changed = (await graphql.ask(CHANGE, a=made["id"], **{"in": given}))["changeAccount"]
    assert (changed["externalId"], changed["email"]) == ("ana", "a@example.com")
    given = {"email": None, "metadata": [{"key": "a", "value": None}]}
    changed = (await graphql.ask(CHANGE, a="external:ana", **{"in": given}))["changeAccount"]
    assert (changed["email"], changed["metadata"]) == (None, [{"key": "b", "value": "2"}])
    put = (await graphql.ask(PUT, x="ana", **{"in": account_input(mail_user)}))["putAccount"]
    assert put == {"id": made["id"], "email": "a@example.com", "externalId": "ana"}


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"port": 0}, "/incoming/port"),
        ({"host": "a b"}, "/incoming/host"),
        ({"auth": {}}, "/incoming/auth/password"),
        ({"auth": {"password": "a-secret", "accessToken": "b"}}, "/incoming/auth/password"),
        ({"auth": {"accessToken": "b", "expiresAt": "soon"}}, "/incoming/auth/expires_at"),
        ({"tls": {"caPem": "x"}}, "/incoming/tls/ca_pem"),
    ],
)
async def test_findings_are_those_of_rest(
    graphql: GraphQL, mail_user: MailUser, more: dict[str, Any], pointer: str
) -> None:
    given = account_input(mail_user)
    given["incoming"] |= more
    error = await graphql.refused(ACCOUNT, **{"in": given})
    assert error["extensions"]["errors"][0]["pointer"] == pointer
    assert "a-secret" not in str(error)


async def test_nothing_but_auth_and_tls_can_be_emptied(graphql: GraphQL, account: str) -> None:
    error = await graphql.refused(CHANGE, a=account, **{"in": {"incoming": {"host": None}}})
    assert error["extensions"]["code"] == "invalid_request"


async def test_each_of_several_accounts_is_told(graphql: GraphQL, mail_user: MailUser) -> None:
    items = [account_input(mail_user, externalId=name) for name in ("a", "a", "b")]
    results = (await graphql.ask(MANY, items=items))["createAccounts"]["results"]
    assert [item["account"] is not None for item in results] == [True, False, True]
    assert results[1]["problem"]["code"] == "conflict"
    many = await graphql.refused(MANY, items=[account_input(mail_user)] * 101)
    assert many["extensions"]["errors"][0]["pointer"] == "/items"


async def test_a_webhook_is_made_tried_and_erased(graphql: GraphQL, account: str) -> None:
    make = """mutation($in: WebhookInput!) { createWebhook(input: $in, idempotencyKey: "w") {
      id secret ordering concurrency accounts state } }"""
    async with Receiver() as receiver:
        given = {"url": receiver.url, "accounts": [account]}
        made = (await graphql.ask(make, **{"in": given}))["createWebhook"]
        assert made["secret"].startswith("whsec_")
        assert (made["ordering"], made["accounts"], made["state"]) == ("ACCOUNT", [account], "ENABLED")
        assert (await graphql.ask(make, **{"in": given}))["createWebhook"] == made
        test = "mutation($w: ID!) { testWebhook(webhook: $w) { success kind status } }"
        assert (await graphql.ask(test, w=made["id"]))["testWebhook"] == {
            "success": True, "kind": "TEST", "status": 204,
        }  # fmt: skip
    change = """mutation($w: ID!) { changeWebhook(webhook: $w, input: {types: ["message.created"]}) { id types } }"""
    assert (await graphql.ask(change, w=made["id"]))["changeWebhook"]["types"] == ["message.created"]
    read = """query($w: ID!) { node(id: $w) { __typename ... on Webhook { types deliveries(success: true) {
      nodes { eventType } pageInfo { hasNextPage } } } } webhooks { nodes { id } } }"""
    found = await graphql.ask(read, w=made["id"])
    assert found["node"]["__typename"] == "Webhook"
    assert [item["eventType"] for item in found["node"]["deliveries"]["nodes"]] == ["endpoint.test"]
    assert found["webhooks"]["nodes"] == [{"id": made["id"]}]
    rotate = "mutation($w: ID!) { rotateWebhookSecret(webhook: $w, overlap: 0) { secret } }"
    assert (await graphql.ask(rotate, w=made["id"]))["rotateWebhookSecret"]["secret"] != made["secret"]
    for verb, state in (("pause", "PAUSED"), ("resume", "ENABLED")):
        turn = f"mutation($w: ID!) {{ {verb}Webhook(webhook: $w) {{ state }} }}"
        assert (await graphql.ask(turn, w=made["id"]))[f"{verb}Webhook"] == {"state": state}
    replay = 'mutation($w: ID!) { replayWebhook(webhook: $w, since: "2026-01-01T00:00:00Z") { accounts } }'
    assert (await graphql.ask(replay, w=made["id"]))["replayWebhook"]["accounts"] >= 0
    drop = "mutation($w: ID!) { deleteWebhook(webhook: $w) { ids } }"
    assert (await graphql.ask(drop, w=made["id"]))["deleteWebhook"]["ids"] == [made["id"]]
    gone = await graphql.refused("query($w: ID!) { webhook(id: $w) { id } }", w=made["id"])
    assert gone["extensions"]["code"] == "not_found"


def test_no_secret_of_an_account_can_be_selected() -> None:
    types = core(build()).type_map.values()
    outputs = [kind for kind in types if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")]
    names = {f"{kind.name}.{name}" for kind in outputs for name in kind.fields}
    assert {name for name in names if name.lower().endswith(("password", "token", "secret"))} == {
        "NewToken.token", "NewWebhook.secret", "Mutation.createToken", "Mutation.revokeToken",
        "Mutation.rotateWebhookSecret",
    }  # fmt: skip
