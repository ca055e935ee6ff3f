import argparse
import time
from typing import TYPE_CHECKING

from app.commands.exits import Exit
from app.commands.opening import with_services
from app.commands.output import say, say_json, say_table, tell
from app.commands.parsing import Commands, add_command, add_json, seconds
from app.domain.access import Principal, Scope
from app.domain.ports import TokenRecord
from app.http.views import TokenView, iso, new_token_view
from app.services.access import NewToken

if TYPE_CHECKING:
    from app.bootstrap import OpenServices


def add_to(commands: Commands) -> None:
    """Declare `tokens …`."""
    group = add_command(
        commands,
        "tokens",
        "Make, list and revoke API tokens.",
        "  mailhatch tokens create --name web --scope mail.meta.read --scope mail.body.read",
    ).add_subparsers(title="commands", metavar="command", required=True)
    _declare_create(group)
    add_json(
        add_command(
            group,
            "list",
            "List all API tokens, revoked and expired ones too. Their secrets are not kept.",
            "  mailhatch tokens list",
            _list,
        )
    )
    revoke = add_command(
        group,
        "revoke",
        "Revoke an API token. A running service refuses it within two seconds.",
        "  mailhatch tokens revoke 7h2k9fqx0d3m5v8w",
        _revoke,
    )
    revoke.add_argument("id", help="id of the token, as `tokens list` shows it")


def _declare_create(group: Commands) -> None:
    create = add_command(
        group,
        "create",
        "Make an API token and print it, this once. Without --account and --tenant it reaches every account.",
        "  mailhatch tokens create --name web --scope mail.meta.read --scope mail.body.read \\\n"
        "      --tenant blue --expires-in 30d\n"
        "  mailhatch tokens create --name operator --scope admin",
        _create,
    )
    create.add_argument("--name", required=True, help="what it is for; shown in lists and logs")
    create.add_argument(
        "--scope",
        action="append",
        required=True,
        choices=[scope.value for scope in Scope],
        metavar="SCOPE",
        help=f"what it may do, repeatable: {', '.join(scope.value for scope in Scope)}; "
        "the scopes of writing and webhooks allow nothing yet",
    )
    create.add_argument("--account", action="append", metavar="ID", help="reach only this account; repeatable")
    create.add_argument("--tenant", help="reach only this tenant's accounts")
    create.add_argument("--expires-in", type=seconds, metavar="TIME", help="such as 12h or 30d (default: never)")
    create.add_argument("--requests-per-minute", type=int, metavar="N", help="its own rate limit")
    add_json(create)


def _create(arguments: argparse.Namespace) -> int:

    new = NewToken(
        name=arguments.name,
        scopes=arguments.scope,
        accounts=arguments.account,
        tenant=arguments.tenant,
        expires_in=arguments.expires_in,
        requests_per_minute=arguments.requests_per_minute,
    )

    async def create(services: "OpenServices", operator: Principal) -> tuple[TokenRecord, str]:
        return await services.access.create(operator, new)

    record, text = with_services(create)
    if arguments.json:
        say_json(new_token_view(record, text))
    else:
        tell(f"Token {record.id}; what follows is shown this once:")
        say(text)
    return Exit.DONE


def _list(arguments: argparse.Namespace) -> int:

    async def collect(services: "OpenServices", operator: Principal) -> list[TokenRecord]:
        found: list[TokenRecord] = []
        cursor: str | None = None
        while True:
            page, cursor = await services.access.list(operator, 200, cursor)
            found += page
            if cursor is None:
                return found

    def state(record: TokenRecord) -> str:
        if record.revoked_at is not None:
            return "revoked"
        if record.expires_at is None:
            return "valid"
        return f"until {iso(record.expires_at)}" if record.expires_at > time.time() else "expired"

    records = with_services(collect)
    if arguments.json:
        for record in records:
            say_json(TokenView.of(record))
        return Exit.DONE
    rows = [
        (
            record.id,
            record.name,
            state(record),
            record.tenant,
            "all" if record.accounts is None else str(len(record.accounts)),
            " ".join(record.scopes),
        )
        for record in records
    ]
    say_table(("ID", "NAME", "STATE", "TENANT", "ACCOUNTS", "SCOPES"), rows)
    return Exit.DONE


def _revoke(arguments: argparse.Namespace) -> int:

    async def revoke(services: "OpenServices", operator: Principal) -> None:
        await services.access.revoke(operator, arguments.id)

    with_services(revoke)
    tell(f"Revoked: {arguments.id}")
    return Exit.DONE
