"""The canonical tables that a panel is built from: opened, looked over, days as whole numbers.

Every row of an event table gets ``_day``, the day of the event, and ``_seen``, the first snapshot
at which it counts: after the event, and when it had been recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain.moments import first_of_month, month_number
from telcrm.errors import MissingTableError
from telcrm.kpi.instants import read_objects
from telcrm.mart.lines import LATEST
from telcrm.tables import TABLES, ColumnType
from telcrm.tables.calendar_index import day_index, month_index
from telcrm.tables.contract_checks import refusing_checks
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    open_frame,
    require_columns,
    require_kinds,
)
from telcrm.tables.refusals import refuse_repeated
from telcrm.tables.row_checks import check_rows, not_null
from telcrm.tables.table_set import refuse_two_clocks, refuse_two_engines, refuse_unknown_tables
from telcrm.tables.typed_columns import flag, nothing, typed_column

__all__ = ["EVENT_TIME", "PanelSources", "open_sources", "version_keys"]

EVENT_TIME: Mapping[str, str] = {
    "subscriber_months": "period",
    "usage": "started_at",
    "recharges": "recharged_at",
    "invoices": "issued_on",
    "payments": "paid_on",
    "complaints": "received_at",
    "interactions": "started_at",
}
"""The tables of events, and the column of each that tells when."""

_USED: Mapping[str, tuple[str, ...]] = {
    "subscriptions": (
        "subscription_id",
        "customer_id",
        "payment_mode",
        "status",
        "offer_id",
        "msisdn",
        "activated_on",
        "terminated_on",
        "termination_reason",
        "commitment_end",
    ),
    "customers": ("customer_id", "segment", "region"),
    "subscriber_months": (
        "subscription_id",
        "period",
        "revenue",
        "offer_id",
        "segment",
        "voice_s",
        "data_bytes",
        "sms_count",
    ),
    "usage": (
        "usage_id",
        "subscription_id",
        "started_at",
        "kind",
        "direction",
        "duration_s",
        "volume_bytes",
        "other_party",
    ),
    "recharges": (
        "recharge_id",
        "customer_id",
        "subscription_id",
        "recharged_at",
        "amount",
        "validity_days",
    ),
    "invoices": ("invoice_id", "customer_id", "issued_on", "due_on", "total"),
    "payments": ("payment_id", "customer_id", "paid_on", "amount", "status"),
    "complaints": ("complaint_id", "customer_id", "received_at", "resolved_at", "severity"),
    "interactions": (
        "interaction_id",
        "customer_id",
        "started_at",
        "direction",
        "reason",
        "wait_s",
    ),
}
_MISSING_DAY = {
    "activated_on": 0,
    "terminated_on": LATEST,
    "commitment_end": 0,
    "due_on": LATEST,
    "resolved_at": LATEST,
}
_EPOCH = date(1970, 1, 1).toordinal()
_AMOUNTS = (ColumnType.INTEGER, ColumnType.NUMBER)


@dataclass(frozen=True, slots=True)
class PanelSources:
    """Tables of one engine, as a panel reads them.

    Attributes
    ----------
    opened : mapping of str to OpenFrame
        Rows with text as text, amounts as Float64 and days as day numbers, such as
        ``_terminated_on``. Events have ``_day`` and ``_seen``. ``subscriptions`` and ``customers``
        have ``_seen`` too, 0 where nobody tells when a row was recorded, and ``_version``, which
        counts what was recorded of one thing, from 1.
    columns : mapping of str to frozenset of str
        The columns that came with each table.
    dated : frozenset of str
        The tables that tell when their rows were recorded.
    first : mapping of str to tuple of (int or None)
        For each table of events and snapshot, the first day of which it told by then.
    begins : mapping of str to (int or None)
        For each table of events, the first day of which it tells in the end.
    last : int or None
        The day number of the latest event of all tables.
    several : bool
        Some line has several rows: spells, or what was recorded of one at different times.
    """

    opened: Mapping[str, OpenFrame]
    columns: Mapping[str, frozenset[str]]
    dated: frozenset[str]
    first: Mapping[str, tuple[int | None, ...]]
    begins: Mapping[str, int | None]
    last: int | None
    several: bool

    def has(self, table: str, column: str | None = None) -> bool:
        """Tell whether a table was given, and with it a column."""
        return table in self.opened and (column is None or column in self.columns[table])

    def rows(self, table: str) -> nw.LazyFrame[Any]:
        """Return the rows of a table."""
        return self.opened[table].rows

    def seen_by(self, table: str, day: int) -> nw.Expr:
        """Express whether an event counts at a snapshot of a day."""
        # The same for both; but what nobody dates need not be worked out.
        return nw.col("_seen") <= day if table in self.dated else self.day(table) < day

    def day(self, table: str) -> nw.Expr:
        """Express the day number of an event, for a filter.

        Polars reads no more of a file than the rows that are asked for, if they are asked for by a
        column of the file.
        """
        time = EVENT_TIME[table]
        if self.opened[table].implementation.is_polars():
            return _number_in_polars(time)
        return nw.col("_day")

    @property
    def main(self) -> OpenFrame:
        """The table of subscriptions, whose flavour the panel takes."""
        return self.opened["subscriptions"]


def open_sources(
    tables: Mapping[str, Any], snapshots: Sequence[date], *, recorded_at: str
) -> PanelSources:
    """Open the tables of a mapping and look over their rows.

    Parameters
    ----------
    tables : mapping of str to frame
        Canonical tables by name; those that no panel is made of are passed over.
    snapshots : sequence of date
    recorded_at : str
        The column, in any of the tables, that tells when a row was recorded.

    Returns
    -------
    PanelSources

    Raises
    ------
    MissingTableError
        ``subscriptions`` is not there.
    ParameterError
        A name is no canonical table.
    UnsupportedFrameError
        The tables are of several engines.
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        A table is not as its contract has it, or holds a key twice.
    """
    refuse_unknown_tables(tables, TABLES)
    if "subscriptions" not in tables:
        raise MissingTableError(
            f"tables lacks 'subscriptions' (found: {', '.join(tables) or 'none'}). A row of the "
            "panel is a subscription on a day: add the table.",
            missing="subscriptions",
        )
    read = {name: _read_table(tables[name], name, recorded_at) for name in _USED if name in tables}
    refuse_two_engines({name: one.opened for name, one in read.items()})
    refuse_two_clocks(_instants(read))
    found = {name: _look_over(one, snapshots) for name, one in read.items()}
    for one in read.values():
        _refuse_duplicates(one)
    main = read["subscriptions"].opened.rows
    repeated = main.group_by("subscription_id").agg(_rows=nw.len()).filter(nw.col("_rows") > 1)
    opened = {name: _in_days(one) for name, one in read.items()}
    if "recharges" in read and _are_loose(read["recharges"]):
        opened["recharges"] = _shared_out(opened["recharges"], opened["subscriptions"])
    return PanelSources(
        opened=opened,
        columns={name: one.columns for name, one in read.items()},
        dated=frozenset(name for name, one in read.items() if one.is_dated),
        first={name: span.first for name, span in found.items() if name in EVENT_TIME},
        begins={name: span.begins for name, span in found.items() if name in EVENT_TIME},
        last=max((span.last for span in found.values() if span.last is not None), default=None),
        several=bool(repeated.select(nw.len()).collect().item()),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """A table with the columns that are used, each of its own type.

    Where rows tell when they were recorded, ``_known`` is the first day at whose start they were.
    """

    opened: OpenFrame
    columns: frozenset[str]

    @property
    def name(self) -> str:
        return self.opened.table

    @property
    def schema(self) -> Mapping[str, nw.dtypes.DType]:
        return self.opened.rows.collect_schema()

    @property
    def is_dated(self) -> bool:
        return "_recorded" in self.schema

    def day(self, column: str) -> nw.Expr:
        """Express the day number of a column of days or instants."""
        if self.opened.implementation.is_polars():
            return _number_in_polars(column)
        return day_index(column)

    @property
    def known(self) -> nw.Expr:
        """The first day at whose start a row had been recorded."""
        if not self.is_dated:
            return nw.lit(0)
        day = self.day("_recorded")
        if self.schema["_recorded"] == nw.Date:
            return day
        clock = nw.col("_recorded").dt
        # Not added up: engines keep hours and minutes in a byte.
        parts = (clock.hour(), clock.minute(), clock.second(), clock.microsecond())
        return day + nw.max_horizontal(*[flag(part > 0) for part in parts])

    @property
    def seen(self) -> nw.Expr:
        """The first snapshot at which a row of an event table counts."""
        return nw.max_horizontal(self.day(EVENT_TIME[self.name]) + 1, self.known)


def _number_in_polars(column: str) -> nw.Expr:
    # Days are kept as numbers there: no need to count from years.
    return nw.col(column).dt.date().cast(nw.Int64) + _EPOCH


def _are_loose(recharges: _Read) -> bool:
    if "subscription_id" not in recharges.columns:
        return True
    loose = recharges.opened.rows.filter(nw.col("subscription_id").is_null())
    return bool(loose.select(nw.len()).collect().item())


def _shared_out(recharges: OpenFrame, subscriptions: OpenFrame) -> OpenFrame:
    """Give a recharge that names no line to each line of the customer."""
    rows = recharges.rows
    columns = rows.collect_schema().names()
    lines = subscriptions.rows.select("customer_id", "subscription_id").unique()
    loose = rows.filter(nw.col("subscription_id").is_null()).drop("subscription_id")
    shared = loose.join(lines, how="inner", on="customer_id").select(*columns)
    named = rows.filter(~nw.col("subscription_id").is_null())
    return replace(recharges, rows=nw.concat([named, shared]))


def _read_table(frame: Any, name: str, recorded_at: str) -> _Read:
    opened = open_frame(frame, table=name)
    wanted = [TABLES[name].column(column) for column in _USED[name]]
    # The key of an event joins nothing: it is looked at where it is there.
    ids = TABLES[name].key if name in EVENT_TIME and name != "subscriber_months" else ()
    needed = [column.name for column in wanted if column.required and column.name not in ids]
    require_columns(opened, {column: column for column in needed})
    opened = read_objects(opened, [*_USED[name], recorded_at])
    schema = opened.rows.collect_schema()
    there = [column.name for column in wanted if column.name in schema]
    anchor = needed[0]
    exprs = {
        column.name: typed_column(opened, column)
        if column.name in schema
        else nothing(opened, anchor, column.type)
        for column in wanted
    }
    if recorded_at in schema:
        require_kinds(opened, {recorded_at: ColumnKind.DATE})
        exprs["_recorded"] = nw.col(recorded_at)
    if "currency" in schema:
        exprs["currency"] = nw.col("currency")
    rows = opened.rows.select(**exprs)
    return _Read(replace(opened, rows=rows), frozenset(there))


def _instants(read: Mapping[str, _Read]) -> dict[str, nw.dtypes.DType]:
    found = {}
    for name, one in read.items():
        at = [each for each in one.columns if _type_of(name, each) is ColumnType.INSTANT]
        for column in [*sorted(at), *(["_recorded"] if one.is_dated else [])]:
            found[f"{name}.{column.removeprefix('_')}"] = one.schema[column]
    return found


def _type_of(table: str, column: str) -> ColumnType:
    return TABLES[table].column(column).type


@dataclass(frozen=True, slots=True)
class _Span:
    """The days that a table tells of."""

    first: tuple[int | None, ...]
    begins: int | None
    last: int | None


def _look_over(one: _Read, snapshots: Sequence[date]) -> _Span:
    """Check the rows, and find the first day told of by each snapshot, and the last of all."""
    name, schema = one.name, {column: one.schema[column] for column in one.columns}
    checks = refusing_checks(TABLES[name], schema)
    if one.is_dated:
        remedy = "Fill it with the time of the event where that was recorded at once."
        checks.append(not_null("_recorded", remedy=remedy))
    times = [EVENT_TIME[name]] if name in EVENT_TIME else ["activated_on", "terminated_on"]
    times = [column for column in times if column in one.columns]
    ranges = {column: one.day(column) for column in times}
    days = [day.toordinal() for day in snapshots]
    if name in EVENT_TIME and one.is_dated:
        for day in days:
            ranges[f"_by_{day}"] = nw.when(one.seen <= day).then(one.day(times[0]))
    keys = [column for column in TABLES[name].key if column in one.columns]
    spans = check_rows(one.opened, checks, keys=keys or times, ranges=ranges)
    found = {what: low for what, (low, _) in spans.items() if low is not None}
    last = max((int(spans[column][1]) for column in times if column in found), default=None)
    if last is not None and name == "subscriber_months":
        month = month_number(date.fromordinal(last))
        last = (first_of_month(month + 1) - timedelta(days=1)).toordinal()
    if name not in EVENT_TIME:
        return _Span((), None, last)
    begins = found.get(times[0])
    least = [found.get(f"_by_{day}") if one.is_dated else begins for day in days]
    first = [
        None if low is None or low >= day else int(low)
        for low, day in zip(least, days, strict=True)
    ]
    return _Span(tuple(first), None if begins is None else int(begins), last)


def _refuse_duplicates(one: _Read) -> None:
    keys = [column for column in TABLES[one.name].key if column in one.columns]
    if one.name == "subscriptions" and "activated_on" in one.columns:
        keys.append("activated_on")
    if one.name in ("subscriptions", "customers") and one.is_dated:
        keys.append("_recorded")
    if keys:
        refuse_repeated(one.opened, keys)


def _in_days(one: _Read) -> OpenFrame:
    """Turn days into day numbers, amounts into floats, and tell when a row counts."""
    rows, name = one.opened.rows, one.name
    texts = [c for c in _USED[name] if _type_of(name, c) is ColumnType.TEXT]
    amounts = [c for c in _USED[name] if _type_of(name, c) in _AMOUNTS]
    exprs = {column: nw.col(column).cast(nw.Float64) for column in amounts}
    for column in _USED[name]:
        if column in _MISSING_DAY:
            missing = nw.when(nw.col(column).is_null()).then(nw.lit(_MISSING_DAY[column]))
            exprs[f"_{column}"] = missing.otherwise(one.day(column)).cast(nw.Int64)
    if name in EVENT_TIME:
        day = one.day(EVENT_TIME[name]).cast(nw.Int64)
        exprs |= {"_day": day, "_seen": one.seen.cast(nw.Int64)}
        if name == "subscriber_months":
            exprs["_month"] = month_index("period").cast(nw.Int64)
        return replace(one.opened, rows=rows.select(*texts, EVENT_TIME[name], **exprs))
    versioned = rows.with_columns(_version=nw.lit(1), **exprs)
    if one.is_dated:
        keys = version_keys(name)
        count = nw.col("_version").cum_sum().over(*keys, order_by="_recorded")
        versioned = versioned.with_columns(_version=count)
    seen = {"_seen": one.known.cast(nw.Int64), "_version": nw.col("_version").cast(nw.Int64)}
    return replace(one.opened, rows=versioned.select(*texts, *exprs, **seen))


def version_keys(table: str) -> tuple[str, ...]:
    """Return what names the thing that several rows of a table may be recorded of.

    A line that came back has a row for each spell, told apart by the day of activation.
    """
    own = TABLES[table].key
    return (*own, "_activated_on") if table == "subscriptions" else own
