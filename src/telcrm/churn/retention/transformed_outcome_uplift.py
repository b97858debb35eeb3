"""Uplift by one model, of an outcome that is transformed so that its mean is the uplift."""

from __future__ import annotations

from math import sqrt
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier

from telcrm.churn.retention.trial import Trial, refuse_one_class
from telcrm.churn.retention.uplift_learner import UpliftLearner
from telcrm.domain.arguments import require_proper_share
from telcrm.errors import ParameterError

__all__ = ["TransformedOutcomeUplift"]

# A fair coin is further from a half in one trial of sixteen thousand.
_FAIR_ERRORS = 4.0


class TransformedOutcomeUplift(UpliftLearner):
    """Uplift by one model, of an outcome that is transformed so that its mean is the uplift.

    Parameters
    ----------
    estimator : classifier or regressor
        A regressor learns the transformed outcome, and its answers beyond -1 and 1 are cut off
        there; a classifier learns the transformed class, which needs a trial that contacted every
        other customer.
    propensity : float in (0, 1), optional
        Chance of being contacted, the same for all. By default the share in the data.

    Attributes
    ----------
    estimator_ : classifier or regressor
        Fitted.
    propensity_ : float

    Notes
    -----
    With ``w`` the treatment and ``e`` the propensity, the mean of ``y (w - e) / (e (1 - e))`` given
    ``X`` is the uplift (Athey & Imbens 2016, section 4.1). It is as well the mean of
    ``(y - m) (w - e) / (e (1 - e))`` for any constant ``m``; a regressor learns this one with
    ``m = (1 - e) mean(y | w = 1) + e mean(y | w = 0)``, which has the least noise: where most
    customers stay, several times less.

    With ``e = 1/2``, the class ``z = y w + (1 - y) (1 - w)`` has the uplift ``2 P(z = 1 | X) - 1``
    (Jaskowski & Jaroszewicz 2012). There the noise cannot be taken away: prefer a regressor.

    References
    ----------
    S. Athey, G. Imbens (2016), "Recursive partitioning for heterogeneous causal effects",
    Proceedings of the National Academy of Sciences 113(27), 7353-7360. M. Jaskowski, S. Jaroszewicz
    (2012), "Uplift modeling for clinical trial data", ICML Workshop on Clinical Data Analysis.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> X = np.array([[0.0], [0.0], [1.0], [1.0]] * 50)
    >>> contacted, stayed = np.array([0, 1] * 100), np.array([0, 0, 0, 1] * 50)
    >>> model = TransformedOutcomeUplift(LinearRegression()).fit(X, stayed, contacted)
    >>> model.predict_uplift(np.array([[0.0], [1.0]])).round(6).tolist()
    [0.0, 1.0]
    """

    _takes: ClassVar[str] = "a regressor, or a classifier that gives probabilities"

    def __init__(self, estimator: Any, propensity: float | None = None) -> None:
        self.estimator = estimator
        self.propensity = propensity

    def _asked(self) -> str:
        return "predict_proba" if is_classifier(self.estimator) else "predict"

    def _learn(self, X: Any, trial: Trial) -> None:  # noqa: N803
        classifies = is_classifier(self.estimator)
        refuse_one_class(trial.outcome, "rows")
        chance = self._chance(trial.treated, classifies)
        if classifies:
            learnt = np.where(trial.treated, trial.outcome, 1 - trial.outcome)
            refuse_one_class(learnt, "rows, turned around in the control arm")
        else:
            # Weighted so that the transformed outcome has the least variance that a constant gives.
            middle = (1.0 - chance) * trial.outcome[trial.treated].mean()
            middle += chance * trial.outcome[~trial.treated].mean()
            spread = (trial.treated - chance) / (chance * (1.0 - chance))
            learnt = (trial.outcome - middle) * spread
        self.estimator_ = clone(self.estimator).fit(X, learnt)
        self.propensity_ = chance

    def _uplift(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        if is_classifier(self.estimator_):
            found = 2.0 * self.estimator_.predict_proba(X)[:, 1] - 1.0
        else:
            found = np.clip(self.estimator_.predict(X), -1.0, 1.0)
        return np.asarray(found, dtype=np.float64)

    def _chance(self, treated: NDArray[np.bool_], classifies: bool) -> float:
        if self.propensity is not None:
            require_proper_share(propensity=self.propensity)
        share = float(treated.mean())
        chance = share if self.propensity is None else float(self.propensity)
        if not classifies:
            return chance
        by_chance = _FAIR_ERRORS * 0.5 / sqrt(treated.size) if self.propensity is None else 0.0
        if abs(chance - 0.5) > by_chance:
            raise ParameterError(
                f"TransformedOutcomeUplift: a share of {chance:.3f} was contacted, and with a "
                "classifier it has to be a half. Pass a regressor.",
                propensity=chance,
            )
        return 0.5
