"""What an account can really do, and where each truth lives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Capability:
    """One ability: `source` tells who keeps the truth, the mail server or the service; `how` names the mechanism."""

    supported: bool
    source: Literal["server", "service", "none"]
    how: str | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """All abilities by name, and what the server itself announces (upper case, sorted)."""

    protocol: str
    server: tuple[str, ...]
    items: Mapping[str, Capability]


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One step of connecting: `took` is seconds; `error_code` and `detail` tell why it failed or what was found."""

    name: Literal["resolved", "connected", "tls", "greeting", "login", "capabilities", "mailboxes"]
    ok: bool
    took: float
    detail: str
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What connecting found, step by step; a failed step is the last."""

    ok: bool
    steps: tuple[CheckStep, ...]
