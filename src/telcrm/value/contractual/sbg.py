"""Shifted-beta-geometric lifetimes: customers who differ in their constant chance to leave."""

from __future__ import annotations

from math import log
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from telcrm.value.contractual.beta_weibull import lifetime_rows
from telcrm.value.contractual.lifetimes import Lifetimes
from telcrm.value.contractual.retention_model import RetentionModel
from telcrm.value.likelihood.maximize import Maximum, maximize
from telcrm.value.likelihood.terms import Design, Term, objective_of
from telcrm.value.value_model import LEAST_LOG, MOST_LOG

__all__ = ["ShiftedBetaGeoModel", "fit_geometric"]

Floats = NDArray[np.float64]


class ShiftedBetaGeoModel(RetentionModel):
    """Each customer leaves with the same chance in every period, and chances differ by a beta.

    Parameters
    ----------
    age : str
        Column of whole periods from the start to the loss, or to the end of observation of a
        customer who is still there. One lost at the end of the first period has age 1.
    lost : str
        Column that says who left: true or 1.
    customers : str, optional
        Column of weights: each row stands for so many customers.
    entered : str, optional
        Column of ages at which observation began (left truncation); by default all are seen from
        their start.
    time_unit : {"month", "day", "week", "year"}
        How long a period is, for discount rates per year.

    Attributes
    ----------
    alpha_, beta_ : float
        Of the beta distribution of the chances to leave; their mean is ``alpha / (alpha + beta)``.

    Notes
    -----
    With chances ``theta ~ Beta(alpha, beta)``::

        S(t) = B(alpha, beta + t) / B(alpha, beta)
        r(t) = S(t) / S(t-1) = (beta + t - 1) / (alpha + beta + t - 1)

    Retention rises with age although nobody changes: those likely to leave go first. Fader &
    Hardie (2007), "How to Project Customer Retention", Journal of Interactive Marketing 21(1),
    76-90. ``alpha`` and ``beta`` grow without end where customers do not differ: then the model
    warns, and its curve is that of one chance for all.

    ``discounted_expected_residual_lifetime`` is ``(beta+n-1) / (alpha+beta+n-1) 2F1(1, beta+n;
    alpha+beta+n; 1/(1+d))`` with ``n = age + 1`` (Fader & Hardie 2010), taken as a sum: 2F1
    loses its digits for large parameters.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.value.contractual.cohort_survivors import cohort_survivors
    >>> left = [1000, 869, 743, 653, 593, 551, 517, 491]
    >>> table = pl.DataFrame({"period": range(8), "survivors": left})
    >>> model = ShiftedBetaGeoModel(customers="customers", time_unit="year")
    >>> model = model.fit(cohort_survivors(table))
    >>> round(model.alpha_, 3), round(model.beta_, 3)
    (0.668, 3.806)
    >>> model.survival([8, 12]).round(3).tolist()
    [0.46, 0.378]
    >>> now = pl.DataFrame({"customer_id": ["a", "b"], "age": [0, 5], "margin": [10.0, 10.0]})
    >>> worth = model.lifetime_value(now, margin="margin", discount_rate=0.1)
    >>> worth["lifetime_value"].round(2).to_list()
    [54.14, 71.36]
    """

    kind: ClassVar[str] = "sbg"
    alike_words: ClassVar[str] = (
        "Customers hardly differ in their chance to leave, or it rises with age."
    )

    alpha_: float
    beta_: float

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """``("alpha", "beta")``."""
        return ("alpha", "beta")

    @property
    def _shape(self) -> tuple[float, float, float]:
        alpha, beta = self.estimates_
        return alpha, beta, 1.0

    def _most_likely(self, lifetimes: Lifetimes) -> Maximum:
        return fit_geometric(lifetimes)


def fit_geometric(lifetimes: Lifetimes) -> Maximum:
    """Find the logarithms of alpha and beta of the greatest likelihood.

    Parameters
    ----------
    lifetimes : Lifetimes

    Returns
    -------
    Maximum
    """
    rows = lifetimes.columns.shape[1]
    term = Term(lifetimes.columns, np.empty((0, rows)), lifetimes.customers, _rows)
    leaving = min(lifetimes.lost / lifetimes.exposure, 0.999)
    start = np.array([0.0, log((1.0 - leaving) / leaving)])
    lower, upper = np.full(2, LEAST_LOG), np.full(2, MOST_LOG)
    return maximize(objective_of([term], Design(2)), start, lower=lower, upper=upper)


def _rows(parameters: Floats, columns: Floats) -> tuple[Floats, Floats, Floats]:
    with_power = np.concatenate([parameters, np.ones_like(parameters[:1])])
    value, slope, bend = lifetime_rows(with_power, columns)
    return value, slope[:2], bend[:2, :2]
