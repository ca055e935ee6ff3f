"""What is measured: each case as an IMAP client does it, and as a client of the service asks for it."""

import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from tests.benchmarks.mail import ATTACHMENT_SECTION, text_sections, written_by
from tests.benchmarks.scale import MEBIBYTE, Scale
from tests.benchmarks.stage import FILES, LARGE, Account, Service

State = Literal["cold", "cached"]
PAGE = 50
#: Messages whose flag is set and taken away in turn: more than come at once, so that none is changed twice at a time.
_FLAGGED = 50
#: Messages of one batch of flags.
_BATCH = 1_000
#: Whose mail is searched for.
_WRITER = 7
#: Messages of an account that are opened by cold rows, each once, and those that one row opens at most.
_BODIES = 1000
_BODIES_OF_MANY = 100
_BODIES_A_ROW = 300


@dataclass(frozen=True, slots=True)
class Requests:
    """Addresses of a case: `warm` brings connections into the mailbox; `cold` have not been asked before, newest
    first, or may be asked again where only the summary cache makes the difference; `cached` are a few, again and again.

    What changes mail is written `METHOD address body`, and stands in `cached` in an order after which all is as before.
    """

    warm: Sequence[str]
    cold: deque[str]
    cached: Sequence[str]


@dataclass(frozen=True, slots=True)
class Case:
    """One thing a client does. `operations` and `turns` are for `imap_load`, by state.

    With `downloads` a row makes so many requests, one number for each concurrency, instead of running for a while. With
    `most` it ends after so many at the latest. `states` are those in which the service is measured.
    """

    key: str
    title: str
    accounts: int
    mailbox: str
    operations: dict[State, str]
    turns: Sequence[Any]
    requests: Callable[[Service, Sequence[Account]], Requests]
    downloads: Sequence[int] | None = None
    baseline_concurrency: int = 1000
    most: int | None = None
    states: Sequence[State] = ("cold", "cached")


def cases(scale: Scale) -> list[Case]:
    """Make all cases of a scale. The largest download comes first: memory that others left would hide its own."""
    found = []
    for accounts in (1, scale.accounts):
        many = "one account" if accounts == 1 else f"{accounts} accounts"
        found += [_tree(scale, accounts, many), _small_page(scale, accounts, many), _body(scale, accounts, many)]
    return [*_downloads(scale), *found, *_large_pages(scale), *_searches(scale), *_flags(scale)]


def _tree(scale: Scale, accounts: int, many: str) -> Case:
    def requests(_: Service, chosen: Sequence[Account]) -> Requests:
        paths = [f"{account.path}/mailboxes" for account in chosen]
        return Requests(paths, deque(paths), paths)

    return Case(
        f"list-{accounts}", f"List of {scale.mailboxes} mailboxes with counts, {many}", accounts, "INBOX",
        {"cold": "mailboxes"}, (), requests,
    )  # fmt: skip


def _small_page(scale: Scale, accounts: int, many: str) -> Case:
    return Case(
        f"first-{accounts}", f"First page of {PAGE}, mailbox of {scale.small:,}, {many}", accounts, "INBOX",
        {"cold": "page", "cached": "page_flags"}, [[scale.small - PAGE + 1, scale.small]], _pages("INBOX", 0),
    )  # fmt: skip


def _large_pages(scale: Scale) -> list[Case]:
    deep = scale.large - scale.offset
    kinds: dict[State, str] = {"cold": "page", "cached": "page_flags"}
    return [
        Case(
            "first-large", f"First page of {PAGE}, mailbox of {scale.large:,}, one account", 1, LARGE,
            kinds, [[scale.large - PAGE + 1, scale.large]], _pages(LARGE, 0),
        ),
        Case(
            "deep", f"Page of {PAGE} at offset {scale.offset:,}, mailbox of {scale.large:,}, one account", 1, LARGE,
            kinds, [[deep - PAGE + 1, deep]], _pages(LARGE, scale.offset),
        ),
    ]  # fmt: skip


def _searches(scale: Scale) -> list[Case]:
    writers = written_by(_WRITER, scale.large)
    found = {
        "search-from": ("by sender", f"from:writer{_WRITER}@", f'FROM "writer{_WRITER}@"', writers),
        "search-size": ("that finds all", "larger:1", "LARGER 1", range(1, scale.large + 1)),
    }
    kinds: dict[State, str] = {"cold": "search", "cached": "search_flags"}
    return [
        Case(
            key, f"Search {title}, mailbox of {scale.large:,}, page of {PAGE} of {len(uids):,}, one account", 1, LARGE,
            kinds, [[criteria, list(uids[-PAGE:])]], _search(query),
        )
        for key, (title, query, criteria, uids) in found.items()
    ]  # fmt: skip


def _search(query: str) -> Callable[[Service, Sequence[Account]], Requests]:
    def requests(_: Service, chosen: Sequence[Account]) -> Requests:
        paths = [
            f"{account.path}/search?q={quote(query)}&mailbox={account.mailboxes[LARGE]}&limit={PAGE}"
            for account in chosen
        ]
        return Requests(paths, deque(paths), paths)

    return requests


def _body(scale: Scale, accounts: int, many: str) -> Case:
    mailbox, newest = "INBOX", scale.small
    count = min(_BODIES if accounts == 1 else _BODIES_OF_MANY, newest)

    def requests(service: Service, chosen: Sequence[Account]) -> Requests:
        ids = [service.ids(account, mailbox, count)[0] for account in chosen]
        paths = [[f"{account.path}/messages/{one}/body" for one in of] for account, of in zip(chosen, ids, strict=True)]
        in_turn = [path for row in zip(*paths, strict=True) for path in row]
        known = in_turn[: len(chosen)]  # opened while warming up
        return Requests(_light(chosen, mailbox), deque(in_turn[len(chosen) :]), known)

    return Case(
        f"body-{accounts}", f"Text and HTML of a message, {many}", accounts, mailbox,
        {"cold": "body", "cached": "body_sections"},
        [[uid, list(text_sections(uid))] for uid in range(newest, newest - count, -1)], requests,
        most=_BODIES_A_ROW,
    )  # fmt: skip


def _downloads(scale: Scale) -> list[Case]:
    def parts(service: Service, chosen: Sequence[Account]) -> list[str]:
        (account,) = chosen
        ids, _ = service.ids(account, FILES, scale.part_messages + 1)
        return [f"{account.path}/messages/{one}/parts/{ATTACHMENT_SECTION}" for one in ids]

    def small(service: Service, chosen: Sequence[Account]) -> Requests:
        found = parts(service, chosen)[1:]
        return Requests(_light(chosen, FILES), deque(found), found[:1])

    def big(service: Service, chosen: Sequence[Account]) -> Requests:
        newest, before = parts(service, chosen)[:2]
        # A smaller download first: what the first one of all leaves in memory is not of this one's size.
        return Requests([before], deque([newest]), [newest])

    last = scale.part_messages
    return [
        Case(
            "big-part", f"Part of {_size(scale.big_part_bytes)}", 1, FILES, {"cold": "part"},
            [[last + 1, [ATTACHMENT_SECTION]]], big, scale.big_part_downloads, scale.big_part_baseline_concurrency,
        ),
        Case(
            "part", f"Part of {_size(scale.part_bytes)}", 1, FILES, {"cold": "part"},
            [[uid, [ATTACHMENT_SECTION]] for uid in range(last, 0, -1)], small, scale.part_downloads,
        ),
    ]  # fmt: skip


def _flags(scale: Scale) -> list[Case]:
    few, many = min(_FLAGGED, scale.small), min(_BATCH, scale.small)
    verbs = ("add", "remove")

    def one(service: Service, chosen: Sequence[Account]) -> Requests:
        (account,) = chosen
        ids, _ = service.ids(account, "INBOX", few)
        writes = [
            f"PATCH {account.path}/messages/{each} " + json.dumps({"flags": {verb: ["flagged"]}})
            for verb in verbs
            for each in ids
        ]
        return Requests(_light(chosen, "INBOX"), deque(), writes)

    def batch(service: Service, chosen: Sequence[Account]) -> Requests:
        (account,) = chosen
        ids, _ = service.ids(account, "INBOX", many)
        writes = [
            f"POST {account.path}/messages/batch "
            + json.dumps({"ids": ids, "action": {"type": "flags", verb: ["flagged"]}})
            for verb in verbs
        ]
        return Requests(_light(chosen, "INBOX"), deque(), writes)

    last = scale.small
    return [
        Case(
            "flag", "Set a flag of one message, then take it away, one account", 1, "INBOX",
            {"cached": "store"}, [[uid, uid, verb] for verb in verbs for uid in range(last, last - few, -1)], one,
            states=("cached",),
        ),
        Case(
            "flag-batch", f"Set a flag of {many:,} messages, then take it away, one account", 1, "INBOX",
            {"cached": "store"}, [[last - many + 1, last, verb] for verb in verbs], batch,
            states=("cached",),
        ),
    ]  # fmt: skip


def _pages(mailbox: str, offset: int) -> Callable[[Service, Sequence[Account]], Requests]:
    def requests(service: Service, chosen: Sequence[Account]) -> Requests:
        paths = []
        for account in chosen:
            path = f"{account.path}/mailboxes/{account.mailboxes[mailbox]}/messages?limit={PAGE}"
            if offset:
                cursor = service.ids(account, mailbox, offset)[1]
                assert cursor
                path += f"&cursor={quote(cursor)}"
            paths.append(path)
        return Requests(paths, deque(paths), paths)

    return requests


def _light(chosen: Sequence[Account], mailbox: str) -> list[str]:
    return [f"{account.path}/mailboxes/{account.mailboxes[mailbox]}/messages?fields=id&limit=1" for account in chosen]


def _size(size: int) -> str:
    return f"{size // MEBIBYTE} MB" if size >= MEBIBYTE else f"{size // 1024} kB"
