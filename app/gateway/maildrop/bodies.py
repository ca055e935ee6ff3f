"""Messages of maildrops, downloaded once and then read from the cache."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.errors import StaleReference
from app.domain.ids import AccountId
from app.domain.message import Header, MessageFacts, Part
from app.domain.ports import BodyCache, BodyKey, MaildropSession, MaildropStore
from app.domain.query import MessageAddress, SectionRange
from app.gateway.maildrop.limits import MAX_MESSAGE, PARSED, PREVIEW_BYTES
from app.gateway.maildrop.looks import Looks, MaildropRunner
from app.mime.headers import header_end, parse_header_block
from app.mime.snippet import preview_from_section
from app.mime.structure import parse
from app.mime.summary import completed

_GONE = "The message is no longer there."


@dataclass(frozen=True, slots=True)
class Parsed:
    """What is to be known of a downloaded message: tree, places of sections, header fields, preview, size in bytes."""

    root: Part
    spans: Mapping[str, tuple[int, int]]
    headers: tuple[Header, ...]
    defects: tuple[str, ...]
    preview: str | None
    size: int


class Bodies:
    """Opens messages. A message in the cache costs the mail server nothing."""

    def __init__(self, runner: MaildropRunner, looks: Looks, store: MaildropStore, cache: BodyCache) -> None:
        """Take the way to sessions, what is known of maildrops, and where messages are kept."""
        self._runner = runner
        self._looks = looks
        self._store = store
        self._cache = cache
        self._parsed: OrderedDict[BodyKey, Parsed] = OrderedDict()

    async def open(self, account_id: AccountId, address: MessageAddress, timeout: float) -> MessageFacts:
        """Tell all about a message, flags included. Raises StaleReference, PayloadTooLarge with the size."""
        key = BodyKey(account_id, address.uidvalidity, address.uid)
        rows = await self._store.rows(account_id, [address.uid])
        if not rows:
            raise StaleReference(_GONE)
        parsed = await self._known(key) or await self._download(key, timeout)
        facts = rows[0].facts
        if facts is None:
            await self._looks.refresh(account_id, timeout, max_age=0.0, first=[address.uid])
            facts = next((row.facts for row in await self._store.rows(account_id, [address.uid])), None)
        if facts is None:
            raise StaleReference(_GONE)
        whole = completed(facts, parsed.root, parsed.size, parsed.preview, parsed.defects)
        if whole != facts:
            await self._store.learn(account_id, whole)
        return MessageFacts(replace(whole, preview=None), rows[0].flags, parsed.root, parsed.headers)

    async def sections(
        self, account_id: AccountId, address: MessageAddress, wanted: Sequence[SectionRange], timeout: float
    ) -> tuple[bytes, ...]:
        """Read ranges of sections; what a message does not have is empty."""
        key = BodyKey(account_id, address.uidvalidity, address.uid)
        for _ in range(2):  # once more when the cache has lost it between the two
            parsed = await self._known(key)
            if parsed is None:
                if not await self._store.rows(account_id, [address.uid]):
                    raise StaleReference(_GONE)
                parsed = await self._download(key, timeout)
            found = await asyncio.to_thread(_cut, self._cache, key, parsed, wanted)
            if found is not None:
                return found
            self._parsed.pop(key, None)
        raise StaleReference(_GONE)

    def forget(self, account_id: AccountId) -> None:
        """Drop what is in memory of an account."""
        for key in [key for key in self._parsed if key.account_id == account_id]:
            del self._parsed[key]

    async def erase(self, account_id: AccountId) -> None:
        """Drop what is in the cache of an account."""
        self.forget(account_id)
        await asyncio.to_thread(self._cache.forget, account_id)

    async def _known(self, key: BodyKey) -> Parsed | None:
        parsed = self._parsed.get(key)
        if parsed is not None:
            self._parsed.move_to_end(key)
            return parsed
        parsed = await asyncio.to_thread(_parse, self._cache, key)
        if parsed is not None:
            self._keep(key, parsed)
        return parsed

    async def _download(self, key: BodyKey, timeout: float) -> Parsed:
        known = await self._looks.known(key.account_id)
        cache = self._cache

        def operation(session: MaildropSession, deadline: float) -> Parsed | None:
            writer = cache.writer(key)
            try:
                session.retrieve(key.uid, known, writer.write, MAX_MESSAGE, deadline)
            except BaseException:
                writer.discard()
                raise
            writer.keep()
            return _parse(cache, key)

        parsed = await self._runner.run(key.account_id, "INBOX", operation, timeout, name="retrieve")
        if parsed is None:
            raise StaleReference(_GONE)
        self._keep(key, parsed)
        return parsed

    def _keep(self, key: BodyKey, parsed: Parsed) -> None:
        self._parsed[key] = parsed
        self._parsed.move_to_end(key)
        while len(self._parsed) > PARSED:
            self._parsed.popitem(last=False)


def _parse(cache: BodyCache, key: BodyKey) -> Parsed | None:
    size = cache.size(key)
    raw = None if size is None else cache.read(key, 0, size)
    if raw is None:
        return None
    found = parse(raw)
    end, _ = header_end(raw)
    first, last = found.spans.get("1", (0, 0))
    preview = preview_from_section(found.root, raw[first : min(last, first + PREVIEW_BYTES)])
    return Parsed(found.root, found.spans, parse_header_block(raw[:end]), found.defects, preview, len(raw))


def _cut(cache: BodyCache, key: BodyKey, parsed: Parsed, wanted: Sequence[SectionRange]) -> tuple[bytes, ...] | None:
    """Read the ranges; None when the message is not in the cache any more."""
    result = []
    for one in wanted:
        start, end = (0, parsed.size) if one.section == "" else parsed.spans.get(one.section.upper(), (0, 0))
        begin = min(end, start + one.offset)
        length = end - begin if one.length is None else min(one.length, end - begin)
        data = cache.read(key, begin, length)
        if data is None:
            return None
        result.append(data)
    return tuple(result)
