"""The demo's side of its mail server: start it, let mail arrive."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from app.demo.children import Child
from app.demo.limits import CALL, MAIL_SERVER_START
from app.demo.mail.compose import Person
from app.demo.mail.maildrop import OWNER
from app.demo.mail.people import ANA, KENJI

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Login:
    """An account on the mail server, and under which id the service is to know it."""

    external_id: str
    owner: Person
    password: str
    protocol: str = "imap"


@dataclass(frozen=True, slots=True)
class NewMail:
    """What arrived."""

    external_id: str
    sender: str
    subject: str


class MailServer:
    """The embedded IMAP and POP3 servers, filled and listening."""

    def __init__(self, folder: Path) -> None:
        """Start it with its log in `folder`, and wait until it listens. Raises ChildFailed."""
        self.logins = (
            Login("demo-ana", ANA, secrets.token_urlsafe(12)),
            Login("demo-kenji", KENJI, secrets.token_urlsafe(12)),
            Login("demo-mira", OWNER, secrets.token_urlsafe(12), "pop3"),
        )
        self.child = Child("mail server", ("app.demo.imap_server",), folder / "mail-server.log", is_heard=True)
        try:
            self.child.say(json.dumps({"passwords": {login.external_id: login.password for login in self.logins}}))
            ready = json.loads(self.child.hear(MAIL_SERVER_START))
        except BaseException:
            self.child.stop()
            raise
        self.port: int = ready["port"]
        self.pop3_port: int = ready["pop3_port"]
        self.messages: int = ready["messages"]

    def deliver(self) -> NewMail:
        """Let the next message arrive. Raises ChildFailed."""
        self.child.say(json.dumps({"deliver": True}))
        fact = json.loads(self.child.hear(CALL))
        return NewMail(fact["to"], fact["from"], fact["subject"])

    def facts(self) -> dict[str, object]:
        """What scripts need to talk to it themselves."""
        return {
            "protocol": "imap",
            "host": HOST,
            "port": self.port,
            "pop3_port": self.pop3_port,
            "security": "none",
            "logins": [
                {"username": login.owner.email, "password": login.password, "protocol": login.protocol}
                for login in self.logins
            ],
        }
