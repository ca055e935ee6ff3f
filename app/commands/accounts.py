import argparse
from typing import TYPE_CHECKING

from app.commands import account_check
from app.commands.account_arguments import add_server, read_credentials, read_server
from app.commands.exits import CommandError, Exit
from app.commands.opening import is_terminal, with_services
from app.commands.output import say, say_json, say_table, tell
from app.commands.parsing import Commands, add_command, add_json, key_value
from app.domain.access import Principal
from app.domain.account import Account, AccountState
from app.domain.ports import AccountFilter, NewAccount
from app.http.views import AccountView

if TYPE_CHECKING:
    from app.bootstrap import OpenServices


_EXAMPLE = "  mailhatch accounts add --email ann@example.com --host imap.example.com"


def add_to(commands: Commands) -> None:
    """Declare `accounts …`."""
    group = add_command(commands, "accounts", "Add, list, check and remove mail accounts.", _EXAMPLE).add_subparsers(
        title="commands", metavar="command", required=True
    )
    _declare_add(group)
    _declare_list(group)
    account_check.add_to(group)
    remove = add_command(
        group,
        "remove",
        "Erase an account and its secret. The mail on the server stays. A running service stops using the account "
        "within two seconds.",
        "  mailhatch accounts remove acc_7h2k9fqx0d3m5v8w1c4b",
        _remove,
    )
    remove.add_argument("id", help="id of the account, as `accounts list` shows it")
    remove.add_argument("--yes", action="store_true", help="do not ask")


def _declare_add(group: Commands) -> None:
    add = add_command(
        group,
        "add",
        "Add a mail account, after a login with it succeeded. The secret is stored encrypted and never shown.",
        f"{_EXAMPLE}\n"
        "  pass show mail/ann | mailhatch accounts add --email ann@example.com \\\n"
        "      --host imap.example.com --username ann --password-stdin --external-id user-42",
        _add,
    )
    add.add_argument("--email", required=True, help="the e-mail address")
    add_server(add)
    add.add_argument("--external-id", help="your own id for it, unique within the tenant")
    add.add_argument("--tenant", help="whose account it is")
    add.add_argument(
        "--metadata", action="append", type=key_value, default=[], metavar="KEY=VALUE", help="a label; repeatable"
    )
    add.add_argument("--no-verify", action="store_true", help="add it without logging in")
    add_json(add)


def _declare_list(group: Commands) -> None:
    listing = add_command(
        group,
        "list",
        "List the accounts and how they are.",
        "  mailhatch accounts list --state authentication_failed",
        _list,
    )
    listing.add_argument("--state", choices=[state.value for state in AccountState], help="only those in this state")
    listing.add_argument("--tenant", help="only this tenant's")
    listing.add_argument("--external-id", help="only those with this external id")
    add_json(listing)


def _add(arguments: argparse.Namespace) -> int:

    incoming = read_server(arguments)
    new = NewAccount(
        external_id=arguments.external_id,
        tenant=arguments.tenant,
        email=arguments.email,
        metadata=dict(arguments.metadata),
        incoming=incoming,
        credentials=read_credentials(arguments, incoming.username),
    )

    async def add(services: "OpenServices", operator: Principal) -> Account:
        if not arguments.no_verify:
            tell(f"Logging in to {incoming.host} port {incoming.port} …")
        return await services.accounts.create(operator, new, "never" if arguments.no_verify else "now")

    account = with_services(add)
    if arguments.json:
        say_json(AccountView.of(account))
    else:
        tell("Added." if arguments.no_verify else "Added; the login works.")
        say(account.id)
    return Exit.DONE


def _list(arguments: argparse.Namespace) -> int:

    state = None if arguments.state is None else AccountState(arguments.state)
    where = AccountFilter(arguments.external_id, arguments.tenant, state)

    async def collect(services: "OpenServices", operator: Principal) -> list[Account]:
        found: list[Account] = []
        cursor: str | None = None
        while True:
            page, cursor = await services.accounts.list(operator, where, 200, cursor)
            found += page
            if cursor is None:
                return found

    accounts = with_services(collect)
    if arguments.json:
        for account in accounts:
            say_json(AccountView.of(account))
        return Exit.DONE
    rows = [
        (
            account.id,
            account.state.value,
            account.email,
            f"{account.incoming.host}:{account.incoming.port}",
            account.tenant,
            account.external_id,
            account.reason.detail if account.reason else None,
        )
        for account in accounts
    ]
    say_table(("ID", "STATE", "EMAIL", "SERVER", "TENANT", "EXTERNAL ID", "REASON"), rows)
    return Exit.DONE


def _remove(arguments: argparse.Namespace) -> int:
    if not arguments.yes:
        if not is_terminal():
            raise CommandError("Nobody can be asked here: confirm with --yes.", Exit.USAGE)
        if input(f"Erase account {arguments.id} and its secret? [y/N] ").strip().lower() not in {"y", "yes"}:
            raise CommandError("Nothing was erased.")

    async def remove(services: "OpenServices", operator: Principal) -> None:
        await services.accounts.remove(operator, arguments.id)

    with_services(remove)
    tell(f"Erased: {arguments.id}")
    return Exit.DONE
