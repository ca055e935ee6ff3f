"""One error shape, driven through every error there is."""

import json
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from app.domain import errors
from app.domain.errors import MailhatchError, all_errors
from app.http.models import AccountBatch, AccountBody, AccountMerge
from app.rest.problems import STATUS, problem, validation_problem

SCOPE = {"type": "http", "path": "/v1/accounts"}


def made(kind: type[MailhatchError]) -> MailhatchError:
    if kind is errors.NotSupportedByServer:
        return errors.NotSupportedByServer("It cannot move.", "MOVE")
    return kind("A sentence.")


def test_every_error_has_a_status_and_none_else() -> None:
    assert set(STATUS) == set(all_errors())


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in all_errors()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.code)
def test_every_error_has_the_one_shape(kind: type[MailhatchError]) -> None:
    answer = problem(made(kind), SCOPE)
    body = json.loads(bytes(answer.body))
    assert answer.media_type == "application/problem+json"
    assert body["code"] == kind.code
    assert body["status"] == answer.status_code == STATUS[kind]
    assert body["type"] == f"/problems/{kind.code}"
    assert body["instance"] == "/v1/accounts"
    assert body["detail"]
    assert body["retryable"] is kind.is_retryable


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.code)
def test_a_mail_servers_failure_is_never_our_500(kind: type[MailhatchError]) -> None:
    if kind is errors.PermissionDenied:  # no failure: the user's own rights and space, told by a server that works
        assert STATUS[kind] == 403
    elif kind is errors.QuotaExceeded:
        assert STATUS[kind] == 507
    elif kind.blame in (errors.Blame.MAIL_SERVER, errors.Blame.NETWORK):
        assert STATUS[kind] in (501, 502, 503, 504)


@pytest.mark.parametrize(
    "kind", [kind for kind in all_errors() if STATUS[kind] in (429, 503)], ids=lambda kind: kind.code
)
def test_throttling_says_when_to_come_back(kind: type[MailhatchError]) -> None:
    assert problem(kind("A sentence.", retry_after=7.2), SCOPE).headers["retry-after"] == "8"
    assert problem(kind("A sentence."), SCOPE).headers["retry-after"] == "1"


def test_a_missing_scope_is_named() -> None:
    answer = problem(errors.Forbidden("No.", scope="mail.body.read"), SCOPE)
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="mail.body.read"'


def test_pointers_are_told() -> None:
    error = errors.InvalidRequest("No.", [errors.FieldProblem("Too long.", "/incoming/host")])
    assert json.loads(bytes(problem(error, SCOPE).body))["errors"] == [
        {"detail": "Too long.", "pointer": "/incoming/host"}
    ]


def test_behind_a_proxy_addresses_get_their_prefix_back() -> None:
    body = json.loads(bytes(problem(errors.NotFound("No."), SCOPE | {"root_path": "/mail"}).body))
    assert body["type"] == "/mail/problems/not_found"
    assert body["instance"] == "/mail/v1/accounts"


def found_in(model: type[BaseModel], body: dict[str, Any]) -> set[str]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(body)
    found = [{**item, "loc": ("body", *item["loc"])} for item in caught.value.errors()]
    return {one.pointer for one in validation_problem(RequestValidationError(found)).problems}


def test_pointers_step_over_no_tag_of_a_union() -> None:
    incoming = {"host": "a", "username": "b", "auth": {"type": "password", "password": "x" * 5000}}
    assert found_in(AccountBody, {"incoming": incoming}) == {"/incoming/auth/password"}
    assert found_in(AccountBatch, {"items": [{"incoming": incoming}]}) == {"/items/0/incoming/auth/password"}
    token = {"incoming": {"auth": {"type": "access_token", "expires_at": "soon"}}}
    assert found_in(AccountMerge, token) == {"/incoming/auth/token", "/incoming/auth/expires_at"}
    assert found_in(AccountMerge, {"incoming": {"auth": {"type": "none"}}}) == {"/incoming/auth"}


def test_a_body_that_is_no_json_has_no_place() -> None:
    failed = RequestValidationError([{"type": "json_invalid", "loc": ("body", 17), "msg": "JSON decode error"}])
    assert [one.pointer for one in validation_problem(failed).problems] == [""]
