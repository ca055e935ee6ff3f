"""The configuration of a Dovecot for tests, as text."""

import getpass
import grp
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_MAIL_LOCATION = {
    "maildir": "maildir:~/mail:LAYOUT=fs:INBOX=~/mail/INBOX",
    "sdbox": "sdbox:~/sdbox",
}

_TEMPLATE = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap pop3 lmtp
listen = 127.0.0.1
mail_location = {mail_location}
mail_fsync = never
mail_max_userip_connections = 2000
mailbox_idle_check_interval = 1 secs
mailbox_list_index = yes
lmtp_save_to_detail_mailbox = no
postmaster_address = postmaster@example.org
first_valid_uid = 1
ssl = yes
ssl_cert = <{folder}/valid.pem
ssl_key = <{folder}/valid.key
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
auth_username_chars =
auth_cache_size = 0
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth.conf
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = username_format=%u {folder}/users/%u
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    auto = subscribe
    special_use = \\Drafts
  }}
  mailbox Sent {{
    auto = subscribe
    special_use = \\Sent
  }}
  mailbox Trash {{
    auto = subscribe
    special_use = \\Trash
  }}
  mailbox Junk {{
    auto = subscribe
    special_use = \\Junk
  }}
  mailbox Archive {{
    special_use = \\Archive
  }}
}}
# A login penalty would make a test wait for the failures of another.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  service_count = 0
  client_limit = 4000
{listeners}
}}
service imap {{
  process_limit = 2000
  service_count = 100
}}
service pop3-login {{
  service_count = 0
{pop3_listeners}
}}
service pop3 {{
  service_count = 100
}}
service auth {{
  client_limit = 4000
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
local 127.0.0.2 {{
  ssl = required
  disable_plaintext_auth = yes
}}
local 127.0.0.3 {{
  ssl_cert = <{folder}/expired.pem
  ssl_key = <{folder}/expired.key
}}
local 127.0.0.4 {{
  ssl_cert = <{folder}/wrong_host.pem
  ssl_key = <{folder}/wrong_host.key
}}
"""

#: Settings for a server that keeps access control lists (RFC 4314); see `MailUser.restrict`.
ACCESS_LISTS = (
    "mail_plugins = acl",
    "protocol imap {\n  mail_plugins = acl imap_acl\n}",
    "plugin {\n  acl = vfile\n}",
)

#: Settings for a server that gives each user 100 kB (RFC 9208).
SMALL_QUOTA = (
    "mail_plugins = quota",
    "protocol imap {\n  mail_plugins = quota imap_quota\n}",
    "plugin {\n  quota = count:User quota\n  quota_rule = *:storage=100k\n  quota_grace = 0\n  quota_vsizes = yes\n}",
)

#: Access tokens are JSON web tokens, checked against a key in the folder `oauth`; nobody is asked.
OAUTH = """\
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/oauth/
username_attribute = sub
force_introspection = yes
"""

#: Without root Dovecot can neither become other users nor lock its services into folders.
_ROOTLESS = """\
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
}}
service pop3-login {{
  chroot =
}}
service stats {{
  chroot =
}}
"""

_LISTENER = """\
  inet_listener {name} {{
    address = {host}
    port = {port}
    ssl = {ssl}
  }}
"""


@dataclass(frozen=True, slots=True)
class Listener:
    """One port of the IMAP or POP3 service; `tls` is implicit TLS."""

    name: str
    host: str
    port: int
    tls: bool


def configuration(
    *,
    folder: Path,
    listeners: Sequence[Listener],
    pop3_listeners: Sequence[Listener],
    lmtp_port: int,
    storage: str,
    capability: str | None,
    settings: Sequence[str],
) -> str:
    """Write dovecot.conf for a server that lives in `folder`."""
    # The standard ports would be opened too unless they are named with port 0.
    blocks = [*map(_block, listeners), *map(_unused, ("imap", "imaps"))]
    pop3_blocks = [*map(_block, pop3_listeners), *map(_unused, ("pop3", "pop3s"))]
    text = _TEMPLATE.format(
        folder=folder,
        mail_location=_MAIL_LOCATION[storage],
        listeners="".join(blocks),
        pop3_listeners="".join(pop3_blocks),
        lmtp_port=lmtp_port,
    )
    if os.getuid() != 0:
        user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
        text += _ROOTLESS.format(user=user, group=group)
    if capability is not None:
        text += f"protocol imap {{\n  imap_capability = {capability}\n}}\n"
    return text + "\n".join(settings) + "\n"


def _block(entry: Listener) -> str:
    return _LISTENER.format(name=entry.name, host=entry.host, port=entry.port, ssl="yes" if entry.tls else "no")


def _unused(name: str) -> str:
    return f"  inet_listener {name} {{\n    port = 0\n  }}\n"
