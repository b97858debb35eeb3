"""Writing all that a transaction adds and changes in one statement to PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ARRAY,
    CTE,
    Column,
    Dialect,
    Table,
    Text,
    bindparam,
    column,
    func,
    insert,
    literal_column,
    select,
    update,
)

from telcrm.ledger.stores import schema
from telcrm.ledger.stores.sql_rows import (
    ACCOUNT_COLUMNS,
    ACCOUNT_UPDATES,
    ENTRY_INSERTS,
    ITEM_COLUMNS,
    ITEM_UPDATES,
    POSTING_COLUMNS,
    Columns,
    Rows,
)

__all__ = ["array", "write_statement"]


class _Part(NamedTuple):
    table: Table
    columns: Columns
    keys: int
    """How many of the first columns find the row that is there already; 0 for new rows."""


_PARTS: Final = {
    "new_accounts": _Part(schema.account, ACCOUNT_COLUMNS, 0),
    "entries": _Part(schema.entry, ENTRY_INSERTS, 0),
    "postings": _Part(schema.posting, POSTING_COLUMNS, 0),
    "new_items": _Part(schema.item, ITEM_COLUMNS, 0),
    "accounts": _Part(schema.account, ACCOUNT_UPDATES, 1),
    "items": _Part(schema.item, ITEM_UPDATES, 2),
}
"""By the fields of :class:`.Rows`."""


def write_statement(rows: Rows, dialect: Dialect) -> tuple[str, list[str]] | None:
    """Return the statement that writes rows, and its values; None where there are none.

    Each column of rows travels as one array, so one text serves any number of rows and stays
    prepared.
    """
    filled = {name: many for name in _PARTS if (many := getattr(rows, name))}
    if not filled:
        return None
    sql, writers = _prepared(tuple(filled), dialect)
    columns = (values for many in filled.values() for values in zip(*many, strict=True))
    return sql, [write(values) for write, values in zip(writers, columns, strict=True)]


@cache
def _prepared(
    names: tuple[str, ...], dialect: Dialect
) -> tuple[str, list[Callable[[Sequence[Any]], str]]]:
    statements = [_statement(name, _PARTS[name]) for name in names]
    compiled: Any = select(literal_column("1")).add_cte(*statements).compile(dialect=dialect)
    columns = {_parameter(name, one): one for name in names for one in _PARTS[name].columns}
    assert list(compiled.positiontup) == list(columns)  # noqa: S101 - else values would change places
    return compiled.string, [
        _texts if isinstance(one.type, Text) else _numbers for one in columns.values()
    ]


def _parameter(name: str, one: Column[Any]) -> str:
    return f"{name}_{one.name}"


def _statement(name: str, part: _Part) -> CTE:
    table, columns, keys = part
    given = func.unnest(
        *(bindparam(_parameter(name, one), type_=ARRAY(type(one.type)())) for one in columns)
    )
    rows = given.table_valued(
        *(column(one.name, type(one.type)()) for one in columns)
    ).render_derived()
    names = [one.name for one in columns]
    if not keys:
        return insert(table).from_select(names, select(*rows.c)).cte(f"add_{name}")
    is_row = [table.c[key] == rows.c[key] for key in names[:keys]]
    changes = {changed: rows.c[changed] for changed in names[keys:]}
    return update(table).where(*is_row).values(changes).cte(f"change_{name}")


def array(values: Sequence[Any]) -> str:
    """Return an array in PostgreSQL's own words.

    psycopg would look at each value to find out how to write it; here all are numbers, or all text.
    """
    given = next((value for value in values if value is not None), None)
    return _texts(values) if isinstance(given, str) else _numbers(values)


def _numbers(values: Sequence[Any]) -> str:
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def _texts(values: Sequence[str | None]) -> str:
    return "{" + ",".join([_quoted(value) for value in values]) + "}"


def _quoted(value: str | None) -> str:
    if value is None:
        return "NULL"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
