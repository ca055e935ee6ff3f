"""Both faces on the same service; for what changes mail, each on an account of its own with equal mail."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.faces.face import Face, Refused
from tests.faces.graphql import GraphQLFace
from tests.faces.rest import RestFace
from tests.rest.conftest import Api, account_body, api, first_data, settings
from tests.rest.test_pop3 import pop3_body
from tests.support.mail_user import MailUser

__all__ = ["api", "first_data", "settings"]

_IDS = re.compile(r"\b(?:acc|mbx|msg|thr)_[A-Za-z0-9_-]+")
Faces = Callable[..., Awaitable[tuple[RestFace, GraphQLFace]]]
Story = Callable[[Face, MailUser], Awaitable[list[Any]]]
Told = Callable[..., Awaitable[list[Any]]]


@pytest.fixture
def both(api: Api) -> Faces:
    """Make an account and both faces on it."""

    async def make(user: MailUser, protocol: str = "imap") -> tuple[RestFace, GraphQLFace]:
        body = account_body(user) if protocol == "imap" else pop3_body(user)
        account = (await api.post("/v1/accounts", body))["id"]
        return RestFace(api, account), GraphQLFace(api, account)

    return make


@pytest.fixture
def equally(both: Faces, mail_user: MailUser) -> Told:
    """Tell a story through each face, on equal accounts, and hold what was told against each other."""

    async def tell(story: Story, protocol: str = "imap", *, mail: list[bytes]) -> list[Any]:
        told = []
        for place in (0, 1):
            user = mail_user.server.add_user()
            user.append_all(mail, received=1_780_000_000)
            face = (await both(user, protocol))[place]
            told.append(_named(await story(face, user)))
        assert told[0] == told[1]
        return told[0]

    return tell


async def refused(doing: Awaitable[Any]) -> Refused:
    """Return what something is refused with."""
    with pytest.raises(Refused) as error:
        await doing
    return error.value


def _named(told: list[Any]) -> list[Any]:
    """Give ids names by their order, so that equal stories of two accounts are equal."""
    names: dict[str, str] = {}

    def walk(value: Any) -> Any:
        if isinstance(value, Refused):
            return walk([value.code, value.moved_to, list(value.pointers)])
        if isinstance(value, dict):
            return {key: walk(item) for key, item in value.items() if key != "version"}
        if isinstance(value, list | tuple):
            return [walk(item) for item in value]
        if isinstance(value, str):
            return _IDS.sub(lambda found: names.setdefault(found[0], f"{found[0][:3]}{len(names)}"), value)
        return value

    walked: list[Any] = walk(told)
    return walked
