"""What a new token may be granted: nothing its maker does not have."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.access import Principal, Scope
from app.domain.errors import FieldProblem, Forbidden, InvalidRequest, NotFound
from app.domain.ids import AccountId, TokenId
from app.domain.ports import AccountStore, TokenRecord
from app.services.account_input import text_problem
from app.services.account_limits import (
    REQUESTS_PER_MINUTE,
    TENANT_CHARS,
    TOKEN_ACCOUNTS,
    TOKEN_NAME_CHARS,
    TOKEN_SECONDS,
    TOKEN_SECONDS_LEAST,
)

_SCOPES = frozenset(scope.value for scope in Scope)


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a caller asks for. None means as far as the caller itself reaches; `expires_in` is seconds."""

    name: str
    scopes: Sequence[str]
    accounts: Sequence[str] | None = None
    tenant: str | None = None
    expires_in: float | None = None
    requests_per_minute: int | None = None


async def granted(
    principal: Principal, new: NewToken, accounts: AccountStore, token_id: TokenId, now: float, default_rate: int
) -> TokenRecord:
    """Work out the record of a new token.

    Raises InvalidRequest for what no token can have, and Forbidden for what this principal cannot pass on.
    """
    problems = _problems(principal, new, now)
    tenant = new.tenant if new.tenant is not None else principal.tenant
    reach = await _reach(principal, new, tenant, accounts, problems)
    if problems:
        raise InvalidRequest("The token cannot be made like this.", problems)
    _refuse_more_than_own(principal, new)
    inherited = default_rate if principal.is_admin else min(default_rate, principal.requests_per_minute)
    return TokenRecord(
        id=token_id,
        name=new.name,
        scopes=tuple(sorted(set(new.scopes))),
        accounts=reach,
        tenant=tenant,
        requests_per_minute=new.requests_per_minute or inherited,
        created_at=now,
        expires_at=now + new.expires_in if new.expires_in is not None else principal.expires_at,
        revoked_at=None,
        created_by=principal.token_id,
    )


def _problems(principal: Principal, new: NewToken, now: float) -> list[FieldProblem]:
    problems: list[FieldProblem] = []

    def check(pointer: str, problem: str | None) -> None:
        if problem:
            problems.append(FieldProblem(problem, pointer))

    check("/name", text_problem(new.name, TOKEN_NAME_CHARS))
    check("/scopes", None if new.scopes else "Name at least one scope.")
    for index, scope in enumerate(new.scopes[: len(_SCOPES) + 1]):
        check(f"/scopes/{index}", None if scope in _SCOPES else f"One of {', '.join(sorted(_SCOPES))}.")
    check("/scopes", f"At most {len(_SCOPES)}." if len(new.scopes) > len(_SCOPES) else None)
    if new.tenant is not None:
        check("/tenant", text_problem(new.tenant, TENANT_CHARS))
    if Scope.ADMIN in new.scopes and (new.accounts is not None or new.tenant is not None):
        check("/scopes", "The scope admin reaches everything; leave out accounts and tenant.")
    check("/expires_in", _expiry_problem(principal, new.expires_in, now))
    if new.requests_per_minute is not None and not 1 <= new.requests_per_minute <= REQUESTS_PER_MINUTE:
        check("/requests_per_minute", f"Between 1 and {REQUESTS_PER_MINUTE}.")
    return problems


def _expiry_problem(principal: Principal, expires_in: float | None, now: float) -> str | None:
    if expires_in is None:
        return None
    if not TOKEN_SECONDS_LEAST <= expires_in <= TOKEN_SECONDS:  # also refuses NaN
        return f"Between {TOKEN_SECONDS_LEAST} and {TOKEN_SECONDS} seconds."
    if principal.expires_at is not None and now + expires_in > principal.expires_at:
        return f"A token cannot outlive the one that makes it: at most {max(0, int(principal.expires_at - now))}."
    return None


async def _reach(
    principal: Principal, new: NewToken, tenant: str | None, accounts: AccountStore, problems: list[FieldProblem]
) -> tuple[AccountId, ...] | None:
    if new.accounts is None:
        return None if principal.accounts is None else tuple(sorted(principal.accounts))
    if not 1 <= len(new.accounts) <= TOKEN_ACCOUNTS:
        problems.append(FieldProblem(f"Between 1 and {TOKEN_ACCOUNTS}; a tenant reaches more.", "/accounts"))
        return ()
    found: set[AccountId] = set()
    for index, account_id in enumerate(new.accounts):
        try:
            account = await accounts.get(principal, account_id)
        except NotFound:
            problems.append(FieldProblem("No such account.", f"/accounts/{index}"))
            continue
        if tenant is not None and account.tenant != tenant:
            problems.append(FieldProblem("The account is not of this tenant.", f"/accounts/{index}"))
        found.add(account.id)
    return tuple(sorted(found))


def _refuse_more_than_own(principal: Principal, new: NewToken) -> None:
    if principal.is_admin:
        return
    for scope in new.scopes:
        if not principal.has(Scope(scope)):
            raise Forbidden(f"A token cannot pass on the scope {scope}, which it does not have.", scope=scope)
    if principal.tenant is not None and new.tenant not in {None, principal.tenant}:
        raise Forbidden("A token of one tenant cannot make a token for another one.")
    if new.requests_per_minute is not None and new.requests_per_minute > principal.requests_per_minute:
        raise Forbidden(f"A token cannot pass on more than its own {principal.requests_per_minute} requests a minute.")
