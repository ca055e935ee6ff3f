from app.domain.account import AccessToken, AccountState, ConnectPlan
from app.domain.errors import AccountPaused, AuthenticationFailed
from app.domain.ids import AccountId
from app.domain.ports import AccountStore, Clock


class StoredCredentials:
    """The pool's CredentialSource: server and credentials as they are stored."""

    def __init__(self, store: AccountStore, clock: Clock) -> None:
        """Take where accounts are kept, and the time, for tokens that expire."""
        self._store = store
        self._clock = clock

    async def plan(self, account_id: AccountId) -> ConnectPlan:
        """Return what is needed to log in. Raises NotFound, AccountPaused, or AuthenticationFailed for expired ones."""
        plan, state = await self._store.plan(account_id)
        if state is AccountState.PAUSED:
            raise AccountPaused("The account is paused; resume it first.")
        credentials = plan.credentials
        expires_at = credentials.expires_at if isinstance(credentials, AccessToken) else None
        if expires_at is not None and expires_at <= self._clock.now():
            raise AuthenticationFailed("The access token has expired; give a fresh one.")
        return plan
