"""What clients write to act on mail, checked."""

import re
from collections.abc import Sequence

from app.domain.edits import FlagEdit
from app.domain.errors import FieldProblem, InvalidRequest
from app.domain.flags import SYSTEM_FLAGS
from app.services.edits.limits import FLAGS_AT_ONCE, KEYWORD_CHARS, MUTATION_ID_CHARS

_SYSTEM = frozenset(SYSTEM_FLAGS.values())
#: A keyword is an atom (RFC 9051 section 9, flag-keyword): no controls, spaces, brackets, wildcards, quotes, backslash.
_KEYWORD = re.compile(rf"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}}~]{{1,{KEYWORD_CHARS}}}\Z")
_PRINTABLE = re.compile(rf"[\x20-\x7e]{{1,{MUTATION_ID_CHARS}}}\Z")


def check_mutation_id(value: str | None) -> None:
    """Raise InvalidRequest for a client_mutation_id that cannot be given back in every face."""
    if value is not None and not _PRINTABLE.match(value):
        detail = f"A client_mutation_id is 1 to {MUTATION_ID_CHARS} printable ASCII characters."
        raise InvalidRequest(detail, [FieldProblem(detail, "/client_mutation_id")])


def flag_edit(add: Sequence[str], remove: Sequence[str], pointer: str) -> FlagEdit:
    """Return a change of flags that a server can be asked for; `pointer` is where `add` and `remove` stand.

    Flags are `seen flagged answered draft deleted` or keywords, which compare without case (RFC 9051 section 2.3.2).
    Raises InvalidRequest with a pointer to each that is none, and to both ends of a contradiction.
    """
    problems: list[FieldProblem] = []
    for name, flags in (("add", add), ("remove", remove)):
        if len(flags) > FLAGS_AT_ONCE:
            problems.append(FieldProblem(f"At most {FLAGS_AT_ONCE} flags.", f"{pointer}/{name}"))
            continue
        for index, flag in enumerate(flags):
            problem = _flag_problem(flag)
            if problem:
                problems.append(FieldProblem(problem, f"{pointer}/{name}/{index}"))
    if not problems:
        problems = _contradictions(add, remove, pointer)
    if not problems and not add and not remove:
        problems = [FieldProblem("Name at least one flag to add or to remove.", pointer)]
    if problems:
        raise InvalidRequest(problems[0].detail, problems)
    return FlagEdit(_distinct(add), _distinct(remove))


def check_flags(flags: Sequence[str], pointer: str) -> tuple[str, ...]:
    """Return the flags a new message gets. Raises InvalidRequest with a pointer to each that is none."""
    problems = [FieldProblem(f"At most {FLAGS_AT_ONCE} flags.", pointer)] if len(flags) > FLAGS_AT_ONCE else []
    for index, flag in enumerate(flags[:FLAGS_AT_ONCE]):
        problem = _flag_problem(flag)
        if problem:
            problems.append(FieldProblem(problem, f"{pointer}/{index}"))
    if problems:
        raise InvalidRequest(problems[0].detail, problems)
    return _distinct(flags)


def _flag_problem(flag: str) -> str | None:
    if flag in _SYSTEM:
        return None
    if flag.lower() in _SYSTEM:
        return f"Write {flag.lower()} in lower case."
    if flag.startswith("\\"):
        return f"Flags have no backslash here: one of {', '.join(sorted(_SYSTEM))}, or a keyword."
    if not _KEYWORD.match(flag):
        return (
            f"A keyword is 1 to {KEYWORD_CHARS} ASCII characters without spaces, controls and any of "
            '( ) { % * " \\ ] (RFC 9051).'
        )
    return None


def _contradictions(add: Sequence[str], remove: Sequence[str], pointer: str) -> list[FieldProblem]:
    added = {flag.lower(): index for index, flag in enumerate(add)}
    problems = []
    for index, flag in enumerate(remove):
        other = added.get(flag.lower())
        if other is not None:
            detail = "A flag cannot be added and removed at once."
            problems.append(FieldProblem(detail, f"{pointer}/add/{other}"))
            problems.append(FieldProblem(detail, f"{pointer}/remove/{index}"))
    return problems


def _distinct(flags: Sequence[str]) -> tuple[str, ...]:
    return tuple({flag.lower(): flag for flag in reversed(flags)}.values())[::-1]
