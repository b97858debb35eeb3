"""Where a key figure is going: its slope and test, and its change from month and year before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeVar

from telcrm.domain.moments import first_of_month
from telcrm.kpi.confidence import normal_quantile
from telcrm.kpi.monthly_series.monotone_trend import (
    MannKendall,
    mann_kendall,
    theil_sen,
    whole_season,
)
from telcrm.kpi.monthly_series.series import Series, read_series
from telcrm.tables.result_table import ResultColumn, result_table

__all__ = ["TrendDirection", "changes", "trend"]

FrameT = TypeVar("FrameT")

_YEAR: Final = 12
_CHANGES: Final[dict[str, type]] = {
    "month_on_month": float,
    "month_on_month_rate": float,
    "year_on_year": float,
    "year_on_year_rate": float,
}
_TREND: Final[dict[str, type]] = {
    "first_period": date,
    "last_period": date,
    "months": int,
    "gaps": int,
    "slope": float,
    "slope_low": float,
    "slope_high": float,
    "kendall_s": int,
    "z": float,
    "p_value": float,
    "direction": str,
    "last_value": float,
    **_CHANGES,
}


class TrendDirection(StrEnum):
    """What the test says of a series."""

    RISING = "rising"
    FALLING = "falling"
    UNCLEAR = "unclear"
    """Chance explains what rise or fall there is. That is no proof of standing still."""


def trend(
    frame: FrameT,
    *,
    value: str,
    period: str = "period",
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    season_months: int = 1,
) -> FrameT:
    """Tell of each series of a key figure whether it rises or falls, and by how much a month.

    Parameters
    ----------
    frame : dataframe
        What a function of key figures returned: a row for every month and group. pandas, Polars
        (eager or lazy), a DuckDB relation, PySpark, or PyArrow.
    value : str
        Numeric column, the figure. A null, or a month without a row, is a gap.
    period : str
        Column of dates, each the first day of its month.
    by : str or sequence of str, optional
        Columns that tell series apart, for example ``"segment"``.
    confidence : float in (0, 1)
        Of the interval of the slope; one less it is the p-value below which a direction is named.
    season_months : int from 1 to 120
        12 compares only equal months of different years, so that a season is no trend; that needs
        three years or so. 1 compares all months.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by group, one row each:

        the columns of ``by``
            Under the names you gave; whole numbers are Int64, categories text.
        ``first_period``, ``last_period``
            Date: first and last month with a value.
        ``months``, ``gaps``
            Int64: months with a value, and months between the first and the last without one.
        ``slope``, ``slope_low``, ``slope_high``
            Float64: change per month by :func:`~telcrm.kpi.theil_sen`, and its interval.
        ``kendall_s``
            Int64, and ``z``, ``p_value``, Float64: :func:`~telcrm.kpi.mann_kendall`.
        ``direction``
            String: ``"rising"``, ``"falling"`` or ``"unclear"``; null with fewer than two values.
        ``last_value``
            Float64: of ``last_period``.
        ``month_on_month``, ``month_on_month_rate``, ``year_on_year``, ``year_on_year_rate``
            Float64: changes up to ``last_period``, as of :func:`changes`.

        A figure that so few values cannot give is null (NaN in NumPy-backed pandas).

    Raises
    ------
    MissingColumnsError, ColumnTypeError, CurrencyMismatchError
        As :func:`~telcrm.kpi.movement` does.
    InvalidTableError
        A period or a group is null, a period is not the first of its month, a value is not finite,
        or a group has a month in two rows.
    ParameterError
        ``confidence`` or ``season_months`` is out of range, or ``by`` clashes with the result.

    Notes
    -----
    Gaps are never filled: the slope pairs the months that there are, each pair divided by the
    months between them, and the test looks at their order alone.

    Both ask that months are independent but for the trend. Where one month carries over to the
    next, p-values are too small and intervals too narrow. A figure of 20 groups, each tested at
    95 %, gives one false direction in the mean.

    The medians of the test cannot be had of every engine: a query collects the rows of ``period``,
    ``value`` and ``by``, also of a lazy frame, and the result is made on the engine of the frame.
    Hand over a table of key figures, not the rows they are made of.

    References
    ----------
    Mann (1945); Kendall (1975); Sen (1968); Hirsch, Slack & Smith (1982): see the two functions.

    Examples
    --------
    >>> import polars as pl
    >>> months = [date(2024, month, 1) for month in range(1, 8)]
    >>> base = pl.DataFrame(
    ...     {"period": months, "closing": [100, 102, 101, None, 107, 108, 112]}
    ... )
    >>> told = trend(base, value="closing")
    >>> told.select("months", "gaps", "slope", "direction", "month_on_month").row(0)
    (6, 1, 2.0, 'rising', 4.0)
    """
    normal_quantile(confidence)
    whole_season(season_months)
    read = read_series(frame, period=period, value=value, by=by, results=_TREND, what="trend")
    rows = [_trend_row(series, confidence, season_months) for series in read.series]
    columns = read.group_columns([1] * len(rows)) | {
        name: ResultColumn(kind, [row[name] for row in rows]) for name, kind in _TREND.items()
    }
    result = result_table(read.opened, columns)
    return read.opened.close(  # type: ignore[no-any-return]
        result.sort(*read.groups) if read.groups else result
    )


def changes(
    frame: FrameT,
    *,
    value: str,
    period: str = "period",
    by: str | Sequence[str] | None = None,
) -> FrameT:
    """Compare each month of a key figure with the month before and with the same a year before.

    Parameters
    ----------
    frame, value, period, by
        As of :func:`trend`.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by period and group, a row for every month from the
        first with a value to the last, gaps included, and group that has it:

        ``period`` and the columns of ``by``
            Under the names you gave.
        the column of ``value``
            Float64; null in a gap.
        ``month_on_month``, ``year_on_year``
            Float64: the value less that of the month before, and of 12 months before. Null where
            either month is a gap: a change over two months is none of one.
        ``month_on_month_rate``, ``year_on_year_rate``
            Float64: that change over the earlier value; null also unless that is above 0.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, CurrencyMismatchError, InvalidTableError, ParameterError
        As of :func:`trend`.

    Notes
    -----
    Of a share, such as a churn rate, ``month_on_month`` is in the units of the share (0.01 is one
    percentage point), and ``month_on_month_rate`` relative to it. Rows are collected, as in
    :func:`trend`.

    Examples
    --------
    >>> import polars as pl
    >>> months = [date(2024, 1, 1), date(2024, 2, 1), date(2024, 4, 1)]
    >>> arpu = pl.DataFrame({"period": months, "arpu": [20.0, 21.0, 22.0]})
    >>> changes(arpu, value="arpu").select("month_on_month", "month_on_month_rate").rows()
    [(None, None), (1.0, 0.05), (None, None), (None, None)]
    """
    read = read_series(
        frame, period=period, value=value, by=by, results=_CHANGES, keeps_value=True, what="changes"
    )
    return read.told_monthly(_changes_at, _CHANGES, period=period, value=value)  # type: ignore[no-any-return]


def _trend_row(series: Series, confidence: float, season_months: int) -> dict[str, Any]:
    values = series.values
    if not values:
        return dict.fromkeys(_TREND) | {"months": 0, "gaps": 0, "kendall_s": 0}
    known = sum(value is not None for value in values)
    test = mann_kendall(values, season_months=season_months)
    line = theil_sen(values, confidence=confidence, season_months=season_months)
    return {
        "first_period": first_of_month(series.first),
        "last_period": first_of_month(series.first + len(values) - 1),
        "months": known,
        "gaps": len(values) - known,
        "slope": line.slope,
        "slope_low": line.low,
        "slope_high": line.high,
        "kendall_s": test.s,
        "z": None if test.p_value is None else test.z,
        "p_value": test.p_value,
        "direction": _direction(test, confidence),
        "last_value": values[-1],
        **_changes_at(values, len(values) - 1),
    }


def _direction(test: MannKendall, confidence: float) -> str | None:
    if test.p_value is None:
        return None
    if test.p_value > 1 - confidence:
        return TrendDirection.UNCLEAR.value
    return (TrendDirection.RISING if test.s > 0 else TrendDirection.FALLING).value


def _changes_at(values: Sequence[float | None], at: int) -> dict[str, float | None]:
    told: dict[str, float | None] = {}
    for name, months in (("month_on_month", 1), ("year_on_year", _YEAR)):
        now, before = values[at], values[at - months] if at >= months else None
        change = None if now is None or before is None else now - before
        told[name] = change
        above = before is not None and before > 0
        told[f"{name}_rate"] = change / before if change is not None and before and above else None
    return told
