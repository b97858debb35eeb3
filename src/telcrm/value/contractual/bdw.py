"""Beta-discrete-Weibull lifetimes: chances to leave that differ, and change with age."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from telcrm.value.contractual.beta_weibull import lifetime_rows
from telcrm.value.contractual.lifetimes import Lifetimes
from telcrm.value.contractual.retention_model import RetentionModel
from telcrm.value.contractual.sbg import fit_geometric
from telcrm.value.likelihood.maximize import Maximum, maximize
from telcrm.value.likelihood.terms import Design, Term, objective_of
from telcrm.value.value_model import LEAST_LOG, MOST_LOG

__all__ = ["BetaDiscreteWeibullModel"]

# c between 1/20 and 20: beyond, all leave at once or none ever does.
_MOST_LOG_POWER: Final = 3.0


class BetaDiscreteWeibullModel(RetentionModel):
    """Chances to leave differ by a beta, and each customer's own rises or falls with age.

    Parameters
    ----------
    age, lost, customers, entered, time_unit
        As :class:`ShiftedBetaGeoModel` takes them.

    Attributes
    ----------
    alpha_, beta_ : float
        Of the beta distribution of the chances to leave in the first period.
    c_ : float
        Above 1, a customer's own chance to leave rises with age; at 1 the model is sBG.

    Notes
    -----
    ``S(t) = B(alpha, beta + t^c) / B(alpha, beta)``: the discrete Weibull ``(1 - theta)^(t^c)``
    with ``theta ~ Beta(alpha, beta)``. Fader, Hardie, Liu, Davin & Steenburgh (2018), "How to
    Project Customer Retention Revisited: The Role of Duration Dependence", Journal of Interactive
    Marketing 43, 1-16 (the authors write gamma, delta for alpha, beta).

    The sum of ``S(t)`` is finite if ``c alpha > 1``, since ``S(t)`` falls like ``t^(-c alpha)``.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.value.contractual.cohort_survivors import cohort_survivors
    >>> left = [1000, 869, 743, 653, 593, 551, 517, 491]
    >>> table = pl.DataFrame({"period": range(8), "survivors": left})
    >>> model = BetaDiscreteWeibullModel(customers="customers", time_unit="year")
    >>> model = model.fit(cohort_survivors(table))
    >>> round(model.alpha_, 3), round(model.beta_, 3), round(model.c_, 3)
    (0.214, 1.427, 1.724)
    """

    kind: ClassVar[str] = "bdw"
    alike_words: ClassVar[str] = (
        "Customers hardly differ in their chance to leave, or in few ages only."
    )

    alpha_: float
    beta_: float
    c_: float

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """``("alpha", "beta", "c")``."""
        return ("alpha", "beta", "c")

    @property
    def _shape(self) -> tuple[float, float, float]:
        alpha, beta, c = self.estimates_
        return alpha, beta, c

    def _most_likely(self, lifetimes: Lifetimes) -> Maximum:
        rows = lifetimes.columns.shape[1]
        term = Term(lifetimes.columns, np.empty((0, rows)), lifetimes.customers, lifetime_rows)
        # From the best sBG on, but away from the bounds, where it ends if customers do not differ.
        start = np.append(np.clip(fit_geometric(lifetimes).point, -5.0, 5.0), 0.0)
        upper = np.array([MOST_LOG, MOST_LOG, _MOST_LOG_POWER])
        lower = np.array([LEAST_LOG, LEAST_LOG, -_MOST_LOG_POWER])
        return maximize(objective_of([term], Design(3)), start, lower=lower, upper=upper)
