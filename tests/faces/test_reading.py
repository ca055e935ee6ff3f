"""What is read through one face is what is read through the other, cursors included; on IMAP and on POP3."""

from typing import Any

import pytest

from app.domain.ids import mailbox_id
from tests.faces.conftest import Faces, refused
from tests.faces.face import Face
from tests.rest.conftest import Api
from tests.rest.test_reading import plain, rich
from tests.support.mail_user import MailUser

pytestmark = pytest.mark.dovecot
PROTOCOLS = pytest.mark.parametrize("protocol", ["imap", "pop3"])


def rows(told: Any) -> Any:
    """Leave out of rows what GraphQL gives only for the asking, and REST writes as null."""
    if isinstance(told, dict):
        return {name: rows(value) for name, value in told.items() if name not in {"url", "preview"}}
    return [rows(value) for value in told] if isinstance(told, list) else told


@PROTOCOLS
async def test_an_inbox_and_its_messages(both: Faces, mail_user: MailUser, protocol: str) -> None:
    mail_user.append_all([plain(1), plain(2), rich()])
    rest, graphql = await both(mail_user, protocol)
    boxes = await rest.mailboxes()
    assert boxes == await graphql.mailboxes()
    assert boxes[0]["total"] == 3
    page = await rest.page(limit=2)
    assert rows(page) == rows(await graphql.page(limit=2))
    assert len(page["items"]) == 2
    rest_of_it = await rest.page(limit=2, cursor=page["next"])
    assert rows(rest_of_it) == rows(await graphql.page(limit=2, cursor=page["next"]))
    for row in (*page["items"], *rest_of_it["items"]):
        assert await rest.body(row["id"]) == await graphql.body(row["id"])
        opened = await rest.message(row["id"])
        other = await graphql.message(row["id"])
        assert {name: other.get(name, "missing") for name in opened} == opened


@PROTOCOLS
async def test_searches_and_conversations(both: Faces, mail_user: MailUser, protocol: str) -> None:
    mail_user.append_all([plain(1), plain(2), rich(), plain(3)])
    rest, graphql = await both(mail_user, protocol)
    for asked in ({}, {"mailbox": "inbox", "limit": 2}, {"mailbox": "inbox", "sort": "-size"}):
        given: dict[str, Any] = asked
        found = rows(await rest.search("subject:letter", **given))
        assert found == rows(await graphql.search("subject:letter", **given))
        assert len(found["items"]) == min(3, given.get("limit", 50))
        if found["next"]:
            given["cursor"] = found["next"]
            more = await rest.search("subject:letter", **given)
            assert rows(more) == rows(await graphql.search("subject:letter", **given))
    threads = await rest.threads(limit=2)
    assert rows(threads) == rows(await graphql.threads(limit=2))
    following = threads["next"]
    assert rows(await rest.threads(limit=2, cursor=following)) == rows(await graphql.threads(limit=2, cursor=following))
    one = threads["items"][0]["id"]
    assert rows(await rest.thread(one)) == rows(await graphql.thread(one))


async def test_what_is_refused_is_refused_alike(both: Faces, api: Api, mail_user: MailUser) -> None:
    mail_user.append(plain(1))
    rest, graphql = await both(mail_user)
    (row,) = (await rest.page())["items"]

    async def alike(code: str, *calls: Any) -> None:
        for call in calls:
            errors = [await refused(call(face)) for face in (rest, graphql)]
            assert errors[0] == errors[1]
            assert errors[0].code == code

    def page(face: Face) -> Any:
        return face.page()

    await alike(
        "invalid_request",
        lambda face: face.search("a (form:b)"),
        lambda face: face.page(limit=0),
        lambda face: face.page(cursor="nonsense"),
        lambda face: face.batch([row["id"]], {"type": "flags", "add": ["a b"]}),
        lambda face: face.batch([], {"type": "move", "mailbox": "trash"}),
    )
    await alike(
        "not_found",
        lambda face: face.message("msg_nonsense"),
        lambda face: face.page("mbx_nonsense"),
        lambda face: face.page(mailbox_id(2**40)),
        lambda face: face.place("move", row["id"], mailbox_id(2**40)),
        lambda face: face.thread("thr_"),
    )
    for given, code in (({"tenant": "other", "scopes": ["mail.meta.read"]}, "not_found"),
                        ({"scopes": ["mail.body.read"]}, "forbidden")):  # fmt: skip
        made = await api.post("/v1/tokens", {"name": "t", **given})
        rest.token = graphql.token = made["token"]
        await alike(code, page, lambda face: face.mailboxes(), lambda face: face.search("subject:a"),
                    lambda face: face.message(row["id"]), lambda face: face.threads())  # fmt: skip
    made = await api.post("/v1/tokens", {"name": "t", "scopes": ["mail.meta.read"]})
    rest.token = graphql.token = made["token"]
    await alike(
        "forbidden",
        lambda face: face.body(row["id"]),
        lambda face: face.search("word"),
        lambda face: face.flags(row["id"], ["seen"], []),
        lambda face: face.place("move", row["id"], "trash"),
        lambda face: face.delete(row["id"]),
        lambda face: face.make_mailbox("x"),
    )
    rest.token = graphql.token = "mh_no_token"
    await alike("unauthorized", page)
