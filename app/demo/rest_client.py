"""The few REST calls the demo makes, as any client of the service would make them."""

import json
import urllib.error
import urllib.request
from typing import Any

from app.demo.limits import CALL

#: No proxy: the service is on this machine, whatever the environment says about the rest of the world.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class CallFailed(Exception):
    """The service refused; the message is for people."""


def is_ready(url: str) -> bool:
    """Whether the service at `url` answers `/readyz` with success."""
    try:
        with _opener.open(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def call(method: str, url: str, token: str, body: object = None) -> Any:
    """Make one call and return the decoded JSON. Raises CallFailed with what the service said."""
    request = urllib.request.Request(  # noqa: S310 - the address is our own service's
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method=method,
    )
    try:
        with _opener.open(request, timeout=CALL) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            told = error.read().decode(errors="replace")
        raise CallFailed(f"{method} {url} was answered with {error.code}: {told}") from None
    except OSError as error:
        raise CallFailed(f"{method} {url} was not answered: {error}") from None
