"""A frontend as somebody might write it: one page, on another origin than the service, that shows a message."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlencode

#: The address's fragment says what to show: service, token, account and message. `heard` is for the tests: what a
#: script inside the message would say if it ran. `sandbox=off` shows the message as a careless frontend would.
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>A frontend</title>
<link rel="icon" href="data:,">
<style>
body { font: 16px/1.4 sans-serif; margin: 24px auto; max-width: 720px; color: #222 }
iframe { border: 1px solid #ccc; border-radius: 6px; width: 100%; height: 420px }
#sender { color: #666 }
</style>
</head>
<body>
<h1 id="subject"></h1>
<p id="sender"></p>
<iframe title="message" sandbox></iframe>
<ul id="attachments"></ul>
<script>
window.heard = [];
window.addEventListener('message', event => window.heard.push(event.data));
const wanted = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const frame = document.querySelector('iframe');
if (wanted.sandbox === 'off') frame.removeAttribute('sandbox');

async function read(path) {
  const address = `${wanted.service}/v1/accounts/${wanted.account}/messages/${wanted.message}${path}`;
  const answer = await fetch(address, {headers: {Authorization: `Bearer ${wanted.token}`}});
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
}

function show(message, body) {
  document.getElementById('subject').textContent = message.subject;
  document.getElementById('sender').textContent = message.from.map(({name, email}) => name || email).join(', ');
  for (const {filename, url, is_inline} of message.attachments) {
    if (is_inline) continue;
    const link = document.createElement('a');
    link.href = url;
    link.textContent = filename;
    const item = document.createElement('li');
    item.append(link);
    document.getElementById('attachments').append(item);
  }
  frame.srcdoc = body.html;
}

if (wanted.message) Promise.all([read(''), read('/body')]).then(found => show(...found));
</script>
</body>
</html>
"""


class _Page(BaseHTTPRequestHandler):
    timeout = 1.0  # a browser opens connections in advance, and one thread serves all

    def do_GET(self) -> None:
        content = PAGE.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        # The strictest a page can be: nothing is loaded that does not say it may be shown elsewhere.
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class Frontend:
    """A running frontend."""

    origin: str

    def address(self, **wanted: str) -> str:
        """Return the address that shows what is wanted: service, token, account, message."""
        return f"{self.origin}/#{urlencode(wanted)}"


@contextmanager
def serving() -> Iterator[Frontend]:
    """Serve the page on a free loopback port until the block ends."""
    with HTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="frontend")
        thread.start()
        try:
            yield Frontend(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
