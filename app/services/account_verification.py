from app.domain.account import ConnectPlan
from app.domain.capabilities import CheckReport
from app.domain.errors import MailhatchError, NotSupportedByServer, UpstreamUnavailable, all_errors
from app.domain.ports import MailGateway

_ERRORS = {error.code: error for error in all_errors()}


async def verify(gateway: MailGateway, plan: ConnectPlan, timeout: float) -> None:
    """Log in once with `plan`, within `timeout` seconds; raises the error of the step that failed."""
    report = await gateway.check(plan, timeout)
    if not report.ok:
        raise failure(report)


def failure(report: CheckReport) -> MailhatchError:
    """Return the error a failed report tells of, from its code."""
    step = report.steps[-1] if report.steps else None
    if step is None or step.error_code is None:
        return UpstreamUnavailable("The mail server could not be checked.")
    kind = _ERRORS.get(step.error_code, UpstreamUnavailable)
    if issubclass(kind, NotSupportedByServer):
        return kind(step.detail, capability=step.name)
    return kind(step.detail)
