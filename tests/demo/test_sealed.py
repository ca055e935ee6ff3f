import subprocess
from datetime import UTC, datetime
from pathlib import Path
from shutil import which

import pytest

from app.demo.mail.accounts import demo_accounts
from app.demo.mail.sealed import SIGNATURE, SIGNED_PART


def test_the_signed_part_is_in_the_message_to_the_byte() -> None:
    ana, _ = demo_accounts(datetime(2026, 11, 23, tzinfo=UTC))
    (signed,) = [one.raw for one in ana.messages if "signed" in one.kinds]
    _, part, seal, _ = signed.split(b"\r\n--=_", 3)
    assert part.partition(b"\r\n")[2] == SIGNED_PART.encode()
    assert SIGNATURE.replace("\n", "\r\n").encode() in seal


@pytest.mark.skipif(which("gpg") is None, reason="gpg is not here")
def test_the_signature_is_a_real_one(tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(SIGNED_PART.encode())
    (tmp_path / "part.asc").write_text(SIGNATURE)
    (tmp_path / "home").mkdir(mode=0o700)
    told = subprocess.run(
        ["gpg", "--no-autostart", "--homedir", tmp_path / "home", "--verify", tmp_path / "part.asc", tmp_path / "part"],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C"},
    ).stderr
    assert "using EDDSA key 6F80DE8ED44484303CB5832DAC9DB77BFC2C5FD2" in told  # found and parsed, the key is not ours
