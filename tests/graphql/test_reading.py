"""Reading mail in GraphQL, on real Dovecot."""

import pytest

from tests.graphql.conftest import GraphQL
from tests.support.dovecot import MailUser

SCREEN = """
query Inbox($account: ID!) {
  account(id: $account) {
    mailboxes { id name role total unread }
    mailbox(id: "inbox") {
      messages(first: 2) {
        edges { cursor node { id subject from { name email } date flags preview } }
        pageInfo { hasNextPage endCursor startCursor hasPreviousPage }
      }
    }
  }
}
"""


@pytest.fixture
def filled(mail_user: MailUser) -> None:
    """Five messages, there before anybody counted: Dovecot looks at a maildir once in a second."""
    mail_user.fill(5)


async def test_a_screen_is_one_request(graphql: GraphQL, filled: None, account: str) -> None:
    data = await graphql.ask(SCREEN, account=account)
    inbox = next(item for item in data["account"]["mailboxes"] if item["role"] == "INBOX")
    assert (inbox["total"], inbox["unread"]) == (5, 0)
    page = data["account"]["mailbox"]["messages"]
    assert [edge["node"]["subject"] for edge in page["edges"]] == ["Message number 4", "Message number 3"]
    assert page["pageInfo"]["hasNextPage"] is True
    assert page["edges"][1]["cursor"] == page["pageInfo"]["endCursor"]
