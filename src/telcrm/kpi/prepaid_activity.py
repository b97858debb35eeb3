"""How many prepaid subscriptions are active, by what they did in the last so many days."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain import ActivityKind, ActivityRule
from telcrm.domain.moments import first_of_month, month_number
from telcrm.errors import ParameterError
from telcrm.kpi.breakdown import break_down
from telcrm.kpi.instants import read_objects
from telcrm.kpi.null_counts import keep_whole
from telcrm.tables.calendar_index import day_index
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    require_columns,
    require_kinds,
)
from telcrm.tables.neighbours import with_neighbours
from telcrm.tables.result_table import ResultColumn, result_table
from telcrm.tables.row_checks import RowCheck, check_rows, not_null

__all__ = ["month_ends", "prepaid_activity"]

FrameT = TypeVar("FrameT")

_DAY = "as_of"
_COUNTS = ("active", "newly_active", "gone_silent")
_CHANGES = ("_started", "_ended")


def month_ends(first: date, last: date) -> list[date]:
    """List the last days of months, to report on.

    Parameters
    ----------
    first, last : date
        Any days of the first and the last month.

    Returns
    -------
    list of date
        Empty if ``last`` lies in a month before ``first``.

    Examples
    --------
    >>> month_ends(date(2024, 1, 1), date(2024, 2, 15))
    [datetime.date(2024, 1, 31), datetime.date(2024, 2, 29)]
    """
    months = range(month_number(first), month_number(last) + 1)
    return [first_of_month(month + 1) - timedelta(days=1) for month in months]


def prepaid_activity(
    frame: FrameT,
    *,
    on: Sequence[date],
    subscription: str = "subscription_id",
    at: str = "at",
    kind: str = "kind",
    by: str | Sequence[str] | None = None,
    rule: ActivityRule | None = None,
) -> FrameT:
    """Count active subscriptions on reporting days, and who became active or fell silent since.

    Parameters
    ----------
    frame : dataframe
        What prepaid subscriptions did, one row each, put together from recharges and usage. pandas,
        Polars (eager or lazy), a DuckDB relation, PySpark, or PyArrow.
    on : sequence of date
        Reporting days, in any order, each once; :func:`month_ends` lists those of months.
    subscription : str
        Column that names the subscription.
    at : str
        Column of dates or datetimes. The day of a datetime is that of the clock it is kept in.
    kind : str
        Column of :class:`ActivityKind`.
    by : str or sequence of str, optional
        Columns to break the counts down by. A subscription counts in every group in which it did
        something that counts, so groups may add up to more than the whole.
    rule : ActivityRule, optional
        Which activities count, and for how many days. By default usage of any kind, for 90 days.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by day and group: one row for every reporting day and
        for every group that was active on any of them.

        ``as_of``
            Date: the reporting day. pandas holds it as ``datetime64``.
        the columns of ``by``
            Under the names you gave.
        ``active``
            Int64: subscriptions with an activity that counts in the last ``window_days`` days, the
            reporting day included.
        ``newly_active``
            Int64: those that were not active on the reporting day before, whether or not they ever
            were; null on the first reporting day. In pandas the type has a null of its own,
            ``Int64``.
        ``gone_silent``
            Int64: those active on the reporting day before and not on this one; null on the first.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        ``at`` holds no dates, or a key is a float or an object.
    InvalidTableError
        A key or an instant is null, or a kind is no :class:`ActivityKind`.
    ParameterError
        ``on`` is empty, names a day twice or something that is no date, or ``by`` names a column
        twice or one that the result needs for itself.

    Notes
    -----
    ``active`` is that of the reporting day before, and ``newly_active``, less ``gone_silent``.

    The table must reach from ``window_days`` before the first reporting day to the last one. What
    it lacks looks like silence: nobody is told apart from a subscription that did nothing.

    Examples
    --------
    >>> import polars as pl
    >>> events = pl.DataFrame(
    ...     {
    ...         "subscription_id": ["S-1", "S-2", "S-2"],
    ...         "at": [date(2024, 1, 20), date(2024, 1, 31), date(2024, 3, 5)],
    ...         "kind": ["outgoing", "incoming", "recharge"],
    ...     }
    ... )
    >>> ends = month_ends(date(2024, 1, 1), date(2024, 3, 1))
    >>> monthly = ActivityRule(window_days=30, kinds=["outgoing", "incoming", "recharge"])
    >>> prepaid_activity(events, on=ends, rule=monthly).rows()
    [(datetime.date(2024, 1, 31), 2, None, None),
     (datetime.date(2024, 2, 29), 1, 0, 1),
     (datetime.date(2024, 3, 31), 1, 0, 0)]
    """
    agreed = rule or ActivityRule()
    days = _reporting_days(on)
    keys = break_down("prepaid_activity", by=by, period=None, at=at, result=[_DAY, *_COUNTS])
    opened = open_frame(frame, table="activity")
    needed = {"subscription": subscription, "at": at, "kind": kind}
    require_columns(opened, {**needed, **keys.columns})
    opened = read_objects(opened, [subscription, at, kind, *keys.groups])
    texts = dict.fromkeys([subscription, kind], ColumnKind.KEY)
    require_kinds(opened, {**texts, at: ColumnKind.DATE, **keys.kinds})
    given = key_values(opened, kind)
    unknown = ~given.is_null() & ~given.is_in([str(each) for each in ActivityKind])
    words = f"is none of {', '.join(ActivityKind)}"
    rules = [
        *map(not_null, needed.values()),
        RowCheck("one_of", kind, unknown, words, "Map those words."),
        *keys.rules(),
    ]
    check_rows(opened, rules, keys=[subscription, at])

    rows = opened.rows.filter(given.is_in([str(each) for each in agreed.kinds])).select(
        _who=key_values(opened, subscription), _day=day_index(at), **keys.keys(opened)
    )
    coverage = _numbers(opened, _coverage(days, agreed.window_days))
    covered = rows.unique().join(coverage, how="inner", left_on="_day", right_on="_event_day")
    changes = _changes(covered, keys.inner)
    if not keys.groups:
        # A row that changes nothing: reporting days have a row even if nobody did anything.
        nothing = _numbers(opened, {name: [0] for name in ("_low", "_high", *_CHANGES)})
        changes = nw.concat([changes, nothing.select(*changes.collect_schema().names())])
    table = result_table(
        opened, {"_on": ResultColumn(int, range(len(days))), _DAY: ResultColumn(date, days)}
    )
    told = _on_every_day(changes, table, keys.inner)
    later = nw.when(nw.col("_on") > 0)
    counts = {name: nw.col(f"_{name}").cast(nw.Int64) for name in _COUNTS}
    result = told.select(
        _DAY,
        **{name: nw.col(inner) for name, inner in zip(keys.groups, keys.inner, strict=True)},
        active=counts["active"],
        newly_active=later.then(counts["newly_active"]),
        gone_silent=later.then(counts["gone_silent"]),
    )
    told_days = result.sort(_DAY, *keys.groups)
    return opened.close(keep_whole(told_days, _COUNTS[1:]))  # type: ignore[no-any-return]


def _reporting_days(on: Sequence[date]) -> list[date]:
    for day in on:
        if not isinstance(day, date) or isinstance(day, datetime):
            raise ParameterError(
                f"prepaid_activity: on holds {day!r:.60}, and has to hold dates, for example "
                "date(2024, 5, 31). Pass .date() of a datetime.",
                on=day,
            )
    days = sorted(set(on))
    if not days or len(days) < len(on):
        raise ParameterError(
            f"prepaid_activity: on holds {len(on)} days, {len(days)} of them different. Name one "
            "reporting day or more, each once.",
            on=list(on),
        )
    return days


def _numbers(opened: OpenFrame, columns: Mapping[str, Sequence[int]]) -> nw.LazyFrame[Any]:
    return result_table(
        opened, {name: ResultColumn(int, values) for name, values in columns.items()}
    )


def _coverage(days: Sequence[date], window: int) -> dict[str, list[int]]:
    """For each day of an event, the first reporting day that it counts on, and the first after.

    Reporting days are numbered from 0. Days that count on none are left out.
    """
    reported = [day.toordinal() for day in days]
    events = range(reported[0] - window + 1, reported[-1] + 1)
    spans = [(e, bisect_left(reported, e), bisect_left(reported, e + window)) for e in events]
    kept = [span for span in spans if span[1] < span[2]]
    names = ("_event_day", "_low", "_high")
    return {name: [span[place] for span in kept] for place, name in enumerate(names)}


def _changes(covered: nw.LazyFrame[Any], groups: list[str]) -> nw.LazyFrame[Any]:
    """Count who became active on reporting day ``_low``, and who fell silent on ``_high``.

    Later events never end earlier, so a subscription's spans of reporting days follow one another,
    and those that touch are one.
    """
    spans = covered.select("_who", *groups, "_low", "_high").unique()
    beside = with_neighbours(
        spans,
        {"_before": ("_high", 1), "_after": ("_low", -1)},
        among=["_who", *groups],
        order_by=["_low", "_high"],
    )
    # Nulls answer no test: what goes on is marked, and the rest starts or ends.
    marked = beside.select(
        *groups,
        "_low",
        "_high",
        _started=1 - _flag(nw.col("_before") >= nw.col("_low")),
        _ended=1 - _flag(nw.col("_after") <= nw.col("_high")),
    )
    counted = marked.group_by(*groups, "_low", "_high").agg(*[nw.col(n).sum() for n in _CHANGES])
    return counted.with_columns(nw.col(*_CHANGES).cast(nw.Int64))


def _on_every_day(
    changes: nw.LazyFrame[Any], days: nw.LazyFrame[Any], groups: list[str]
) -> nw.LazyFrame[Any]:
    """Add the changes up to each reporting day; they are few, so every day meets all of them."""
    on, low, high = nw.col("_on"), nw.col("_low"), nw.col("_high")

    def part(when: nw.Expr, name: str) -> nw.Expr:
        return nw.when(when).then(nw.col(name)).otherwise(nw.lit(0))

    crossed = changes.join(days, how="cross").select(
        *groups,
        "_on",
        _DAY,
        _active=part(low <= on, "_started") - part(high <= on, "_ended"),
        _newly_active=part(low == on, "_started"),
        _gone_silent=part(high == on, "_ended"),
    )
    return crossed.group_by(*groups, "_on", _DAY).agg(*[nw.col(f"_{n}").sum() for n in _COUNTS])


def _flag(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))
