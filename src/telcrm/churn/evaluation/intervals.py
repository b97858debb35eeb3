"""How far metrics may be off by chance: DeLong's interval, and the bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from telcrm.churn.evaluation.delong import delong_variance
from telcrm.churn.evaluation.levels import ScoreLevels, order_scores, read_levels
from telcrm.churn.evaluation.metric import MEASURES, ChurnMetric, MetricSettings, read_settings
from telcrm.churn.evaluation.profit_terms import Terms
from telcrm.churn.evaluation.ranking import area_under_roc
from telcrm.churn.evaluation.resampling import percentiles, read_draws, resamples
from telcrm.churn.evaluation.scores import Bools, Floats, Ints, read_pair
from telcrm.domain.arguments import require_proper_share
from telcrm.domain.choice import choose
from telcrm.kpi.confidence import normal_quantile

__all__ = [
    "Interval",
    "IntervalMethod",
    "bootstrap_interval",
    "bootstrapped",
    "delong_interval",
    "roc_auc_interval",
]


class IntervalMethod(StrEnum):
    """Where an interval comes from."""

    DELONG = "delong"
    BOOTSTRAP = "bootstrap"


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure, and where it would lie with other customers of the same kind.

    Attributes
    ----------
    estimate : float
    lower, upper : float
    standard_error : float
    confidence : float
    method : IntervalMethod
    """

    estimate: float
    lower: float
    upper: float
    standard_error: float
    confidence: float
    method: IntervalMethod

    def __repr__(self) -> str:
        return (
            f"Interval({self.estimate:.4f}, {self.confidence:.0%} {self.lower:.4f} to "
            f"{self.upper:.4f} by {self.method})"
        )


def roc_auc_interval(
    y_true: ArrayLike, y_score: ArrayLike, *, confidence: float = 0.95
) -> Interval:
    """Return the area under the ROC curve with DeLong's interval.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    y_score : array-like of shape (n_customers,)
        Any monotone score; ties count as half.
    confidence : float in (0, 1)

    Returns
    -------
    Interval
        Cut at 0 and 1. Without length where the scores part leavers from stayers: the sample does
        not tell how far the area spreads then.

    Raises
    ------
    SingleClassError, ScoreError
        As :func:`roc_auc` does; or fewer than two left, or stayed.
    ParameterError
        ``confidence`` is no share between 0 and 1.

    Notes
    -----
    Normal, with the variance of DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44(3), 837-845,
    in ``O(n log n)`` as Sun & Xu (2014) have it.

    Examples
    --------
    >>> roc_auc_interval([0, 1, 0, 1, 0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9])
    Interval(0.6250, 95% 0.1777 to 1.0000 by delong)
    """
    require_proper_share(confidence=confidence)
    return delong_interval(read_levels(y_true, y_score), confidence)


def bootstrap_interval(
    metric: ChurnMetric | str | Callable[[Any, Any], float],
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    confidence: float = 0.95,
    draws: int = 1000,
    random_state: int,
    clv: Terms = 200.0,
    incentive: Terms = 10.0,
    contact: Terms = 1.0,
    alpha: float = 6.0,
    beta: float = 14.0,
    q: float = 0.1,
    bins: int = 10,
) -> Interval:
    """Return a metric with its bootstrap interval.

    Parameters
    ----------
    metric : ChurnMetric, its name, or callable
        A callable takes outcomes (bool) and scores as arrays, and returns a number.
    y_true : array-like of shape (n_customers,), 0 or 1
    y_score : array-like of shape (n_customers,)
        Probabilities for the metrics that need them.
    confidence : float in (0, 1)
    draws : int
        Resamples, 20 or more.
    random_state : int
    clv, incentive, contact, alpha, beta, q, bins
        As :func:`evaluate` takes them; each metric looks at its own.

    Returns
    -------
    Interval

    Raises
    ------
    SingleClassError, ScoreError
        As the metric does.
    ParameterError
        An argument is out of its range.

    Notes
    -----
    Percentiles of resamples with replacement, leavers among leavers and stayers among stayers, so
    that the churn rate stays as it is (Efron & Tibshirani 1993, chapter 13). Scores are sorted
    once, and resamples counted. Of a calibration error the resamples lie too high, as resampling
    adds to its noise: its interval may leave the estimate out.

    Examples
    --------
    >>> y, s = [0, 1, 0, 1, 0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9]
    >>> bootstrap_interval("lift", y, s, q=0.125, draws=200, random_state=1).estimate
    2.0
    """
    require_proper_share(confidence=confidence)
    number, seed = read_draws(draws, random_state)
    asked = metric if callable(metric) else choose(ChurnMetric, metric, "metric")
    churned, scores = read_pair(
        y_true,
        y_score,
        probabilities=isinstance(asked, ChurnMetric) and asked.needs_probabilities,
    )
    settings = read_settings(
        clv=clv,
        incentive=incentive,
        contact=contact,
        alpha=alpha,
        beta=beta,
        q=q,
        bins=bins,
        customers=churned.size,
    )
    measure = _measure(asked, churned, scores, settings)
    drawn = np.array([measure(weights) for weights in resamples(churned, number, seed)])
    return bootstrapped(measure(None), drawn, confidence)


def _measure(
    metric: ChurnMetric | Callable[[Any, Any], float],
    churned: Bools,
    scores: Floats,
    settings: MetricSettings,
) -> Callable[[Ints | None], float]:
    if isinstance(metric, ChurnMetric):
        named = MEASURES[metric]
        ranked = order_scores(churned, scores)
        return lambda weights: named(ranked.levels(weights), settings)
    own = metric

    def call(weights: Ints | None) -> float:
        if weights is None:
            return float(own(churned, scores))
        return float(own(np.repeat(churned, weights), np.repeat(scores, weights)))

    return call


def bootstrapped(estimate: float, drawn: Floats, confidence: float) -> Interval:
    """Return the interval of a figure by what it was on resamples.

    Parameters
    ----------
    estimate : float
    drawn : array of shape (draws,)
    confidence : float in (0, 1)

    Returns
    -------
    Interval
    """
    lower, upper = percentiles(drawn, confidence)
    return Interval(
        estimate=estimate,
        lower=lower,
        upper=upper,
        standard_error=float(drawn.std(ddof=1)),
        confidence=float(confidence),
        method=IntervalMethod.BOOTSTRAP,
    )


def delong_interval(levels: ScoreLevels, confidence: float) -> Interval:
    """Return DeLong's interval of counted levels.

    Parameters
    ----------
    levels : ScoreLevels
    confidence : float in (0, 1)

    Returns
    -------
    Interval

    Raises
    ------
    ScoreError
        Fewer than two left, or stayed.
    """
    area, error = area_under_roc(levels), sqrt(delong_variance(levels))
    reach = normal_quantile(confidence) * error
    return Interval(
        estimate=area,
        lower=max(area - reach, 0.0),
        upper=min(area + reach, 1.0),
        standard_error=error,
        confidence=float(confidence),
        method=IntervalMethod.DELONG,
    )
