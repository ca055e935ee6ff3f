"""The selection decides what is asked of the mail server; round trips are counted on the wire."""

from collections.abc import Iterator

import pytest

from tests.graphql.conftest import GraphQL
from tests.rest.conftest import Api, account_body
from tests.support.dovecot import MailUser
from tests.support.proxy import Proxy

ROWS = 'query($a: ID!) { account(id: $a) { mailbox(id: "inbox") { messages(first: 50) { nodes { %s } } } } }'
SCREEN = """query($a: ID!, $m: ID!) { account(id: $a) {
  mailboxes { id name path role total unread }
  mailbox(id: "inbox") { messages(first: 50) { nodes { id subject from { name email } date flags preview } } }
  message(id: $m) { id subject from { name email } headers { name value } body { text html } }
} }"""


@pytest.fixture
def proxy(mail_user: MailUser) -> Iterator[Proxy]:
    with Proxy(mail_user.plain.host, mail_user.plain.port, record=True) as running:
        yield running


@pytest.fixture
async def account(api: Api, mail_user: MailUser, proxy: Proxy) -> str:
    body = account_body(mail_user)
    body["incoming"]["port"] = proxy.port
    made = await api.post("/v1/accounts", body)
    await api.get(f"/v1/accounts/{made['id']}/mailboxes")
    return str(made["id"])


async def test_flags_alone_fetch_flags_alone(graphql: GraphQL, account: str, proxy: Proxy, mail_user: MailUser) -> None:
    mail_user.fill(60)
    before = len(proxy.sent)
    page = (await graphql.ask(ROWS % "id flags", a=account))["account"]["mailbox"]["messages"]
    assert len(page["nodes"]) == 50
    assert not any(b"ENVELOPE" in sent or b"LIST" in sent for sent in proxy.sent[before:])


async def test_previews_are_fetched_only_when_asked(
    graphql: GraphQL, account: str, proxy: Proxy, mail_user: MailUser
) -> None:
    mail_user.fill(10)
    await graphql.ask(ROWS % "id subject", a=account)
    assert not any(b"BODY.PEEK[1" in sent for sent in proxy.sent)
    page = (await graphql.ask(ROWS % "id subject preview", a=account))["account"]["mailbox"]["messages"]
    assert page["nodes"][0]["preview"] == "This is the text of message 9."


async def test_bodies_of_a_page_come_together(
    graphql: GraphQL, account: str, proxy: Proxy, mail_user: MailUser
) -> None:
    mail_user.fill(50)
    await graphql.ask(ROWS % "id", a=account)
    with proxy.measure() as counts:
        page = (await graphql.ask(ROWS % "id body { text }", a=account))["account"]["mailbox"]["messages"]
    assert page["nodes"][0]["body"]["text"].strip().startswith("This is the text of message 49")
    assert counts.round_trips <= 3  # the page, all structures, all texts


async def test_the_inbox_screen_is_one_request_and_at_most_four_round_trips(
    graphql: GraphQL, account: str, proxy: Proxy, mail_user: MailUser
) -> None:
    mail_user.fill(60)
    first = (await graphql.ask(ROWS % "id preview", a=account))["account"]["mailbox"]["messages"]["nodes"][0]["id"]
    with proxy.measure() as counts:
        answer = await graphql.send(SCREEN, a=account, m=first)
    assert "errors" not in answer, answer
    told = answer["extensions"]["mail"]
    assert told["roundTrips"] == counts.round_trips <= 4, told
    assert told["bytes"] > 1000
    assert answer["extensions"]["cost"]["requested"] < 1000
    assert answer["data"]["account"]["message"]["body"]["text"]


async def test_node_finds_what_has_an_id(graphql: GraphQL, account: str, mail_user: MailUser) -> None:
    mail_user.fill(1)
    found = (await graphql.ask(ROWS % "id mailboxId", a=account))["account"]["mailbox"]["messages"]["nodes"][0]
    query = "query($i: [ID!]!) { nodes(ids: $i) { __typename id ... on Message { subject } ... on Mailbox { total } } }"
    data = await graphql.ask(query, i=[account, found["mailboxId"], found["id"]])
    assert [(item["__typename"], item["id"]) for item in data["nodes"]] == [
        ("Account", account),
        ("Mailbox", found["mailboxId"]),
        ("Message", found["id"]),
    ]
    assert data["nodes"][2]["subject"] == "Message number 0"
    strange = await graphql.refused('{ node(id: "mbx_AAAAAAAAAAU") { id } }')
    assert strange["extensions"]["code"] == "not_found"
