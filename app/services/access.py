import logging
from collections.abc import AsyncIterator

from app.domain.access import Principal, Scope
from app.domain.errors import Conflict, InvalidRequest, NotFound, Unauthorized
from app.domain.ids import TokenId
from app.domain.ports import AccountStore, Clock, TokenRecord, TokenStore
from app.security.tokens import matches, new_token, parse_token
from app.services.account_limits import PAGE_ROWS, RECENT_ROWS, RECENT_SECONDS, TOKEN_SCAN_ROWS
from app.services.id_cursor import read_cursor, write_cursor
from app.services.recent import Recent
from app.services.token_grant import NewToken, granted

__all__ = ["Access", "NewToken"]

_log = logging.getLogger(__name__)

#: Names of the admin tokens made at a start. Only those have no maker: no client can make one that counts as such.
_CONFIGURED = "admin (from the settings)"
_GENERATED = "admin (made at the first start)"

_REFUSED = "This API token is not valid."


class Access:
    """API tokens: who calls, and which tokens there are.

    A verified token is answered from memory for at most two seconds, so that a busy client costs no database; its
    expiry is looked at every time, and a revocation through this object counts at once.
    """

    def __init__(
        self, tokens: TokenStore, accounts: AccountStore, clock: Clock, default_requests_per_minute: int
    ) -> None:
        """Take where tokens and accounts are kept, the time, and the rate of tokens that have none of their own."""
        self._tokens = tokens
        self._accounts = accounts
        self._clock = clock
        self._default_rate = default_requests_per_minute
        self._recent: Recent[str, tuple[TokenRecord, bytes, Principal]] = Recent(clock, RECENT_SECONDS, RECENT_ROWS)

    async def authenticate(self, bearer: str) -> Principal:
        """Verify a token. Raises Unauthorized, alike for an unknown, wrong, expired and revoked one."""
        parsed = parse_token(bearer)
        if parsed is None:
            raise Unauthorized(_REFUSED)
        token_id, secret_hash = parsed
        record, kept_hash, principal = await self._verified(token_id)
        if not matches(kept_hash, secret_hash):
            raise Unauthorized(_REFUSED)
        return self._unexpired(record, principal)

    async def principal(self, token_id: str) -> Principal:
        """Return whom a token stands for, for links signed in its name. Raises Unauthorized when it stands no more."""
        record, _, principal = await self._verified(token_id)
        return self._unexpired(record, principal)

    async def create(self, principal: Principal, new: NewToken) -> tuple[TokenRecord, str]:
        """Make a token; the text is shown this once. Needs `accounts.manage`.

        Nobody grants what they do not have: a scope, a tenant, an account, a rate, or a longer life. What is left out
        is inherited. Raises InvalidRequest with pointers, and Forbidden.
        """
        principal.require(Scope.ACCOUNTS_MANAGE)
        token_id, text = new_token()
        now = self._clock.now()
        record = await granted(principal, new, self._accounts, token_id, now, self._default_rate)
        await self._add(record, text)
        _log.info("token created", extra={"token": principal.token_id, "created_token": record.id})
        return record, text

    async def list(
        self, principal: Principal, limit: int, cursor: str | None
    ) -> tuple[tuple[TokenRecord, ...], str | None]:
        """List the tokens within the principal's reach, revoked and expired ones too, and the cursor of the next page.

        Needs `accounts.manage`. A page may be short, even empty, and still have a next one.
        """
        principal.require(Scope.ACCOUNTS_MANAGE)
        limit = min(max(limit, 1), PAGE_ROWS)
        question = _question(principal)
        after = TokenId(read_cursor(question, cursor)) if cursor is not None else None
        found: list[TokenRecord] = []
        scanned = 0
        async for record in self._all(principal.tenant, after):
            if len(found) == limit or scanned == TOKEN_SCAN_ROWS:
                return tuple(found), write_cursor(question, after or "")
            scanned += 1
            after = record.id
            if _reaches(principal, record):
                found.append(record)
        return tuple(found), None

    def cursor(self, principal: Principal, token_id: TokenId) -> str:
        """Make the cursor that continues behind a token."""
        return write_cursor(_question(principal), token_id)

    async def revoke(self, principal: Principal, token_id: str) -> None:
        """Revoke a token, at once in this process. Needs `accounts.manage`, unless it is the principal's own.

        Revoking twice is fine. Raises NotFound for one out of reach.
        """
        if token_id != principal.token_id:
            principal.require(Scope.ACCOUNTS_MANAGE)
        found = await self._tokens.find(token_id)
        if found is None or not _reaches(principal, found[0]):
            raise NotFound("No such token.")
        try:
            await self._tokens.revoke(found[0].id, self._clock.now())
        finally:
            self._recent.drop(token_id)
        _log.info("token revoked", extra={"token": principal.token_id, "revoked_token": token_id})

    async def ensure_admin(self, given: str | None) -> str | None:
        """See at a start that there is an admin token; answers the text of a generated one, to be shown this once.

        `given` is the one from the settings: it is added, and the one that was there before is revoked when it has
        changed. Raises InvalidRequest when `given` is not in the form of a token or was revoked.
        """
        if given is not None:
            await self._configure(given)
            return None
        now = self._clock.now()
        async for record in self._all(None, None):
            if _is_admin(record) and record.revoked_at is None and (record.expires_at or now + 1) > now:
                return None
        token_id, text = new_token()
        await self._add(self._admin(token_id, _GENERATED), text)
        return text

    async def _configure(self, given: str) -> None:
        parsed = parse_token(given)
        if parsed is None:
            raise InvalidRequest("MAILHATCH_ADMIN_TOKEN is not in the form mh_<id>_<secret>.")
        token_id, secret_hash = parsed
        found = await self._tokens.find(token_id)
        if found is None:
            try:
                await self._tokens.add(self._admin(token_id, _CONFIGURED), secret_hash)
            except Conflict:  # another process that starts with the same settings
                _log.info("the admin token was added by another process", extra={"token": token_id})
        elif not matches(found[1], secret_hash):
            raise InvalidRequest("MAILHATCH_ADMIN_TOKEN has another secret than before: change its id as well.")
        elif found[0].revoked_at is not None:
            raise InvalidRequest("MAILHATCH_ADMIN_TOKEN is a token that was revoked: set another one.")
        elif not _is_admin(found[0]):
            raise InvalidRequest("MAILHATCH_ADMIN_TOKEN is a token without the scope admin: set another one.")
        async for record in self._all(None, None):
            is_former = record.name == _CONFIGURED and record.created_by is None and record.revoked_at is None
            if is_former and record.id != token_id:
                await self._tokens.revoke(record.id, self._clock.now())
                self._recent.drop(record.id)
                _log.warning("the former admin token of the settings is revoked", extra={"token": record.id})

    def _admin(self, token_id: TokenId, name: str) -> TokenRecord:
        return TokenRecord(
            id=token_id,
            name=name,
            scopes=(Scope.ADMIN.value,),
            accounts=None,
            tenant=None,
            requests_per_minute=self._default_rate,
            created_at=self._clock.now(),
            expires_at=None,
            revoked_at=None,
            created_by=None,
        )

    async def _add(self, record: TokenRecord, text: str) -> None:
        parsed = parse_token(text)
        assert parsed is not None
        await self._tokens.add(record, parsed[1])

    async def _all(self, tenant: str | None, after: TokenId | None) -> AsyncIterator[TokenRecord]:
        while rows := await self._tokens.list(PAGE_ROWS, after, tenant):
            for record in rows:
                yield record
            if len(rows) < PAGE_ROWS:
                return
            after = rows[-1].id

    async def _verified(self, token_id: str) -> tuple[TokenRecord, bytes, Principal]:
        known = self._recent.get(token_id)
        if known is None:
            mark = self._recent.mark
            found = await self._tokens.find(token_id)
            if found is None or found[0].revoked_at is not None:
                raise Unauthorized(_REFUSED)
            known = (*found, _principal(found[0]))
            self._recent.put(token_id, known, mark)
        return known

    def _unexpired(self, record: TokenRecord, principal: Principal) -> Principal:
        if record.expires_at is not None and record.expires_at <= self._clock.now():
            raise Unauthorized(_REFUSED)
        return principal


def _principal(record: TokenRecord) -> Principal:
    known = {scope.value: scope for scope in Scope}
    return Principal(
        token_id=record.id,
        name=record.name,
        scopes=frozenset(known[name] for name in record.scopes if name in known),  # a newer version may know more
        accounts=None if record.accounts is None else frozenset(record.accounts),
        tenant=record.tenant,
        expires_at=record.expires_at,
        requests_per_minute=record.requests_per_minute,
    )


def _question(principal: Principal) -> tuple[str, str]:
    return ("tokens", principal.token_id)


def _is_admin(record: TokenRecord) -> bool:
    return Scope.ADMIN.value in record.scopes


def _reaches(principal: Principal, record: TokenRecord) -> bool:
    """Whether a token's whole reach lies within the principal's; admin tokens are an admin's business."""
    if principal.is_admin or record.id == principal.token_id:
        return True
    if _is_admin(record) or (principal.tenant is not None and record.tenant != principal.tenant):
        return False
    return principal.accounts is None or (
        record.accounts is not None and principal.accounts.issuperset(record.accounts)
    )
