"""Who wants to know of what clients had us change."""

from typing import Protocol

from app.domain.edits import OwnEdit


class EditObserver(Protocol):
    """Hears of every change a client had us make, once it is made. Must not block or raise."""

    def edited(self, edit: OwnEdit) -> None:
        """Take note."""


class NoEditObserver:
    """Nobody wants to know."""

    def edited(self, edit: OwnEdit) -> None:
        """Do nothing."""
