"""Storing messages: bounded, streamed, and found again."""

import gc
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.domain.access import Scope
from app.domain.edits import StoredMessage
from app.domain.errors import (
    Forbidden,
    InvalidRequest,
    MailhatchError,
    NotFound,
    OutcomeUnknown,
    PayloadTooLarge,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    StorageUnavailable,
)
from app.domain.ids import MessageId
from app.services.edits import message_file
from app.services.edits.limits import MEMORY_BYTES, UPLOADS_AT_ONCE
from app.services.edits.message_file import MessageFile
from app.services.edits.uploads import Uploads
from tests.services.edits.conftest import Desk
from tests.services.fakes import ADMIN, caller

RAW = b"From: a@example.com\nMessage-ID: <one@example.com>\n\nhello\n"
STORED = RAW.replace(b"\n", b"\r\n")


@pytest.fixture
def uploads(desk: Desk) -> Uploads:
    gateway = desk.server.gateway()
    return Uploads(desk.accounts, desk.mailboxes, gateway, desk.notebook, 10, 4 * MEMORY_BYTES)


async def upload(
    desk: Desk, uploads: Uploads, raw: bytes = RAW, mailbox: str = "inbox", flags: tuple[str, ...] = ()
) -> StoredMessage:
    target = await uploads.target(ADMIN, desk.account.id, mailbox)
    async with uploads.receiving(target) as file:
        for start in range(0, len(raw), 65536):
            await file.write(raw[start : start + 65536])
        await file.finish()
        return await uploads.store(target, file, flags=flags, client_mutation_id="u-1")


async def test_a_message_is_stored_with_whole_lines_and_its_id_told(desk: Desk, uploads: Uploads) -> None:
    stored = await upload(desk, uploads, flags=("draft", "$Label"))
    assert stored == StoredMessage(MessageId(await desk.id("INBOX", 4)), stored.mailbox_id, len(STORED))
    assert desk.server.boxes["INBOX"].stored[4] == STORED
    assert desk.server.boxes["INBOX"].messages[4] == {"draft", "$Label"}
    assert (desk.notebook.edits[-1].client_mutation_id, len(desk.notebook.edits[-1].arrived)) == ("u-1", 1)


async def test_where_the_server_tells_no_id_the_message_is_found_by_its_own(desk: Desk, uploads: Uploads) -> None:
    desk.server.has_uidplus = False
    assert (await upload(desk, uploads)).id == await desk.id("INBOX", 4)
    assert (await upload(desk, uploads)).id == await desk.id("INBOX", 5)
    assert (await upload(desk, uploads, b"Subject: none\n\n")).id is None


async def test_a_message_that_cannot_be_found_again_was_stored_all_the_same(desk: Desk, uploads: Uploads) -> None:
    desk.server.has_uidplus = False
    desk.server.failing = {"page": PermissionDenied("No.")}
    assert (await upload(desk, uploads)).id is None
    assert 4 in desk.server.boxes["INBOX"].stored


async def test_a_large_message_waits_in_a_file_that_nobody_else_can_open(desk: Desk, uploads: Uploads) -> None:
    before = set(Path(tempfile.gettempdir()).iterdir())
    raw = RAW + b"x" * (3 * MEMORY_BYTES)
    target = await uploads.target(ADMIN, desk.account.id, "inbox")
    async with uploads.receiving(target) as file:
        for start in range(0, len(raw), 65536):
            await file.write(raw[start : start + 65536])
            assert sum(map(len, file._memory)) <= MEMORY_BYTES + 65536
        await file.finish()
        new = set(Path(tempfile.gettempdir()).iterdir()) - before
        assert not [path for path in new if path.is_file() and path.stat().st_size >= MEMORY_BYTES]
        source = file.source()
        assert b"".join(source.chunks()) == b"".join(source.chunks()) == STORED + b"x" * (3 * MEMORY_BYTES)


async def test_a_reader_that_was_given_up_reads_nothing_of_others() -> None:
    async with MessageFile(4 * MEMORY_BYTES) as file:
        await file.write(RAW + b"x" * (2 * MEMORY_BYTES))
        await file.finish()
        begun = file.source().chunks()
        assert next(begun).startswith(b"From")
        late = file.source()
    other = os.open(os.devnull, os.O_RDONLY)  # takes the number that was freed
    assert b"".join(begun).endswith(b"x")
    with pytest.raises(ValueError, match="closed"):
        next(late.chunks())
    os.close(other)


async def test_a_message_over_the_bound_is_refused_while_it_comes(desk: Desk, uploads: Uploads) -> None:
    with pytest.raises(PayloadTooLarge):
        await upload(desk, uploads, RAW + b"x" * (4 * MEMORY_BYTES))
    assert "append" not in desk.server.calls


async def test_a_full_disk_is_the_services_own_trouble(
    desk: Desk, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(message_file, "_appended", full)
    with pytest.raises(StorageUnavailable):
        await upload(desk, uploads, RAW + b"x" * (2 * MEMORY_BYTES))


async def test_a_token_uploads_a_few_at_a_time(desk: Desk, uploads: Uploads) -> None:
    target = await uploads.target(ADMIN, desk.account.id, "inbox")
    running = [uploads.receiving(target) for _ in range(UPLOADS_AT_ONCE)]
    for each in running:
        await each.__aenter__()
    with pytest.raises(RateLimited):
        async with uploads.receiving(target):
            pass
    for each in running:
        await each.__aexit__(None, None, None)
    assert not uploads._running
    await upload(desk, uploads)


@pytest.mark.parametrize("error", [QuotaExceeded("Full."), PermissionDenied("No."), OutcomeUnknown("Lost.")])
async def test_what_the_server_says_is_told(desk: Desk, uploads: Uploads, error: MailhatchError) -> None:
    desk.server.failing = {"append": error}
    with pytest.raises(type(error)):
        await upload(desk, uploads)


async def test_who_may_not_write_is_told_before_a_byte_is_read(desk: Desk, uploads: Uploads) -> None:
    with pytest.raises(Forbidden):
        await uploads.target(caller("x", frozenset({Scope.MAIL_FLAGS_WRITE})), desk.account.id, "inbox")
    with pytest.raises(NotFound):
        await uploads.target(ADMIN, desk.account.id, "sent")
    with pytest.raises(NotFound):
        await uploads.target(caller("x", tenant="blue"), desk.account.id, "inbox")


async def test_flags_and_dates_that_are_none_are_pointed_at(desk: Desk, uploads: Uploads) -> None:
    target = await uploads.target(ADMIN, desk.account.id, "inbox")
    async with uploads.receiving(target) as file:
        await file.write(RAW)
        await file.finish()
        with pytest.raises(InvalidRequest) as flags:
            await uploads.store(target, file, flags=("seen", "a b"))
        with pytest.raises(InvalidRequest) as date:
            await uploads.store(target, file, received=datetime(1800, 1, 1, tzinfo=UTC))
    assert flags.value.problems[0].pointer == "/flags/1"
    assert date.value.problems[0].pointer == "/received"
    assert "append" not in desk.server.calls
    gc.collect()
