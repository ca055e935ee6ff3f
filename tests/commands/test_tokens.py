import pytest

from app.commands.exits import Exit
from app.commands.parsing import seconds
from tests.commands.conftest import Command


def test_a_token_is_made_listed_and_revoked(mailhatch: Command) -> None:
    made = mailhatch(
        "tokens", "create", "--name", "web", "--scope", "mail.meta.read", "--scope", "mail.body.read",
        "--tenant", "blue", "--expires-in", "30d", "--requests-per-minute", "60",
    )  # fmt: skip
    assert made.code == Exit.DONE
    text = made.out.strip()
    token_id = text.split("_")[1]
    assert token_id in made.err
    assert text not in made.err

    (row,) = mailhatch("tokens", "list", "--json").rows
    assert (row["id"], row["name"], row["tenant"], row["requests_per_minute"]) == (token_id, "web", "blue", 60)
    assert row["scopes"] == ["mail.body.read", "mail.meta.read"]
    listed = mailhatch("tokens", "list").out
    assert token_id in listed
    assert text.rpartition("_")[2] not in listed

    assert mailhatch("tokens", "revoke", token_id).code == Exit.DONE
    assert mailhatch("tokens", "list", "--json").rows[0]["revoked_at"]
    assert "revoked" in mailhatch("tokens", "list").out


def test_json_of_a_new_token_holds_it(mailhatch: Command) -> None:
    (row,) = mailhatch("tokens", "create", "--name", "op", "--scope", "admin", "--json").rows
    assert row["token"].startswith(f"mh_{row['id']}_")


def test_what_is_not_valid_is_said_with_its_place(mailhatch: Command) -> None:
    ended = mailhatch("tokens", "create", "--name", "x", "--scope", "mail.write", "--account", "acc_none")
    assert ended.code == Exit.USAGE
    assert "accounts.0: No such account." in ended.err


def test_revoking_what_is_not_there_fails(mailhatch: Command) -> None:
    ended = mailhatch("tokens", "revoke", "nosuchtoken")
    told, refused = ended.err.splitlines()
    assert told.startswith("There is no database in ")
    assert (ended.code, refused) == (Exit.FAILED, "mailhatch: No such token.")


@pytest.mark.parametrize(("text", "value"), [("90s", 90), ("15m", 900), ("12h", 43_200), ("30d", 2_592_000)])
def test_durations(text: str, value: int) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "0d", "1w", "1.5h", "٣d", "1d "])
def test_what_is_no_duration_is_wrong_usage(mailhatch: Command, text: str) -> None:
    ended = mailhatch("tokens", "create", "--name", "x", "--scope", "admin", f"--expires-in={text}")
    assert ended.code == Exit.USAGE
