"""The REST face."""

from typing import Any

import httpx

from tests.faces.face import Refused, Row
from tests.rest.conftest import Api


class RestFace:
    """Speaks REST."""

    def __init__(self, api: Api, account: str) -> None:
        self._http = api.http
        self.account = account
        self.token: str | None = None

    async def _ask(self, method: str, path: str, version: str | None = None, **more: Any) -> httpx.Response:
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        if version is not None:
            headers["If-Match"] = f'"{version}.x"'
        answer = await self._http.request(method, f"/v1/accounts/{self.account}{path}", headers=headers, **more)
        if answer.is_success:
            return answer
        problem = answer.json()
        pointers = tuple(item["pointer"] for item in problem.get("errors") or ())
        raise Refused(problem["code"], problem.get("moved_to"), pointers)

    async def mailboxes(self) -> list[Row]:
        found: list[Row] = (await self._ask("GET", "/mailboxes")).json()["items"]
        return found

    async def page(self, mailbox: str = "inbox", limit: int = 50, cursor: str | None = None) -> Row:
        return await self._paged(f"/mailboxes/{mailbox}/messages", limit, cursor)

    async def _paged(self, path: str, limit: int, cursor: str | None, **more: Any) -> Row:
        given = {"limit": limit, **more} | ({} if cursor is None else {"cursor": cursor})
        found: Row = (await self._ask("GET", path, params=given)).json()
        return found

    async def message(self, message: str) -> Row:
        answer = await self._ask("GET", f"/messages/{message}")
        opened: Row = answer.json()
        return opened | {"version": answer.headers["etag"].strip('"').partition(".")[0]}

    async def body(self, message: str) -> Row:
        read: Row = (await self._ask("GET", f"/messages/{message}/body")).json()
        return read

    async def flags(self, message: str, add: list[str], remove: list[str], version: str | None = None) -> list[str]:
        body = {"flags": {"add": add, "remove": remove}}
        flags: list[str] = (await self._ask("PATCH", f"/messages/{message}", version, json=body)).json()["flags"]
        return flags

    async def place(self, verb: str, message: str, mailbox: str) -> str | None:
        answer = await self._ask("POST", f"/messages/{message}/{verb}", json={"mailbox": mailbox})
        new: str | None = answer.json()["moved_to"]
        return new

    async def delete(self, message: str, *, permanently: bool = False) -> str | None:
        answer = await self._ask("DELETE", f"/messages/{message}", params={"permanently": permanently})
        new: str | None = answer.json()["moved_to"]
        return new

    async def batch(self, which: list[str] | Row, action: Row) -> Row:
        named = {"filter": which} if isinstance(which, dict) else {"ids": which}
        told: Row = (await self._ask("POST", "/messages/batch", json={**named, "action": action})).json()
        items = [{**item, "problem": item["problem"] and item["problem"]["code"]} for item in told["items"]]
        for item in items:
            del item["status"]
        return {"items": items, "done": told["done"], "has_more": told["has_more"]}

    async def make_mailbox(self, name: str, parent_id: str | None = None) -> Row:
        return _mailbox(await self._ask("POST", "/mailboxes", json={"name": name, "parent_id": parent_id}))

    async def change_mailbox(self, mailbox: str, patch: Row) -> Row:
        return _mailbox(await self._ask("PATCH", f"/mailboxes/{mailbox}", json=patch))

    async def delete_mailbox(self, mailbox: str, **asked: bool) -> list[str]:
        gone: list[str] = (await self._ask("DELETE", f"/mailboxes/{mailbox}", params=asked)).json()["ids"]
        return gone

    async def search(self, query: str, **asked: Any) -> Row:
        found: Row = (await self._ask("GET", "/search", params={"q": query, **asked})).json()
        failures = [[item["mailbox_id"], item["code"]] for item in found["failures"]]
        return {**found, "failures": failures}

    async def threads(self, mailbox: str = "inbox", limit: int = 50, cursor: str | None = None) -> Row:
        return await self._paged(f"/mailboxes/{mailbox}/threads", limit, cursor)

    async def thread(self, reference: str) -> Row:
        found: Row = (await self._ask("GET", f"/threads/{reference}")).json()
        return found


def _mailbox(answer: httpx.Response) -> Row:
    box: Row = answer.json()
    del box["client_mutation_id"]
    return box
