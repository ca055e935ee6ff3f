"""Changes of the commonest form, past what the framework does for every form. See `app.rest.quick`.

Whether a change is plain shows in its body too, which is read only after a route was found. One that turns out not to
be plain is handed back to the router, with what was read of it, for the usual route to answer or refuse.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from fastapi import Request, Response
from starlette._utils import get_route_path
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Message, Receive, Scope, Send

from app.http.account_references import resolve_account
from app.http.admission import admitted
from app.http.state import state_of
from app.rest.limits import MAX_PLAIN_BODY
from app.rest.quick import path_form, plain_token

T = TypeVar("T")

#: Set in the scope of a request that is for the usual route.
_HANDED_BACK = "quick.handed_back"
_JSON = b"application/json"
#: Headers that the usual route reads once; the longest value of those it bounds, in bytes.
_BOUNDED = {b"content-type": len(_JSON), b"if-match": 200}


class QuickChange(BaseRoute, Generic[T]):
    """Takes PATCHes of `path` without a query whose body is JSON of the form `body`, a msgspec struct.

    Whatever that form takes the model of the usual route must take too, with the same values. `endpoint` gets the
    request, `principal`, `account_id`, the other places of the path by name, and `body`.
    """

    def __init__(self, path: str, endpoint: Callable[..., Awaitable[Response]], body: type[T]) -> None:
        """Take the template of the usual route, what answers, and the form of plain bodies."""
        self.path = path
        self._path: re.Pattern[str] = path_form(path)
        self._endpoint = endpoint
        self._decoder = msgspec.json.Decoder(body)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take a request whose head is plain; leave every other one alone."""
        if scope["type"] != "http" or scope["method"] != "PATCH" or scope["query_string"] or _HANDED_BACK in scope:
            return Match.NONE, {}
        found = self._path.fullmatch(get_route_path(scope))
        token = plain_token(scope) if found is not None and _has_plain_head(scope) else None
        if found is None or token is None:
            return Match.NONE, {}
        return Match.FULL, {"route": self, "quick": (token, found.groupdict())}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body; admit the caller and call the endpoint, or hand the request back."""
        read = await _beginning(receive)
        body = self._plain(read)
        if body is None:
            scope[_HANDED_BACK] = True
            await scope["router"](scope, _behind(read, receive), send)
            return
        request = Request(scope, receive, send)
        token, places = scope["quick"]
        principal = await admitted(request, token)
        account_id = await resolve_account(places.pop("account"), principal, state_of(request))
        response = await self._endpoint(request, principal=principal, account_id=account_id, body=body, **places)
        await response(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Name no address: the usual route does."""
        raise NoMatchFound(name, path_params)

    def _plain(self, read: Sequence[Message]) -> T | None:
        if read[-1]["type"] != "http.request" or read[-1].get("more_body"):
            return None
        try:
            return self._decoder.decode(b"".join([message.get("body", b"") for message in read]))
        except (msgspec.DecodeError, UnicodeDecodeError):  # the usual route tells what is wrong, if anything
            return None


def _has_plain_head(scope: Scope) -> bool:
    seen: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _BOUNDED:
            if name in seen or len(value) > _BOUNDED[name]:
                return False
            seen[name] = value
    return seen.get(b"content-type") == _JSON


async def _beginning(receive: Receive) -> list[Message]:
    """Receive a body to its end, or until it is too long to be plain."""
    read: list[Message] = []
    size = 0
    while size <= MAX_PLAIN_BODY:
        message = await receive()
        read.append(message)
        size += max(1, len(message.get("body", b"")))
        if not message.get("more_body"):
            break
    return read


def _behind(read: Sequence[Message], receive: Receive) -> Receive:
    """Give the messages that were received already, then the others."""
    left = list(reversed(read))

    async def replayed() -> Message:
        return left.pop() if left else await receive()

    return replayed
