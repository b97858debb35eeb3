"""Monthly series read from a table of key figures into plain numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain.moments import first_of_month
from telcrm.errors import ColumnTypeError, InvalidTableError
from telcrm.kpi.breakdown import group_columns, refuse_clashes
from telcrm.tables.calendar_index import month_index
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.findings import Finding, counted, readable, written_keys
from telcrm.tables.result_table import ResultColumn, result_table
from telcrm.tables.row_checks import FIRST_KEYS, check_rows, finite, month_start, not_null

__all__ = ["Series", "SeriesTable", "read_series"]


@dataclass(frozen=True, slots=True)
class Series:
    """One figure of one group, month by month.

    Attributes
    ----------
    group : tuple
        Its values of the grouping columns.
    first : int
        Month index of the first value; 0 without values.
    values : tuple of float or None
        From the first month with a value to the last; None is a gap.
    """

    group: tuple[Any, ...]
    first: int
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class SeriesTable:
    """All series of a table.

    Attributes
    ----------
    opened : OpenFrame
    groups : tuple of str
        The grouping columns.
    series : tuple of Series
        Sorted by group.
    """

    opened: OpenFrame
    groups: tuple[str, ...]
    series: tuple[Series, ...]

    def group_columns(self, repeats: Sequence[int]) -> dict[str, ResultColumn]:
        """Return the grouping columns of a result with so many rows for each series."""
        return {
            name: ResultColumn(
                _kind(self.opened, name),
                [
                    series.group[at]
                    for series, times in zip(self.series, repeats, strict=True)
                    for _ in range(times)
                ],
            )
            for at, name in enumerate(self.groups)
        }

    def told_monthly(
        self,
        tell: Callable[[Sequence[float | None], int], Mapping[str, Any]],
        kinds: Mapping[str, type],
        *,
        period: str,
        value: str,
    ) -> Any:
        """Make the frame that tells something of every month of every series.

        Parameters
        ----------
        tell : callable
            Takes the values of a series and the place of a month among them, and returns what is
            told of it, by name.
        kinds : mapping of str to type
            Of what is told.
        period, value : str
            What to call the columns of the month and of its value.

        Returns
        -------
        dataframe
            Of the flavour that the caller's frame had, sorted by period and group.
        """
        rows = [
            {period: first_of_month(series.first + at), value: number, **tell(series.values, at)}
            for series in self.series
            for at, number in enumerate(series.values)
        ]
        columns = {
            name: ResultColumn(kind, [row[name] for row in rows])
            for name, kind in {period: date, value: float, **kinds}.items()
        }
        groups = self.group_columns([len(series.values) for series in self.series])
        ordered = {period: columns.pop(period), **groups, **columns}
        return self.opened.close(result_table(self.opened, ordered).sort(period, *self.groups))


def read_series(
    frame: Any,
    *,
    period: str,
    value: str,
    by: str | Sequence[str] | None,
    results: Collection[str],
    what: str,
    keeps_value: bool = False,
) -> SeriesTable:
    """Read monthly series, one row per month and group.

    Parameters
    ----------
    frame : dataframe
    period, value : str
        Column of first days of months, and numeric column; a null is a gap.
    by : str or sequence of str, optional
        Columns that tell series apart.
    results : collection of str
        What else stands in the result.
    what : str
        The function, for messages.
    keeps_value : bool
        The column of ``value`` stands in the result, too.

    Returns
    -------
    SeriesTable

    Raises
    ------
    MissingColumnsError, ColumnTypeError, CurrencyMismatchError, ParameterError
        As :func:`~telcrm.kpi.movement` does.
    InvalidTableError
        A period or a group is null, a period is not the first of its month, a value is not finite,
        or a group has a month twice.
    """
    kept = [value] if keeps_value else []
    refuse_clashes(what, kept, results)
    groups = group_columns(by, keys=[period], results=[*kept, *results], what=what)
    opened = open_frame(frame, table="key_figures")
    require_columns(opened, {"period": period, "value": value, "by": list(groups)})
    opened = parse_objects(opened, [period, value, *groups])
    kinds = {period: ColumnKind.DATE, value: ColumnKind.NUMBER}
    require_kinds(opened, {**dict.fromkeys(groups, ColumnKind.KEY), **kinds})
    rules = [not_null(period), month_start(period)]
    if isinstance(opened.rows.collect_schema()[value], nw.Float32 | nw.Float64):
        rules.append(finite(value))
    rules += [not_null(name, remedy='Fill with a name, for example "all".') for name in groups]
    check_rows(opened, rules, keys=[*groups, period])
    inner = [f"_group_{at}" for at in range(len(groups))]
    rows = opened.rows.select(
        _month=month_index(period).cast(nw.Int64),
        _value=nw.col(value).cast(nw.Float64),
        **{own: key_values(opened, name) for own, name in zip(inner, groups, strict=True)},
    ).collect()
    found: defaultdict[tuple[Any, ...], list[tuple[int, float | None]]] = defaultdict(list)
    for month, number, *group in rows.select("_month", "_value", *inner).rows():
        found[tuple(readable(part) for part in group)].append((int(month), readable(number)))
    _refuse_repeats(opened, found, value, [*groups, period])
    _refuse_times_of_day(opened, found, groups)
    return SeriesTable(
        opened, groups, tuple(_dense(group, found[group]) for group in sorted(found))
    )


def _dense(group: tuple[Any, ...], points: Sequence[tuple[int, float | None]]) -> Series:
    known = {month: value for month, value in points if value is not None}
    if not known:
        return Series(group, 0, ())
    first, last = min(known), max(known)
    return Series(group, first, tuple(known.get(month) for month in range(first, last + 1)))


def _refuse_repeats(
    opened: OpenFrame,
    found: dict[tuple[Any, ...], list[tuple[int, float | None]]],
    value: str,
    keys: Sequence[str],
) -> None:
    repeated = sorted(
        (*group, first_of_month(month))
        for group, points in found.items()
        for month in {m for m, _ in points}
        if sum(1 for m, _ in points if m == month) > 1
    )
    if not repeated:
        return
    first = tuple(repeated[:FIRST_KEYS])
    message = (
        f"{opened.table}: {counted(len(repeated), 'key')} stand in several rows "
        f"(first {'/'.join(keys)}: {written_keys(first)}). Name in by= what tells the series "
        "apart, or keep one row of each month."
    )
    finding = Finding(opened.table, "duplicate_key", value, len(repeated), first, message)
    raise InvalidTableError(message, table=opened.table, findings=(finding,))


def _refuse_times_of_day(
    opened: OpenFrame, found: Collection[tuple[Any, ...]], groups: Sequence[str]
) -> None:
    for at, name in enumerate(groups):
        if any(isinstance(group[at], datetime) for group in found):
            raise ColumnTypeError(
                f"{opened.table}: column {name!r} holds times of day, and tells groups apart. Cast "
                "it to dates, or to text.",
                table=opened.table,
                column=name,
            )


def _kind(opened: OpenFrame, name: str) -> type:
    dtype = opened.rows.collect_schema()[name]
    if isinstance(dtype, nw.Boolean):
        return bool
    if isinstance(dtype, nw.dtypes.IntegerType):
        return int
    return date if isinstance(dtype, nw.Date | nw.Datetime) else str
