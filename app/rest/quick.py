"""Requests of the commonest form, past what the framework does for every form.

FastAPI holds a path against every route, solves dependencies and validates each parameter: more CPU than all else that
a page costs when nothing has changed. A quick route stands before the others and takes a request whose token, path and
query are plain. Whatever differs (no token, a parameter that is unknown, repeated, escaped or out of bounds) it does
not take, so that the usual way answers or refuses it: a quick route decides nothing but speed. The OpenAPI is that of
the usual route, whose endpoint it calls.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import Request, Response
from starlette._utils import get_route_path
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from app.http.admission import admitted

#: Reads the plain text of one parameter; None when it is not for us.
Reader = Callable[[str], Any]

_BEARER = re.compile(rb"Bearer (mh_[a-z0-9]{4,32}_[A-Za-z0-9]{32,128})")
_TEMPLATE = re.compile(r"\{([a-z]+)\}")
#: What stands in a path, by the name of its place: ids, roles, and external ids that need no escaping. Never a word
#: that could be the path of another route.
_REFERENCES = {
    "account": r"(?P<account>(?:acc_|external:)[A-Za-z0-9_.@-]{1,128})",
    "mailbox": r"(?P<mailbox>mbx_[A-Za-z0-9_-]{1,32}|inbox|sent|drafts|trash|junk|archive|all|flagged)",
    "message": r"(?P<message>msg_[A-Za-z0-9_-]{1,128})",
}


class QuickRoute(BaseRoute):
    """Takes GETs of `path` that are plain. `endpoint` gets the request, `principal`, and all parameters by name."""

    def __init__(
        self, path: str, endpoint: Callable[..., Awaitable[Response]], readers: Mapping[str, Reader], **defaults: Any
    ) -> None:
        """Take the template of the usual route and its endpoint; `readers` and `defaults` are of the query."""
        self.path = path
        self._path = path_form(path)
        self._endpoint = endpoint
        self._readers = readers
        self._defaults = defaults

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take a plain request whole; leave every other one alone."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return Match.NONE, {}
        found = self._path.fullmatch(get_route_path(scope))
        token = plain_token(scope) if found is not None else None
        query = self._query(scope["query_string"]) if token is not None else None
        if found is None or query is None:
            return Match.NONE, {}
        return Match.FULL, {"route": self, "quick": (token, found.groupdict() | query)}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit the caller, as every route does first, and call the endpoint."""
        request = Request(scope, receive, send)
        token, parameters = scope["quick"]
        principal = await admitted(request, token)
        response = await self._endpoint(request, principal=principal, **parameters)
        await response(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Name no address: the usual route does."""
        raise NoMatchFound(name, path_params)

    def _query(self, raw: bytes) -> dict[str, Any] | None:
        found = dict(self._defaults)
        if not raw:
            return found
        if not raw.isascii():
            return None
        seen: set[str] = set()
        for pair in raw.decode("ascii").split("&"):
            name, _, text = pair.partition("=")
            reader = self._readers.get(name)
            value = reader(text) if reader is not None and name not in seen else None
            if value is None:
                return None
            seen.add(name)
            found[name] = value
        return found


def path_form(template: str) -> re.Pattern[str]:
    """Make what plain paths of a template match, each place a group by its name."""
    return re.compile(_TEMPLATE.sub(lambda place: _REFERENCES[place[1]], template))


def plain_token(scope: Scope) -> str | None:
    """Return the one bearer token of a request; None when it has none, several, or one of another form."""
    tokens = [value for name, value in scope["headers"] if name == b"authorization"]
    found = _BEARER.fullmatch(tokens[0]) if len(tokens) == 1 else None
    return None if found is None else found.group(1).decode("ascii")


def number(least: int, most: int) -> Reader:
    """Read a decimal number within bounds."""

    def read(text: str) -> int | None:
        is_plain = text.isascii() and text.isdigit() and len(text) <= 9 and text[0] != "0"
        return int(text) if is_plain and least <= int(text) <= most else None

    return read


def word(pattern: str, most: int) -> Reader:
    """Read a text of so many characters that means itself; a comma may be escaped."""
    form = re.compile(pattern)

    def read(text: str) -> str | None:
        text = text.replace("%2C", ",")
        return text if len(text) <= most and form.fullmatch(text) else None

    return read
