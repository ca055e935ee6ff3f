"""Which mailbox plays which role: the server's word (SPECIAL-USE, RFC 6154) first, then well-known names."""

from collections.abc import Sequence

from app.domain.mailbox import MailboxFacts, Role, RoleSource

#: Lower-cased names clients and servers give these mailboxes where SPECIAL-USE is missing, in common languages.
_NAMES: dict[Role, frozenset[str]] = {
    Role.SENT: frozenset(
        (
            "sent",
            "sent items",
            "sent mail",
            "sent messages",
            "gesendet",
            "gesendete objekte",
            "gesendete elemente",
            "envoyés",
            "éléments envoyés",
            "messages envoyés",
            "enviados",
            "elementos enviados",
            "inviati",
            "posta inviata",
            "verzonden",
            "verzonden items",
            "skickat",
            "sendt",
            "wysłane",
            "отправленные",
            "已发送",
            "已发送邮件",
            "寄件備份",
            "送信済み",
            "送信済みメール",
            "보낸편지함",
        )
    ),
    Role.DRAFTS: frozenset(
        (
            "drafts",
            "draft",
            "entwürfe",
            "brouillons",
            "borradores",
            "bozze",
            "concepten",
            "utkast",
            "kladder",
            "szkice",
            "rascunhos",
            "черновики",
            "草稿",
            "草稿箱",
            "下書き",
            "임시보관함",
        )
    ),
    Role.TRASH: frozenset(
        (
            "trash",
            "deleted",
            "deleted items",
            "deleted messages",
            "bin",
            "papierkorb",
            "gelöschte objekte",
            "gelöschte elemente",
            "corbeille",
            "éléments supprimés",
            "papelera",
            "elementos eliminados",
            "cestino",
            "prullenbak",
            "papperskorgen",
            "papirkurv",
            "kosz",
            "lixeira",
            "корзина",
            "удаленные",
            "已删除",
            "已删除邮件",
            "垃圾桶",
            "ゴミ箱",
            "휴지통",
        )
    ),
    Role.JUNK: frozenset(
        (
            "junk",
            "junk mail",
            "junk e-mail",
            "junk email",
            "spam",
            "bulk mail",
            "spamverdacht",
            "courrier indésirable",
            "pourriel",
            "correo no deseado",
            "posta indesiderata",
            "ongewenste e-mail",
            "skräppost",
            "спам",
            "垃圾邮件",
            "迷惑メール",
            "스팸메일함",
        )
    ),
    Role.ARCHIVE: frozenset(
        ("archive", "archives", "archiv", "archivo", "archivio", "archief", "arkiv", "归档", "存档")
    ),
}


def assign_roles(mailboxes: Sequence[MailboxFacts]) -> dict[str, tuple[Role, RoleSource]]:
    """Return role and its source by mailbox name; every role is given at most once.

    INBOX is the inbox by definition (RFC 9051 section 5.1). A name is believed only at the top level or directly below
    INBOX, where some servers keep all mailboxes, and the shortest such name wins.
    """
    found: dict[str, tuple[Role, RoleSource]] = {}
    taken: set[Role] = set()
    for mailbox in mailboxes:
        role = Role.INBOX if mailbox.name == "INBOX" else mailbox.special_use
        if role and role not in taken:
            found[mailbox.name] = (role, RoleSource.SERVER)
            taken.add(role)
    for mailbox in sorted(mailboxes, key=lambda item: (len(item.name), item.name)):
        if mailbox.name in found or not mailbox.is_selectable:
            continue
        leaf = _leaf(mailbox)
        role = next((role for role, names in _NAMES.items() if leaf in names), None)
        if role and role not in taken:
            found[mailbox.name] = (role, RoleSource.NAME)
            taken.add(role)
    return found


def _leaf(mailbox: MailboxFacts) -> str | None:
    path = mailbox.name.split(mailbox.delimiter, 2) if mailbox.delimiter else [mailbox.name]
    if len(path) == 2 and path[0].upper() == "INBOX":
        path = path[1:]
    return path[0].casefold() if len(path) == 1 else None
