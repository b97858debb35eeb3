"""MBG/CNBD-k: customers who buy in a rhythm, as prepaid customers recharge."""

from __future__ import annotations

from collections.abc import Sequence
from math import lgamma
from typing import Annotated, Any, ClassVar, Self

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from telcrm.domain import Record
from telcrm.domain.arguments import whole_between
from telcrm.tables.door import ColumnKind, open_frame, parse_objects, require_columns, require_kinds
from telcrm.tables.row_checks import amount_checks, check_rows
from telcrm.value.non_contractual.poisson_model import PoissonPurchaseModel, PoissonState
from telcrm.value.non_contractual.process import PurchaseProcess
from telcrm.value.non_contractual.regular_beta_geometric import RegularBetaGeoProcess
from telcrm.value.time import TimeUnit

__all__ = ["RegularBetaGeoModel"]

Floats = NDArray[np.float64]

_MOST_REGULAR = 50


class _State(PoissonState):
    regularity: Annotated[int, Field(ge=1, le=_MOST_REGULAR)]
    log_interval_sum: str


class RegularBetaGeoModel(PoissonPurchaseModel):
    r"""MBG/CNBD-k: as MBG/NBD, but purchases keep a rhythm.

    The times between purchases are Erlang distributed with shape k instead of exponential: the
    larger k, the more regular. A customer who is overdue is then sooner given up, and one who has
    just bought is not expected at once.

    Parameters
    ----------
    regularity : int
        k, from 1 (MBG/NBD) to 50. Choose the one with the least ``aic_``.
    frequency, recency, age, customers, time_unit, rate_covariates, dropout_covariates
        As :class:`~telcrm.value.BetaGeoModel` takes them.
    log_interval_sum : str
        Column of the sum of the logarithms of the times between purchases, as
        :func:`~telcrm.value.summarize_transactions` returns with ``intervals=True``. ``fit`` alone
        looks at it.

    Attributes
    ----------
    r_, alpha_, a_, b_ : float
        As in :class:`~telcrm.value.ModifiedBetaGeoModel`; a customer's mean time between purchases
        is k over the rate.
    estimates_, standard_errors_, covariance_, log_likelihood_, aic_, bic_, convergence_
        As :class:`~telcrm.value.ValueModel` says. Likelihoods of different k can be compared.

    Notes
    -----
    Predictions are sums over the purchases to come: the n-th is made if the customer stays for it,
    and if ``n k - j`` events come in time, where j events, more or less likely, have passed since
    the last purchase. Nothing in them is approximated but where a sum ends.

    References
    ----------
    T. Reutterer, M. Platzer, N. Schroeder (2021), "Leveraging Purchase Regularity for Predicting
    Customer Behavior the Easy Way", International Journal of Research in Marketing 38(1), 194-215.

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame(
    ...     {
    ...         "frequency": [0, 1, 1, 2, 3, 5, 5, 8, 12],
    ...         "recency": [0.0, 6.0, 19.0, 11.0, 20.0, 33.0, 20.0, 37.0, 38.0],
    ...         "age": [38.9] * 9,
    ...         "log_interval_sum": [0.0, 1.79, 2.94, 3.38, 5.6, 9.35, 6.9, 12.2, 13.7],
    ...         "weight": [500, 60, 150, 40, 60, 30, 25, 12, 20],
    ...     }
    ... )
    >>> fits = [
    ...     RegularBetaGeoModel(regularity=k, customers="weight").fit(customers) for k in (1, 2, 3)
    ... ]
    >>> fits[1].aic_ < fits[0].aic_
    True
    """

    kind: ClassVar[str] = "mbg_cnbd_k"
    stored_as: ClassVar[type[Record]] = _State

    r_: float
    alpha_: float
    a_: float
    b_: float

    def __init__(
        self,
        *,
        regularity: int = 2,
        frequency: str = "frequency",
        recency: str = "recency",
        age: str = "age",
        customers: str | None = None,
        log_interval_sum: str = "log_interval_sum",
        time_unit: TimeUnit | str = TimeUnit.WEEK,
        rate_covariates: Sequence[str] = (),
        dropout_covariates: Sequence[str] = (),
    ) -> None:
        super().__init__(
            frequency=frequency,
            recency=recency,
            age=age,
            customers=customers,
            time_unit=time_unit,
            rate_covariates=rate_covariates,
            dropout_covariates=dropout_covariates,
        )
        self.regularity = regularity
        self.log_interval_sum = log_interval_sum

    @property
    def process(self) -> PurchaseProcess:  # type: ignore[override] # one of its own for each k
        """The formulas for this regularity."""
        return RegularBetaGeoProcess(whole_between("regularity", self.regularity, 1, _MOST_REGULAR))

    def fit(self, frame: Any) -> Self:
        """Find the parameters that make the customers of a table most likely.

        Parameters
        ----------
        frame : dataframe
            As :meth:`~telcrm.value.BetaGeoModel.fit` takes it, with ``log_interval_sum``.

        Returns
        -------
        Self

        Raises
        ------
        MissingColumnsError, ColumnTypeError, InvalidTableError, UnidentifiedModelError
            As :meth:`~telcrm.value.BetaGeoModel.fit` says; or the sum is null or infinite.
        ParameterError
            ``regularity`` is no whole number from 1 to 50.

        Warns
        -----
        ConvergenceWarning
            The data do not tell a parameter, or the search stopped early.
        """
        rhythm = self._rhythm(frame)
        super().fit(frame)
        # What the times between purchases add depends on k alone, not on the parameters.
        self.log_likelihood_ += rhythm
        return self

    def _rhythm(self, frame: Any) -> float:
        regularity = whole_between("regularity", self.regularity, 1, _MOST_REGULAR)
        opened = open_frame(frame, table="customers")
        named = {"frequency": self.frequency, "log_interval_sum": self.log_interval_sum}
        if self.customers is not None:
            named["customers"] = self.customers
        require_columns(opened, named)
        opened = parse_objects(opened, list(named.values()))
        require_kinds(opened, dict.fromkeys(named.values(), ColumnKind.NUMBER))
        check_rows(
            opened, amount_checks(opened, self.log_interval_sum), keys=[self.log_interval_sum]
        )
        weight = nw.lit(1.0) if self.customers is None else nw.col(self.customers)
        shift = nw.col(self.log_interval_sum).cast(nw.Float64) * float(regularity - 1)
        count = nw.col(self.frequency).cast(nw.Float64) * lgamma(regularity)
        summed = opened.rows.select(_rhythm=weight * (shift - count)).select(
            nw.col("_rhythm").sum()
        )
        return float(summed.collect().item() or 0.0)

    def simulate(
        self, age: ArrayLike, *, random_state: int, covariates: Any = None
    ) -> dict[str, Floats]:
        """Draw the histories of new customers, with the times between their purchases.

        Parameters
        ----------
        age : array of shape (n,)
            How long each is observed.
        random_state : int
        covariates : mapping of str to array of shape (n,), optional

        Returns
        -------
        dict of str to array of shape (n,)
            The columns that :meth:`fit` takes.

        Raises
        ------
        NotFittedError, ParameterError
        """
        found = super().simulate(age, random_state=random_state, covariates=covariates)
        often = found[self.frequency].astype(np.int64)
        chance = np.random.default_rng([random_state, 1])
        # Purchases cut the time up to the last one as a Dirichlet distribution does.
        owner = np.repeat(np.arange(often.size), often)
        parts = chance.gamma(float(self.regularity), size=owner.size)
        whole = np.bincount(owner, weights=parts, minlength=often.size)
        gaps = found[self.recency][owner] * parts / whole[owner]
        found[self.log_interval_sum] = np.bincount(
            owner, weights=np.log(gaps), minlength=often.size
        ).astype(np.float64)
        return found
