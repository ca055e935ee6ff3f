"""Reads a query.

The grammar::

    query = [ and ]
    and   = or *( or )              terms beside each other: all must hold
    or    = not *( "OR" not )       binds tighter, as in Gmail, whose words these are
    not   = *( "-" ) ( term / "(" and ")" )
    term  = [ operator ":" ] ( word / quoted )

`OR` is written in capitals; operators in any case.
"""

from collections.abc import Iterator

from app.domain.errors import FieldProblem, InvalidRequest
from app.domain.search.limits import MAX_DEPTH, MAX_QUERY, MAX_TERMS
from app.domain.search.operators import OPERATORS, BadValue
from app.domain.search.terms import Everything, Not, Term, every, some
from app.domain.search.tokens import POINTER, Token, refuse, tokenize


def parse(text: str) -> Term:
    """Read a query; an empty one is `Everything`.

    Raises InvalidRequest whose one problem has a stable `code` and the `position`, counted in characters from 1. What
    is over a bound is refused too.
    """
    if len(text) > MAX_QUERY:
        detail = f"A query may have {MAX_QUERY} characters."
        raise InvalidRequest(detail, [FieldProblem(detail, POINTER, code="query_too_long", position=MAX_QUERY + 1)])
    parser = _Parser(tokenize(text), len(text))
    return parser.query()


class _Parser:
    def __init__(self, tokens: Iterator[Token], length: int) -> None:
        self._tokens = tokens
        self._end = length + 1
        self._terms = 0
        self._depth = 0
        self._next = next(tokens, None)

    def query(self) -> Term:
        if self._next is None:
            return Everything()
        term = self._and()
        rest = self._take()
        if rest is not None:
            raise refuse("unmatched_parenthesis", rest.at, "A parenthesis is closed that was not opened.")
        return term

    def _and(self) -> Term:
        terms = [self._or()]
        while self._kind not in {None, "close"}:
            terms.append(self._or())
        return every(*terms)

    def _or(self) -> Term:
        terms = [self._not()]
        while self._kind == "or":
            self._take()
            terms.append(self._not())
        return some(*terms)

    def _not(self) -> Term:
        token = self._take()
        if token is None:
            raise refuse("term_missing", self._end, "A term is missing.")
        if token.kind == "minus":
            self._deeper(token)
            term = Not(self._not())
            self._depth -= 1
            return term
        if token.kind == "open":
            return self._group(token)
        if token.kind != "term":
            raise refuse("term_missing", token.at, "A term is missing.")
        return self._leaf(token)

    def _group(self, token: Token) -> Term:
        self._deeper(token)
        inner = self._and()
        if self._take() is None:
            raise refuse("open_parenthesis", token.at, "A parenthesis is never closed.")
        self._depth -= 1
        return inner

    def _leaf(self, token: Token) -> Term:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise refuse("too_many_terms", token.at, f"A query may have {MAX_TERMS} terms.")
        read = OPERATORS.get(token.operator.lower() if token.operator_written else "text")
        if read is None:
            raise refuse(
                "unknown_operator", token.at, "There is no such operator; to look for a colon, put the text in quotes."
            )
        try:
            return read(token.value)
        except BadValue as bad:
            raise refuse(bad.code, token.at, bad.detail) from None

    def _deeper(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise refuse("too_deep", token.at, f"A query may be {MAX_DEPTH} levels deep.")

    @property
    def _kind(self) -> str | None:
        return self._next.kind if self._next is not None else None

    def _take(self) -> Token | None:
        token = self._next
        self._next = next(self._tokens, None)
        return token
