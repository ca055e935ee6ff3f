"""Answers that outlive their account."""

from weakref import WeakValueDictionary

from app.domain.ids import AccountId


class Epoch:
    """The time between two calls of `forget` for one account.

    What an operation learned in an epoch that is over must not be cached: the account may be on another server now,
    where the same UIDVALIDITY and UID name another message.
    """

    __slots__ = ("__weakref__", "is_over")

    def __init__(self) -> None:
        """Begin."""
        self.is_over = False


class Epochs:
    """The epochs of accounts that have operations running; kept by these alone."""

    def __init__(self) -> None:
        """Start with none."""
        self._running: WeakValueDictionary[AccountId, Epoch] = WeakValueDictionary()

    def current(self, account_id: AccountId) -> Epoch:
        """The epoch of this moment; hold it while the operation runs."""
        epoch = self._running.get(account_id)
        if epoch is None:
            epoch = self._running[account_id] = Epoch()
        return epoch

    def end(self, account_id: AccountId) -> None:
        """End it."""
        epoch = self._running.pop(account_id, None)
        if epoch is not None:
            epoch.is_over = True
