"""Acting on many messages at once: named ones over any mailboxes of an account, or all that match a filter."""

from collections.abc import Sequence
from typing import Protocol

from app.domain.access import Principal, Scope
from app.domain.account import Account
from app.domain.edits import Action, BatchReport, EditedMessage, ItemState, MessageFilter
from app.domain.errors import (
    Blame,
    FieldProblem,
    InvalidRequest,
    MailhatchError,
    NotFound,
    NotSupportedByServer,
    StaleReference,
    UpstreamTimeout,
)
from app.domain.ids import MessageId, MessageKey, Uid, message_key
from app.domain.ports import Clock
from app.domain.search import parse
from app.services.accounts import Accounts
from app.services.edits.acting import Acting, scope_of
from app.services.edits.limits import BATCH_DEADLINES, BATCH_MESSAGES, FILTER_MESSAGES, MESSAGES_AT_ONCE
from app.services.edits.orders import Order, Place, refused
from app.services.edits.words import check_mutation_id
from app.services.mailbox_terms import require_scope
from app.services.mailboxes import Mailboxes
from app.services.matching import FoundMessages
from app.services.moved_messages import MovedMessages, stale


class MatchingMessages(Protocol):
    """Finds all messages of a mailbox that match a query."""

    async def find(self, account: Account, mailbox: str, query: str, most: int) -> FoundMessages:
        """Return the newest `most`. Raises InvalidRequest for a query that is none, NotSupportedByServer for what
        cannot be judged, NotFound for the mailbox.
        """


class MessageBatches:
    """Does one action to many messages, in few commands to the mail server however many they are.

    Each message has its own result: one that fails does not hold up the others, and a failure half-way is told of each
    message it concerns. What makes the whole account unreachable ends the batch; the rest is left alone and told so.
    """

    def __init__(
        self,
        accounts: Accounts,
        mailboxes: Mailboxes,
        moved: MovedMessages,
        acting: Acting,
        matching: MatchingMessages | None,
        clock: Clock,
        timeout: float,
    ) -> None:
        """Take the finders, what keeps new ids, what acts, the search, the time and the deadline of one command."""
        self._accounts = accounts
        self._mailboxes = mailboxes
        self._moved = moved
        self._acting = acting
        self._matching = matching
        self._clock = clock
        self._timeout = timeout

    async def of_messages(
        self,
        principal: Principal,
        account_id: str,
        messages: Sequence[str],
        action: Action,
        *,
        client_mutation_id: str | None = None,
    ) -> BatchReport:
        """Act on up to 1,000 messages by id, of any mailboxes; results come in the order of `messages`.

        Flags need `mail.flags.write`, all else `mail.write`. Raises what concerns all of them: InvalidRequest, NotFound
        for the mailbox to move to, RoleMissing without a Trash.
        """
        check_mutation_id(client_mutation_id)
        if not 1 <= len(messages) <= BATCH_MESSAGES:
            detail = f"Between 1 and {BATCH_MESSAGES} messages."
            raise InvalidRequest(detail, [FieldProblem(detail, "/ids")])
        account = await self._accounts.reachable(principal, account_id, scope_of(action))
        order = await self._acting.order(principal, account, action, client_mutation_id)
        results: dict[str, EditedMessage] = {}
        keys: dict[str, MessageKey] = {}
        for text in dict.fromkeys(messages):
            try:
                keys[text] = message_key(text)
            except NotFound as error:
                results[text] = EditedMessage(MessageId(text), ItemState.FAILED, error=error)
        for item in await self._by_place(order, tuple(keys.values())):
            results[item.id] = item
        return BatchReport(tuple(results[text] for text in messages))

    async def of_filter(
        self,
        principal: Principal,
        account_id: str,
        which: MessageFilter,
        action: Action,
        *,
        client_mutation_id: str | None = None,
    ) -> BatchReport:
        """Act on all messages of a mailbox that match a query, newest first; up to 10,000, `has_more` tells of others.

        Needs `mail.meta.read` besides. Raises as `of_messages` does, and InvalidRequest for a query that is none or
        NotSupportedByServer for one that nobody can run whole: what cannot be judged is never acted on.
        """
        check_mutation_id(client_mutation_id)
        principal.require(Scope.MAIL_META_READ)
        account = await self._accounts.reachable(principal, account_id, scope_of(action))
        if self._matching is None:
            raise NotSupportedByServer("A filter needs search, which is not there.", "search")
        require_scope(principal, parse(which.query))
        order = await self._acting.order(principal, account, action, client_mutation_id)
        found = await self._matching.find(account, which.mailbox, which.query, FILTER_MESSAGES)
        if found.uidvalidity is None:
            return BatchReport(())
        place = Place(found.mailbox.row, found.mailbox.name, found.uidvalidity)
        return BatchReport(await self._in_turn(order, {place: list(found.uids)}), has_more=not found.is_complete)

    async def _by_place(self, order: Order, keys: Sequence[MessageKey]) -> tuple[EditedMessage, ...]:
        """Act on messages wherever they are; those whose mailbox is not there any more are told so."""
        groups: dict[Place, list[Uid]] = {}
        lost: dict[MessageKey, StaleReference] = {}
        for key, address in (await self._mailboxes.locate_all(order.account, keys)).items():
            if isinstance(address, StaleReference):
                lost[key] = address
            else:
                groups.setdefault(Place(key.mailbox, address.mailbox, key.uidvalidity), []).append(key.uid)
        known = await self._moved.known(order.account.id, tuple(lost))
        items = [each for key, error in lost.items() for each in refused([key], stale(error, known.get(key)))]
        return (*items, *await self._in_turn(order, groups))

    async def _in_turn(self, order: Order, groups: dict[Place, list[Uid]]) -> tuple[EditedMessage, ...]:
        """Act mailbox by mailbox, and on a large one part by part; in this order, so that few connections are busy."""
        ends = self._clock.monotonic() + BATCH_DEADLINES * self._timeout
        ended: MailhatchError | None = None
        items: list[EditedMessage] = []
        for place, some in _parts(groups):
            if ended is None and self._clock.monotonic() >= ends:
                ended = UpstreamTimeout("The mail server took too long for the messages before this one.")
            if ended is not None:
                items += refused([place.key(uid) for uid in some], ended)
                continue
            try:
                done = await self._acting.perform(order, place, some)
            except MailhatchError as error:
                items += refused([place.key(uid) for uid in some], error)
                ended = error if _concerns_all(error) else None
            else:
                items += done
                if any(item.state is ItemState.UNKNOWN for item in done):
                    ended = UpstreamTimeout("The mail server fell silent at the messages before this one.")
        return tuple(items)


def _parts(groups: dict[Place, list[Uid]]) -> list[tuple[Place, list[Uid]]]:
    return [
        (place, uids[start : start + MESSAGES_AT_ONCE])
        for place, uids in groups.items()
        for start in range(0, len(uids), MESSAGES_AT_ONCE)
    ]


def _concerns_all(error: MailhatchError) -> bool:
    """Whether the next mailbox would meet the same: no way to the server, or none that may be used now."""
    return error.blame in {Blame.NETWORK, Blame.SERVICE} or error.code in {
        "authentication_failed",
        "upstream_throttled",
        "quota_exceeded",
        "account_paused",
    }
