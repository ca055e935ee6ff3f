"""The committed GraphQL schema is what the code makes, and holds to CONVENTIONS."""

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, build_schema

from app.bootstrap import graphql_schema
from app.domain import errors
from app.domain.errors import MailhatchError
from app.graphql.errors import CODES
from app.rest.problems import STATUS
from tests.contracts.repository import ROOT

COMMITTED = ROOT / "schemas" / "graphql" / "mailhatch.graphql"


def _schema() -> GraphQLSchema:
    return build_schema(graphql_schema())


def test_the_committed_schema_is_current() -> None:
    assert COMMITTED.read_text("utf-8") == graphql_schema(), "run `make contracts`"


def test_every_error_has_the_same_code_in_both_faces() -> None:
    every = {
        item
        for item in vars(errors).values()
        if isinstance(item, type) and issubclass(item, MailhatchError) and item is not MailhatchError
    }
    assert set(CODES) == set(STATUS) == every
    assert all(CODES[error] == error.code for error in every)


def test_connections_are_relays() -> None:
    schema = _schema()
    connections = [item for name, item in schema.type_map.items() if name.endswith("Connection")]
    assert connections
    for item in connections:
        assert isinstance(item, GraphQLObjectType)
        assert {"edges", "pageInfo"} <= set(item.fields)
    page_info = schema.type_map["PageInfo"]
    assert isinstance(page_info, GraphQLObjectType)
    assert {name: str(field.type) for name, field in page_info.fields.items()} == {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    }


def test_what_has_an_id_of_its_own_is_a_node() -> None:
    schema = _schema()
    node = schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert {item.name for item in schema.get_implementations(node).objects} >= {"Account", "Mailbox", "Message"}


def test_names_are_camel_case() -> None:
    for name, item in _schema().type_map.items():
        if isinstance(item, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__"):
            assert all("_" not in field and field[0].islower() for field in item.fields), name
