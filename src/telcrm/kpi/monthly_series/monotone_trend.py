"""Whether a series rises or falls, and by how much a month: Mann-Kendall and Theil-Sen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from statistics import NormalDist, median
from typing import Final

from telcrm.domain.arguments import whole_between
from telcrm.errors import ParameterError
from telcrm.kpi.confidence import normal_quantile

__all__ = [
    "MannKendall",
    "TheilSen",
    "mann_kendall",
    "median_slope",
    "theil_sen",
    "whole_season",
]

_LONGEST_EXACT: Final = 10
_LONGEST_SEASON: Final = 120


@dataclass(frozen=True, slots=True)
class MannKendall:
    """A test of whether a series rises or falls.

    Attributes
    ----------
    s : int
        Pairs of values in which the later is greater, less those in which it is smaller.
    variance : float
        Of ``s``, if there is no trend; 0 where all values are equal.
    z : float
        ``s``, one step nearer to 0, in standard deviations.
    p_value : float or None
        Chance of an ``s`` at least as far from 0, either way, if there is no trend; None with
        fewer than two values.
    """

    s: int
    variance: float
    z: float
    p_value: float | None


@dataclass(frozen=True, slots=True)
class TheilSen:
    """The slope of a series, whatever single values do.

    Attributes
    ----------
    slope : float or None
        Change per month; None where no two values can be compared.
    low, high : float or None
        Ends of its interval; None where so few values cannot give that confidence.
    """

    slope: float | None
    low: float | None
    high: float | None


def mann_kendall(values: Sequence[float | None], *, season_months: int = 1) -> MannKendall:
    """Test whether a monthly series rises or falls.

    Parameters
    ----------
    values : sequence of float or None
        One value per month, None for a month without one.
    season_months : int from 1 to 120
        12 compares each January with Januaries only, and so on, so that a season is no trend
        (the seasonal Kendall test); 1 compares all months.

    Returns
    -------
    MannKendall

    Raises
    ------
    ParameterError
        A value is not finite, or ``season_months`` out of range.

    Notes
    -----
    With ``t`` values in each group of ties::

        s = sum over i < j of sign(x[j] - x[i])
        variance = (n (n - 1) (2n + 5) - sum of t (t - 1) (2t + 5)) / 18
        z = (s - sign(s)) / sqrt(variance)

    and both sums run over the seasons. Up to 10 values without ties in one season the p-value is
    exact, by counting permutations; otherwise ``z`` is taken for normal.

    It asks that months without a trend are independent. If a high month makes the next one likely
    to be high, as in many key figures, p-values are too small.

    References
    ----------
    Mann (1945), "Nonparametric tests against trend", Econometrica 13, 245-259. Kendall (1975),
    *Rank Correlation Methods*. Hirsch, Slack & Smith (1982), "Techniques of trend analysis for
    monthly water quality data", Water Resources Research 18, 107-121. Gilbert (1987), *Statistical
    Methods for Environmental Pollution Monitoring*, chapters 16 and 17.

    Examples
    --------
    >>> test = mann_kendall([10, 15, 14, 20])
    >>> test.s, round(test.p_value, 3)
    (4, 0.333)
    """
    seasons = _seasons(values, season_months)
    s = sum(_sign(late - early) for season in seasons for early, late, _ in _pairs(season))
    tied = any(len(season) > len({value for _, value in season}) for season in seasons)
    variance = sum(_variance([value for _, value in season]) for season in seasons)
    z = (s - _sign(s)) / sqrt(variance) if variance else 0.0
    n = sum(len(season) for season in seasons)
    if n < 2:
        return MannKendall(s, variance, z, None)
    if len(seasons) == 1 and not tied and n <= _LONGEST_EXACT:
        return MannKendall(s, variance, z, _exact_p_value(s, n))
    return MannKendall(s, variance, z, 2 * NormalDist().cdf(-abs(z)))


def theil_sen(
    values: Sequence[float | None], *, confidence: float = 0.95, season_months: int = 1
) -> TheilSen:
    """Estimate the change per month of a series by the median slope of its pairs of months.

    Parameters
    ----------
    values : sequence of float or None
        One value per month, None for a month without one.
    confidence : float in (0, 1)
        Of the interval.
    season_months : int from 1 to 120
        As in :func:`mann_kendall`: only months so far apart, or a multiple of it, are paired.

    Returns
    -------
    TheilSen

    Raises
    ------
    ParameterError
        A value is not finite, or a parameter out of range.

    Notes
    -----
    ``slope = median of (x[j] - x[i]) / (j - i)``. Nearly three in ten values may be anything
    without moving it far. The interval takes the slopes whose ranks lie
    ``z sqrt(variance of s) / 2`` off the middle. It is None where even a series that only rises
    would not be significant: below 5 values at 95 %.

    References
    ----------
    Sen (1968), "Estimates of the regression coefficient based on Kendall's tau", JASA 63,
    1379-1389. Theil (1950), Proceedings of the KNAW 53. Seasonal: Hirsch, Slack & Smith (1982).

    Examples
    --------
    >>> theil_sen([1.0, 2.0, 99.0, 4.0, None, 6.0]).slope
    1.0
    """
    quantile = normal_quantile(confidence)
    seasons = _seasons(values, season_months)
    slopes = sorted(_slopes(seasons))
    if not slopes:
        return TheilSen(None, None, None)
    slope = median(slopes)
    best = mann_kendall(
        [None if value is None else float(at) for at, value in enumerate(values)],
        season_months=season_months,
    )
    if best.p_value is None or best.p_value > 1 - confidence:
        return TheilSen(slope, None, None)
    variance = sum(_variance([value for _, value in season]) for season in seasons)
    reach = quantile * sqrt(variance)
    low = max(round((len(slopes) - reach) / 2) - 1, 0)
    high = min(round((len(slopes) + reach) / 2), len(slopes) - 1)
    return TheilSen(slope, slopes[low], slopes[high])


def median_slope(values: Sequence[float | None]) -> float | None:
    """Return the slope of :func:`theil_sen` alone.

    Parameters
    ----------
    values : sequence of float or None
        One value per month, None for a month without one.

    Returns
    -------
    float or None

    Examples
    --------
    >>> median_slope([1.0, 2.0, 99.0, 4.0])
    1.0
    """
    slopes = _slopes(_seasons(values, 1))
    return median(slopes) if slopes else None


def whole_season(season_months: object) -> int:
    """Return the length of a season, or refuse it.

    Raises
    ------
    ParameterError
        It is no whole number from 1 to 120.

    Examples
    --------
    >>> whole_season(12)
    12
    """
    return whole_between("season_months", season_months, 1, _LONGEST_SEASON)


def _seasons(
    values: Sequence[float | None], season_months: object
) -> list[list[tuple[int, float]]]:
    length = whole_season(season_months)
    known = [(at, float(value)) for at, value in enumerate(values) if value is not None]
    wrong = [value for _, value in known if not isfinite(value)]
    if wrong:
        raise ParameterError(
            f"values hold {wrong[0]}; each has to be a finite number, or None for none.",
            count=len(wrong),
        )
    return [[point for point in known if point[0] % length == nth] for nth in range(length)]


def _pairs(season: Sequence[tuple[int, float]]) -> list[tuple[float, float, int]]:
    return [
        (early, late, later - at)
        for nth, (at, early) in enumerate(season)
        for later, late in season[nth + 1 :]
    ]


def _slopes(seasons: Sequence[Sequence[tuple[int, float]]]) -> list[float]:
    return [(late - early) / gap for season in seasons for early, late, gap in _pairs(season)]


def _variance(values: Sequence[float]) -> float:
    ties = Counter(values).values()
    return (_cubic(len(values)) - sum(_cubic(tie) for tie in ties)) / 18


def _cubic(n: int) -> int:
    return n * (n - 1) * (2 * n + 5)


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _exact_p_value(s: int, n: int) -> float:
    """Count the permutations of n by their inversions, of which s is the pairs less twice."""
    counts = [1]
    for size in range(2, n + 1):
        longer = [0] * (len(counts) + size - 1)
        for inversions, count in enumerate(counts):
            for more in range(size):
                longer[inversions + more] += count
        counts = longer
    pairs = n * (n - 1) // 2
    as_far = sum(c for inversions, c in enumerate(counts) if abs(pairs - 2 * inversions) >= abs(s))
    return as_far / sum(counts)
