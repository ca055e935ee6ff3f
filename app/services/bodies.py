"""Structures and bodies of many messages at once: one flush for each mailbox, however many messages are asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from app.domain.access import Principal, Scope
from app.domain.errors import MailhatchError, NotFound, StaleReference
from app.domain.ids import AccountId, Uid, message_id
from app.domain.message import Body, MessageFacts
from app.domain.ports import MailGateway
from app.mime.body import FetchedText, wanted
from app.services.links import PartLinks
from app.services.messages import Messages, OpenedMessage
from app.services.texts import composed, fetched_texts, text_ranges

T = TypeVar("T")

_GONE = "The message is no longer there."


@dataclass(frozen=True, slots=True)
class _Group:
    """Messages of one mailbox by UID."""

    account_id: AccountId
    mailbox: str
    uidvalidity: int
    messages: dict[Uid, OpenedMessage]


class Bodies:
    """What belongs to many messages of an account: every answer is by reference, and is an error where there is one."""

    def __init__(self, messages: Messages, gateway: MailGateway, links: PartLinks, timeout: float) -> None:
        """Take the finder of messages, the way to the mail, the maker of signed links, and the deadline in seconds."""
        self._messages = messages
        self._gateway = gateway
        self._links = links
        self._timeout = timeout

    async def structures(
        self, principal: Principal, account_id: str, references: Iterable[str]
    ) -> dict[str, MessageFacts | MailhatchError]:
        """Tell structure and header fields of messages; their flags may be old. Needs `mail.meta.read`.

        Raises Forbidden and AccountPaused.
        """
        return await self._by_mailbox(principal, account_id, references, Scope.MAIL_META_READ, self._structures)

    async def read(
        self, principal: Principal, account_id: str, references: Iterable[str], max_bytes: int, base_url: str
    ) -> dict[str, Body | MailhatchError]:
        """Read messages as text and as safe HTML, each of at most `max_bytes` characters. Needs `mail.body.read`.

        Inline images point to signed links under `base_url`. Reading does not mark as seen. Raises as above.
        """

        def link(reference: str, section: str) -> str:
            return self._links.url(base_url, principal, AccountId(account_id), reference, section)

        async def bodies(group: _Group) -> dict[Uid, Body]:
            facts = await self._structures(group)
            texts = await self._texts(group, facts, max_bytes)

            def all_composed() -> dict[Uid, Body]:
                return {
                    uid: composed(facts[uid], text, max_bytes, partial(link, message_id(group.messages[uid].key)))
                    for uid, text in texts.items()
                }

            # In a thread: a sender can write HTML that takes seconds to clean, and nobody else is to wait for that.
            return await asyncio.to_thread(all_composed)

        return await self._by_mailbox(principal, account_id, references, Scope.MAIL_BODY_READ, bodies)

    async def _by_mailbox(
        self,
        principal: Principal,
        account_id: str,
        references: Iterable[str],
        scope: Scope,
        ask: Callable[[_Group], Awaitable[Mapping[Uid, T]]],
    ) -> dict[str, T | MailhatchError]:
        answer: dict[str, T | MailhatchError] = {}
        groups: dict[tuple[str, int], _Group] = {}
        for reference in references:
            try:
                opened = await self._messages.open(principal, account_id, reference, scope)
            except (NotFound, StaleReference) as error:  # of this message, or of the account and then of all
                answer[reference] = error
                continue
            at = opened.address
            key = (at.mailbox, at.uidvalidity)
            group = groups.setdefault(key, _Group(opened.account.id, *key, {}))
            group.messages[at.uid] = opened
        asked = [self._asked(group, ask) for group in groups.values()]
        for group, found in zip(groups.values(), await asyncio.gather(*asked), strict=True):
            for uid, opened in group.messages.items():
                one = found if isinstance(found, MailhatchError) else found.get(uid) or StaleReference(_GONE)
                if isinstance(one, StaleReference):
                    one = await self._messages.gone(opened, one)
                answer[message_id(opened.key)] = one
        return answer

    async def _asked(
        self, group: _Group, ask: Callable[[_Group], Awaitable[Mapping[Uid, T]]]
    ) -> Mapping[Uid, T] | MailhatchError:
        """Ask, once more where the mailbox is now if it was renamed; answer the error of the whole mailbox, if any."""
        try:
            try:
                return await ask(group)
            except (NotFound, StaleReference):
                address = await self._messages.found_again(next(iter(group.messages.values())))
                if address is None:
                    raise
                return await ask(replace(group, mailbox=address.mailbox))
        except MailhatchError as error:
            return error

    async def _structures(self, group: _Group) -> Mapping[Uid, MessageFacts]:
        return await self._gateway.structures(
            group.account_id, group.mailbox, group.uidvalidity, tuple(group.messages), self._timeout
        )

    async def _texts(
        self, group: _Group, facts: Mapping[Uid, MessageFacts], max_bytes: int
    ) -> dict[Uid, dict[str, FetchedText]]:
        parts = {uid: wanted(one.structure) for uid, one in facts.items()}
        ranges = {uid: text_ranges(found, max_bytes) for uid, found in parts.items()}
        asked = {uid: found for uid, found in ranges.items() if found}
        pieces = await self._gateway.many_sections(
            group.account_id, group.mailbox, group.uidvalidity, asked, self._timeout
        )
        return {
            uid: fetched_texts(parts[uid], found, pieces.get(uid, ()), max_bytes)
            for uid, found in ranges.items()
            if not found or uid in pieces
        }
