"""Every figure of a model's scores at once, sorted once, with intervals where they are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from numpy.typing import ArrayLike

from telcrm.churn.evaluation.calibration import calibration_line_of
from telcrm.churn.evaluation.campaign import campaign_above, profit_bounds
from telcrm.churn.evaluation.intervals import (
    Interval,
    bootstrapped,
    delong_interval,
)
from telcrm.churn.evaluation.levels import ScoreLevels, ScoreOrder, order_scores
from telcrm.churn.evaluation.metric import MEASURES, ChurnMetric, MetricSettings, read_settings
from telcrm.churn.evaluation.profit import (
    expected_maximum_profit_of,
    maximum_profit_of,
    threshold_of,
)
from telcrm.churn.evaluation.profit_terms import Terms
from telcrm.churn.evaluation.ranking import captured_share
from telcrm.churn.evaluation.resampling import measure_resamples, read_draws, resamples
from telcrm.churn.evaluation.scores import Ints, read_pair
from telcrm.domain.arguments import require_proper_share
from telcrm.errors import ParameterError
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn

__all__ = ["Evaluation", "evaluate", "evaluation_of"]

_NOT_FIGURES: Final = frozenset({"customers", "churners", "parameters", "intervals"})
_LEAST_FOR_DELONG: Final = 2


@dataclass(frozen=True, slots=True, repr=False)
class Evaluation:
    """How good the scores of some customers are, whose outcome is known.

    Figures of probabilities are None where the scores were said to be none.

    Attributes
    ----------
    customers, churners : int
    base_rate : float
        Share of customers who left.
    roc_auc, pr_auc : float
        Areas under the ROC curve, and under the precision-recall curve (average precision).
    lift : float
        Of the top share ``q``.
    captured : float
        Share of the churners who are among that top share.
    brier, log_loss, expected_calibration_error : float or None
    calibration_in_the_large, calibration_intercept, calibration_slope : float or None
        As :class:`CalibrationLine` has them.
    maximum_profit, maximum_profit_share, maximum_profit_threshold : float or None
        MPC, and whom to contact for it, see :class:`ProfitOptimum`; the threshold is None where
        nobody is worth it.
    expected_maximum_profit, expected_maximum_profit_share : float
        EMPC, see :class:`ExpectedProfit`.
    decision_profit, decision_share : float or None
        Profit per customer if everybody is contacted whose probability is above the
        :func:`profit_threshold`, and how many that are.
    target_all, perfect : float
        Profit per customer if everybody is contacted, and with a perfect ranking.
    parameters : mapping of str to float
        ``clv``, ``incentive`` and ``contact`` (means, where customers had their own), ``alpha``,
        ``beta``, ``q``, ``bins``.
    intervals : mapping of str to Interval
        By the name of the figure; empty unless asked for.
    """

    customers: int
    churners: int
    base_rate: float
    roc_auc: float
    pr_auc: float
    lift: float
    captured: float
    brier: float | None
    log_loss: float | None
    expected_calibration_error: float | None
    calibration_in_the_large: float | None
    calibration_intercept: float | None
    calibration_slope: float | None
    maximum_profit: float
    maximum_profit_share: float
    maximum_profit_threshold: float | None
    expected_maximum_profit: float
    expected_maximum_profit_share: float
    decision_profit: float | None
    decision_share: float | None
    target_all: float
    perfect: float
    parameters: Mapping[str, float]
    intervals: Mapping[str, Interval] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, float | None]:
        """All figures by name."""
        names = [each.name for each in fields(self) if each.name not in _NOT_FIGURES]
        return {name: getattr(self, name) for name in names}

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that can be written as JSON.

        Returns
        -------
        dict
            ``customers``, ``churners``, every figure by its name, ``parameters``, and ``intervals``
            by name, each with ``lower``, ``upper``, ``standard_error``, ``confidence`` and
            ``method``.
        """
        return {
            "customers": self.customers,
            "churners": self.churners,
            **self.figures,
            "parameters": dict(self.parameters),
            "intervals": {
                name: {
                    "lower": each.lower,
                    "upper": each.upper,
                    "standard_error": each.standard_error,
                    "confidence": each.confidence,
                    "method": str(each.method),
                }
                for name, each in self.intervals.items()
            },
        }

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per figure.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            ``metric``, ``value``, and the interval's ``lower`` and ``upper``, null without one.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        return plain_frame(self._columns(), backend)

    def _columns(self) -> dict[str, ResultColumn]:
        told = {name: self.intervals.get(name) for name in self.figures}
        return {
            "metric": ResultColumn(str, list(told)),
            "value": ResultColumn(float, list(self.figures.values())),
            "lower": ResultColumn(float, [each and each.lower for each in told.values()]),
            "upper": ResultColumn(float, [each and each.upper for each in told.values()]),
        }

    def __repr__(self) -> str:
        calibrated = "" if self.brier is None else f", Brier {self.brier:.4f}"
        error = self.expected_calibration_error
        calibrated += "" if error is None else f", ECE {error:.4f}"
        return (
            f"Evaluation({self.customers:,} customers, {self.base_rate:.1%} left: ROC AUC "
            f"{self.roc_auc:.4f}, lift at {self.parameters['q']:.0%} {self.lift:.2f}{calibrated}, "
            f"EMPC {self.expected_maximum_profit:,.3f}, MPC {self.maximum_profit:,.3f} of at most "
            f"{self.perfect:,.3f})"
        )

    def _repr_html_(self) -> str:
        caption = f"{self.customers:,} customers, {self.churners:,} left"
        return html_table(self._columns(), caption)


def evaluate(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    clv: Terms = 200.0,
    incentive: Terms = 10.0,
    contact: Terms = 1.0,
    alpha: float = 6.0,
    beta: float = 14.0,
    q: float = 0.1,
    bins: int = 10,
    probabilities: bool = True,
    confidence: float | None = None,
    draws: int = 1000,
    random_state: int | None = None,
) -> Evaluation:
    """Judge scores by ranks, probabilities and money.

    Parameters
    ----------
    y_true : array-like of shape (n_customers,), 0 or 1
        1 left. Of customers that the model has not learnt from.
    y_score : array-like of shape (n_customers,)
        Probabilities of leaving, or any monotone score with ``probabilities=False``.
    clv : float or array-like of shape (n_customers,)
        Lifetime value of a customer who stays, in any currency; one number has to be above
        ``incentive``.
    incentive, contact : float or array-like of shape (n_customers,), 0 or more
        Paid to who accepts, and for each contact.
    alpha, beta : float above 0
        Of the beta distribution of the share of would-be churners who accept. MPC and the decision
        by threshold take its mean.
    q : float in (0, 1]
        Share of customers contacted, of the lift.
    bins : int
        Of the calibration error, from 1 to 10,000.
    probabilities : bool
        False leaves out what has no meaning for scores that are none: Brier score, log loss,
        calibration, and the decision by threshold.
    confidence : float in (0, 1), optional
        Of the intervals; without it there are none.
    draws : int
        Resamples for the intervals of all metrics but the area under the ROC curve, 20 or more.
    random_state : int, optional
        Of the resamples; it has to be given with ``confidence``.

    Returns
    -------
    Evaluation

    Raises
    ------
    SingleClassError
        All left, or none did.
    ScoreError
        Outcomes or scores are missing, of two lengths, or no numbers, or scores are outside 0 and 1
        and not said to be no probabilities.
    ParameterError
        An argument is out of its range.

    See Also
    --------
    compare_models : Whether one of two models is better.

    Notes
    -----
    Each figure is that of the function of its name. The interval of ``roc_auc`` is DeLong's (absent
    with fewer than two on either side), the others are percentiles of stratified resamples, see
    :func:`bootstrap_interval`.

    Examples
    --------
    >>> y = [0, 1, 0, 1, 0, 1, 0, 1]
    >>> found = evaluate(y, [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9])
    >>> found
    Evaluation(8 customers, 50.0% left: ROC AUC 0.6250, lift at 10% 2.00, Brier 0.2613,
    ECE 0.4375, EMPC 23.876, MPC 23.875 of at most 28.000)
    """
    churned, scores = read_pair(y_true, y_score, probabilities=probabilities)
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
    ranked = order_scores(churned, scores)
    levels = ranked.levels()
    if confidence is None:
        return evaluation_of(levels, settings, probabilities=probabilities)
    require_proper_share(confidence=confidence)
    if random_state is None:
        raise ParameterError(
            "evaluate: intervals are drawn at random. Pass random_state=, a whole number, with "
            "confidence.",
            parameter="random_state",
        )
    metrics = [
        metric
        for metric in ChurnMetric
        if metric is not ChurnMetric.ROC_AUC and (probabilities or not metric.needs_probabilities)
    ]
    drawn = resamples(churned, *read_draws(draws, random_state))
    intervals = _intervals(ranked, metrics, settings, drawn, confidence)
    return evaluation_of(levels, settings, probabilities=probabilities, intervals=intervals)


def evaluation_of(
    levels: ScoreLevels,
    settings: MetricSettings,
    *,
    probabilities: bool,
    intervals: Mapping[str, Interval] | None = None,
) -> Evaluation:
    """Return every figure of counted levels.

    Parameters
    ----------
    levels : ScoreLevels
    settings : MetricSettings
    probabilities : bool
    intervals : mapping of str to Interval, optional

    Returns
    -------
    Evaluation
    """
    lines = settings.terms.lines(levels)
    best = maximum_profit_of(levels, lines, settings.acceptance)
    expected = expected_maximum_profit_of(levels, lines, settings.alpha, settings.beta)
    bounds = profit_bounds(levels.ranked.churned, settings.terms, settings.acceptance)

    def of(metric: ChurnMetric) -> float | None:
        known = probabilities or not metric.needs_probabilities
        return MEASURES[metric](levels, settings) if known else None

    captured = captured_share(levels, settings.q)
    line = calibration_line_of(levels) if probabilities else None
    decided = _decide(levels, settings) if probabilities else (None, None)
    return Evaluation(
        customers=levels.customers,
        churners=levels.leavers,
        base_rate=levels.leavers / levels.customers,
        roc_auc=MEASURES[ChurnMetric.ROC_AUC](levels, settings),
        pr_auc=MEASURES[ChurnMetric.PR_AUC](levels, settings),
        lift=captured / settings.q,
        captured=captured,
        brier=of(ChurnMetric.BRIER),
        log_loss=of(ChurnMetric.LOG_LOSS),
        expected_calibration_error=of(ChurnMetric.EXPECTED_CALIBRATION_ERROR),
        calibration_in_the_large=None if line is None else line.in_the_large,
        calibration_intercept=None if line is None else line.intercept,
        calibration_slope=None if line is None else line.slope,
        maximum_profit=best.profit,
        maximum_profit_share=best.share,
        maximum_profit_threshold=best.threshold,
        expected_maximum_profit=expected.profit,
        expected_maximum_profit_share=expected.share,
        decision_profit=decided[0],
        decision_share=decided[1],
        target_all=bounds.target_all,
        perfect=bounds.perfect,
        parameters=_told(settings),
        intervals=intervals or {},
    )


def _decide(levels: ScoreLevels, settings: MetricSettings) -> tuple[float, float]:
    threshold = threshold_of(settings.terms, settings.acceptance)
    found = campaign_above(threshold, levels, settings.terms, settings.acceptance)
    return found.profit, found.share


def _told(settings: MetricSettings) -> Mapping[str, float]:
    terms = settings.terms
    means = {
        "clv": float(terms.clv.mean()),
        "incentive": float(terms.incentive.mean()),
        "contact": float(terms.contact.mean()),
    }
    own = {"alpha": settings.alpha, "beta": settings.beta, "q": settings.q, "bins": settings.bins}
    return {**means, **own}


def _intervals(
    ranked: ScoreOrder,
    metrics: Sequence[ChurnMetric],
    settings: MetricSettings,
    draws: Iterator[Ints],
    confidence: float,
) -> Mapping[str, Interval]:
    resampled = measure_resamples([ranked], metrics, settings, draws)
    levels = ranked.levels()
    found: dict[str, Interval] = {}
    if _LEAST_FOR_DELONG <= levels.leavers <= levels.customers - _LEAST_FOR_DELONG:
        found[str(ChurnMetric.ROC_AUC)] = delong_interval(levels, confidence)
    for metric, (drawn,) in zip(metrics, resampled, strict=True):
        found[str(metric)] = bootstrapped(MEASURES[metric](levels, settings), drawn, confidence)
    return found
