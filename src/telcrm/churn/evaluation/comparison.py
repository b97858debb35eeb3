"""Whether one model is better than another, or only luckier with these customers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import erfc, inf, sqrt
from typing import Any, TypeAlias

from numpy.typing import ArrayLike

from telcrm.churn.evaluation.delong import delong_covariance
from telcrm.churn.evaluation.intervals import IntervalMethod
from telcrm.churn.evaluation.levels import ScoreLevels, order_scores
from telcrm.churn.evaluation.metric import MEASURES, ChurnMetric, MetricSettings, read_settings
from telcrm.churn.evaluation.profit_terms import Terms
from telcrm.churn.evaluation.resampling import (
    measure_resamples,
    percentiles,
    read_draws,
    resamples,
)
from telcrm.churn.evaluation.scores import Floats, read_flags, read_scores, require_both
from telcrm.domain.arguments import require_proper_share
from telcrm.domain.choice import choose
from telcrm.errors import ParameterError
from telcrm.kpi.confidence import normal_quantile
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn

__all__ = ["ComparedPair", "ModelComparison", "compare_models"]

_Judged: TypeAlias = tuple[float, float, float | None, IntervalMethod]
# Of the places of two models and their difference: its interval, p-value and method.
_Judge: TypeAlias = Callable[[int, int, float], _Judged]


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """One metric of two models on the same customers.

    Attributes
    ----------
    metric : ChurnMetric
    first, second : str
        Names of the models.
    first_value, second_value : float
    difference : float
        Of the first less the second.
    lower, upper : float
        Interval of the difference.
    p_value : float or None
        Of no difference, two-sided, by DeLong's test; None for metrics that it does not know.
    method : IntervalMethod
        Where the interval comes from.
    """

    metric: ChurnMetric
    first: str
    second: str
    first_value: float
    second_value: float
    difference: float
    lower: float
    upper: float
    p_value: float | None
    method: IntervalMethod

    @property
    def better(self) -> str | None:
        """The model that is better by more than chance; None where the interval holds 0."""
        if self.lower <= 0.0 <= self.upper:
            return None
        return self.first if (self.difference > 0) is self.metric.greater_is_better else self.second


@dataclass(frozen=True, slots=True, repr=False)
class ModelComparison:
    """Differences between models, in pairs.

    Attributes
    ----------
    customers, churners : int
    confidence : float
        Of the intervals.
    pairs : tuple of ComparedPair
        Metric by metric, in the order asked for.
    """

    customers: int
    churners: int
    confidence: float
    pairs: tuple[ComparedPair, ...]

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per metric and pair.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            The fields of :class:`ComparedPair`, and ``better``.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        return plain_frame(self._columns(), backend)

    def _columns(self) -> dict[str, ResultColumn]:
        texts = {"metric", "first", "second", "method", "better"}
        columns = {}
        for name in (*ComparedPair.__slots__, "better"):
            values = [getattr(pair, name) for pair in self.pairs]
            if name in texts:
                told = [None if value is None else str(value) for value in values]
                columns[name] = ResultColumn(str, told)
            else:
                columns[name] = ResultColumn(float, values)
        return columns

    def __repr__(self) -> str:
        told = "; ".join(
            f"{pair.metric} {pair.first} - {pair.second} {pair.difference:+.4f} "
            f"({pair.lower:+.4f} to {pair.upper:+.4f})"
            for pair in self.pairs
        )
        return f"ModelComparison({self.customers:,} customers, {self.confidence:.0%}: {told})"

    def _repr_html_(self) -> str:
        caption = f"{self.customers:,} customers, intervals of {self.confidence:.0%}"
        return html_table(self._columns(), caption)


def compare_models(
    y_true: ArrayLike,
    scores: Mapping[str, ArrayLike],
    *,
    metrics: Sequence[ChurnMetric | str] = (ChurnMetric.ROC_AUC,),
    confidence: float = 0.95,
    draws: int = 1000,
    random_state: int | None = None,
    clv: Terms = 200.0,
    incentive: Terms = 10.0,
    contact: Terms = 1.0,
    alpha: float = 6.0,
    beta: float = 14.0,
    q: float = 0.1,
    bins: int = 10,
) -> ModelComparison:
    """Compare scores of several models on the same customers, pair by pair.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
    scores : mapping of str to array-like of shape (n_customers,)
        Of two models or more, by name; of customers that none of them has learnt from.
    metrics : sequence of ChurnMetric or str
    confidence : float in (0, 1)
    draws : int
        Resamples, 20 or more, for all metrics but ``"roc_auc"``.
    random_state : int, optional
        Of the resamples; it has to be given for all metrics but ``"roc_auc"``.
    clv, incentive, contact, alpha, beta, q, bins
        As :func:`evaluate` takes them.

    Returns
    -------
    ModelComparison

    Raises
    ------
    SingleClassError, ScoreError
        As :func:`evaluate` does; or fewer than two left, or stayed.
    ParameterError
        There are fewer than two models, no metrics, or an argument is out of its range.

    Notes
    -----
    Areas under the ROC curve are compared by the paired test of DeLong, DeLong & Clarke-Pearson
    (1988), Biometrics 44(3), 837-845: the difference over its standard error, normal, with the
    covariance that comes of the customers being the same. All other metrics are measured on the
    same stratified resamples for both models, and the interval is that of percentiles of their
    difference. Many pairs are many chances to err: no correction is made for that.

    Examples
    --------
    >>> y = [0, 0, 1, 0, 1, 1, 0, 1]
    >>> found = compare_models(
    ...     y,
    ...     {
    ...         "new": [0.1, 0.2, 0.7, 0.3, 0.8, 0.9, 0.6, 0.5],
    ...         "old": [0.4, 0.2, 0.1, 0.3, 0.8, 0.5, 0.6, 0.7],
    ...     },
    ... )
    >>> [(pair.difference, round(pair.p_value, 3)) for pair in found.pairs]
    [(0.25, 0.355)]
    """
    require_proper_share(confidence=confidence)
    if len(scores) < 2 or not metrics:
        raise ParameterError(
            f"compare_models: {len(scores)} models and {len(metrics)} metrics are given. Give the "
            "scores of two models at least, by name, and one metric.",
            models=list(scores),
        )
    asked = [choose(ChurnMetric, metric, "metrics") for metric in metrics]
    churned = read_flags("y_true", y_true)
    sure = any(metric.needs_probabilities for metric in asked)
    ranked = {
        name: order_scores(
            churned,
            read_scores(f"scores[{name!r}]", given, churned.size, probabilities=sure),
        )
        for name, given in scores.items()
    }
    require_both("y_true", churned)
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
    levels = {name: order.levels() for name, order in ranked.items()}
    resampled = [metric for metric in asked if metric is not ChurnMetric.ROC_AUC]
    judges: dict[ChurnMetric, _Judge] = {}
    if resampled:
        draw = resamples(churned, *read_draws(draws, random_state))
        found = measure_resamples(list(ranked.values()), resampled, settings, draw)
        judges = {
            metric: _by_bootstrap(drawn, confidence)
            for metric, drawn in zip(resampled, found, strict=True)
        }
    if ChurnMetric.ROC_AUC in asked:
        judges[ChurnMetric.ROC_AUC] = _by_delong(list(levels.values()), confidence)
    pairs = [pair for metric in asked for pair in _pairs(metric, levels, settings, judges[metric])]
    return ModelComparison(churned.size, int(churned.sum()), float(confidence), tuple(pairs))


def _by_delong(models: Sequence[ScoreLevels], confidence: float) -> _Judge:
    covariance = delong_covariance(models)
    reach = normal_quantile(confidence)

    def judge(one: int, two: int, difference: float) -> _Judged:
        variance = covariance[one, one] + covariance[two, two] - 2.0 * covariance[one, two]
        error = sqrt(max(float(variance), 0.0))
        # Without any spread, no difference is sure, and any difference is.
        distance = abs(difference) / error if error else inf if difference else 0.0
        ends = difference - reach * error, difference + reach * error
        return *ends, erfc(distance / sqrt(2.0)), IntervalMethod.DELONG

    return judge


def _by_bootstrap(drawn: Floats, confidence: float) -> _Judge:
    def judge(one: int, two: int, _: float) -> _Judged:
        ends = percentiles(drawn[one] - drawn[two], confidence)
        return *ends, None, IntervalMethod.BOOTSTRAP

    return judge


def _pairs(
    metric: ChurnMetric,
    models: Mapping[str, ScoreLevels],
    settings: MetricSettings,
    judge: _Judge,
) -> Iterator[ComparedPair]:
    values = [MEASURES[metric](levels, settings) for levels in models.values()]
    for (one, first), (two, second) in combinations(enumerate(models), 2):
        difference = values[one] - values[two]
        lower, upper, p_value, method = judge(one, two, difference)
        yield ComparedPair(
            metric=metric,
            first=first,
            second=second,
            first_value=values[one],
            second_value=values[two],
            difference=difference,
            lower=lower,
            upper=upper,
            p_value=p_value,
            method=method,
        )
