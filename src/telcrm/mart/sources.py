"""The canonical tables that a mart is built from: opened, on one engine, of one currency and clock.

Only columns that the mart uses are kept. Each table is looked over by one query, and only in the
rows of the days that are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain import Currency
from telcrm.errors import MissingTableError
from telcrm.mart.micros import MICROS
from telcrm.tables import TABLES, Column, ColumnType
from telcrm.tables.door import OpenFrame, open_frame, parse_objects, require_columns
from telcrm.tables.refusals import refuse_repeated
from telcrm.tables.row_checks import RowCheck, check_rows, finite, not_null
from telcrm.tables.table_set import (
    one_currency,
    refuse_two_clocks,
    refuse_two_engines,
    refuse_unknown_tables,
)
from telcrm.tables.typed_columns import flag, nothing, start_of_day, typed_column

__all__ = ["Sources", "open_sources"]

USED: Mapping[str, tuple[str, ...]] = {
    "subscriptions": (
        "subscription_id",
        "customer_id",
        "payment_mode",
        "status",
        "account_id",
        "offer_id",
        "activated_on",
        "terminated_on",
        "termination_reason",
        "commitment_end",
    ),
    "customers": ("customer_id", "segment", "region"),
    "usage": (
        "subscription_id",
        "started_at",
        "kind",
        "direction",
        "zone",
        "duration_s",
        "volume_bytes",
        "charge",
        "currency",
    ),
    "recharges": ("customer_id", "recharged_at", "subscription_id", "amount", "currency"),
    "invoices": (
        "customer_id",
        "issued_on",
        "due_on",
        "total",
        "account_id",
        "tax",
        "open_amount",
        "currency",
    ),
    "payments": ("customer_id", "paid_on", "amount", "account_id", "status", "currency"),
    "complaints": ("customer_id", "received_at", "resolved_at", "status"),
    "interactions": ("customer_id", "started_at", "channel", "direction"),
    "equipment": (
        "equipment_id",
        "subscription_id",
        "kind",
        "ownership",
        "imei",
        "assigned_on",
        "returned_on",
    ),
}
"""The columns of each table that the mart is built from."""

_MODEL = Column("model", ColumnType.TEXT, required=False, nullable=True)
_EXPONENT = 2
"""Of most currencies, and of amounts whose currency is not told."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Tables of one engine, with text as text and columns of nulls typed.

    Attributes
    ----------
    opened : mapping of str to OpenFrame
    columns : mapping of str to tuple of str
        The columns of each table that came with it.
    nulls : mapping of str to frozenset of str
        Of the keys ``account_id`` and ``subscription_id`` of each table, those that are null in
        some row.
    currency : str or None
        Of all amounts, where a table tells it.
    """

    opened: Mapping[str, OpenFrame]
    columns: Mapping[str, tuple[str, ...]]
    nulls: Mapping[str, frozenset[str]]
    currency: str | None

    def has(self, table: str, column: str | None = None) -> bool:
        """Tell whether a table was given, and with it a column."""
        return table in self.opened and (column is None or column in self.columns[table])

    def rows(self, table: str) -> nw.LazyFrame[Any]:
        """Return the rows of a table."""
        return self.opened[table].rows

    def between(self, table: str, column: str, first: date | None, last: date) -> nw.LazyFrame[Any]:
        """Keep the rows of some days, both ends included; without ``first`` from ever on."""
        return _between(self.opened[table], column, first, last)

    def since(self, table: str, column: str, day: date) -> nw.Expr:
        """Express whether an instant or a day of a table is on a day or later."""
        return nw.col(column) >= start_of_day(self.rows(table).collect_schema()[column], day)

    def day(self, table: str, column: str) -> nw.Expr:
        """Express the day of an instant, by the clock that it is kept in."""
        dtype = self.rows(table).collect_schema()[column]
        if not isinstance(dtype, nw.Datetime):
            return nw.col(column)
        if self.opened[table].implementation is not nw.Implementation.PANDAS:
            return nw.col(column).cast(nw.Date)
        local = nw.col(column).dt.replace_time_zone(None) if dtype.time_zone else nw.col(column)
        return local.dt.truncate("1d").cast(nw.Datetime("us"))

    @property
    def unit(self) -> int:
        """The smallest part of an amount that is split, in micro-units: the minor unit."""
        exponent = Currency(self.currency).exponent if self.currency else None
        return int(MICROS // 10 ** (_EXPONENT if exponent is None else exponent))

    @property
    def main(self) -> OpenFrame:
        """The table of subscriptions, whose flavour the mart takes."""
        return self.opened["subscriptions"]


def open_sources(
    tables: Mapping[str, Any], days: Mapping[str, tuple[str, date | None, date]]
) -> Sources:
    """Open the tables of a mapping and look over the rows that will be read.

    Parameters
    ----------
    tables : mapping of str to frame
        Canonical tables by name.
    days : mapping of str to (str, date or None, date)
        For a table of events: its column of days or instants, the first and the last day to read.

    Returns
    -------
    Sources

    Raises
    ------
    MissingTableError
        ``subscriptions`` is not there.
    ParameterError
        A name is no canonical table.
    UnsupportedFrameError
        The tables are of two engines.
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        A table is not as its contract has it.
    """
    refuse_unknown_tables(tables, TABLES)
    if "subscriptions" not in tables:
        raise MissingTableError(
            f"tables lacks 'subscriptions' (found: {', '.join(tables) or 'none'}). A row of the "
            "mart is a subscription: add the table.",
            missing="subscriptions",
        )
    made = {name: _prepare(tables[name], name) for name in USED if name in tables}
    opened = {name: one for name, (one, _) in made.items()}
    refuse_two_engines(opened)
    refuse_two_clocks(_instants(opened, days))
    read = {
        name: replace(one, rows=_between(one, *days[name])) if name in days else one
        for name, one in opened.items()
    }
    columns = {name: there for name, (_, there) in made.items()}
    found = {name: _check(one, columns[name]) for name, one in read.items()}
    for table, key in (("subscriptions", "subscription_id"), ("customers", "customer_id")):
        if table in read:
            refuse_repeated(read[table], [key])
    told = {name: code for name, (code, _) in found.items()}
    currency = one_currency(told, otherwise="Convert them to one, or build a mart for each.")
    nulls = {name: missing for name, (_, missing) in found.items()}
    return Sources(read, columns, nulls, currency)


def _prepare(frame: Any, name: str) -> tuple[OpenFrame, tuple[str, ...]]:
    opened = open_frame(frame, table=name)
    wanted = [TABLES[name].column(column) for column in USED[name] if column != "currency"]
    if name == "equipment":
        wanted.append(_MODEL)
    require_columns(opened, {one.name: one.name for one in wanted if one.required})
    if "currency" in USED[name]:
        wanted.append(TABLES[name].column("currency"))
    opened = parse_objects(opened, [one.name for one in wanted])
    schema = opened.rows.collect_schema()
    there = [one for one in wanted if one.name in schema]
    absent = [one for one in wanted if one.name not in schema and one.name != "currency"]
    exprs = {one.name: typed_column(opened, one) for one in there}
    anchor = there[0].name
    exprs |= {one.name: nothing(opened, anchor, one.type) for one in absent}
    rows = opened.rows.select(**exprs)
    return replace(opened, rows=rows), tuple(one.name for one in there)


def _between(opened: OpenFrame, column: str, first: date | None, last: date) -> nw.LazyFrame[Any]:
    # Compared with the column as it is, so that a scanned file is read in part only.
    dtype = opened.rows.collect_schema()[column]
    after = nw.col(column) < start_of_day(dtype, last + timedelta(days=1))
    if first is None:
        return opened.rows.filter(after)
    return opened.rows.filter((nw.col(column) >= start_of_day(dtype, first)) & after)


def _check(opened: OpenFrame, there: Sequence[str]) -> tuple[str | None, frozenset[str]]:
    """Look over the rows to be read; return their one currency, and the keys with nulls."""
    agreed = TABLES[opened.table]
    schema = opened.rows.collect_schema()
    checks: list[RowCheck] = []
    for name in there:
        if name in ("currency", "model"):
            continue
        column, value = agreed.column(name), nw.col(name)
        if not column.nullable:
            checks.append(not_null(name))
        if schema[name].is_float():
            checks.append(finite(name))
        if column.type is not ColumnType.TEXT or column.allowed:
            given = ~value.is_null()
            checks += [
                RowCheck(rule.name, name, rule.failing(value) & given, rule.words)
                for rule in column.rules
            ]
    told = {"_told": nw.col("currency")} if "currency" in there else {}
    loose = [name for name in ("account_id", "subscription_id") if name in there]
    nulls = {f"_no_{name}": flag(nw.col(name).is_null()) for name in loose}
    keys = [key for key in agreed.key if key in schema] or [there[0]]
    ranges = check_rows(opened, checks, keys=keys, ranges={**told, **nulls})
    currency = ranges["_told"][0] if told else None
    missing = frozenset(name for name in loose if ranges[f"_no_{name}"][1] == 1)
    return currency, missing


def _instants(
    opened: Mapping[str, OpenFrame], days: Mapping[str, tuple[str, date | None, date]]
) -> dict[str, nw.dtypes.DType]:
    return {
        f"{name}.{column}": opened[name].rows.collect_schema()[column]
        for name, (column, _, _) in days.items()
        if name in opened and TABLES[name].column(column).type is not ColumnType.DAY
    }
