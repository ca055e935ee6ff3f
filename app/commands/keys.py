import argparse
from typing import TYPE_CHECKING

from app.commands.exits import CommandError, Exit
from app.commands.opening import load_settings, with_services
from app.commands.output import say, tell
from app.commands.parsing import Commands, add_command
from app.domain.access import Principal
from app.security.keyfile import load_or_create_keyring, rotate_file
from app.security.keyring import generate_key
from app.security.vault import Vault

if TYPE_CHECKING:
    from app.bootstrap import OpenServices


_ROTATE = """\
Put a new encryption key before the old ones, and seal every stored secret with it.

Stop the service first and start it afterwards: a running one does not know the new key. With the key file this is all.
Keys in MAILHATCH_ENCRYPTION_KEYS you change yourself, since a command cannot: append a key made by `keys generate` and
restart every process, then move it to the front and restart again, then run `keys rotate`, which seals anew.
Keep backups of old keys as long as you keep backups of the database.
"""


def add_to(commands: Commands) -> None:
    """Declare `keys …`."""
    group = add_command(
        commands,
        "keys",
        "Make and rotate the keys that encrypt mail credentials.",
        "  mailhatch keys generate\n  mailhatch keys rotate",
    ).add_subparsers(title="commands", metavar="command", required=True)
    generate = add_command(
        group,
        "generate",
        "Print a new encryption key, `id:base64`. It is for MAILHATCH_ENCRYPTION_KEYS or a key file; keep it secret.",
        "  mailhatch keys generate\n  mailhatch keys generate --id 2027\n  mailhatch keys generate --write",
        _generate,
    )
    generate.add_argument("--id", default="k1", help="the key's public id (default: k1)")
    generate.add_argument(
        "--write", action="store_true", help="make the key file of the settings instead, unless it is there already"
    )
    rotate = add_command(group, "rotate", _ROTATE, "  mailhatch keys rotate", _rotate)
    rotate.add_argument(
        "--no-new-key", action="store_true", help="only seal anew with the first key, after an interrupted rotation"
    )


def _generate(arguments: argparse.Namespace) -> int:
    if not arguments.write:
        say(generate_key(arguments.id))
        return Exit.DONE
    settings = load_settings()
    if settings.encryption_keys is not None:
        raise CommandError("MAILHATCH_ENCRYPTION_KEYS is set, so no key file is used.", Exit.USAGE)
    _, is_new = load_or_create_keyring(settings)
    if not is_new:
        raise CommandError(f"The key file {settings.keys_file} is there already; `mailhatch keys rotate` adds a key.")
    tell(f"Written: {settings.keys_file}. Back it up apart from the database.")
    return Exit.DONE


def _rotate(arguments: argparse.Namespace) -> int:
    from app.storage.meta import retire_keys
    from app.storage.rotation import reseal_answers, reseal_endpoints

    settings = load_settings()
    keyring, _ = load_or_create_keyring(settings)
    if settings.encryption_keys is None and not arguments.no_new_key:
        tell(f"New key {rotate_file(settings.keys_file)} is in front of {settings.keys_file}.")
        keyring, _ = load_or_create_keyring(settings)
    vault = Vault(keyring)

    async def reseal(services: "OpenServices", _operator: Principal) -> tuple[int, tuple[str, ...]]:
        tell("Sealing stored secrets anew …")
        count = await services.account_store.rotate_secrets()
        count += await reseal_endpoints(services.database, vault, 100)
        await reseal_answers(services.database, vault, 100)
        return count, await retire_keys(services.database, vault)

    count, retired = with_services(reseal, settings)
    say(f"{count} secrets are sealed with the key {keyring.current.id}.")
    say("A service that is running knows the old keys alone: restart it now.")
    if retired:
        say(f"Nothing needs the keys {', '.join(retired)} any more; keep them as long as backups do.")
    return Exit.DONE
