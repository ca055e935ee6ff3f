"""Under which address clients reach the service."""

from fastapi import Request

from app.http.state import state_of


def base_url(request: Request) -> str:
    """Return scheme, host and path prefix without a slash at the end: the setting, else what the request says."""
    settings = state_of(request).settings
    if settings.public_url:
        return settings.public_url
    root = request.scope.get("root_path", "")
    return f"{request.url.scheme}://{request.url.netloc}{root}"
