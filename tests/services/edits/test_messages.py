"""Acting on one message: what is promised, and what happens when it cannot be done."""

import pytest

from app.domain.access import Scope
from app.domain.edits import EditedMessage, FlagEdit, ItemState
from app.domain.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    MailhatchError,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    PreconditionFailed,
    QuotaExceeded,
    RoleMissing,
    StaleReference,
    StorageUnavailable,
)
from app.domain.ids import message_key
from app.services.version import write_version
from tests.services.edits.conftest import Desk
from tests.services.fakes import ADMIN, caller

SEEN = FlagEdit(("seen",))


async def flags(desk: Desk, message: str, edit: FlagEdit = SEEN, version: str | None = None) -> EditedMessage:
    return await desk.messages.change_flags(ADMIN, desk.account.id, message, edit, version=version)


async def test_flags_are_changed_and_told_in_one_call(desk: Desk) -> None:
    message = await desk.id("INBOX", 2)
    desk.server.calls.clear()
    item = await flags(desk, message, FlagEdit(("seen", "$Label"), ("flagged",)))
    assert item.flags == ("$Label", "seen")
    assert desk.server.calls == ["store_flags"]
    assert desk.server.boxes["INBOX"].messages[2] == {"seen", "$Label"}
    assert (await desk.reading.message(ADMIN, desk.account.id, message, "")).flags == ("$Label", "seen")


async def test_with_condstore_the_server_holds_a_change_to_what_was_seen(desk: Desk) -> None:
    message = await desk.id("INBOX", 1)
    seen = (await desk.reading.message(ADMIN, desk.account.id, message, "")).version
    desk.server.boxes["INBOX"].modseqs[1] = 50  # somebody else
    desk.server.calls.clear()
    with pytest.raises(PreconditionFailed):
        await flags(desk, message, version=seen)
    assert desk.server.calls == ["store_flags"]
    assert desk.server.boxes["INBOX"].messages[1] == set()


async def test_the_version_of_an_answer_is_good_for_the_next_change(desk: Desk) -> None:
    message = await desk.id("INBOX", 1)
    first = await flags(desk, message)
    second = await flags(desk, message, FlagEdit((), ("seen",)), version=first.version)
    assert second.flags == ()
    with pytest.raises(PreconditionFailed):
        await flags(desk, message, version=first.version)


async def test_without_condstore_the_flags_are_compared(desk: Desk) -> None:
    desk.server.has_condstore = False
    message = await desk.id("INBOX", 1)
    seen = (await desk.reading.message(ADMIN, desk.account.id, message, "")).version
    assert (await flags(desk, message, version=seen)).flags == ("seen",)
    with pytest.raises(PreconditionFailed):
        await flags(desk, message, FlagEdit((), ("seen",)), version=seen)
    assert desk.server.boxes["INBOX"].messages[1] == {"seen"}


async def test_a_server_that_lost_condstore_meanwhile_is_asked_the_other_way(desk: Desk) -> None:
    message = await desk.id("INBOX", 1)
    seen = (await desk.reading.message(ADMIN, desk.account.id, message, "")).version
    desk.server.has_condstore = False
    assert (await flags(desk, message, version=seen)).flags == ("seen",)


async def test_the_version_of_another_message_is_none_of_this(desk: Desk) -> None:
    message = await desk.id("INBOX", 1)
    with pytest.raises(PreconditionFailed):
        await flags(desk, message, version=write_version(await desk.id("INBOX", 2), [], 999))


async def test_a_moved_message_tells_its_new_id_and_the_old_one_does_too(desk: Desk) -> None:
    old = await desk.id("INBOX", 2)
    item = await desk.messages.move(ADMIN, desk.account.id, old, "archive", client_mutation_id="m-1")
    assert item.moved_to == await desk.id("Archive", 1)
    assert item.mailbox_id == await desk.box_id("Archive")
    with pytest.raises(StaleReference) as gone:
        await desk.reading.message(ADMIN, desk.account.id, old, "")
    assert gone.value.moved_to == item.moved_to
    with pytest.raises(StaleReference) as again:
        await desk.messages.move(ADMIN, desk.account.id, old, "archive")
    assert again.value.moved_to == item.moved_to
    (edit,) = desk.notebook.edits
    assert edit.client_mutation_id == "m-1"
    assert edit.messages == (message_key(old),)
    assert edit.arrived == (message_key(item.moved_to or ""),)


async def test_moves_of_moves_lead_to_where_the_message_is(desk: Desk) -> None:
    old = await desk.id("INBOX", 1)
    first = await desk.messages.move(ADMIN, desk.account.id, old, "archive")
    second = await desk.messages.move(ADMIN, desk.account.id, first.moved_to or "", "inbox")
    with pytest.raises(StaleReference) as gone:
        await desk.reading.body(ADMIN, desk.account.id, old, 1000, "")
    assert gone.value.moved_to == second.moved_to


async def test_a_server_that_tells_no_new_ids_gives_none(desk: Desk) -> None:
    desk.server.has_uidplus = False
    old = await desk.id("INBOX", 1)
    item = await desk.messages.move(ADMIN, desk.account.id, old, "archive")
    assert (item.state, item.moved_to) == (ItemState.DONE, None)
    with pytest.raises(StaleReference) as gone:
        await flags(desk, old)
    assert gone.value.moved_to is None


async def test_a_move_to_where_it_is_changes_nothing(desk: Desk) -> None:
    message = await desk.id("INBOX", 1)
    item = await desk.messages.move(ADMIN, desk.account.id, message, "inbox")
    assert (item.state, item.moved_to) == (ItemState.DONE, None)
    assert "move" not in desk.server.calls


async def test_a_copy_leaves_the_message_where_it_is(desk: Desk) -> None:
    message = await desk.id("INBOX", 1)
    item = await desk.messages.copy(ADMIN, desk.account.id, message, "archive")
    assert item.moved_to == await desk.id("Archive", 1)
    assert (await flags(desk, message)).state is ItemState.DONE
    twin = await desk.messages.copy(ADMIN, desk.account.id, message, "inbox")
    assert twin.moved_to == await desk.id("INBOX", 4)


async def test_deleting_moves_to_the_trash_and_erases_only_when_asked(desk: Desk) -> None:
    message = await desk.id("INBOX", 1)
    item = await desk.messages.delete(ADMIN, desk.account.id, message)
    assert item.moved_to == await desk.id("Trash", 1)
    with pytest.raises(Conflict, match="permanently"):
        await desk.messages.delete(ADMIN, desk.account.id, item.moved_to or "")
    assert desk.server.boxes["Trash"].messages
    erased = await desk.messages.delete(ADMIN, desk.account.id, item.moved_to or "", permanently=True)
    assert (erased.state, erased.moved_to) == (ItemState.DONE, None)
    assert not desk.server.boxes["Trash"].messages


async def test_a_missing_trash_is_said_and_nothing_is_erased(desk: Desk) -> None:
    del desk.server.boxes["Trash"]
    message = await desk.id("INBOX", 1)
    with pytest.raises(RoleMissing, match="Make one"):
        await desk.messages.delete(ADMIN, desk.account.id, message)
    assert set(desk.server.boxes["INBOX"].messages) == {1, 2, 3}
    await desk.messages.delete(ADMIN, desk.account.id, message, permanently=True)
    assert set(desk.server.boxes["INBOX"].messages) == {2, 3}


async def test_a_mailbox_that_is_not_there_is_not_found(desk: Desk) -> None:
    message = await desk.id("INBOX", 1)
    with pytest.raises(NotFound):
        await desk.messages.move(ADMIN, desk.account.id, message, "mbx_AAAAAAAAAAE")
    archive = await desk.box_id("Archive")
    del desk.server.boxes["Archive"]
    with pytest.raises(NotFound):
        await desk.messages.move(ADMIN, desk.account.id, message, archive)


async def test_a_message_that_goes_in_between_is_stale(desk: Desk) -> None:
    message = await desk.id("INBOX", 1)
    desk.server.during = lambda verb: desk.server.boxes["INBOX"].messages.pop(1, None)
    for attempt in (flags(desk, message), desk.messages.move(ADMIN, desk.account.id, message, "archive")):
        with pytest.raises(StaleReference):
            await attempt


async def test_a_lost_connection_is_an_unknown_outcome(desk: Desk) -> None:
    message = await desk.id("INBOX", 1)
    desk.server.lost = {1}
    with pytest.raises(OutcomeUnknown):
        await desk.messages.move(ADMIN, desk.account.id, message, "archive")


@pytest.mark.parametrize("error", [PermissionDenied("No."), QuotaExceeded("Full.")])
async def test_what_the_server_refuses_has_its_own_code(desk: Desk, error: MailhatchError) -> None:
    message = await desk.id("INBOX", 1)
    desk.server.refused = {1: error}
    with pytest.raises(type(error)):
        await desk.messages.copy(ADMIN, desk.account.id, message, "archive")


async def test_a_mailbox_that_can_only_be_read_is_permission_denied(desk: Desk) -> None:
    desk.server.boxes["INBOX"].is_read_only = True
    with pytest.raises(PermissionDenied):
        await flags(desk, await desk.id("INBOX", 1))


async def test_a_mailbox_that_was_deleted_makes_its_messages_stale(desk: Desk) -> None:
    desk.server.box("Old", messages=1)
    message = await desk.id("Old", 1)
    del desk.server.boxes["Old"]
    with pytest.raises(StaleReference):
        await flags(desk, message)


async def test_a_database_that_is_down_does_not_undo_a_move(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def down(*_: object) -> None:
        raise StorageUnavailable("Down.")

    message = await desk.id("INBOX", 1)
    await desk.box_id("Archive")
    monkeypatch.setattr(desk.moved_store, "record", down)
    monkeypatch.setattr(desk.moved_store, "find", down)
    item = await desk.messages.move(ADMIN, desk.account.id, message, "archive")
    assert item.state is ItemState.DONE
    with pytest.raises(StaleReference) as gone:
        await flags(desk, message)
    assert gone.value.moved_to is None


async def test_scopes_are_held_to(desk: Desk) -> None:
    message = await desk.id("INBOX", 1)
    reader = caller("reader", frozenset({Scope.MAIL_META_READ, Scope.MAIL_BODY_READ}))
    marker = caller("marker", frozenset({Scope.MAIL_FLAGS_WRITE}))
    writer = caller("writer", frozenset({Scope.MAIL_WRITE}))
    account = desk.account.id
    with pytest.raises(Forbidden):
        await desk.messages.change_flags(reader, account, message, SEEN)
    for principal in (reader, marker):
        for attempt in (
            desk.messages.move(principal, account, message, "archive"),
            desk.messages.copy(principal, account, message, "archive"),
            desk.messages.delete(principal, account, message),
        ):
            with pytest.raises(Forbidden) as refused:
                await attempt
            assert refused.value.scope == "mail.write"
    await desk.messages.change_flags(marker, account, message, SEEN)
    await desk.messages.change_flags(writer, account, message, SEEN)
    await desk.messages.move(writer, account, message, "archive")


async def test_another_tenants_message_does_not_exist(desk: Desk) -> None:
    message = await desk.id("INBOX", 1)
    await desk.messages.move(ADMIN, desk.account.id, message, "archive")
    stranger = caller("stranger", tenant="blue")
    for attempt in (
        desk.messages.change_flags(stranger, desk.account.id, message, SEEN),
        desk.messages.delete(stranger, desk.account.id, message),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_a_mutation_id_that_is_none_is_refused_before_anything_is_done(desk: Desk) -> None:
    message = await desk.id("INBOX", 1)
    with pytest.raises(InvalidRequest):
        await desk.messages.delete(ADMIN, desk.account.id, message, client_mutation_id="a\nb")
    assert desk.server.boxes["INBOX"].messages.keys() == {1, 2, 3}


async def test_writes_are_logged_without_content(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    message = await desk.id("INBOX", 1)
    await desk.messages.move(ADMIN, desk.account.id, message, "archive")
    (record,) = [each for each in caplog.records if each.message == "messages moved"]
    assert record.__dict__["token"] == ADMIN.token_id
    assert record.__dict__["account"] == desk.account.id
    assert record.__dict__["done"] == 1
