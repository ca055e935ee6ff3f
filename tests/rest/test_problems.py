"""One error shape, driven through every error there is."""

import json

import pytest

from app.domain import errors
from app.domain.errors import MailhatchError, all_errors
from app.rest.problems import STATUS, problem


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
    answer = problem(made(kind), "/v1/accounts")
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
    if kind.blame in (errors.Blame.MAIL_SERVER, errors.Blame.NETWORK):
        assert STATUS[kind] in (501, 502, 503, 504)


@pytest.mark.parametrize(
    "kind", [kind for kind in all_errors() if STATUS[kind] in (429, 503)], ids=lambda kind: kind.code
)
def test_throttling_says_when_to_come_back(kind: type[MailhatchError]) -> None:
    assert problem(kind("A sentence.", retry_after=7.2), "/").headers["retry-after"] == "8"
    assert problem(kind("A sentence."), "/").headers["retry-after"] == "1"


def test_a_missing_scope_is_named() -> None:
    answer = problem(errors.Forbidden("No.", scope="mail.body.read"), "/")
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="mail.body.read"'


def test_pointers_are_told() -> None:
    error = errors.InvalidRequest("No.", [errors.FieldProblem("Too long.", "/incoming/host")])
    assert json.loads(bytes(problem(error, "/").body))["errors"] == [
        {"detail": "Too long.", "pointer": "/incoming/host"}
    ]
