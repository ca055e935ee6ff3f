import socket
from pathlib import Path

import pytest

from app.commands import account_arguments
from app.commands.exits import Exit
from app.domain.account import Password
from tests.commands.conftest import Command
from tests.support.dovecot import MailUser
from tests.support.mail_user import Endpoint

STEPS = ["resolved", "connected", "tls", "greeting", "login", "capabilities", "mailboxes"]


@pytest.fixture
def ca_file(mail_user: MailUser, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    path.write_text(mail_user.ca_pem)
    return str(path)


def at(user: MailUser, endpoint: Endpoint, ca_file: str) -> list[str]:
    place = ["--host", endpoint.host, "--port", str(endpoint.port), "--security", endpoint.security]
    return [*place, "--username", user.username, "--ca-file", ca_file, "--password-stdin"]


@pytest.mark.dovecot
def test_an_account_is_added_listed_checked_and_removed(mailhatch: Command, mail_user: MailUser, ca_file: str) -> None:
    given = f"{mail_user.password}\n"
    words = ["--email", "ann@example.com", "--external-id", "u1", "--tenant", "blue", "--metadata", "plan=pro"]
    added = mailhatch("accounts", "add", *at(mail_user, mail_user.tls, ca_file), *words, given=given)
    assert added.code == Exit.DONE, added.err
    account_id = added.out.strip()
    assert f"Logging in to {mail_user.tls.host} port {mail_user.tls.port} …" in added.err

    (row,) = mailhatch("accounts", "list", "--json").rows
    assert (row["id"], row["state"], row["metadata"]) == (account_id, "connected", {"plan": "pro"})
    assert mailhatch("accounts", "list", "--tenant", "red", "--json").rows == []
    assert account_id in mailhatch("accounts", "list", "--state", "connected", "--external-id", "u1").out

    checked = mailhatch("accounts", "check", account_id)
    assert checked.code == Exit.DONE
    lines = checked.out.splitlines()
    assert [line.split()[1] for line in lines[:-1]] == STEPS
    assert all(line.startswith("ok ") and " ms  " in line for line in lines[:-1])
    assert lines[-1] == "The account works."

    assert mailhatch("accounts", "remove", account_id, "--yes").code == Exit.DONE
    assert mailhatch("accounts", "list", "--json").rows == []
    assert mailhatch("accounts", "check", account_id).err.endswith("No such account.\n")
    everything = added.out + added.err + checked.out + checked.err
    assert mail_user.password not in everything


@pytest.mark.dovecot
@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_any_server_is_checked_without_storing(
    mailhatch: Command, mail_user: MailUser, ca_file: str, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    monkeypatch.setenv("MAILHATCH_ALLOW_INSECURE_MAIL", "true")
    endpoint = {"tls": mail_user.tls, "starttls": mail_user.starttls, "none": mail_user.plain}[security]
    words = at(mail_user, endpoint, ca_file)
    ended = mailhatch("accounts", "check", *words, "--json", given=mail_user.password)
    assert ended.code == Exit.DONE, ended.err
    (report,) = ended.rows
    assert sorted(step["name"] for step in report["steps"]) == sorted(
        name for name in STEPS if name != "tls" or security != "none"
    )
    assert all(step["ok"] and step["took"] >= 0 for step in report["steps"])
    assert mailhatch("accounts", "list", "--json").rows == []


@pytest.mark.dovecot
def test_a_wrong_password_is_found_at_the_login(mailhatch: Command, mail_user: MailUser, ca_file: str) -> None:
    words = at(mail_user, mail_user.tls, ca_file)
    ended = mailhatch("accounts", "check", *words, given="wrong")
    assert ended.code == Exit.REFUSED
    failed = ended.out.splitlines()[-2]
    assert failed.startswith("FAILED  login ")
    assert failed.endswith("(authentication_failed)")
    added = mailhatch("accounts", "add", "--email", "a@b.c", *words, given="wrong")
    assert added.code == Exit.REFUSED
    assert "Traceback" not in added.err
    assert mailhatch("accounts", "list", "--json").rows == []


@pytest.mark.dovecot
@pytest.mark.parametrize("listener", ["expired", "wrong_host"])
def test_a_certificate_that_is_not_right_is_found(
    mailhatch: Command, mail_user: MailUser, ca_file: str, listener: str
) -> None:
    words = at(mail_user, getattr(mail_user.server, listener), ca_file)
    ended = mailhatch("accounts", "check", *words, "--json", given=mail_user.password)
    assert ended.code == Exit.UNREACHABLE
    last = ended.rows[0]["steps"][-1]
    assert (last["name"], last["error_code"]) == ("tls", "tls_failed")


@pytest.mark.dovecot
def test_a_stored_account_that_fails_is_found(mailhatch: Command, mail_user: MailUser, ca_file: str) -> None:
    words = at(mail_user, mail_user.tls, ca_file)
    added = mailhatch("accounts", "add", "--email", "a@b.c", "--no-verify", *words, given="wrong")
    assert added.code == Exit.DONE
    assert mailhatch("accounts", "check", added.out.strip()).code == Exit.REFUSED


def test_a_port_where_nobody_listens_is_found(mailhatch: Command) -> None:
    with socket.socket() as taken:  # bound and not listening: refused, and nobody else's
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        words = ("--host", "127.0.0.1", "--port", port, "--username", "ann", "--password-stdin")
        ended = mailhatch("accounts", "check", *words, "--json", given="p")
    assert ended.code == Exit.UNREACHABLE
    last = ended.rows[0]["steps"][-1]
    assert (last["name"], last["error_code"]) == ("connected", "upstream_unavailable")


def test_a_host_that_does_not_exist_is_found(mailhatch: Command) -> None:
    words = ("--host", "imap.invalid", "--username", "ann", "--password-stdin")
    ended = mailhatch("accounts", "check", *words, "--json", given="p")
    assert ended.code == Exit.UNREACHABLE
    assert [step["name"] for step in ended.rows[0]["steps"]] == ["resolved"]


def test_a_private_address_is_refused_with_the_setting_that_opens_it(
    mailhatch: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAILHATCH_ALLOWED_MAIL_NETWORKS")
    words = ("--host", "127.0.0.1", "--username", "ann", "--password-stdin")
    ended = mailhatch("accounts", "check", *words, given="p")
    assert ended.code == Exit.FAILED
    assert "MAILHATCH_ALLOWED_MAIL_NETWORKS" in ended.out


def test_an_unencrypted_server_is_refused_with_the_setting_that_allows_it(mailhatch: Command) -> None:
    words = ("--host", "imap.example.com", "--security", "none", "--username", "ann", "--password-stdin")
    ended = mailhatch("accounts", "check", *words, given="p")
    assert (ended.code, "MAILHATCH_ALLOW_INSECURE_MAIL" in ended.err) == (Exit.FAILED, True)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["check"], "--host"),
        (["check", "--host", "h"], "--username"),
        (["check", "acc_1", "--host", "h"], "either"),
        (["check", "--host", "h", "--username", "u"], "--password-stdin"),
        (["check", "--host", "h", "--username", "u", "--password-stdin"], "empty"),
        (["check", "--host", "h", "--username", "u", "--password-file", "/no/such/file"], "cannot be read"),
        (["check", "--host", "h", "--username", "u", "--ca-file", "/no/such/file"], "cannot be read"),
        (["add", "--email", "a@b.c"], "--host"),
        (["remove", "acc_1"], "--yes"),
    ],
)
def test_what_is_missing_is_said(mailhatch: Command, words: list[str], advice: str) -> None:
    ended = mailhatch("accounts", *words)
    assert ended.code == Exit.USAGE
    assert advice in ended.err


def test_input_that_is_not_valid_is_said_with_its_place(mailhatch: Command) -> None:
    words = ("--email", "nobody", "--host", "imap example", "--port", "0", "--password-stdin", "--no-verify")
    ended = mailhatch("accounts", "add", *words, given="p")
    assert ended.code == Exit.USAGE
    assert [line.split(":")[0].strip() for line in ended.err.splitlines()[2:]] == [
        "email",
        "incoming.host",
        "incoming.port",
    ]


def test_a_password_comes_from_a_file_or_a_prompt_without_its_line_end(
    mailhatch: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def spy(text: str) -> Password:
        seen.append(text)
        return Password(text)

    (tmp_path / "password").write_text("  korrekt pferd \r\n", newline="")
    monkeypatch.setattr(account_arguments, "Password", spy)
    words = ("accounts", "add", "--email", "a@b.c", "--host", "h.example", "--no-verify")
    assert mailhatch(*words, "--password-file", str(tmp_path / "password")).code == Exit.DONE
    monkeypatch.setattr(account_arguments, "is_terminal", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda prompt: f"asked {prompt}")
    assert mailhatch(*words).code == Exit.DONE
    assert seen == ["  korrekt pferd ", "asked Password of a@b.c: "]
    ended = mailhatch(*words, "--access-token", "--password-stdin", "--json", given="ya29.token\n")
    assert ended.rows[0]["incoming"]["auth"] == {"type": "access_token", "expires_at": None}


def test_a_removal_asks_and_no_means_no(mailhatch: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("--email", "a@b.c", "--host", "h.example", "--no-verify", "--password-stdin")
    account_id = mailhatch("accounts", "add", *words, given="p").out.strip()
    monkeypatch.setattr("app.commands.accounts.is_terminal", lambda: True)
    assert mailhatch("accounts", "remove", account_id, given="n\n").code == Exit.FAILED
    assert len(mailhatch("accounts", "list", "--json").rows) == 1
    assert mailhatch("accounts", "remove", account_id, given="y\n").code == Exit.DONE
    assert mailhatch("accounts", "list", "--json").rows == []
    assert mailhatch("accounts", "remove", account_id, "--yes").code == Exit.FAILED


def test_what_others_wrote_cannot_steer_the_terminal(mailhatch: Command) -> None:
    words = ("--email", "a@b.c", "--host", "h.example", "--no-verify", "--password-stdin")
    added = mailhatch("accounts", "add", *words, "--external-id", "a\u202e\u2066b", given="p")
    assert added.code == Exit.DONE
    assert "\u202e" not in mailhatch("accounts", "list").out
