"""The GraphQL face. What is asked for is everything that there is: the selections are made from the schema."""

import re
from typing import Any

from graphql import GraphQLObjectType, get_named_type, is_enum_type, is_leaf_type

from app.graphql.schema import build, core
from tests.faces.face import Refused, Row
from tests.rest.conftest import Api

_SCHEMA = core(build())
#: Of a list row and of an open message: what the other has besides, or what is a call of its own.
_NOT_IN_ROWS = frozenset(("body", "headers", "structure", "partUrl", "version", "preview"))
_LEVELS = 8


def every_field(kind: str, leave_out: frozenset[str] = frozenset(), level: int = 0) -> str:
    """Select all fields of a type, to the bottom; a tree in itself to a few levels."""
    found = _SCHEMA.type_map[kind]
    assert isinstance(found, GraphQLObjectType)
    parts = []
    for name, field in found.fields.items():
        inner = get_named_type(field.type)
        if name in leave_out or (level > _LEVELS and not is_leaf_type(inner)):
            continue
        below = _NOT_IN_ROWS if inner.name == "Message" else frozenset()
        parts.append(name if is_leaf_type(inner) else f"{name} {every_field(inner.name, below, level + 1)}")
    return "{ " + " ".join(parts) + " }"


def snake(value: Any, kind: Any = None) -> Any:
    """Spell an answer as REST does: names with underscores, enums in lower case."""
    named = get_named_type(kind) if kind is not None else None
    if isinstance(value, list):
        return [snake(item, kind) for item in value]
    if isinstance(value, dict):
        fields = named.fields if isinstance(named, GraphQLObjectType) else {}
        return {
            _under(name): snake(item, fields[name].type if name in fields else None) for name, item in value.items()
        }
    return value.lower() if isinstance(value, str) and named is not None and is_enum_type(named) else value


def _under(name: str) -> str:
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


ROW = every_field("Message", _NOT_IN_ROWS)
MAILBOX = every_field("Mailbox", frozenset(("messages", "threads")))
PAGE = "pageInfo { endCursor hasNextPage }"
RESULTS = "results { id state flags movedTo problem { code movedTo } } done hasMore"


class GraphQLFace:
    """Speaks GraphQL."""

    def __init__(self, api: Api, account: str) -> None:
        self._http = api.http
        self.account = account
        self.token: str | None = None

    async def _send(self, query: str, **variables: Any) -> Any:
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        body = {"query": query, "variables": variables}
        answer = (await self._http.post("/graphql", json=body, headers=headers)).json()
        if "errors" in answer:
            told = answer["errors"][0]["extensions"]
            pointers = tuple(item["pointer"] for item in told.get("errors") or ())
            raise Refused(told["code"], told.get("movedTo"), pointers)
        return answer["data"]

    async def _of_account(self, field: str, kind: str, **variables: Any) -> Any:
        declared = "".join(f", ${name}: {_TYPES[name]}" for name in variables)
        query = f"query($a: ID!{declared}) {{ account(id: $a) {{ {field} }} }}"
        data = await self._send(query, a=self.account, **variables)
        (value,) = data["account"].values()
        return snake(value, _SCHEMA.type_map[kind])

    async def _change(self, verb: str, selected: str, **given: Any) -> Any:
        kind = _SCHEMA.type_map["Mutation"].fields[verb]  # type: ignore[attr-defined]  # an object type
        declared = str(kind.args["input"].type)
        query = f"mutation($in: {declared}) {{ {verb}(input: $in) {{ {selected} }} }}"
        data = await self._send(query, **{"in": {"account": self.account, **given}})
        return snake(data[verb], kind.type)

    async def mailboxes(self) -> list[Row]:
        boxes: list[Row] = await self._of_account(f"mailboxes {MAILBOX}", "Mailbox")
        return boxes

    async def page(self, mailbox: str = "inbox", limit: int = 50, cursor: str | None = None) -> Row:
        field = f"mailbox(id: $b) {{ messages(first: $n, after: $after) {{ nodes {ROW} {PAGE} }} }}"
        found = await self._of_account(field, "Mailbox", b=mailbox, n=limit, after=cursor)
        return _page(found["messages"])

    async def message(self, message: str) -> Row:
        field = f"message(id: $m) {every_field('Message', frozenset(('body', 'partUrl')))}"
        opened: Row = await self._of_account(field, "Message", m=message)
        return opened

    async def body(self, message: str) -> Row:
        field = f"message(id: $m) {{ body {every_field('Body')} }}"
        read: Row = (await self._of_account(field, "Message", m=message))["body"]
        return read

    async def flags(self, message: str, add: list[str], remove: list[str], version: str | None = None) -> list[str]:
        given = {"messages": [message], "add": add, "remove": remove, "version": version}
        flags: list[str] = _only(await self._change("changeFlags", RESULTS, **given))["flags"]
        return flags

    async def place(self, verb: str, message: str, mailbox: str) -> str | None:
        new: str | None = _only(await self._change(f"{verb}Messages", RESULTS, messages=[message], to=mailbox))[
            "moved_to"
        ]
        return new

    async def delete(self, message: str, *, permanently: bool = False) -> str | None:
        done = await self._change("deleteMessages", RESULTS, messages=[message], permanently=permanently)
        new: str | None = _only(done)["moved_to"]
        return new

    async def batch(self, which: list[str] | Row, action: Row) -> Row:
        named = {"filter": which} if isinstance(which, dict) else {"messages": which}
        verb = {"flags": "changeFlags"}.get(action["type"], f"{action['type']}Messages")
        given = {"to" if name == "mailbox" else name: value for name, value in action.items() if name != "type"}
        told = await self._change(verb, RESULTS, **named, **given)
        items = [{**item, "problem": item["problem"] and item["problem"]["code"]} for item in told["results"]]
        return {"items": items, "done": told["done"], "has_more": told["has_more"]}

    async def make_mailbox(self, name: str, parent_id: str | None = None) -> Row:
        box: Row = await self._change("createMailbox", MAILBOX[1:-1], name=name, parentId=parent_id)
        return box

    async def change_mailbox(self, mailbox: str, patch: Row) -> Row:
        given = {re.sub(r"_(.)", lambda at: at[1].upper(), name): value for name, value in patch.items()}
        box: Row = await self._change("changeMailbox", MAILBOX[1:-1], mailbox=mailbox, **given)
        return box

    async def delete_mailbox(self, mailbox: str, **asked: bool) -> list[str]:
        given = {re.sub(r"_(.)", lambda at: at[1].upper(), name): value for name, value in asked.items()}
        gone: list[str] = (await self._change("deleteMailbox", "ids", mailbox=mailbox, **given))["ids"]
        return gone

    async def search(self, query: str, **asked: Any) -> Row:
        sort: str = asked.get("sort", "")
        field = f"""search(query: $q, mailbox: $box, sort: $sort, descending: $down, first: $n, after: $after) {{
          nodes {ROW} {PAGE} total unsupportedTerms failures {{ mailboxId problem {{ code }} }} sortedBy }}"""
        found = await self._of_account(
            field, "SearchConnection", q=query, box=asked.get("mailbox"), n=asked.get("limit", 50),
            sort=sort.lstrip("-").upper() or None, down=sort.startswith("-"), after=asked.get("cursor"),
        )  # fmt: skip
        failures = [[item["mailbox_id"], item["problem"]["code"]] for item in found["failures"]]
        return _page(found) | {"failures": failures}

    async def threads(self, mailbox: str = "inbox", limit: int = 50, cursor: str | None = None) -> Row:
        row = every_field("Thread")
        field = (
            f"mailbox(id: $b) {{ threads(first: $n, after: $after) {{ nodes {row} {PAGE} source scope isComplete }} }}"
        )
        found = await self._of_account(field, "Mailbox", b=mailbox, n=limit, after=cursor)
        return _page(found["threads"])

    async def thread(self, reference: str) -> Row:
        field = f"thread(id: $t) {every_field('ThreadMessages')}"
        found: Row = await self._of_account(field, "ThreadMessages", t=reference)
        return found


_TYPES = {
    "box": "ID", "n": "Int!", "after": "String", "m": "ID!", "q": "String!", "sort": "SearchSort", "down": "Boolean!",
    "t": "ID!", "b": "ID!",
}  # fmt: skip


def _page(connection: Row) -> Row:
    where = connection.pop("page_info")
    items = connection.pop("nodes")
    return {"items": items, "next": where["end_cursor"] if where["has_next_page"] else None, **connection}


def _only(payload: Row) -> Row:
    (result,) = payload["results"]
    if result["problem"] is not None:
        raise Refused(result["problem"]["code"], result["problem"]["moved_to"])
    found: Row = result
    return found
