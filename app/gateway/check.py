"""Connecting once, step by step, to tell a person what works."""

import time
from collections.abc import Callable
from typing import Final, Literal, TypeVar

from app.domain.account import ConnectPlan, Security
from app.domain.capabilities import CheckReport, CheckStep
from app.domain.errors import MailhatchError
from app.domain.ports import Session, SessionFactory

S = TypeVar("S", bound=Session)

_StepName = Literal["resolved", "connected", "tls", "greeting", "login", "capabilities", "mailboxes"]

_ORDER: Final[dict[Security, tuple[_StepName, ...]]] = {
    Security.TLS: ("resolved", "connected", "tls", "greeting", "login", "capabilities"),
    Security.STARTTLS: ("resolved", "connected", "greeting", "tls", "login", "capabilities"),
    Security.NONE: ("resolved", "connected", "greeting", "login", "capabilities"),
}


def check_work(
    factory: SessionFactory[S], plan: ConnectPlan, look: Callable[[S, float], str]
) -> Callable[[float], CheckReport]:
    """What to do in a thread: connect, log in, `look` what is there, log out. The report ends with the failed step.

    `look` says in a few words what it found.
    """

    def work(deadline: float) -> CheckReport:
        steps: list[CheckStep] = []
        began = time.monotonic()

        def listener(step: CheckStep) -> None:
            steps.append(step)

        try:
            session = factory.open(plan.incoming, plan.credentials, deadline, listener)
        except MailhatchError as error:
            return _failed(steps, _next_step(plan, steps), began, error)
        try:
            began = time.monotonic()
            detail = look(session, deadline)
        except MailhatchError as error:
            return _failed(steps, "mailboxes", began, error)
        finally:
            session.close(deadline)
        return CheckReport(True, (*steps, CheckStep("mailboxes", True, time.monotonic() - began, detail)))

    return work


def _next_step(plan: ConnectPlan, steps: list[CheckStep]) -> _StepName:
    done = {step.name for step in steps}
    return next((name for name in _ORDER[plan.incoming.security] if name not in done), "login")


def _failed(steps: list[CheckStep], name: _StepName, began: float, error: MailhatchError) -> CheckReport:
    """End the report with the failed step, unless the factory has told it already."""
    if not steps or steps[-1].ok:
        took = time.monotonic() - began - sum(step.took for step in steps)
        steps.append(CheckStep(name, False, max(0.0, took), error.detail, error.code))
    return CheckReport(False, tuple(steps))
