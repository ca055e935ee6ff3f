"""All that differs between SQLite and PostgreSQL once connected: the upsert, and what an error means."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from typing import Any, TypeVarTuple

import asyncpg  # type: ignore[import-untyped]  # ships no types
from sqlalchemy import ColumnElement, Select, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

Columns = TypeVarTuple("Columns")

Upsert = sqlite.Insert | postgresql.Insert

UNWRAPPED: tuple[type[Exception], ...] = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""What connecting raises as it is; everything later comes as an error of SQLAlchemy. TimeoutError is an OSError."""

FAILURES: tuple[type[Exception], ...] = (SQLAlchemyError, *UNWRAPPED)
"""All that using a database may raise."""


def upsert(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    keys: Sequence[str],
    overwrite: bool = True,
    where: ColumnElement[bool] | None = None,
    merge: Callable[[Any], Mapping[str, Any]] | None = None,
) -> Upsert:
    """Build an INSERT of `rows` that overwrites, on equal `keys`, the other columns given, or leaves the row alone.

    With `where` an existing row is overwritten only if that holds for it; add `.returning()` to learn which rows were
    written. With `merge` an existing row is given what that makes of the row that could not be inserted.
    """
    insert: Upsert = sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
    insert = insert.values(list(rows))
    if not overwrite:
        return insert.on_conflict_do_nothing(index_elements=list(keys))
    if merge is not None:
        return insert.on_conflict_do_update(index_elements=list(keys), set_=dict(merge(insert.excluded)), where=where)
    changes = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    return insert.on_conflict_do_update(index_elements=list(keys), set_=changes, where=where)


def claim(rows: Select[*Columns]) -> Select[*Columns]:
    """Build a SELECT that locks the rows it finds and passes over those others have locked.

    SQLite has one writer at a time and needs no locks: there the statement stays as it is.
    """
    return rows.with_for_update(skip_locked=True)


def upsert_each(connection: AsyncConnection, table: Table, *, keys: Sequence[str]) -> Upsert:
    """Build the same for one row with every column of the table, to be executed with a list of many.

    It is compiled once, where a statement that has a thousand rows in it takes a tenth of a second each time.
    """
    insert: Upsert = sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
    changes = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in keys}
    return insert.on_conflict_do_update(index_elements=list(keys), set_=changes)


class Condition(Enum):
    """What an error of the database means for us."""

    DUPLICATE = auto()
    NO_PARENT = auto()
    LOST_RACE = auto()
    UNAVAILABLE = auto()
    REFUSED = auto()
    NO_DATABASE = auto()
    MISTAKE = auto()


_SQLITE_EXTENDED = {2067: Condition.DUPLICATE, 1555: Condition.DUPLICATE, 787: Condition.NO_PARENT}
"""SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY and _FOREIGNKEY (sqlite.org/rescode.html)."""

_SQLITE_PRIMARY = {
    **dict.fromkeys(
        (5, 6, 8, 10, 13, 14, 15), Condition.UNAVAILABLE
    ),  # BUSY LOCKED READONLY IOERR FULL CANTOPEN PROTOCOL
    **dict.fromkeys((11, 26), Condition.NO_DATABASE),  # CORRUPT NOTADB
    **dict.fromkeys((3, 23), Condition.REFUSED),  # PERM AUTH
}

_SQLSTATE = {
    "23505": Condition.DUPLICATE,
    "23503": Condition.NO_PARENT,
    "40001": Condition.LOST_RACE,
    "40P01": Condition.LOST_RACE,
    "55000": Condition.UNAVAILABLE,  # the database does not take connections now
    "55P03": Condition.UNAVAILABLE,
    "25006": Condition.UNAVAILABLE,  # read-only: a fail-over is under way
    "3D000": Condition.NO_DATABASE,
}
"""PostgreSQL's codes (appendix A of its manual); whole classes are below."""

_SQLSTATE_CLASS = {
    "08": Condition.UNAVAILABLE,
    "53": Condition.UNAVAILABLE,
    "57": Condition.UNAVAILABLE,
    "28": Condition.REFUSED,
}


def condition(error: BaseException) -> Condition:
    """Tell what an error of SQLAlchemy or a driver means, by its code and never by its text."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Condition.UNAVAILABLE
    number = getattr(cause, "sqlite_errorcode", None)
    if isinstance(number, int):
        return _SQLITE_EXTENDED.get(number) or _SQLITE_PRIMARY.get(number & 0xFF, Condition.MISTAKE)
    state = getattr(cause, "sqlstate", None)
    if isinstance(state, str):
        return _SQLSTATE.get(state) or _SQLSTATE_CLASS.get(state[:2], Condition.MISTAKE)
    return Condition.UNAVAILABLE if isinstance(cause, OSError | TimeoutError) else Condition.MISTAKE
