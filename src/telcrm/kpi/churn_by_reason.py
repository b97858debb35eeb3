"""Churn by reason: voluntary, involuntary, ported out, each as a share of the base."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain.choice import choose
from telcrm.kpi.breakdown import group_columns
from telcrm.kpi.flows import rate_base
from telcrm.kpi.movement_policy import RateBase
from telcrm.tables.calendar_index import CALENDAR_MONTH, calendar, month_index
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.row_checks import (
    RowCheck,
    check_rows,
    not_null,
)

__all__ = ["churn_by_reason"]

FrameT = TypeVar("FrameT")

_UNKNOWN = "unknown"
_STILL_THERE = ""


def churn_by_reason(
    frame: FrameT,
    *,
    started: str = "activated_on",
    ended: str = "terminated_on",
    reason: str = "termination_reason",
    by: str | Sequence[str] | None = None,
    base: RateBase | str = RateBase.OPENING,
) -> FrameT:
    """Return the monthly churn rate of each reason: voluntary, involuntary, ported out.

    Parameters
    ----------
    frame : dataframe
        Subscriptions, past and present, one row each.
    started, ended : str
        Date columns: first day in service, and first day out of it (null while it runs). Rows
        without a start, orders that were never activated, are left out.
    reason : str
        Column of reasons; a reason that is null on an ended subscription is ``"unknown"``.
    by : str or sequence of str, optional
        Columns to break it down by, traits that do not change, such as ``"payment_mode"``.
    base : RateBase
        What the rate is a share of; the same for all reasons of a month and group.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by period, group and reason: a row for each month from
        the first start to the last start or end, each group and each reason seen in any month.

        ``period``, the columns of ``by``, and that of ``reason``
            Under the names you gave; ``period`` is the first of the month.
        ``lost``
            Int64: subscriptions that ended in the month for this reason.
        ``base``
            Float64.
        ``churn_rate``
            Float64: ``lost / base``; null if the base is 0. Rates of a month's reasons add up to
            the rate of all.

    Raises
    ------
    MissingColumnsError, ColumnTypeError
        As :func:`~telcrm.kpi.movement` does.
    InvalidTableError
        A key of ``by`` is null, or an end lies before its start.
    ParameterError
        ``by`` clashes with the result, or ``base`` is none.

    Notes
    -----
    By dates, not by activity: ``opening`` are those in service on the eve of the month, and a
    subscription is lost in the month of its first day out of service. Counted by activity
    (:func:`~telcrm.kpi.churn_rate`) all but those that end on a first stand a month later.

    References
    ----------
    SoftBank (Sprint), data sheet: postpaid churn excludes moves to prepaid and early leavers; leave
    such rows out of ``frame`` to follow it.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> lines = pl.DataFrame(
    ...     {
    ...         "activated_on": [date(2024, 1, 1)] * 4,
    ...         "terminated_on": [date(2024, 2, 9), date(2024, 2, 20), None, None],
    ...         "termination_reason": ["port_out", "involuntary", None, None],
    ...     }
    ... )
    >>> rates = churn_by_reason(lines)
    >>> rates.filter(pl.col("lost") > 0).select("termination_reason", "churn_rate").rows()
    [('involuntary', 0.25), ('port_out', 0.25)]
    """
    share_of = choose(RateBase, base, "base")
    results = ["period", "lost", "base", "churn_rate"]
    groups = group_columns(by, keys=[reason], results=results, what="churn_by_reason")
    opened = open_frame(frame, table="subscriptions")
    named = {"started": started, "ended": ended, "reason": reason, "by": groups}
    require_columns(opened, named)
    opened = parse_objects(opened, [started, ended, reason])
    kinds = dict.fromkeys([reason, *groups], ColumnKind.KEY)
    require_kinds(opened, {**kinds, started: ColumnKind.DATE, ended: ColumnKind.DATE})
    first, last = _span(opened, started, ended, groups)

    inner = [f"_group_{at}" for at in range(len(groups))]
    spans = (
        opened.rows.filter(~nw.col(started).is_null())
        .select(
            _from=month_index(started).cast(nw.Int64),
            _gone=nw.when(nw.col(ended).is_null()).then(nw.lit(0)).otherwise(nw.lit(1)),
            _until=month_index(ended),
            _reason=key_values(opened, reason).cast(nw.String),
            **{own: key_values(opened, name) for own, name in zip(inner, groups, strict=True)},
        )
        .with_columns(
            _reason=nw.when(nw.col("_gone") == 1)
            .then(nw.col("_reason").fill_null(_UNKNOWN))
            .otherwise(nw.lit(_STILL_THERE)),
            _until=nw.when(nw.col("_gone") == 1)
            .then(nw.col("_until"))
            .otherwise(nw.lit(last + 1))
            .cast(nw.Int64),
        )
        .group_by("_from", "_until", "_reason", *inner)
        .agg(_count=nw.len())
    )
    dates = calendar(opened, first, last, period=started)
    rows = _by_month(spans, dates, started, inner)
    rate = nw.col("lost") / nw.when(nw.col("base") > 0).then(nw.col("base"))
    own = {name: nw.col(place) for place, name in zip(inner, groups, strict=True)}
    result = (
        rows.with_columns(base=rate_base(share_of))
        .filter(nw.col("_reason") != _STILL_THERE)
        .select(
            period=nw.col(started),
            **own,
            **{reason: nw.col("_reason"), "lost": nw.col("lost").cast(nw.Int64)},
            base="base",
            churn_rate=rate,
        )
        .sort("period", *groups, reason)
    )
    return opened.close(result)  # type: ignore[no-any-return]


def _span(opened: OpenFrame, started: str, ended: str, groups: Sequence[str]) -> tuple[int, int]:
    rules = [
        RowCheck(
            "ends_before_start",
            f"{started},{ended}",
            ~nw.col(ended).is_null() & (nw.col(ended) < nw.col(started)),
            "end before they start",
            "Swap or mend the dates.",
        ),
        *[not_null(name, remedy='Fill with a name, for example "unknown".') for name in groups],
    ]
    spans = {"_from": month_index(started), "_until": month_index(ended)}
    found = check_rows(opened, rules, keys=[started, ended], ranges=spans)
    first = found["_from"][0]
    seen = [month for _, month in found.values() if month is not None]
    return (1, 0) if first is None else (int(first), int(max(seen)))


def _by_month(
    spans: nw.LazyFrame[Any], dates: nw.LazyFrame[Any], started: str, inner: Sequence[str]
) -> nw.LazyFrame[Any]:
    """Count, of each month, group and reason, who opens, comes, goes and closes."""
    month, begun, until = nw.col(CALENDAR_MONTH), nw.col("_from"), nw.col("_until")
    there_before = (begun < month) & (until >= month)
    there_after = (begun <= month) & (until > month)
    counted = {
        "opening": there_before,
        "new": begun == month,
        "lost": until == month,
        "closing": there_after,
    }
    laid = spans.join(dates, how="cross").select(
        started,
        "_reason",
        *inner,
        **{
            name: nw.when(holds).then(nw.col("_count")).otherwise(nw.lit(0))
            for name, holds in counted.items()
        },
    )
    summed = laid.group_by(started, "_reason", *inner).agg(
        *[nw.col(name).sum() for name in counted]
    )
    # Whoever was there counts in the base, whatever it left for later on.
    whole = ("opening", "new", "closing")
    return summed.with_columns(
        reactivated=nw.lit(0),
        **{name: nw.col(name).sum().over(started, *inner) for name in whole},
    )
