"""Mail by the thousand: numbered messages and a quick way to put them into a maildir."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from imapclient.imap_utf7 import encode

#: Messages of `numbered_message` are a minute apart from here on: 1 January 2026.
FIRST_RECEIVED = 1_767_225_600


def numbered_message(number: int) -> bytes:
    """Build a small, valid, plain text message that differs from the others in each field."""
    when = datetime.fromtimestamp(FIRST_RECEIVED + 60 * number, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
    return (
        f"From: Sender {number} <sender{number}@example.org>\r\n"
        "To: Reader <reader@example.org>\r\n"
        f"Subject: Message number {number}\r\n"
        f"Date: {when}\r\n"
        f"Message-ID: <{number}@example.org>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "\r\n"
        f"This is the text of message {number}.\r\n"
    ).encode("ascii")


def internal_date(received: float | None) -> datetime | None:
    """Turn Unix seconds into what imapclient takes."""
    return None if received is None else datetime.fromtimestamp(received, UTC)


def modified_utf7(mailbox: str) -> str:
    """Encode a mailbox name as it stands on disk (RFC 3501 section 5.1.3)."""
    return bytes(encode(mailbox)).decode("ascii")


def fill_maildir(folder: Path, count: int, make: Callable[[int], bytes], owner: tuple[int, int]) -> None:
    """Write `count` seen messages into a maildir; UIDs follow in order of the names. INTERNALDATE is a minute apart.

    The sizes stand in the names (`S=` on disk, `W=` with CRLF), so that the server need not read each file.
    """
    cur = folder / "cur"
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    as_root = os.getuid() == 0
    if as_root:
        for path in (*made, cur, folder / "new", folder / "tmp"):
            os.chown(path, *owner)
    start = sum(1 for _ in cur.iterdir())
    for number in range(start, start + count):
        raw = make(number)
        received = FIRST_RECEIVED + 60 * number
        file = f"{cur}/{received}.M{number}.test,S={len(raw)},W={len(raw)}:2,S"
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            if as_root:
                os.fchown(descriptor, *owner)
            os.write(descriptor, raw)
            os.utime(descriptor, (received, received))
        finally:
            os.close(descriptor)
