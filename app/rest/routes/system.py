"""For operators and probes: alive, ready, metrics; and what each problem means."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.security import HTTPAuthorizationCredentials

from app.domain.access import Scope
from app.domain.errors import Blame, NotFound
from app.rest.answers import caller_problems
from app.rest.dependencies import Services, bearer, caller
from app.rest.problems import FRAMEWORK, STATUS
from app.rest.views import HealthView

router = APIRouter(tags=["operation"])
_NO_RETRY = "A retry of the same request will not help."


@router.get("/livez", operation_id="getLiveness", summary="Is the process alive?", response_class=PlainTextResponse)
async def livez() -> Response:
    """Answers as long as the event loop turns."""
    return PlainTextResponse("ok\n")


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Can it do its work?",
    response_model=HealthView,
    responses={503: {"description": "Not now; `checks` says why.", "model": HealthView}},
)
async def readyz(at: Services) -> Response:
    """200 when the database answers and the service is not going down."""
    report = await at.health.ready()
    body = msgspec.json.encode({"ok": report.ok, "checks": report.checks})
    return Response(body, 200 if report.ok else 503, media_type="application/json")


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="Metrics for Prometheus",
    response_class=PlainTextResponse,
    responses=caller_problems(),
)
async def metrics(
    request: Request, at: Services, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Response:
    """Requests, pool, mail-server latency and errors, cache.

    Needs an admin token unless `MAILHATCH_METRICS_PUBLIC` is set.
    """
    if not at.settings.metrics_public:
        (await caller(request, given)).require(Scope.ADMIN)
    await at.refresh_metrics()
    body, media_type = at.metrics.render()
    return Response(body, media_type=media_type)


@router.get(
    "/problems/{code}",
    operation_id="explainProblem",
    summary="What does this problem mean?",
    response_class=PlainTextResponse,
    responses=caller_problems("not_found"),
)
async def explain_problem(
    code: Annotated[str, Path(max_length=64, pattern="^[a-z_]+$", examples=["stale_reference"])],
) -> Response:
    """What `type` of a problem points to: meaning, whose fault, whether a retry helps."""
    found = next(((error, status) for error, status in STATUS.items() if error.code == code), None)
    if found is None:
        for status, (name, title) in FRAMEWORK.items():
            if name == code:
                return PlainTextResponse(f"{title} ({code}, {status})\n\n{_NO_RETRY} Fault: {Blame.CALLER}.\n")
        raise NotFound("No such problem.")
    error, status = found
    meaning = " ".join((error.__doc__ or "").split())
    retry = "A retry may help." if error.is_retryable else _NO_RETRY
    return PlainTextResponse(f"{error.title} ({error.code}, {status})\n\n{meaning}\n\n{retry} Fault: {error.blame}.\n")
