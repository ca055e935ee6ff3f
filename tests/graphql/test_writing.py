"""Changing mail in GraphQL, on real Dovecot."""

from typing import Any

from app.domain.ids import MessageKey, Uid, message_id
from tests.graphql.conftest import GraphQL
from tests.support.dovecot import MailUser

PAGE = 'query($a: ID!) { account(id: $a) { mailbox(id: "inbox") { messages { nodes { id flags } } } } }'
FLAGS = """mutation($in: ChangeFlagsInput!) { changeFlags(input: $in) {
  clientMutationId results { id state flags version problem { code } } } }"""
MOVE = """mutation($in: PlaceMessagesInput!) { moveMessages(input: $in) {
  results { id state movedTo mailboxId problem { code movedTo } } } }"""


async def rows(graphql: GraphQL, account: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await graphql.ask(PAGE, a=account))["account"]["mailbox"]["messages"]["nodes"]
    return found


async def test_flags_are_changed_and_seen_by_the_next_read(graphql: GraphQL, account: str, mail_user: MailUser) -> None:
    mail_user.fill(3)
    first = (await rows(graphql, account))[0]
    given = {"account": account, "messages": [first["id"]], "add": ["flagged"], "remove": ["seen"]}
    done = (await graphql.ask(FLAGS, **{"in": {**given, "clientMutationId": "one"}}))["changeFlags"]
    assert done["clientMutationId"] == "one"
    assert done["results"][0]["state"] == "DONE"
    assert done["results"][0]["flags"] == ["flagged"]
    assert (await rows(graphql, account))[0]["flags"] == ["flagged"]


async def test_a_change_held_to_an_old_version_is_refused(graphql: GraphQL, account: str, mail_user: MailUser) -> None:
    mail_user.fill(1)
    one = (await rows(graphql, account))[0]["id"]
    query = "query($a: ID!, $m: ID!) { account(id: $a) { message(id: $m) { version flags } } }"
    seen = (await graphql.ask(query, a=account, m=one))["account"]["message"]["version"]
    change = {"account": account, "messages": [one], "add": ["flagged"], "version": seen}
    await graphql.ask(FLAGS, **{"in": change})
    error = await graphql.refused(FLAGS, **{"in": {**change, "add": ["answered"]}})
    assert error["extensions"]["code"] == "precondition_failed"


async def test_old_ids_say_where_a_message_went(graphql: GraphQL, account: str, mail_user: MailUser) -> None:
    mail_user.fill(2)
    first, second = [row["id"] for row in await rows(graphql, account)]
    done = await graphql.ask(MOVE, **{"in": {"account": account, "messages": [first, second], "to": "trash"}})
    results = done["moveMessages"]["results"]
    assert [item["id"] for item in results] == [first, second]
    assert all(item["state"] == "DONE" and item["movedTo"] for item in results)
    again = "query($a: ID!, $m: ID!) { account(id: $a) { message(id: $m) { subject } } }"
    error = await graphql.refused(again, a=account, m=first)
    assert error["extensions"]["code"] == "stale_reference"
    assert error["extensions"]["movedTo"] == results[0]["movedTo"]
    body = "query($a: ID!, $m: ID!) { account(id: $a) { message(id: $m) { body { text } } } }"
    error = await graphql.refused(body, a=account, m=first)
    assert error["extensions"]["movedTo"] == results[0]["movedTo"]


async def test_a_mailbox_is_made_renamed_and_deleted(graphql: GraphQL, account: str, mail_user: MailUser) -> None:
    make = "mutation($in: CreateMailboxInput!) { createMailbox(input: $in) { id name path total } }"
    made = (await graphql.ask(make, **{"in": {"account": account, "name": "Löwe"}}))["createMailbox"]
    assert made["path"] == ["Löwe"]
    change = "mutation($in: ChangeMailboxInput!) { changeMailbox(input: $in) { id name } }"
    renamed = await graphql.ask(change, **{"in": {"account": account, "mailbox": made["id"], "name": "Tiger"}})
    assert renamed["changeMailbox"] == {"id": made["id"], "name": "Tiger"}
    twice = await graphql.refused(make, **{"in": {"account": account, "name": "Tiger"}})
    assert twice["extensions"]["code"] == "mailbox_exists"
    drop = "mutation($in: DeleteMailboxInput!) { deleteMailbox(input: $in) { ids } }"
    gone = await graphql.ask(drop, **{"in": {"account": account, "mailbox": made["id"]}})
    assert gone["deleteMailbox"]["ids"] == [made["id"]]


async def test_a_token_is_made_scoped_and_ended(graphql: GraphQL, account: str) -> None:
    make = "mutation($in: CreateTokenInput!) { createToken(input: $in) { id token scopes } }"
    made = (await graphql.ask(make, **{"in": {"name": "web", "scopes": ["mail.meta.read"]}}))["createToken"]
    a_message = message_id(MessageKey(7, 1, Uid(1)))
    own = {"Authorization": f"Bearer {made['token']}"}
    denied = await graphql.send(FLAGS, own, **{"in": {"account": account, "messages": [a_message], "add": ["seen"]}})
    assert denied["data"] == {"changeFlags": None}
    assert denied["errors"][0]["extensions"]["code"] == "forbidden"
    assert denied["errors"][0]["extensions"]["scope"] == "mail.flags.write"
    await graphql.ask("mutation($t: ID!) { revokeToken(token: $t) { ids } }", t=made["id"])
    ended = await graphql.send("{ __typename }", own)
    assert ended["errors"][0]["extensions"]["code"] == "unauthorized"
