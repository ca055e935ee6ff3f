"""A retry under an idempotency key does nothing a second time, and gets the first result."""

import asyncio
from typing import Any

import pytest

from app.domain.errors import OutcomeUnknown
from tests.graphql.conftest import GraphQL
from tests.rest.conftest import account_body
from tests.rest.test_search import mail
from tests.support.dovecot import MailUser

COPY = """mutation($in: PlaceMessagesInput!, $key: String) { copyMessages(input: $in, idempotencyKey: $key) {
  done results { id state movedTo problem { code } } } }"""
APPEND = """mutation($in: AppendMessageInput!, $key: String) { appendMessage(input: $in, idempotencyKey: $key) {
  id mailboxId size clientMutationId } }"""
ACCOUNT = """mutation($in: AccountInput!, $key: String) { createAccount(
  input: $in, idempotencyKey: $key, verify: NEVER) {
  id externalId metadata { key value } incoming { host port protocol auth { type } } } }"""
MAILBOX = """mutation($in: CreateMailboxInput!, $key: String) { createMailbox(input: $in, idempotencyKey: $key) {
  id name parentId role total } }"""
TOKEN = """mutation($in: CreateTokenInput!, $key: String) { createToken(input: $in, idempotencyKey: $key) {
  id token } }"""
ROWS = 'query($a: ID!) { account(id: $a) { mailbox(id: "inbox") { messages { nodes { id } } } } }'


async def twice(graphql: GraphQL, query: str, given: dict[str, Any]) -> Any:
    first = await graphql.ask(query, **{"in": given, "key": "one"})
    assert await graphql.ask(query, **{"in": given, "key": "one"}) == first
    return next(iter(first.values()))


async def test_a_copy_is_made_once(graphql: GraphQL, account: str, mail_user: MailUser) -> None:
    mail_user.append(mail("x"))
    (row,) = (await graphql.ask(ROWS, a=account))["account"]["mailbox"]["messages"]["nodes"]
    given = {"account": account, "messages": [row["id"], "msg_nonsense"], "to": "inbox"}
    done = await twice(graphql, COPY, given)
    assert [item["state"] for item in done["results"]] == ["DONE", "FAILED"]
    assert done["results"][1]["problem"]["code"] == "not_found"
    assert len(mail_user.uids()) == 2
    other = await graphql.refused(COPY, **{"in": {**given, "to": "trash"}, "key": "one"})
    assert other["extensions"]["code"] == "idempotency_mismatch"


async def test_a_message_is_stored_once(graphql: GraphQL, account: str, mail_user: MailUser) -> None:
    given = {
        "account": account, "mailbox": "drafts", "raw": "Subject: Grüße\n\nhi\n", "flags": ["draft"],
        "received": "2026-01-01T00:00:00Z", "clientMutationId": "m",
    }  # fmt: skip
    stored = await twice(graphql, APPEND, given)
    assert (stored["size"], stored["clientMutationId"]) == (24, "m")
    assert mail_user.uids("Drafts") == [1]
    query = "query($a: ID!, $m: ID!) { account(id: $a) { message(id: $m) { subject flags received } } }"
    message = (await graphql.ask(query, a=account, m=stored["id"]))["account"]["message"]
    assert message["subject"] == "Grüße"
    assert message["flags"] == ["draft"]


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"raw": "a: b\n\n", "rawBase64": "YTogYg=="}, "/raw"),
        ({}, "/raw"),
        ({"rawBase64": "no base64"}, "/raw_base64"),
        ({"raw": "a: b\n\n", "received": "yesterday"}, "/received"),
        ({"raw": "a: b\n\n", "flags": ["\\Seen"]}, "/flags/0"),
    ],
)
async def test_what_is_no_message_is_pointed_at(
    graphql: GraphQL, account: str, more: dict[str, Any], pointer: str
) -> None:
    error = await graphql.refused(APPEND, **{"in": {"account": account, "mailbox": "drafts", **more}})
    assert error["extensions"]["code"] == "invalid_request"
    assert error["extensions"]["errors"][0]["pointer"] == pointer


async def test_octets_come_as_base64(graphql: GraphQL, account: str, mail_user: MailUser) -> None:
    given = {"account": account, "mailbox": "drafts", "rawBase64": "U3ViamVjdDogeA0KDQr/DQo="}
    stored = (await graphql.ask(APPEND, **{"in": given}))["appendMessage"]
    assert stored["size"] == 17


def account_input(user: MailUser, **more: Any) -> dict[str, Any]:
    server = account_body(user)["incoming"]
    return {
        "email": "a@example.com",
        "incoming": {
            "protocol": "IMAP", "host": server["host"], "port": server["port"], "security": "NONE",
            "username": server["username"], "auth": {"password": server["auth"]["password"]},
        },
        **more,
    }  # fmt: skip


async def test_an_account_a_mailbox_and_a_token_are_made_once(
    graphql: GraphQL, account: str, mail_user: MailUser
) -> None:
    given = account_input(mail_user, externalId="ana", metadata=[{"key": "plan", "value": "pro"}])
    made = await twice(graphql, ACCOUNT, given)
    assert made["metadata"] == [{"key": "plan", "value": "pro"}]
    assert made["incoming"]["protocol"] == "IMAP"
    assert (await graphql.ask("{ accounts { nodes { id } } }"))["accounts"]["nodes"] == sorted(
        [{"id": account}, {"id": made["id"]}], key=lambda item: item["id"]
    )
    other = {**given, "externalId": "bo"}
    box = {"account": account, "name": "Work"}
    for query, asked in ((MAILBOX, box), (TOKEN, {"name": "t", "scopes": ["mail.meta.read"]})):
        refused = await graphql.refused(query, **{"in": asked, "key": "one"})
        assert refused["extensions"]["code"] == "idempotency_mismatch"
    await graphql.ask(ACCOUNT, **{"in": other, "key": "two"})
    first = await graphql.ask(MAILBOX, **{"in": box, "key": "box"})
    assert await graphql.ask(MAILBOX, **{"in": box, "key": "box"}) == first
    token = await graphql.ask(TOKEN, **{"in": {"name": "t", "scopes": ["mail.meta.read"]}, "key": "tok"})
    again = await graphql.ask(TOKEN, **{"in": {"name": "t", "scopes": ["mail.meta.read"]}, "key": "tok"})
    assert again == token
    assert len((await graphql.ask("{ tokens { nodes { id } } }"))["tokens"]["nodes"]) == 2


async def test_two_at_the_same_time_are_one(graphql: GraphQL, account: str, mail_user: MailUser) -> None:
    given = {"account": account, "mailbox": "drafts", "raw": "Subject: x\n\nhi\n"}
    asked: dict[str, Any] = {"in": given, "key": "k"}
    both = await asyncio.gather(*[graphql.send(APPEND, **asked) for _ in range(2)])
    codes = [answer["errors"][0]["extensions"]["code"] for answer in both if "errors" in answer]
    assert codes in ([], ["idempotency_in_progress"])
    assert mail_user.uids("Drafts") == [1]


async def test_a_refusal_is_not_kept_and_what_nobody_knows_is(
    graphql: GraphQL, account: str, mail_user: MailUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"account": account, "mailbox": "drafts", "raw": "Subject: x\n\nhi\n", "flags": ["\\no"]}
    assert (await graphql.refused(APPEND, **{"in": given, "key": "k"}))["extensions"]["code"] == "invalid_request"
    asked = {**given, "flags": []}
    calls: list[int] = []

    async def lost(*_: object, **__: object) -> None:
        calls.append(1)
        raise OutcomeUnknown("Nobody knows.")

    monkeypatch.setattr("app.services.edits.uploads.Uploads.store", lost)
    for _ in range(2):
        error = await graphql.refused(APPEND, **{"in": asked, "key": "k"})
        assert (error["extensions"]["code"], error["message"]) == ("outcome_unknown", "Nobody knows.")
    assert calls == [1]


async def test_a_key_that_is_none_is_pointed_at(graphql: GraphQL, account: str) -> None:
    for key in ("", "a b", "x" * 300):
        error = await graphql.refused(MAILBOX, **{"in": {"account": account, "name": "x"}, "key": key})
        assert error["extensions"]["errors"][0]["pointer"] == "/idempotency_key"
