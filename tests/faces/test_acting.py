"""What is done through one face is what is done through the other."""

from typing import Any

import pytest

from tests.faces.conftest import Told, refused
from tests.faces.face import Face
from tests.rest.test_reading import plain
from tests.support.mail_user import MailUser

pytestmark = pytest.mark.dovecot
MAIL = [plain(number) for number in range(4)]


async def test_flags_and_a_held_version(equally: Told) -> None:
    async def story(face: Face, user: MailUser) -> list[Any]:
        first = (await face.page())["items"][0]["id"]
        seen = (await face.message(first))["version"]
        told: list[Any] = [await face.flags(first, ["flagged", "$Later"], ["seen"], seen)]
        error = await refused(face.flags(first, ["answered"], [], seen))
        assert error.code == "precondition_failed"
        return [*told, error, await face.page(), user.uids()]

    await equally(story, mail=MAIL)


async def test_flags_of_a_maildrop(equally: Told) -> None:
    async def story(face: Face, _: MailUser) -> list[Any]:
        first = (await face.page())["items"][0]["id"]
        error = await refused(face.make_mailbox("Work"))
        assert error.code == "not_supported_by_server"
        told = [await face.flags(first, ["flagged"], []), error]
        rows = (await face.page())["items"]  # received is when the service saw them
        return [*told, [{**row, "received": None} for row in rows]]

    await equally(story, "pop3", mail=MAIL)


async def test_moves_copies_deletions_and_old_ids(equally: Told) -> None:
    async def story(face: Face, user: MailUser) -> list[Any]:
        first, second, third, _ = [row["id"] for row in (await face.page())["items"]]
        moved = await face.place("move", first, "drafts")
        assert moved is not None
        told: list[Any] = [first, moved, await face.place("copy", second, "drafts")]
        stale = await refused(face.message(first))
        assert (stale.code, stale.moved_to) == ("stale_reference", moved)
        told += [stale, await refused(face.place("move", first, "trash"))]
        trashed = await face.delete(third)
        assert trashed is not None
        told += [trashed, await refused(face.delete(trashed)), await face.delete(trashed, permanently=True)]
        return [*told, await face.page(), await face.page("drafts"), await face.page("trash"), user.uids()]

    await equally(story, mail=MAIL)


async def test_batches_tell_of_each(equally: Told) -> None:
    async def story(face: Face, user: MailUser) -> list[Any]:
        ids = [row["id"] for row in (await face.page())["items"]]
        user.expunge([1])
        flags = {"type": "flags", "add": ["flagged"], "remove": []}
        told: list[Any] = [await face.batch([*ids, "msg_nonsense"], flags)]
        assert told[0]["done"] == 3
        by_query = {"mailbox": "inbox", "query": "subject:2"}
        told.append(await face.batch(by_query, {"type": "move", "mailbox": "trash"}))
        assert told[1]["done"] == 1
        told.append(await face.batch(ids[:1], {"type": "copy", "mailbox": "drafts"}))
        told.append(await face.batch(ids[:2], {"type": "delete"}))
        return [*told, await refused(face.batch(ids, {"type": "move", "mailbox": "all"})), await face.page()]

    await equally(story, mail=MAIL)


async def test_mailboxes_are_made_changed_and_deleted(equally: Told) -> None:
    async def story(face: Face, _: MailUser) -> list[Any]:
        made = await face.make_mailbox("Löwe")
        within = await face.make_mailbox("2026", made["id"])
        told: list[Any] = [made, within, await refused(face.make_mailbox("Löwe"))]
        assert told[2].code == "mailbox_exists"
        told.append(await face.change_mailbox(made["id"], {"name": "Tiger", "is_subscribed": False}))
        told.append(await refused(face.make_mailbox("a/b")))
        first = (await face.page())["items"][0]["id"]
        told.append(await face.place("move", first, within["id"]))
        told.append(await refused(face.delete_mailbox(made["id"])))
        assert told[-1].code == "mailbox_not_empty"
        told.append(await face.delete_mailbox(made["id"], with_messages=True, with_children=True))
        return [*told, await face.mailboxes()]

    await equally(story, mail=MAIL)
