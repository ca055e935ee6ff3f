"""What the demo tells the person in front of it."""

import sys
import time
import urllib.request
from pathlib import Path

from app.demo.limits import ARRIVAL_PAUSE
from app.demo.mail_server import NewMail
from app.demo.registration import Registered


def say(line: str = "") -> None:
    """Print a line at once; a terminal that cannot show a character shows its code."""
    encoding = sys.stdout.encoding or "utf-8"
    print(line.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def curl_lines(url: str, token: str, account: Registered, message: str) -> tuple[tuple[str, str], ...]:
    """Three calls to paste into a shell, each with what it shows."""
    proxies = urllib.request.getproxies()
    is_proxied = "http" in proxies and not urllib.request.proxy_bypass("127.0.0.1")
    curl = f"curl -sS{' --noproxy 127.0.0.1' if is_proxied else ''} -H 'Authorization: Bearer {token}'"
    base = f"{url}/v1/accounts/{account.id}"
    return (
        ("mailboxes with their counts", f"{curl} '{base}/mailboxes'"),
        ("the newest five messages of the inbox", f"{curl} '{base}/mailboxes/inbox/messages?limit=5'"),
        ("a message's text and safe HTML", f"{curl} '{base}/messages/{message}/body'"),
    )


def welcome(url: str, token: str, lines: tuple[tuple[str, str], ...], file: Path) -> None:
    """Print where to look and what to paste."""
    say()
    say(f"Swagger UI  {url}/docs")
    say(f"GraphiQL    {url}/graphql")
    say(f"Token       {token}")
    say("            (paste it into Authorize, or under Headers; it may read and change all accounts' mail, for a day)")
    for what, line in lines:
        say()
        say(f"# {what}")
        say(line)
    say()
    say(f"{file} has all of this for scripts, with the admin token and the mail server's logins.")
    say(f"New mail arrives every {ARRIVAL_PAUSE:.0f} seconds. Ctrl-C ends the demo.")
    say()


def arrival(mail: NewMail, email: str) -> None:
    """Print a line about a message that arrived."""
    say(f"{time.strftime('%H:%M:%S')}  new mail for {email}: {mail.sender}: {mail.subject}")
