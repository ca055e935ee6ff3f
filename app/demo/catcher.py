"""A webhook receiver, as a backend would have one: it verifies what comes and says what it was."""

import base64
import binascii
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.demo.limits import WEBHOOK_BYTES, WEBHOOK_TOLERANCE

_HOST = "127.0.0.1"


def verified(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> dict[str, Any]:
    """Return the event of a request that was signed with `secret` not long ago. Raises ValueError for all others.

    Written out after Standard Webhooks 1.0 with what Python has; with the package `standardwebhooks` it is one line.
    """
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(int(timestamp) - now) > WEBHOOK_TOLERANCE:
        raise ValueError("the timestamp is missing or too old")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    for signature in headers.get("webhook-signature", "").split(" "):
        version, _, value = signature.partition(",")
        try:
            given = base64.b64decode(value, validate=True)
        except binascii.Error:
            continue
        if version == "v1" and hmac.compare_digest(given, expected):
            event: dict[str, Any] = json.loads(body)
            return event
    raise ValueError("no signature is right")


def line_of(event: Mapping[str, Any]) -> str:
    """Say in one line what an event was."""
    data = event["data"]
    place = data.get("external_id") or data.get("account") or data.get("endpoint")
    mailbox = data.get("mailbox") or {}
    where = mailbox.get("role") or mailbox.get("id")
    message = (data.get("message") or {}).get("id")
    return " ".join(str(word) for word in (event["type"], place, where, message) if word)


class Catcher:
    """Listens on a free loopback port from a thread of its own until `close`."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Take what prints a line; `secret` is to be set once the webhook is made."""
        self.secret = ""
        self._say = say
        self._server = ThreadingHTTPServer((_HOST, 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="catcher", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{_HOST}:{self._server.server_address[1]}/mailhatch"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """Verify and print one request; answers the status."""
        try:
            event = verified(self.secret, headers, body, time.time())
            line = line_of(event)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._say(f"{time.strftime('%H:%M:%S')}  webhook refused: {error}")
            return 401
        self._say(f"{time.strftime('%H:%M:%S')}  webhook, signature verified: {line}")
        return 204

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self.take

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                """Take one event."""
                length = self.headers.get("Content-Length", "")
                if not length.isdigit() or int(length) > WEBHOOK_BYTES:
                    self.close_connection = True
                    status = 413
                else:
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    status = take(headers, self.rfile.read(int(length)))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - http.server's names
                """Say nothing: `take` says what came."""

        return Handler
