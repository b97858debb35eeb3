"""Beta-discrete-Weibull lifetimes: chances to leave that differ, and change with age."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Self

import numpy as np
from pydantic import PositiveFloat

from telcrm.domain import Record
from telcrm.value.contractual.beta_weibull import lifetime_rows
from telcrm.value.contractual.lifetimes import count_lifetimes
from telcrm.value.contractual.retention_model import RetentionModel, RetentionState
from telcrm.value.contractual.sbg import fit_geometric
from telcrm.value.likelihood.maximize import maximize
from telcrm.value.likelihood.terms import Design, Term, objective_of
from telcrm.value.value_model import LEAST_LOG, MOST_LOG

__all__ = ["BetaDiscreteWeibullModel"]

# c between 1/20 and 20: beyond, all leave at once or none ever does.
_MOST_LOG_POWER: Final = 3.0
_ALIKE: Final = "Customers hardly differ in their chance to leave, or in few ages only."


class _State(RetentionState):
    estimates_: tuple[PositiveFloat, PositiveFloat, PositiveFloat]


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
    stored_as: ClassVar[type[Record]] = _State

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

    def fit(self, frame: Any) -> Self:
        """Learn alpha, beta and c by maximum likelihood, from the best sBG on.

        Parameters
        ----------
        frame : dataframe
            As :meth:`ShiftedBetaGeoModel.fit` takes it.

        Returns
        -------
        Self

        Raises
        ------
        MissingColumnsError, ColumnTypeError, InvalidTableError, ParameterError
        UnidentifiedModelError
            Nobody left, or customers were seen at risk in fewer than three periods of their lives.

        Warns
        -----
        ConvergenceWarning
            A parameter ran to the end of its range.
        """
        self.unit  # noqa: B018 (refused before the data are read)
        lifetimes = count_lifetimes(
            frame, age=self.age, lost=self.lost, customers=self.customers, entered=self.entered
        )
        lifetimes.require_periods(3, type(self).__name__)
        rows = lifetimes.columns.shape[1]
        term = Term(lifetimes.columns, np.empty((0, rows)), lifetimes.customers, lifetime_rows)
        # Away from the bounds, where sBG ends if customers do not differ.
        start = np.append(np.clip(fit_geometric(lifetimes).point, -5.0, 5.0), 0.0)
        upper = np.array([MOST_LOG, MOST_LOG, _MOST_LOG_POWER])
        lower = np.array([LEAST_LOG, LEAST_LOG, -_MOST_LOG_POWER])
        found = maximize(objective_of([term], Design(3)), start, lower=lower, upper=upper)
        return self._keep(
            found,
            customers=float(lifetimes.customers.sum()),
            ends=dict.fromkeys(self.parameter_names, _ALIKE),
        )
