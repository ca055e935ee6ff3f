"""The composition root: the one room that knows which adapter stands behind which port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.bootstrap.first_start import FirstStart, first_start
from app.bootstrap.services import OpenServices, open_services
from app.config import Settings
from app.domain.access import Principal, Scope
from app.domain.ids import TokenId
from app.graphql import install as graphql_face
from app.http.state import FaceServices
from app.rest import app as rest_app
from app.rest import openapi as rest_openapi

__all__ = [
    "LOCAL_ADMIN",
    "FirstStart",
    "OpenServices",
    "create_app",
    "first_start",
    "graphql_schema",
    "open_services",
    "openapi",
]

#: Who a command on this machine acts as: whoever reads the database and the key file may do everything.
LOCAL_ADMIN = Principal(
    token_id=TokenId("local"),
    name="local operator",
    scopes=frozenset((Scope.ADMIN,)),
    accounts=None,
    tenant=None,
    expires_at=None,
    requests_per_minute=1_000_000,
)


def create_app(settings: Settings) -> FastAPI:
    """Make the ASGI app; its services open when it starts."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[FaceServices]:
        async with open_services(settings, watches=settings.watch) as services:
            yield services.face

    app = rest_app.create_app(settings, opened)
    graphql_face.install(app, settings)
    return app


def graphql_schema() -> str:
    """Return the GraphQL schema as it is committed; opens nothing."""
    from app.graphql import schema

    return schema.sdl(schema.build())


def openapi() -> str:
    """Return the OpenAPI document as it is committed; opens nothing."""
    return rest_openapi.write(rest_openapi.build(create_app(Settings())))
