"""The REST face as an ASGI app."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute

from app import __version__
from app.config import Settings
from app.http.state import FaceServices
from app.rest import docs, openapi, problems
from app.rest.encoding import EncodedPages
from app.rest.limits import FORM_OVERHEAD
from app.rest.middleware import BodyBound, RequestFrame
from app.rest.routes import (
    accounts,
    changes,
    mailbox_copies,
    mailbox_edits,
    mailboxes,
    message_edits,
    messages,
    parts,
    search,
    system,
    threads,
    tokens,
    uploads,
    webhooks,
)

_ROUTES = (
    accounts,
    mailboxes,
    mailbox_edits,
    message_edits,
    messages,
    uploads,
    search,
    threads,
    parts,
    changes,
    mailbox_copies,
    webhooks,
    tokens,
    system,
)
_EXPOSED = (
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Content-Disposition",
    "Content-Range",
    "Accept-Ranges",
    "Server-Timing",
    "X-Request-Id",
    "WWW-Authenticate",
)
_ALLOWED = (
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "Idempotency-Key",
    "Last-Event-ID",
    "Range",
    "X-Request-Id",
    "traceparent",
)
#: Seconds a browser may keep the answer to a preflight (CONVENTIONS, CORS).
_PREFLIGHT_SECONDS = 7200


@cache
def _solved_routes() -> list[BaseRoute]:
    """Return the operations, the same for every app of this process.

    FastAPI solves their parameters at the first request. That takes longer than all the rest of a start, and it would
    be done for each app again.
    """
    solved = FastAPI(openapi_url=None, redirect_slashes=False, strict_content_type=False)
    for module in _ROUTES:
        solved.include_router(module.router)
    return solved.routes


def create_app(settings: Settings, open_services: Callable[[], AbstractAsyncContextManager[FaceServices]]) -> FastAPI:
    """Make the app; the services are opened when it starts and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services() as services:
            app.state.services = services
            app.state.encoded_pages = EncodedPages()
            yield

    app = FastAPI(
        title="Mailhatch",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
    )
    problems.install(app, [route for module in _ROUTES for route in module.router.routes])
    app.router.routes.extend(_solved_routes())
    app.router.routes[:0] = [*mailboxes.quick, *messages.quick, *message_edits.quick]
    docs.install(app)
    app.add_middleware(BodyBound, most=settings.request_body_bytes, most_upload=settings.message_bytes + FORM_OVERHEAD)
    app.add_middleware(RequestFrame, root_path=settings.root_path)
    app.add_middleware(  # outermost, so that a browser may read every refusal
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
        allow_headers=_ALLOWED,
        expose_headers=_EXPOSED,
        max_age=_PREFLIGHT_SECONDS,
    )

    def document() -> dict[str, object]:
        if app.openapi_schema is None:
            app.openapi_schema = openapi.build(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to replace it
    return app
