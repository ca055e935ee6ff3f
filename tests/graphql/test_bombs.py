"""What is too large is refused before anything is executed."""

from typing import Any

import pytest

from app.graphql.asked import Asked
from app.graphql.engine import Engine, Refused
from app.graphql.schema import build
from tests.graphql.conftest import GraphQL

MAIL = 'account(id: "acc_1") { mailbox(id: "inbox") { messages(first: 200) { nodes { id body { text } } } } }'


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(build(), with_introspection=True, max_cost=5000)


def deep(levels: int) -> str:
    return "{ account(id: 1) { message(id: 1) { structure " + "{ parts " * levels + "{ size }" + " }" * levels + "} } }"


BOMBS = {
    "1,000 aliases": "{ " + " ".join(f"a{n}: __typename" for n in range(1000)) + " }",
    "depth 100": deep(100),
    "depth 3,000": deep(3000),
    "10 kB of directives": "{ __typename " + "@skip(if: false) " * 600 + "}",
    "fields": "{ " + "__typename " * 2500 + "}",
    "a lists' abyss": "{ nodes(ids: " + "[" * 2000 + "]" * 2000 + ") { id } }",
    "doubling fragments": "{ ...f0 } "
    + " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(40))
    + " fragment f40 on Query { __typename }",
    "a fragment in itself": "{ ...f } fragment f on Query { ...f }",
    "one field 990 times": "{ accounts { nodes { " + "id " * 990 + "} } }",
    "one page 190 times": "{ " + "accounts { nodes { id } } " * 190 + "}",
    "pages in a fragment that nothing spreads": "{ __typename } fragment f on Query { "
    + "accounts { nodes { id } } " * 420
    + "}",
    "200 fragments in one place": "{ accounts { nodes { "
    + " ".join(f"...f{n}" for n in range(200))
    + " } } } "
    + " ".join(f"fragment f{n} on Account {{ id }}" for n in range(200)),
    "fragments that triple and are not spread": "{ __typename } "
    + " ".join(
        f"fragment f{n} on Query {{ account(id: 1) {{ ...f{n + 1} }} a: account(id: 1) {{ ...f{n + 1} }} "
        f"b: account(id: 1) {{ ...f{n + 1} }} }}"
        for n in range(15)
    )
    + " fragment f15 on Query { __typename }",
    "40,000 characters": "{ __typename } #" + "x" * 40_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(engine: Engine, name: str) -> None:
    with pytest.raises(Refused) as refused:
        engine.prepare(Asked(BOMBS[name], None, {}))
    assert refused.value.answer.payload["errors"][0]["extensions"]["code"] == "invalid_request"


@pytest.mark.parametrize("name", sorted(set(BOMBS) - {"a fragment in itself"}))
def test_a_bomb_is_refused_before_it_is_validated(engine: Engine, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing each field with each took 2 s of CPU for 8 kB, on the event loop."""

    def validated(*_: object, **__: object) -> list[object]:
        pytest.fail("it was validated")

    monkeypatch.setattr("app.graphql.documents.validate", validated)
    with pytest.raises(Refused):
        engine.prepare(Asked(BOMBS[name] + " ", None, {}))


def test_a_screen_of_thirty_fragments_is_no_bomb(engine: Engine) -> None:
    parts = " ".join(f"fragment f{n} on Message {{ id subject flags ...row }}" for n in range(30))
    spread = " ".join(f"...f{n}" for n in range(30))
    document = (
        '{ account(id: 1) { mailbox(id: "inbox") { messages { nodes { ' + spread + " } } } } } "
        "fragment row on Message { date } " + parts
    )
    engine.prepare(Asked(document, None, {}))


def test_a_number_without_end_is_the_callers_mistake(engine: Engine) -> None:
    with pytest.raises(Refused) as refused:
        engine.prepare(Asked("{ accounts(first: " + "9" * 30_000 + ") { nodes { id } } }", None, {}))
    (told,) = refused.value.answer.payload["errors"]
    assert told["extensions"]["code"] == "invalid_request"
    assert len(told["message"]) < 100


@pytest.mark.parametrize(
    "variables",
    [
        {"i": [None] * 3_000},
        {"i": [{} for _ in range(3_000)]},
        {"i": {f"k{n}": 1 for n in range(3_000)}},
        {f"k{n}": 1 for n in range(3_001)},
        {"i": [[[None] * 1_000] * 2, [None] * 1_000]},
    ],
)
async def test_variables_without_end_are_not_read(graphql: GraphQL, variables: dict[str, Any]) -> None:
    """60,000 fields that an input has not held the event loop for 1.3 s."""
    answer = await graphql.send("query($i: [ID!]!) { nodes(ids: $i) { id } }", **variables)
    assert "data" not in answer
    assert answer["errors"][0]["message"] == "The variables may hold 3000 values."


async def test_what_costs_too_much_is_not_begun(graphql: GraphQL) -> None:
    query = "{ " + " ".join(f"m{n}: {MAIL}" for n in range(5)) + " }"
    answer = await graphql.send(query)
    assert "data" not in answer
    assert "could cost" in answer["errors"][0]["message"]


async def test_a_page_size_in_a_variable_counts_alike(graphql: GraphQL, account: str) -> None:
    query = """query($a: ID!, $n: Int! = 50) { account(id: $a) { mailbox(id: "inbox") {
      messages(first: $n) { nodes { id } } } } }"""
    small = (await graphql.send(query, a=account, n=1))["extensions"]["cost"]
    usual = (await graphql.send(query, a=account))["extensions"]["cost"]
    large = (await graphql.send(query, a=account, n=200))["extensions"]["cost"]
    assert small["requested"] < usual["requested"] < large["requested"]
    assert usual["limit"] == 5000


def test_introspection_can_be_switched_off() -> None:
    closed = Engine(build(), with_introspection=False, max_cost=5000)
    with pytest.raises(Refused):
        closed.prepare(Asked("{ __schema { types { name } } }", None, {}))
    closed.prepare(Asked("{ __typename }", None, {}))
