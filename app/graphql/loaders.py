"""What is loaded once in an operation, and together: the list of mailboxes, structures and bodies."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from strawberry.dataloader import DataLoader

from app.domain.access import Principal
from app.domain.errors import InvalidRequest, MailhatchError
from app.domain.mailbox import Mailbox
from app.domain.message import Body, MessageFacts
from app.http.state import FaceServices
from app.services.limits import MAX_BODY_BYTES

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _BodyKey:
    account_id: str
    message: str
    max_bytes: int


class Loaders:
    """The loaders of one operation."""

    def __init__(self, at: FaceServices, principal: Principal, base_url: str) -> None:
        """Take the services, who calls, and the address that links begin with."""
        self._at = at
        self._principal = principal
        self._base_url = base_url
        self._trees: DataLoader[str, tuple[Mailbox, ...]] = DataLoader(self._load_trees)
        self._structures: DataLoader[tuple[str, str], MessageFacts] = DataLoader(self._load_structures)
        self._bodies: DataLoader[_BodyKey, Body] = DataLoader(self._load_bodies)

    async def tree(self, account_id: str) -> tuple[Mailbox, ...]:
        """List an account's mailboxes, once however often they are asked for."""
        return await self._trees.load(account_id)

    async def structure(self, account_id: str, message: str) -> MessageFacts:
        """Tell a message's structure and header fields."""
        return await self._structures.load((account_id, message))

    async def body(self, account_id: str, message: str, max_bytes: int) -> Body:
        """Read a message."""
        if not 1 <= max_bytes <= MAX_BODY_BYTES:
            raise InvalidRequest(f"`maxBytes` is between 1 and {MAX_BODY_BYTES}.")
        return await self._bodies.load(_BodyKey(account_id, message, max_bytes))

    async def _load_trees(self, accounts: list[str]) -> Sequence[tuple[Mailbox, ...] | BaseException]:
        trees = [self._at.mailboxes.tree(self._principal, account) for account in accounts]
        return await asyncio.gather(*trees, return_exceptions=True)

    async def _load_structures(self, keys: list[tuple[str, str]]) -> Sequence[MessageFacts | BaseException]:
        async def ask(account: str, messages: list[str]) -> Mapping[str, MessageFacts | MailhatchError]:
            return await self._at.bodies.structures(self._principal, account, messages)

        return await _together([(account, message) for account, message in keys], ask)

    async def _load_bodies(self, keys: list[_BodyKey]) -> Sequence[Body | BaseException]:
        async def ask(group: tuple[str, int], messages: list[str]) -> Mapping[str, Body | MailhatchError]:
            return await self._at.bodies.read(self._principal, group[0], messages, group[1], self._base_url)

        return await _together([((key.account_id, key.max_bytes), key.message) for key in keys], ask)


async def _together(
    keys: Sequence[tuple[K, str]], ask: Callable[[K, list[str]], Awaitable[Mapping[str, V | MailhatchError]]]
) -> list[V | BaseException]:
    """Ask for the messages of each group at once; what a group fails with, each of its messages fails with."""
    groups: dict[K, list[str]] = {}
    for group, message in keys:
        groups.setdefault(group, []).append(message)
    asked = [ask(group, messages) for group, messages in groups.items()]
    answers = dict(zip(groups, await asyncio.gather(*asked, return_exceptions=True), strict=True))
    found: list[V | BaseException] = []
    for group, message in keys:
        answer = answers[group]
        found.append(answer if isinstance(answer, BaseException) else answer[message])
    return found
