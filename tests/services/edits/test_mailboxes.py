"""Making, renaming and deleting mailboxes: ids that stay, and nothing lost that nobody gave up."""

import asyncio

import pytest

from app.domain.access import Scope
from app.domain.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    MailboxExists,
    MailboxNotEmpty,
    MailhatchError,
    NotFound,
    NotSupportedByServer,
    PermissionDenied,
    StorageUnavailable,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.domain.mailbox import Mailbox
from app.services.edits.limits import NAME_CHARS
from app.services.edits.mailboxes import MailboxPatch
from app.services.limits import MAX_LEVELS
from tests.services.edits.conftest import Desk
from tests.services.edits.server import MemoryServer
from tests.services.fakes import ADMIN, caller


async def create(desk: Desk, name: str, parent: str | None = None) -> Mailbox:
    return await desk.boxes.create(ADMIN, desk.account.id, name, parent)


async def rename(desk: Desk, reference: str, **patch: str | bool | None) -> Mailbox:
    return await desk.boxes.change(ADMIN, desk.account.id, reference, MailboxPatch(**patch))  # type: ignore[arg-type]


async def ids(desk: Desk) -> dict[str, str]:
    tree = await desk.mailboxes.tree(ADMIN, desk.account.id)
    return {"/".join(mailbox.path): mailbox.id for mailbox in tree}


async def test_a_mailbox_is_made_where_it_was_asked_for(desk: Desk) -> None:
    top = await create(desk, 'Reisen & 旅行 %*"\\')
    within = await create(desk, "2026", top.id)
    assert within.path == ('Reisen & 旅行 %*"\\', "2026")
    assert within.parent_id == top.id
    assert within.is_subscribed
    assert (within.total, within.unread) == (0, None)
    assert (await create(desk, "2025", "archive")).path == ("Archive", "2025")
    assert desk.notebook.edits[-1].mailboxes


@pytest.mark.parametrize("name", ["", "a/b", "a\nb", "a\0", "\x7f", "\ud800", "x" * (NAME_CHARS + 1)])
async def test_a_name_that_cannot_be_is_pointed_at(desk: Desk, name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await create(desk, name)
    assert refused.value.problems[0].pointer == "/name"
    assert "create_mailbox" not in desk.server.calls


async def test_where_levels_are_parted_otherwise_a_slash_is_a_character(desk: Desk) -> None:
    desk.server.delimiter = "."
    assert (await create(desk, "a/b")).path == ("a/b",)
    with pytest.raises(InvalidRequest, match="parent_id"):
        await create(desk, "a.b")


async def test_a_server_without_levels_has_no_mailboxes_within_others(desk: Desk) -> None:
    desk.server.delimiter = None
    assert (await create(desk, "a/b")).path == ("a/b",)
    with pytest.raises(NotSupportedByServer):
        await create(desk, "x", "archive")


async def test_where_all_lies_within_the_inbox_so_does_what_is_made(desk: Desk) -> None:
    desk.server.delimiter = "."
    for name in ("Trash", "Archive"):
        desk.server.boxes[f"INBOX.{name}"] = desk.server.boxes.pop(name)
    assert (await create(desk, "New")).path == ("INBOX", "New")
    assert "INBOX.New" in desk.server.boxes


@pytest.mark.parametrize("name", ["Archive", "INBOX", "inbox", "Inbox"])
async def test_a_name_that_is_taken_has_its_own_code(desk: Desk, name: str) -> None:
    with pytest.raises(MailboxExists):
        await create(desk, name)


async def test_a_name_that_is_taken_in_between_has_the_same_code(desk: Desk) -> None:
    desk.server.failing = {"create_mailbox": Conflict("It exists."), "rename_mailbox": Conflict("It exists.")}
    with pytest.raises(MailboxExists):
        await create(desk, "New")
    with pytest.raises(MailboxExists):
        await rename(desk, "archive", name="New")


async def test_a_parent_that_is_none_is_pointed_at(desk: Desk) -> None:
    for parent in ("mbx_AAAAAAAAAAE", "nonsense", "sent"):
        with pytest.raises(InvalidRequest) as refused:
            await create(desk, "x", parent)
        assert refused.value.problems[0].pointer == "/parent_id"


async def test_very_deep_trees_are_refused(desk: Desk) -> None:
    parent = None
    for level in range(MAX_LEVELS):
        parent = (await create(desk, f"l{level}", parent)).id
    with pytest.raises(InvalidRequest, match="levels"):
        await create(desk, "deeper", parent)


async def test_a_rename_keeps_all_ids(desk: Desk) -> None:
    for name in ("A", "A/b", "A/b/c", "AB"):
        desk.server.box(name, messages=1, is_subscribed=name != "AB")
    before = await ids(desk)
    message = await desk.id("A/b", 1)
    changed = await rename(desk, before["A"], name="Z")
    after = await ids(desk)
    assert changed.id == before["A"]
    assert {name: after[name] for name in ("Z", "Z/b", "Z/b/c", "AB")} == {
        name: before[name.replace("Z", "A")] for name in ("Z", "Z/b", "Z/b/c", "AB")
    }
    assert all(desk.server.boxes[name].is_subscribed for name in ("Z", "Z/b", "Z/b/c"))
    assert (await desk.reading.message(ADMIN, desk.account.id, message, "")).id == message


async def test_a_mailbox_is_put_into_another_and_out_again(desk: Desk) -> None:
    desk.server.box("A", messages=1)
    before = await ids(desk)
    within = await rename(desk, before["A"], parent_id="archive")
    assert within.path == ("Archive", "A")
    out = await rename(desk, before["A"], parent_id=None)
    assert out.path == ("A",)
    assert out.id == within.id == before["A"]


async def test_a_mailbox_cannot_be_put_into_itself(desk: Desk) -> None:
    desk.server.box("A")
    desk.server.box("A/b")
    before = await ids(desk)
    for parent in (before["A"], before["A/b"]):
        with pytest.raises(InvalidRequest) as refused:
            await rename(desk, before["A"], parent_id=parent)
        assert refused.value.problems[0].pointer == "/parent_id"


async def test_the_inbox_keeps_its_name(desk: Desk) -> None:
    with pytest.raises(Conflict):
        await rename(desk, "inbox", name="Other")
    assert "INBOX" in desk.server.boxes


async def test_a_patch_that_changes_nothing_asks_for_nothing(desk: Desk) -> None:
    await rename(desk, "archive", name="Archive")
    assert "rename_mailbox" not in desk.server.calls


async def test_a_row_of_a_mailbox_that_had_the_new_name_gives_way(desk: Desk) -> None:
    desk.server.box("A", messages=1)
    desk.server.box("Z")
    before = await ids(desk)
    del desk.server.boxes["Z"]  # by somebody else, and not listed since
    assert (await rename(desk, before["A"], name="Z")).id == before["A"]


async def test_subscribing_is_not_renaming(desk: Desk) -> None:
    assert (await rename(desk, "archive", is_subscribed=True)).is_subscribed
    assert not (await rename(desk, "archive", is_subscribed=False)).is_subscribed
    assert "rename_mailbox" not in desk.server.calls


async def test_a_listing_that_a_rename_overtook_loses_no_id(desk: Desk) -> None:
    desk.server.box("A", messages=1)
    before = await ids(desk)
    asked, go_on = asyncio.Event(), asyncio.Event()
    real = desk.server.mailboxes

    async def slow(account_id: object, timeout: float) -> object:
        facts = await real(account_id, timeout)  # type: ignore[arg-type]
        if not asked.is_set():
            asked.set()
            await go_on.wait()
        return facts

    desk.server.mailboxes = slow  # type: ignore[method-assign,assignment]
    listing = asyncio.create_task(ids(desk))
    await asked.wait()
    changed = await rename(desk, before["A"], name="Z")
    go_on.set()
    assert (await listing)["Z"] == changed.id == before["A"]


async def test_a_listing_during_a_rename_loses_no_id(desk: Desk) -> None:
    desk.server.box("A", messages=1)
    before = await ids(desk)
    listings: list[asyncio.Task[dict[str, str]]] = []

    def listed(verb: str) -> None:
        if verb in {"rename_mailbox", "renamed"}:
            listings.append(asyncio.ensure_future(ids(desk)))

    desk.server.during = listed
    await rename(desk, before["A"], name="Z")
    desk.server.during = lambda verb: None
    for listing in listings:
        assert (await listing)["Z"] == before["A"]
    assert len(listings) == 2


async def test_a_rename_whose_answer_was_lost_keeps_the_ids_all_the_same(desk: Desk) -> None:
    desk.server.box("A", messages=1)
    before = await ids(desk)

    def lose(verb: str) -> None:
        if verb == "renamed":
            raise UpstreamTimeout("Late.")

    desk.server.during = lose
    assert (await rename(desk, before["A"], name="Z")).id == before["A"]


async def test_a_rename_that_did_not_happen_says_so(desk: Desk) -> None:
    desk.server.box("A")
    before = await ids(desk)
    desk.server.failing = {"rename_mailbox": UpstreamUnavailable("Gone.")}
    with pytest.raises(UpstreamUnavailable):
        await rename(desk, before["A"], name="Z")
    assert (await ids(desk))["A"] == before["A"]


async def test_a_database_that_is_down_undoes_the_rename(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.server.box("A", messages=1)
    before = await ids(desk)

    async def down(*_: object) -> None:
        raise StorageUnavailable("Down.")

    with monkeypatch.context() as broken:
        broken.setattr(desk.mailboxes._directory._store, "write", down)
        with pytest.raises(StorageUnavailable):
            await rename(desk, before["A"], name="Z")
    assert (await ids(desk))["A"] == before["A"]


async def test_an_empty_mailbox_is_deleted(desk: Desk) -> None:
    made = await create(desk, "Old")
    gone = await desk.boxes.delete(ADMIN, desk.account.id, made.id)
    assert gone == (made.id,)
    assert "Old" not in desk.server.boxes
    with pytest.raises(NotFound):
        await desk.boxes.delete(ADMIN, desk.account.id, made.id)


async def test_a_full_mailbox_is_deleted_only_when_asked(desk: Desk) -> None:
    desk.server.box("Old", messages=2)
    old = await desk.box_id("Old")
    with pytest.raises(MailboxNotEmpty, match="2 messages"):
        await desk.boxes.delete(ADMIN, desk.account.id, old)
    assert "Old" in desk.server.boxes
    await desk.boxes.delete(ADMIN, desk.account.id, old, with_messages=True)
    assert "Old" not in desk.server.boxes


async def test_mailboxes_within_go_only_when_asked_and_the_deepest_first(desk: Desk) -> None:
    for name in ("A", "A/b", "A/b/c", "AB"):
        desk.server.box(name)
    before = await ids(desk)
    with pytest.raises(MailboxNotEmpty, match="2 mailboxes"):
        await desk.boxes.delete(ADMIN, desk.account.id, before["A"], with_messages=True)
    gone = await desk.boxes.delete(ADMIN, desk.account.id, before["A"], with_children=True)
    assert gone == (before["A"], before["A/b"], before["A/b/c"])
    assert set(await ids(desk)) == {"INBOX", "Trash", "Archive", "AB"}


async def test_messages_within_are_counted_as_well(desk: Desk) -> None:
    desk.server.box("A")
    desk.server.box("A/b", messages=3)
    before = await ids(desk)
    with pytest.raises(MailboxNotEmpty, match="3 messages"):
        await desk.boxes.delete(ADMIN, desk.account.id, before["A"], with_children=True)


@pytest.mark.parametrize("name", ["INBOX", "Trash", "Parent"])
async def test_what_mail_needs_is_not_deleted(desk: Desk, name: str) -> None:
    desk.server.box("Parent")
    desk.server.boxes["Parent/Trash"] = desk.server.boxes["Trash"] if name == "Parent" else desk.server.box("x")
    found = await ids(desk)
    with pytest.raises(Conflict):
        await desk.boxes.delete(ADMIN, desk.account.id, found[name], with_messages=True, with_children=True)
    assert name in desk.server.boxes


async def test_a_deletion_that_fails_half_way_leaves_the_truth(desk: Desk) -> None:
    for name in ("A", "A/b"):
        desk.server.box(name)
    before = await ids(desk)

    def refuse(verb: str) -> None:
        if verb == "delete_mailbox" and "A/b" not in desk.server.boxes:
            raise PermissionDenied("No.")

    desk.server.during = refuse
    with pytest.raises(PermissionDenied):
        await desk.boxes.delete(ADMIN, desk.account.id, before["A"], with_children=True)
    assert (await ids(desk))["A"] == before["A"]
    with pytest.raises(NotFound):
        await desk.mailboxes.find(desk.account, before["A/b"])


async def test_a_mailbox_deleted_by_somebody_else_in_this_moment_is_deleted(desk: Desk) -> None:
    made = await create(desk, "Old")
    desk.server.during = lambda verb: desk.server.boxes.pop("Old", None) if verb == "delete_mailbox" else None
    assert await desk.boxes.delete(ADMIN, desk.account.id, made.id) == (made.id,)


@pytest.mark.parametrize("error", [PermissionDenied("No."), NotSupportedByServer("No.", "subscribe")])
async def test_subscriptions_that_fail_do_not_fail_what_was_done(desk: Desk, error: MailhatchError) -> None:
    desk.server.failing = {"subscribe": error}
    made = await create(desk, "New")
    assert not made.is_subscribed
    assert (await rename(desk, made.id, name="Newer")).name == "Newer"


async def test_scopes_are_held_to(desk: Desk) -> None:
    marker = caller("marker", frozenset({Scope.MAIL_FLAGS_WRITE, Scope.MAIL_META_READ}))
    archive = await desk.box_id("Archive")
    for attempt in (
        desk.boxes.create(marker, desk.account.id, "x"),
        desk.boxes.change(marker, desk.account.id, archive, MailboxPatch(name="x")),
        desk.boxes.delete(marker, desk.account.id, archive),
    ):
        with pytest.raises(Forbidden) as refused:
            await attempt
        assert refused.value.scope == "mail.write"
    writer = caller("writer", frozenset({Scope.MAIL_WRITE}))
    await desk.boxes.create(writer, desk.account.id, "x")


async def test_a_server_that_spells_a_name_otherwise_is_understood(desk: Desk) -> None:
    real = MemoryServer.create_mailbox

    async def normal(account_id: object, name: str, timeout: float) -> None:
        await real(desk.server, account_id, "e\u0301", timeout)  # type: ignore[arg-type]

    desk.server.create_mailbox = normal  # type: ignore[method-assign]
    assert (await create(desk, "\u00e9")).name == "e\u0301"
