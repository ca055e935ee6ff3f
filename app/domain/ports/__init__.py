"""What policy needs from the outside, as Protocols. Types here come from `app.domain` alone.

Two clocks: a *deadline* is a point on `time.monotonic()` in float seconds, by which an operation must have ended from
DNS to last byte; every other time is Unix seconds.
"""

from app.domain.ports.bodies import BodyCache, BodyKey, BodyWriter
from app.domain.ports.clock import Clock
from app.domain.ports.edit_gateway import EditGateway
from app.domain.ports.editing import AppendSession, FlagSession, MailboxEditSession, MoveSession
from app.domain.ports.gateway import AccountObserver, CredentialSource, MailGateway
from app.domain.ports.log import EventLog, EventPage, SnapshotStore
from app.domain.ports.lookup import ConversationSession, LookupGateway, SearchSession
from app.domain.ports.maildrop import MaildropSession
from app.domain.ports.maildrop_store import MaildropStore
from app.domain.ports.own_edits import EditObserver, NoEditObserver
from app.domain.ports.sessions import (
    HARMLESS,
    BatchSession,
    MailSession,
    ModseqSession,
    Session,
    SessionFactory,
    StepListener,
)
from app.domain.ports.state import StateSession, WatchGateway
from app.domain.ports.stores import (
    AccountFilter,
    AccountStore,
    IdempotencyStore,
    MailboxRow,
    MailboxStore,
    MovedMessageStore,
    NewAccount,
    StoredAnswer,
    TokenRecord,
    TokenStore,
)

__all__ = [
    "HARMLESS",
    "AccountFilter",
    "AccountObserver",
    "AccountStore",
    "AppendSession",
    "BatchSession",
    "BodyCache",
    "BodyKey",
    "BodyWriter",
    "Clock",
    "ConversationSession",
    "CredentialSource",
    "EditGateway",
    "EditObserver",
    "EventLog",
    "EventPage",
    "FlagSession",
    "IdempotencyStore",
    "LookupGateway",
    "MailGateway",
    "MailSession",
    "MailboxEditSession",
    "MailboxRow",
    "MailboxStore",
    "MaildropSession",
    "MaildropStore",
    "ModseqSession",
    "MoveSession",
    "MovedMessageStore",
    "NewAccount",
    "NoEditObserver",
    "SearchSession",
    "Session",
    "SessionFactory",
    "SnapshotStore",
    "StateSession",
    "StepListener",
    "StoredAnswer",
    "TokenRecord",
    "TokenStore",
    "WatchGateway",
]
