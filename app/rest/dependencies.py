"""What routes ask for: the services, the caller, the account."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.domain.access import Principal
from app.http.account_references import resolve_account
from app.http.admission import admit, admitted
from app.http.limits import MAX_QUERY_TEXT
from app.http.state import FaceServices, state_of
from app.services.edits.limits import MUTATION_ID_CHARS

AccountRef = Annotated[
    str,
    Path(
        max_length=MAX_QUERY_TEXT,
        description="Id of the account, `acc_…`, or `external:` and your own id for it.",
        examples=["external:demo-ana"],
    ),
]
MailboxRef = Annotated[
    str,
    Path(
        max_length=MAX_QUERY_TEXT,
        description="Id of the mailbox, `mbx_…`, or a role: inbox, sent, drafts, trash, junk, archive, all, flagged.",
        examples=["inbox"],
    ),
]
MessageRef = Annotated[
    str,
    Path(
        max_length=MAX_QUERY_TEXT,
        description="Id of the message, `msg_…`, from a page.",
        examples=["msg_paste_one_from_a_page"],
    ),
]
PartRef = Annotated[
    str,
    Path(
        max_length=64,
        pattern=r"^[0-9]+(\.[0-9]+)*$",
        description="Number of the part, from the message.",
        examples=["1"],
    ),
]

MutationId = Annotated[
    str | None,
    Query(
        max_length=MUTATION_ID_CHARS,
        description="Your own name for this change; given back, and told with the events it causes.",
    ),
]

#: What the page at /docs says beside the field for the token.
_ABOUT = (
    "An API token, `mh_…`. `make demo` prints one that reads and changes mail; `admin_token` in its `var/demo.json` "
    "may do everything."
)
bearer = HTTPBearer(auto_error=False, scheme_name="token", description=_ABOUT, bearerFormat="mh")


async def services(request: Request) -> FaceServices:
    """Return the services. Asynchronous, because FastAPI calls other dependencies in a thread."""
    return state_of(request)


Services = Annotated[FaceServices, Depends(services)]


async def caller(request: Request, given: HTTPAuthorizationCredentials | None) -> Principal:
    """Verify the bearer token (RFC 6750) and take one request from its allowance."""
    return await admitted(request, given.credentials if given else None)


class _TokenCaller(HTTPBearer):
    """The scheme and its verification in one: FastAPI solves dependencies of dependencies each time they are met."""

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override]  # it goes on where the base ends
        """Return whom the token of a request stands for."""
        return await caller(request, await super().__call__(request))


Caller = Annotated[
    Principal, Depends(_TokenCaller(auto_error=False, scheme_name="token", description=_ABOUT, bearerFormat="mh"))
]


async def link_or_caller(
    request: Request,
    account: AccountRef,
    message: MessageRef,
    part: PartRef,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    token: Annotated[str | None, Query(max_length=MAX_QUERY_TEXT, description="Of a signed link.")] = None,
    expires: Annotated[int | None, Query(ge=0, le=2**40, description="Of a signed link, Unix seconds.")] = None,
    signature: Annotated[str | None, Query(max_length=MAX_QUERY_TEXT, description="Of a signed link.")] = None,
) -> Principal:
    """Verify a bearer token, or else the signed link that the address is."""
    if given is not None or token is None or expires is None or signature is None:
        return await caller(request, given)
    at = state_of(request)
    request.state.is_link = True
    token_id = at.links.check(account, message, part, token, expires, signature)
    return admit(request, await at.access.principal(token_id))


LinkOrCaller = Annotated[Principal, Depends(link_or_caller)]


async def account_id(request: Request, account: AccountRef, principal: Caller) -> str:
    """Return the account's id."""
    return await resolve_account(account, principal, state_of(request))


AccountId = Annotated[str, Depends(account_id)]
