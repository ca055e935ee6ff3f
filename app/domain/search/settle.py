"""A query brought to one moment and one mailbox: what the mail server of the mailbox can be asked."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

from app.domain.search.limits import FIRST_YEAR
from app.domain.search.terms import Age, And, Everything, In, Not, Nothing, Or, Received, Term, every, some


def settle(term: Term, today: date, is_in: Callable[[str], bool]) -> Term:
    """Replace ages by days, counted back from `today`, and `in:` by what `is_in` says of the mailbox.

    The answer has neither; `Everything` and `Nothing` stand alone in it.
    """
    match term:
        case Age(relation, amount, unit):
            return Received("before" if relation == "older" else "after", days_ago(today, amount, unit))
        case In(mailbox):
            return Everything() if is_in(mailbox) else Nothing()
        case Not(inner):
            return _negated(settle(inner, today, is_in))
        case And(terms):
            return every(*[settle(one, today, is_in) for one in terms])
        case Or(terms):
            return some(*[settle(one, today, is_in) for one in terms])
        case _:
            return term


def _negated(term: Term) -> Term:
    if isinstance(term, Everything):
        return Nothing()
    if isinstance(term, Nothing):
        return Everything()
    return term.term if isinstance(term, Not) else Not(term)


def days_ago(today: date, amount: int, unit: str) -> date:
    """Count back days, weeks, calendar months or years; a day that its month has not is the month's last.

    No day lies before the first that a query can name.
    """
    first = date(FIRST_YEAR, 1, 1)
    if unit in {"d", "w"}:
        days = amount * (7 if unit == "w" else 1)
        return max(first, today - timedelta(days=min(days, (today - first).days)))
    months = today.year * 12 + today.month - 1 - amount * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    if year < FIRST_YEAR:
        return first
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def replaced(term: Term, values: dict[Term, bool]) -> Term:
    """Put what is known of some terms in their place."""
    if term in values:
        return Everything() if values[term] else Nothing()
    match term:
        case Not(inner):
            return _negated(replaced(inner, values))
        case And(terms):
            return every(*[replaced(one, values) for one in terms])
        case Or(terms):
            return some(*[replaced(one, values) for one in terms])
        case _:
            return term


def named(term: Term) -> frozenset[str]:
    """Tell the mailboxes that the query asks for: those of `in:` under no minus sign."""
    found: set[str] = set()
    pending = [(term, True)]
    while pending:
        one, is_asked = pending.pop()
        match one:
            case In(mailbox) if is_asked:
                found.add(mailbox)
            case Not(inner):
                pending.append((inner, not is_asked))
            case And(terms) | Or(terms):
                pending.extend((each, is_asked) for each in terms)
            case _:
                pass
    return frozenset(found)
