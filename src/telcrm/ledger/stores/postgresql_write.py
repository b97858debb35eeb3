"""Writing all that a transaction adds and changes in one statement to PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    Column,
    ColumnElement,
    Dialect,
    Integer,
    Table,
    Text,
    any_,
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


_Writer = Callable[[Sequence[Any]], str]

_CURRENT_TXID: Final[ColumnElement[int]] = literal_column(
    "pg_current_xact_id()::text::bigint", BigInteger
)
"""Number of the transaction, as this server counts."""


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
    sql, order, writers = _prepared(tuple(filled), dialect)
    columns = [values for many in filled.values() for values in zip(*many, strict=True)]
    return sql, [write(columns[place]) for place, write in zip(order, writers, strict=True)]


@cache
def _prepared(names: tuple[str, ...], dialect: Dialect) -> tuple[str, list[int], list[_Writer]]:
    statements = [_statement(name, _PARTS[name]) for name in names]
    compiled: Any = select(literal_column("1")).add_cte(*statements).compile(dialect=dialect)
    columns = {_parameter(name, one): one for name in names for one in _PARTS[name].columns}
    places = {parameter: place for place, parameter in enumerate(columns)}
    order = [places[parameter] for parameter in compiled.positiontup]
    types = [columns[parameter].type for parameter in compiled.positiontup]
    return compiled.string, order, [_texts if isinstance(one, Text) else _numbers for one in types]


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
    if name == "entries":
        shift = select(schema.tenant.c.txid_shift).where(
            # All are of one tenant.
            schema.tenant.c.number == any_(bindparam(f"{name}_tenant_number", type_=ARRAY(Integer)))
        )
        txid = _CURRENT_TXID + shift.scalar_subquery()
        return insert(table).from_select([*names, "txid"], select(*rows.c, txid)).cte(f"add_{name}")
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
