"""Months in which a key figure is not what its own past leads one to expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import isclose
from statistics import fmean, median
from typing import Final, TypeVar

from telcrm.errors import ParameterError
from telcrm.kpi.monthly_series.deviation_policy import DeviationMethod, DeviationPolicy
from telcrm.kpi.monthly_series.monotone_trend import median_slope
from telcrm.kpi.monthly_series.series import read_series

__all__ = ["deviations"]

FrameT = TypeVar("FrameT")

_RESULT: Final[dict[str, type]] = {
    "expected": float,
    "lower": float,
    "upper": float,
    "score": float,
    "deviates": bool,
    "history": int,
}
# What makes each measure of spread a standard deviation of normal values.
_OF_MEDIAN_DEVIATION: Final = 1 / 0.6745
_OF_MEAN_DEVIATION: Final = 1.253314
_OF_MOVING_RANGE: Final = 2.66 / 3
# Two sums of the same floats may differ by this share of them.
_NOISE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class _Expectation:
    center: float
    spread: float


def deviations(
    frame: FrameT,
    *,
    value: str,
    period: str = "period",
    by: str | Sequence[str] | None = None,
    policy: DeviationPolicy | None = None,
) -> FrameT:
    """Say of each month what was to be expected of a key figure, and flag those that are far off.

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
    policy : DeviationPolicy, optional
        What is expected, from how much of the past, and how far off deviates. By default the
        median of the last 36 months, 12 of them at least, and a modified z-score from 3.5 on.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by period and group, a row for every month from the
        first with a value to the last, gaps included, and group that has it:

        ``period`` and the columns of ``by``
            Under the names you gave.
        the column of ``value``
            Float64; null in a gap.
        ``expected``, ``lower``, ``upper``
            Float64: what the past led one to expect, and how far off is still usual. Null where
            there is too little of it.
        ``score``
            Float64: the distance from ``expected`` in standard deviations, with its sign; null also
            in a gap, and where the past did not vary at all and this month does.
        ``deviates``
            Boolean: whether the score is at the threshold or past it, or the month differs from a
            past without any variation; null where nothing is expected, or in a gap.
        ``history``
            Int64: how many past values, or past changes over a season, the expectation rests on.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, CurrencyMismatchError
        As :func:`~telcrm.kpi.movement` does.
    InvalidTableError
        A period or a group is null, a period is not the first of its month, a value is not finite,
        or a group has a month in two rows.
    ParameterError
        ``by`` clashes with the result, or the policy asks for more history than its window holds.

    Notes
    -----
    Each month is judged by the months before it alone: what comes later never changes a row. With
    ``e`` for what is expected::

        moving_median   e = median of the past;           spread = MAD / 0.6745
        trend_line      e = Theil-Sen line of the past;   spread = MAD of its residuals / 0.6745
        seasonal_naive  e = x[t - 12] + median of past changes over 12 months;
                                                          spread = MAD of those changes / 0.6745
        xmr             e = mean of the past;             spread = 2.66 mean moving range / 3
        score = (x - e) / spread

    MAD is the median absolute deviation. Where it is 0, because more than half of the past is
    alike, 1.253314 times the mean absolute deviation takes its place. A moving range is that of two
    consecutive months; over a gap there is none.

    A spread that is learnt from few months is itself unsure, so more months of pure noise are
    flagged than a normal distribution has beyond the threshold. In simulations of independent
    normal noise, 60 months each and the default window:

    ==================  ==========  ============
    method              threshold   false alarms
    ==================  ==========  ============
    ``moving_median``   3.5         0.7 %
    ``trend_line``      3.5         1.2 %
    ``seasonal_naive``  3.5         0.9 %
    ``xmr``             3.0         0.9 %
    ==================  ==========  ============

    A change of level is flagged until half of the window lies behind it (for ``"xmr"``, until it
    has moved the mean and the ranges enough).

    A query collects the rows of ``period``, ``value`` and ``by``, also of a lazy frame, and the
    result is made on the engine of the frame. Hand over a table of key figures, not the rows they
    are made of.

    References
    ----------
    Iglewicz & Hoaglin (1993), *How to Detect and Handle Outliers*. Wheeler & Chambers (1992),
    *Understanding Statistical Process Control*. Hyndman & Athanasopoulos (2021), *Forecasting:
    Principles and Practice*, section 5.2: seasonal naive forecasts.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> months = [date(2023 + at // 12, at % 12 + 1, 1) for at in range(14)]
    >>> churned = [50, 52, 49, 51, 50, 48, 53, 50, 51, 49, 52, 50, 51, 90]
    >>> flagged = deviations(pl.DataFrame({"period": months, "lost": churned}), value="lost")
    >>> flagged.select("expected", pl.col("upper").round(2), "deviates").rows()[-2:]
    [(50.0, 55.19, False), (50.0, 55.19, True)]
    """
    agreed = policy or DeviationPolicy()
    if agreed.window_months is not None and agreed.window_months < agreed.min_history:
        raise ParameterError(
            f"deviations: the policy looks back {agreed.window_months} months and asks for "
            f"{agreed.min_history} values among them. Raise window_months, or lower min_history.",
            window_months=agreed.window_months,
            min_history=agreed.min_history,
        )
    read = read_series(
        frame,
        period=period,
        value=value,
        by=by,
        results=_RESULT,
        keeps_value=True,
        what="deviations",
    )
    return read.told_monthly(partial(_judge, policy=agreed), _RESULT, period=period, value=value)  # type: ignore[no-any-return]


def _judge(
    values: Sequence[float | None], at: int, policy: DeviationPolicy
) -> dict[str, float | bool | None]:
    start = 0 if policy.window_months is None else max(at - policy.window_months, 0)
    expectation, history = _expect(values, start, at, policy)
    told: dict[str, float | bool | None] = dict.fromkeys(_RESULT)
    told["history"] = history
    if expectation is None:
        return told
    center, spread = expectation.center, expectation.spread
    still = spread <= _NOISE * abs(center)
    reach = 0.0 if still else policy.limit * spread
    told |= {"expected": center, "lower": center - reach, "upper": center + reach}
    now = values[at]
    if now is None:
        return told
    if not still:
        score = (now - center) / spread
        return told | {"score": score, "deviates": abs(score) >= policy.limit}
    same = isclose(now, center, rel_tol=_NOISE, abs_tol=1e-12)
    return told | {"score": 0.0 if same else None, "deviates": not same}


def _expect(
    values: Sequence[float | None], start: int, at: int, policy: DeviationPolicy
) -> tuple[_Expectation | None, int]:
    """Expect the month at ``at`` from those of ``start`` to the one before it."""
    past = [(month, x) for month in range(start, at) if (x := values[month]) is not None]
    if policy.method is DeviationMethod.SEASONAL_NAIVE:
        return _expect_season(values, past, at, policy)
    if len(past) < policy.min_history:
        return None, len(past)
    if policy.method is DeviationMethod.XMR:
        return _expect_mean(past), len(past)
    slope = 0.0
    if policy.method is DeviationMethod.TREND_LINE:
        slope = median_slope(values[start:at]) or 0.0
    levels = [x - slope * month for month, x in past]
    return _Expectation(median(levels) + slope * at, _robust_spread(levels)), len(past)


def _expect_season(
    values: Sequence[float | None],
    past: Sequence[tuple[int, float]],
    at: int,
    policy: DeviationPolicy,
) -> tuple[_Expectation | None, int]:
    season = policy.season_months
    steps = [
        x - before
        for month, x in past
        if month >= season and (before := values[month - season]) is not None
    ]
    last = values[at - season] if at >= season else None
    if last is None or len(steps) < policy.min_history:
        return None, len(steps)
    return _Expectation(last + median(steps), _robust_spread(steps)), len(steps)


def _expect_mean(past: Sequence[tuple[int, float]]) -> _Expectation | None:
    ranges = [
        abs(later - earlier)
        for (one, earlier), (other, later) in pairwise(past)
        if other == one + 1
    ]
    if not ranges:
        return None
    return _Expectation(fmean(x for _, x in past), _OF_MOVING_RANGE * fmean(ranges))


def _robust_spread(numbers: Sequence[float]) -> float:
    middle = median(numbers)
    distances = [abs(x - middle) for x in numbers]
    spread = median(distances)
    noise = _NOISE * abs(middle)
    return (
        spread * _OF_MEDIAN_DEVIATION if spread > noise else fmean(distances) * _OF_MEAN_DEVIATION
    )
