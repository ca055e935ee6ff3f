"""A query cut into parentheses, minus signs, `OR`, and terms with the place where each begins."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from app.domain.errors import FieldProblem, InvalidRequest

#: Where a caller finds the query in a request.
POINTER = "/query/q"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query; `at` counts characters from 1.

    A term has a value, quoted or not, and an operator where one was written: `from` of `from:ana`.
    """

    kind: Literal["open", "close", "minus", "or", "term"]
    at: int
    operator: str = ""
    operator_written: bool = False
    value: str = ""
    is_quoted: bool = False


def refuse(code: str, at: int, detail: str) -> InvalidRequest:
    """Say what is wrong with a query and where; `code` is stable."""
    sentence = f"{detail[:-1]}, at character {at} of the query."
    return InvalidRequest(sentence, [FieldProblem(sentence, POINTER, code=code, position=at)])


def tokenize(text: str) -> Iterator[Token]:
    """Cut a query. Raises InvalidRequest for an open quote and for characters that no text of mail has."""
    _check_characters(text)
    place = 0
    while place < len(text):
        sign = text[place]
        if sign.isspace():
            place += 1
        elif sign in "()":
            yield Token("open" if sign == "(" else "close", place + 1)
            place += 1
        elif sign == "-" and place + 1 < len(text) and not text[place + 1].isspace() and text[place + 1] != ")":
            yield Token("minus", place + 1)
            place += 1
        else:
            token, place = _read_term(text, place)
            yield token


def _check_characters(text: str) -> None:
    for place, sign in enumerate(text):
        category = unicodedata.category(sign)
        if category == "Cs" or (category == "Cc" and not sign.isspace()):
            raise refuse("unreadable_character", place + 1, "A character here is no text.")


def _read_term(text: str, start: int) -> tuple[Token, int]:
    if text[start] == '"':
        value, end = _read_quoted(text, start)
        return Token("term", start + 1, value=value, is_quoted=True), end
    end = start
    while end < len(text) and not (text[end].isspace() or text[end] in '()":'):
        end += 1
    word = text[start:end]
    if end < len(text) and text[end] == ":":
        value, is_quoted, end = _read_value(text, end + 1)
        return Token("term", start + 1, word, True, value, is_quoted), end
    if word == "OR":
        return Token("or", start + 1), end
    return Token("term", start + 1, value=word), end


def _read_value(text: str, start: int) -> tuple[str, bool, int]:
    if text[start : start + 1] == '"':
        value, end = _read_quoted(text, start)
        return value, True, end
    end = start
    while end < len(text) and not (text[end].isspace() or text[end] in '()"'):
        end += 1
    return text[start:end], False, end


def _read_quoted(text: str, start: int) -> tuple[str, int]:
    r"""Read `"…"`, in which `\"` and `\\` stand for themselves; blanks of any kind become one kind."""
    signs: list[str] = []
    place = start + 1
    while place < len(text):
        sign = text[place]
        if sign == '"':
            return "".join(signs), place + 1
        if sign == "\\" and text[place + 1 : place + 2] in {'"', "\\"}:
            place += 1
            sign = text[place]
        signs.append(" " if unicodedata.category(sign) == "Cc" else sign)
        place += 1
    raise refuse("open_quote", start + 1, "A quotation mark is never closed.")
