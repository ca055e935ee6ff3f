"""A settled query in the form in which it is sent: no minus before a group, a size or a day, and one bound of a kind.

Shorter on the wire, and nothing is left for a server to get wrong: Dovecot 2.3 finds too little for
`-(larger:300 larger:303)`, whose bounds it joins the wrong way round.
"""

from collections.abc import Callable, Iterable
from typing import Literal

from app.domain.search.limits import MAX_SIZE
from app.domain.search.terms import And, Everything, Not, Nothing, Or, Received, Size, Term, every, some


def normal(term: Term) -> Term:
    """Bring a settled query into the form; it means the same of every message that has a time."""
    return _normal(term, is_negated=False)


def _normal(term: Term, *, is_negated: bool) -> Term:
    match term:
        case Not(inner):
            return _normal(inner, is_negated=not is_negated)
        case And(terms):
            return _group(terms, is_negated=is_negated, is_and=not is_negated)
        case Or(terms):
            return _group(terms, is_negated=is_negated, is_and=is_negated)
        case _:
            return _negated(term) if is_negated else term


def _group(terms: Iterable[Term], *, is_negated: bool, is_and: bool) -> Term:
    join = every if is_and else some
    joined = join(*[_normal(one, is_negated=is_negated) for one in terms])
    if not isinstance(joined, And if is_and else Or):
        return joined
    kept: dict[object, Term] = {}
    for one in joined.terms:
        kind = (type(one), one.relation) if isinstance(one, Size | Received) else one
        before = kept.get(kind)
        kept[kind] = one if before is None else _tighter(before, one, is_and=is_and)
    return join(*kept.values())


def _tighter(one: Term, other: Term, *, is_and: bool) -> Term:
    """Of two bounds of a kind, the one that decides: of `larger` the higher when both must hold, and so on."""
    if isinstance(one, Size) and isinstance(other, Size):
        pick = _pick(one.relation, is_and=is_and)
        return Size(one.relation, pick(one.octets, other.octets))
    if isinstance(one, Received) and isinstance(other, Received):
        is_first = (one.day < other.day) == (_pick(one.relation, is_and=is_and) is min)
        return one if is_first else other
    return one  # equal terms


def _pick(relation: Literal["larger", "smaller", "before", "after"], *, is_and: bool) -> Callable[[int, int], int]:
    return max if (relation in {"larger", "after"}) == is_and else min


def _negated(term: Term) -> Term:
    match term:
        case Everything():
            return Nothing()
        case Nothing():
            return Everything()
        case Size("larger", octets):
            return Size("smaller", octets + 1) if octets < MAX_SIZE else Not(term)
        case Size("smaller", octets):
            return Size("larger", octets - 1) if octets else Everything()
        case Received(relation, day):
            return Received("after" if relation == "before" else "before", day)
        case _:
            return Not(term)
