"""The GraphQL face in the service's app."""

import asyncio
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.config import Settings
from app.graphql import graphiql

if TYPE_CHECKING:
    from app.graphql.endpoint import Endpoint

PATH = "/graphql"


def install(app: FastAPI, settings: Settings) -> None:
    """Serve GraphQL at /graphql, and its page to browsers."""
    app.router.routes.append(Route(PATH, Deferred(settings)))
    # A mount would not find its files behind a proxy that strips the root path.
    app.router.routes.append(Route(f"{PATH}/assets/{{name}}", graphiql.asset))


class Deferred:
    """The endpoint, made with the first request: who never asks does not pay 10 MB for the schema and its libraries."""

    def __init__(self, settings: Settings) -> None:
        """Take what the endpoint goes by."""
        self._settings = settings
        self._making = asyncio.Lock()
        self._endpoint: Endpoint | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; the first waits until there is something to serve it."""
        if self._endpoint is None:
            async with self._making:
                if self._endpoint is None:
                    self._endpoint = await asyncio.to_thread(_make, self._settings)  # imports read files
        await self._endpoint(scope, receive, send)


def _make(settings: Settings) -> "Endpoint":
    from app.graphql.endpoint import Endpoint
    from app.graphql.engine import Engine
    from app.graphql.schema import build

    return Endpoint(Engine(build(), with_introspection=settings.graphql_introspection, max_cost=settings.graphql_cost))
