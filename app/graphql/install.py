"""The GraphQL face in the service's app."""

from fastapi import FastAPI
from starlette.routing import Route

from app.config import Settings
from app.graphql import graphiql
from app.graphql.endpoint import Endpoint
from app.graphql.engine import Engine
from app.graphql.schema import build

PATH = "/graphql"


def install(app: FastAPI, settings: Settings) -> None:
    """Serve GraphQL at /graphql, and its page to browsers."""
    engine = Engine(build(), with_introspection=settings.graphql_introspection, max_cost=settings.graphql_cost)
    app.router.routes.append(Route(PATH, Endpoint(engine)))
    # A mount would not find its files behind a proxy that strips the root path.
    app.router.routes.append(Route(f"{PATH}/assets/{{name}}", graphiql.asset))
