"""The canonical tables as they stood at the first moment of a day: what came later is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Final

import narwhals.stable.v2 as nw

from telcrm.churn.warnings.day_numbers import day_number
from telcrm.churn.warnings.lines import with_standing
from telcrm.errors import MissingTableError
from telcrm.kpi.instants import read_objects
from telcrm.tables import TABLES, Column, ColumnType
from telcrm.tables.calendar_index import day_index
from telcrm.tables.contract_checks import refusing_checks
from telcrm.tables.door import OpenFrame, open_frame, require_columns
from telcrm.tables.refusals import refuse_repeated
from telcrm.tables.row_checks import check_rows, not_null
from telcrm.tables.table_set import one_currency, refuse_two_engines, refuse_unknown_tables
from telcrm.tables.typed_columns import nothing, start_of_day, typed_column

__all__ = ["AGE", "SeenTables", "open_seen"]

AGE: Final = "age_days"
"""Days from the day of an event to the day asked about, 1 or more."""


@dataclass(frozen=True, slots=True)
class _Used:
    columns: tuple[str, ...]
    optional: tuple[str, ...] = ()
    at: str | None = None


_USED: Final[Mapping[str, _Used]] = MappingProxyType(
    {
        "subscriptions": _Used(
            ("subscription_id", "customer_id", "status"),
            ("account_id", "activated_on", "terminated_on", "commitment_end"),
        ),
        "usage": _Used(
            (
                "subscription_id",
                "started_at",
                "kind",
                "direction",
                "zone",
                "duration_s",
                "volume_bytes",
            ),
            ("other_party",),
            at="started_at",
        ),
        "complaints": _Used(
            ("complaint_id", "customer_id", "received_at", "category", "status"),
            ("resolved_at", "severity"),
            at="received_at",
        ),
        "interactions": _Used(
            ("interaction_id", "customer_id", "started_at", "direction"),
            ("reason",),
            at="started_at",
        ),
        "service_requests": _Used(
            ("service_request_id", "customer_id", "kind", "requested_at"),
            ("subscription_id", "status", "completed_at"),
            at="requested_at",
        ),
        "invoices": _Used(
            ("invoice_id", "customer_id", "issued_on", "due_on", "total"),
            ("account_id", "currency"),
            at="issued_on",
        ),
        "payments": _Used(
            ("customer_id", "paid_on", "amount"),
            ("account_id", "status", "currency"),
            at="paid_on",
        ),
    }
)
"""The columns that warnings are read from, and the one that tells when."""


@dataclass(frozen=True, slots=True)
class SeenTables:
    """Tables of one engine, without the rows that lie in the future of a day.

    Attributes
    ----------
    opened : mapping of str to OpenFrame
        Text is text, a column that did not come is null, events have :data:`AGE`, and lines how
        they stood.
    given : mapping of str to tuple of str
        The columns of each table that came with it.
    as_of : date
    currency : str or None
        Of invoices and payments, where they tell it.
    spans : mapping of str to (int, int)
        The ages of the first and of the last event that was read of each table that has any.
    """

    opened: Mapping[str, OpenFrame]
    given: Mapping[str, tuple[str, ...]]
    as_of: date
    currency: str | None
    spans: Mapping[str, tuple[int, int]]

    @property
    def today(self) -> int:
        """The day asked about as a day number."""
        return self.as_of.toordinal()

    @property
    def main(self) -> OpenFrame:
        """The table whose flavour the answer takes."""
        return next(iter(self.opened.values()))

    def has(self, table: str, column: str | None = None) -> bool:
        """Tell whether a table was given, and with it a column."""
        return table in self.opened and (column is None or column in self.given[table])

    def rows(self, table: str) -> nw.LazyFrame[Any]:
        """Return the rows of a table that were there."""
        return self.opened[table].rows

    def no_text(self, table: str) -> nw.Expr:
        """Express a null of type text, beside the rows of a table."""
        opened = self.opened[table]
        return nothing(opened, opened.rows.collect_schema().names()[0], ColumnType.TEXT)


def open_seen(
    tables: Mapping[str, Any],
    *,
    as_of: date,
    recorded_at: str | None,
    back_days: Mapping[str, int],
) -> SeenTables:
    """Open the tables that warnings are read from, and look over the rows that were there.

    Parameters
    ----------
    tables : mapping of str to frame
    as_of : date
    recorded_at : str or None
        A column that tells when a row came to be known, in the tables that have it.
    back_days : mapping of str to int
        How far back the events of a table are read; all of them if it is not named.

    Returns
    -------
    SeenTables

    Raises
    ------
    ParameterError, MissingTableError, UnsupportedFrameError, MissingColumnsError
    ColumnTypeError, InvalidTableError, CurrencyMismatchError
    """
    _refuse_unknown(tables)
    made = {name: _prepare(tables[name], name, recorded_at) for name in _USED if name in tables}
    opened = {
        name: _until(one, _USED[name].at, as_of, recorded_at, back_days.get(name))
        for name, (one, _) in made.items()
    }
    refuse_two_engines(opened)
    given = {name: columns for name, (_, columns) in made.items()}
    found = {name: _check(opened[name], given[name], recorded_at) for name in opened}
    if "subscriptions" in opened:
        spell = [
            key for key in ("subscription_id", "activated_on") if key in given["subscriptions"]
        ]
        refuse_repeated(opened["subscriptions"], spell)
    told = {name: code for name, (code, _) in found.items()}
    currency = one_currency(told, otherwise="Convert them to one.")
    seen = {name: _dated(one, _USED[name].at, as_of) for name, one in opened.items()}
    today = as_of.toordinal()
    spans = {name: (today - span[0], today - span[1]) for name, (_, span) in found.items() if span}
    return SeenTables(seen, given, as_of, currency, spans)


def _refuse_unknown(tables: Mapping[str, Any]) -> None:
    refuse_unknown_tables(tables, TABLES)
    if not any(name in tables for name in _USED):
        raise MissingTableError(
            f"tables holds none that warnings are read from (found: {', '.join(tables) or 'none'})."
            f" Add one of: {', '.join(_USED)}.",
            missing=next(iter(_USED)),
        )


def _prepare(frame: Any, name: str, recorded_at: str | None) -> tuple[OpenFrame, tuple[str, ...]]:
    used, agreed = _USED[name], TABLES[name]
    opened = open_frame(frame, table=name)
    require_columns(opened, {column: column for column in used.columns})
    wanted = [agreed.column(column) for column in (*used.columns, *used.optional)]
    if recorded_at is not None and recorded_at not in (*used.columns, *used.optional):
        wanted.append(Column(recorded_at, ColumnType.INSTANT, required=False, nullable=False))
    opened = read_objects(opened, [column.name for column in wanted])
    schema = opened.rows.collect_schema()
    there = [column for column in wanted if column.name in schema]
    exprs = {column.name: typed_column(opened, column) for column in there}
    for column in wanted:
        if column.name not in schema and column.name not in ("currency", recorded_at):
            exprs[column.name] = nothing(opened, there[0].name, column.type)
    rows = opened.rows.select(**exprs)
    return replace(opened, rows=rows), tuple(column.name for column in there)


def _until(
    opened: OpenFrame, at: str | None, as_of: date, recorded_at: str | None, back: int | None
) -> OpenFrame:
    rows, schema = opened.rows, opened.rows.collect_schema()
    if at is not None:
        # Compared with the column as it is, so that a scanned file is read in part only. What has
        # no time is kept, to be refused.
        inside = nw.col(at) < start_of_day(schema[at], as_of)
        if back is not None:
            first = date.fromordinal(max(as_of.toordinal() - back, 1))
            inside = inside & (nw.col(at) >= start_of_day(schema[at], first))
        rows = rows.filter(nw.col(at).is_null() | inside)
    if recorded_at in schema.names():
        column, dtype = nw.col(recorded_at), schema[recorded_at]
        known = column <= start_of_day(dtype, as_of)
        rows = rows.filter(column.is_null() | known)
        if opened.table == "subscriptions":
            latest = rows.with_columns(_latest=column.max().over("subscription_id"))
            newest = nw.col("_latest").is_null() | (column == nw.col("_latest"))
            rows = latest.filter(column.is_null() | newest).drop("_latest")
    return replace(opened, rows=rows)


def _check(
    opened: OpenFrame, there: Sequence[str], recorded_at: str | None
) -> tuple[str | None, tuple[int, int] | None]:
    """Look over the rows; return their currency, and the first and the last day of events."""
    agreed, schema = TABLES[opened.table], opened.rows.collect_schema()
    own = {name: schema[name] for name in there if name not in ("currency", recorded_at)}
    checks = refusing_checks(agreed, own)
    if recorded_at is not None and recorded_at in there:
        checks.append(not_null(recorded_at, remedy="Pass recorded_at=None, or fill those rows."))
    keys = [name for name in agreed.key if name in own] or [next(iter(own))]
    at = _USED[opened.table].at
    days = {} if at is None else {"_day": day_index(at)}
    found = check_rows(opened, checks, keys=keys, ranges=days)
    code = found.get("currency", (None, None))[0]
    first, last = found.get("_day", (None, None))
    span = None if first is None else (int(first), int(last))
    return None if code is None else str(code), span


def _dated(opened: OpenFrame, at: str | None, as_of: date) -> OpenFrame:
    if at is None:
        return replace(opened, rows=with_standing(opened.rows, as_of))
    age = as_of.toordinal() - day_number(at, missing=as_of.toordinal())
    return replace(opened, rows=opened.rows.with_columns(age.alias(AGE)))
