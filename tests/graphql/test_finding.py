"""Search, conversations and batches by filter in GraphQL, on real Dovecot."""

from typing import Any

from tests.graphql.conftest import GraphQL
from tests.rest.test_search import mail
from tests.support.dovecot import MailUser

SEARCH = """query($a: ID!, $q: String! = "", $box: ID, $sort: SearchSort, $down: Boolean! = false, $n: Int! = 50,
  $after: String) { account(id: $a) { search(query: $q, mailbox: $box, sort: $sort, descending: $down, first: $n,
    after: $after) {
  total unsupportedTerms sortedBy failures { mailboxId problem { code } } nodes { subject }
  edges { cursor } pageInfo { endCursor startCursor hasNextPage hasPreviousPage } } } }"""
MOVE = """mutation($in: PlaceMessagesInput!) { moveMessages(input: $in) {
  done hasMore results { id state movedTo } } }"""


async def search(graphql: GraphQL, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await graphql.ask(SEARCH, **more))["account"]["search"]
    return found


async def test_a_search_goes_on_behind_its_last(graphql: GraphQL, account: str, mail_user: MailUser) -> None:
    mail_user.append_all([mail(f"plan {number}") for number in range(3)])
    first = await search(graphql, a=account, q="subject:plan", n=2)
    assert [row["subject"] for row in first["nodes"]] == ["plan 2", "plan 1"]
    assert (first["total"], first["pageInfo"]["hasNextPage"]) == (3, True)
    assert [edge["cursor"] for edge in first["edges"]] == [None, first["pageInfo"]["endCursor"]]
    rest = await search(graphql, a=account, q="subject:plan", n=2, after=first["pageInfo"]["endCursor"])
    assert [row["subject"] for row in rest["nodes"]] == ["plan 0"]
    assert rest["pageInfo"] == {
        "endCursor": None, "startCursor": None, "hasNextPage": False, "hasPreviousPage": True,
    }  # fmt: skip


async def test_one_mailbox_is_sorted_and_a_direction_needs_a_sort(
    graphql: GraphQL, account: str, mail_user: MailUser
) -> None:
    mail_user.append_all([mail("b", "x" * 50), mail("a", "x" * 500)])
    found = await search(graphql, a=account, box="inbox", sort="SIZE", down=True)
    assert ([row["subject"] for row in found["nodes"]], found["sortedBy"]) == (["a", "b"], "SERVER")
    error = await graphql.refused(SEARCH, a=account, box="inbox", down=True)
    assert error["extensions"]["errors"][0]["pointer"] == "/query/sort"


async def test_a_bad_query_is_told_with_its_place(graphql: GraphQL, account: str) -> None:
    error = await graphql.refused(SEARCH, a=account, q="a (form:b)")
    (found,) = error["extensions"]["errors"]
    assert (found["code"], found["position"], found["pointer"]) == ("unknown_operator", 4, "/query/q")


async def test_a_search_of_many_rows_with_bodies_is_too_dear(graphql: GraphQL, account: str) -> None:
    query = 'query($a: ID!) { account(id: $a) { thread(id: "thr_x") { items { body { text } } } } }'
    assert "could cost" in (await graphql.refused(query, a=account))["message"]


async def test_a_filter_names_messages_nobody_listed(graphql: GraphQL, account: str, mail_user: MailUser) -> None:
    mail_user.append_all([mail("old"), mail("new"), mail("old")])
    given: dict[str, Any] = {
        "account": account,
        "to": "archive",
        "filter": {"mailbox": "inbox", "query": "subject:old"},
    }
    mail_user.create_mailbox("Archive")
    done = (await graphql.ask(MOVE, **{"in": given}))["moveMessages"]
    assert (done["done"], done["hasMore"], len(done["results"])) == (2, False, 2)
    left = (await search(graphql, a=account, box="inbox"))["nodes"]
    assert [row["subject"] for row in left] == ["new"]
    wrongs: tuple[dict[str, Any], ...] = ({"filter": None}, {"messages": []})
    for wrong in wrongs:
        error = await graphql.refused(MOVE, **{"in": given | wrong})
        assert error["extensions"]["code"] == "invalid_request"
