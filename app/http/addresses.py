"""Under which address clients reach the service."""

from functools import lru_cache

from fastapi import Request
from starlette.datastructures import URL

from app.http.state import state_of

#: Characters of a Host header that is remembered: a name has at most 253, and a port.
_MAX_HOST = 260


def base_url(request: Request) -> str:
    """Return scheme, host and path prefix without a slash at the end: the setting, else what the request says."""
    settings = state_of(request).settings
    if settings.public_url:
        return settings.public_url
    root = request.scope.get("root_path", "")
    host = request.headers.get("host", "")
    if len(host) > _MAX_HOST:
        return f"{request.url.scheme}://{request.url.netloc}{root}"
    origin = _origin(request.scope.get("scheme", "http"), host, request.scope.get("server"))
    return f"{origin}{root}"


@lru_cache(maxsize=64)
def _origin(scheme: str, host: str, server: tuple[str, int] | None) -> str:
    """Read it as the framework does, once for each name the service is called by."""
    headers = [(b"host", host.encode("latin-1"))] if host else []
    url = URL(scope={"scheme": scheme, "server": server, "path": "/", "headers": headers})
    return f"{url.scheme}://{url.netloc}"
