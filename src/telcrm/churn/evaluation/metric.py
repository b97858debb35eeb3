"""The metrics by name, so that one of them can be asked for, resampled and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from telcrm.churn.evaluation.calibration import brier_of, log_loss_of
from telcrm.churn.evaluation.levels import ScoreLevels
from telcrm.churn.evaluation.profit import expected_maximum_profit_of, maximum_profit_of
from telcrm.churn.evaluation.profit_terms import ProfitTerms, Terms, read_terms
from telcrm.churn.evaluation.ranking import (
    area_under_roc,
    average_precision,
    captured_share,
    require_top,
)
from telcrm.churn.evaluation.reliability import expected_calibration_error_of, read_bins
from telcrm.domain.arguments import require_positive

__all__ = ["MEASURES", "ChurnMetric", "MetricSettings", "read_settings"]


class ChurnMetric(StrEnum):
    """A figure of how good scores are."""

    ROC_AUC = "roc_auc"
    PR_AUC = "pr_auc"
    LIFT = "lift"
    BRIER = "brier"
    LOG_LOSS = "log_loss"
    EXPECTED_CALIBRATION_ERROR = "expected_calibration_error"
    MAXIMUM_PROFIT = "maximum_profit"
    EXPECTED_MAXIMUM_PROFIT = "expected_maximum_profit"

    @property
    def needs_probabilities(self) -> bool:
        """Whether it says nothing of scores that are no probabilities."""
        return self in _ERRORS

    @property
    def greater_is_better(self) -> bool:
        """False for errors, of which 0 is best."""
        return self not in _ERRORS


_ERRORS: Final = frozenset(
    {ChurnMetric.BRIER, ChurnMetric.LOG_LOSS, ChurnMetric.EXPECTED_CALIBRATION_ERROR}
)


@dataclass(frozen=True, slots=True, eq=False)
class MetricSettings:
    """What metrics depend on besides outcomes and scores.

    Attributes
    ----------
    terms : ProfitTerms
    alpha, beta : float above 0
        Of the share that accepts.
    q : float in (0, 1]
        Of the lift.
    bins : int
        Of the calibration error.
    """

    terms: ProfitTerms
    alpha: float
    beta: float
    q: float
    bins: int

    @property
    def acceptance(self) -> float:
        """Mean of the share that accepts."""
        return self.alpha / (self.alpha + self.beta)


def read_settings(
    *,
    clv: Terms,
    incentive: Terms,
    contact: Terms,
    alpha: float,
    beta: float,
    q: float,
    bins: int,
    customers: int,
) -> MetricSettings:
    """Read what metrics depend on, or refuse it.

    Parameters
    ----------
    clv, incentive, contact : float or array-like of shape (customers,)
    alpha, beta : float above 0
    q : float in (0, 1]
    bins, customers : int

    Returns
    -------
    MetricSettings

    Raises
    ------
    ParameterError
    """
    require_positive(alpha=alpha, beta=beta)
    require_top(q)
    terms = read_terms(clv=clv, incentive=incentive, contact=contact, customers=customers)
    return MetricSettings(terms, float(alpha), float(beta), float(q), read_bins(bins))


def _maximum_profit(levels: ScoreLevels, settings: MetricSettings) -> float:
    lines = settings.terms.lines(levels)
    return maximum_profit_of(levels, lines, settings.acceptance).profit


def _expected_maximum_profit(levels: ScoreLevels, settings: MetricSettings) -> float:
    lines = settings.terms.lines(levels)
    return expected_maximum_profit_of(levels, lines, settings.alpha, settings.beta).profit


MEASURES: Final[Mapping[ChurnMetric, Callable[[ScoreLevels, MetricSettings], float]]] = (
    MappingProxyType(
        {
            ChurnMetric.ROC_AUC: lambda levels, _: area_under_roc(levels),
            ChurnMetric.PR_AUC: lambda levels, _: average_precision(levels),
            ChurnMetric.LIFT: lambda levels, own: captured_share(levels, own.q) / own.q,
            ChurnMetric.BRIER: lambda levels, _: brier_of(levels),
            ChurnMetric.LOG_LOSS: lambda levels, _: log_loss_of(levels),
            ChurnMetric.EXPECTED_CALIBRATION_ERROR: lambda levels, own: (
                expected_calibration_error_of(levels, own.bins)
            ),
            ChurnMetric.MAXIMUM_PROFIT: _maximum_profit,
            ChurnMetric.EXPECTED_MAXIMUM_PROFIT: _expected_maximum_profit,
        }
    )
)
"""How each is computed from counted levels."""
