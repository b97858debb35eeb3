"""How sure a lifetime value is: what the data leave open, and what chance does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from telcrm.domain.arguments import require_proper_share, whole_between
from telcrm.value.non_contractual.cells import Cells
from telcrm.value.non_contractual.gamma_gamma import GammaGammaModel
from telcrm.value.non_contractual.purchase_model import PurchaseModel
from telcrm.value.non_contractual.value_terms import DiscountPlan, SpendSource, ValuedCustomers
from telcrm.value.scoring import Arrays
from telcrm.value.time import DiscountRate

__all__ = ["lifetime_value_interval"]

FrameT = TypeVar("FrameT")
Floats = NDArray[np.float64]

_RESULT: Final = (
    "lifetime_value",
    "parameter_sd",
    "process_sd",
    "lower",
    "upper",
    "predictive_lower",
    "predictive_upper",
)
_CELLS_AT_ONCE: Final = 20_000


def lifetime_value_interval(
    frame: FrameT,
    *,
    purchases: PurchaseModel,
    spend: GammaGammaModel | str | float,
    discount_rate: float | DiscountRate,
    horizon: float | timedelta,
    discount_every: float | None = None,
    margin_rate: float = 1.0,
    confidence: float = 0.9,
    draws: int = 200,
    random_state: int,
) -> FrameT:
    """Return how sure the lifetime value of each customer is.

    Parameters
    ----------
    frame, purchases, spend, discount_rate, discount_every, margin_rate
        As :func:`~telcrm.value.lifetime_value` takes them.
    horizon : float or timedelta
        In units of ``time_unit``; an endless one has no distribution that could be drawn.
    confidence : float in (0, 1)
        Of both intervals.
    draws : int
        Of the parameters, and of the future of each kind of customer; 20 or more.
    random_state : int

    Returns
    -------
    dataframe
        The caller's rows with more columns, all Float64:

        ``lifetime_value``
            As :func:`~telcrm.value.lifetime_value` has it.
        ``parameter_sd``
            Standard deviation of that expectation, as uncertain as the parameters are: it shrinks
            with more customers.
        ``process_sd``
            Standard deviation of what the customer will bring around the expectation, were the
            parameters known: no amount of data takes it away.
        ``lower``, ``upper``
            Interval of the expectation.
        ``predictive_lower``, ``predictive_upper``
            Interval of what the customer will bring.

    Raises
    ------
    NotFittedError, MissingColumnsError, ColumnTypeError, InvalidTableError, DivergentValueError
        As :func:`~telcrm.value.lifetime_value` does.
    ParameterError
        So, too; or ``confidence`` is no share, ``draws`` or ``random_state`` no whole number.

    Notes
    -----
    Parameters are drawn as :meth:`~telcrm.value.ValueModel.parameter_draws` says, those of buying
    and of spending independently, and with each draw one future of each distinct kind of customer.
    The variance of the future is ``Var(E[value | parameters]) + E[Var(value | parameters)]``; its
    two parts are the squares of the two standard deviations. Purchases drawn are discounted by the
    mean factor that the expected ones have.

    The same rows give the same answer in any order and on any engine.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.value import BetaGeoModel
    >>> customers = pl.DataFrame(
    ...     {
    ...         "frequency": [0, 1, 1, 2, 2, 3, 5, 9, 14],
    ...         "recency": [0.0, 5.0, 25.0, 20.0, 34.0, 30.0, 36.0, 37.0, 38.0],
    ...         "age": [38.9] * 9,
    ...         "weight": [1400, 300, 130, 100, 60, 50, 40, 20, 8],
    ...     }
    ... )
    >>> model = BetaGeoModel(customers="weight").fit(customers)
    >>> found = lifetime_value_interval(
    ...     customers,
    ...     purchases=model,
    ...     spend=10.0,
    ...     discount_rate=DiscountRate(annual=0.15),
    ...     horizon=52,
    ...     random_state=1,
    ... )
    >>> bool((found["parameter_sd"] < found["process_sd"]).all())
    True
    """
    require_proper_share(confidence=confidence)
    plan = DiscountPlan.of(purchases, discount_rate, horizon, discount_every)
    money = SpendSource.of(spend, margin_rate)
    valued = ValuedCustomers.of(frame, purchases, money, _RESULT)
    number = whole_between("draws", draws, 20)
    future = _Future(
        purchases=purchases,
        money=money,
        plan=plan,
        horizon=purchases.length_of(horizon),
        margin_rate=margin_rate,
        buying=purchases.parameter_draws(number, random_state=random_state),
        spending=np.empty((number, 0))
        if money.model is None
        else money.model.parameter_draws(number, random_state=random_state + 1),
    )
    tails = ((1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0)

    def answer(arrays: Arrays) -> Arrays:
        # In one order for all engines, so that each kind of customer meets the same chance.
        order = np.lexsort(list(arrays.values()))
        ordered = {name: values[order] for name, values in arrays.items()}
        chance = np.random.default_rng([random_state, 2])
        found = np.empty((len(_RESULT), order.size))
        for first in range(0, order.size, _CELLS_AT_ONCE):
            block = slice(first, first + _CELLS_AT_ONCE)
            part = {name: values[block] for name, values in ordered.items()}
            found[:, order[block]] = future.told(part, tails, chance)
        return dict(zip(_RESULT, found, strict=True))

    told: FrameT = valued.score(answer, distinct=True)
    return told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Future:
    """Draws what customers may bring, under parameters drawn before."""

    purchases: PurchaseModel
    money: SpendSource
    plan: DiscountPlan
    horizon: float
    margin_rate: float
    buying: Floats
    spending: Floats

    def told(
        self, arrays: Arrays, tails: tuple[float, float], chance: np.random.Generator
    ) -> Floats:
        """Return the seven figures of each kind of customer."""
        cells = self.purchases.columns.of(arrays)
        estimates = np.array(self.purchases.estimates_)
        bought = self.plan.discounted(self.purchases, estimates, cells)
        value = bought * self.money.expected(arrays, bought.size) * self.margin_rate
        parameters = self.purchases.parameters_of(cells)
        whole = self.purchases.process.weighted(parameters, cells, [(self.horizon, 1.0)])
        factor = np.divide(bought, whole, out=np.ones_like(bought), where=whole > 0)
        expected = np.empty((len(self.buying), bought.size))
        brought = np.empty_like(expected)
        for at in range(len(expected)):
            expected[at], brought[at] = self._draw(at, arrays, cells, chance)
        brought *= factor
        return np.stack(
            [
                value,
                expected.std(axis=0, ddof=1),
                np.sqrt(((brought - expected) ** 2).mean(axis=0)),
                *np.quantile(expected, tails, axis=0),
                *np.quantile(brought, tails, axis=0),
            ]
        )

    def _draw(
        self, at: int, arrays: Arrays, cells: Cells, chance: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """Return the expectation under a draw of parameters, and one future, not discounted."""
        buying, spending = self.buying[at], self.spending[at]
        mean = self.money.expected(arrays, cells.age.size, spending if spending.size else None)
        bought = self.plan.discounted(self.purchases, buying, cells)
        parameters = self.purchases.parameters_of(cells, buying)
        counts = self.purchases.process.draw_future(parameters, cells, self.horizon, chance)
        totals = self.money.drawn_totals(arrays, counts, spending, chance)
        return bought * mean * self.margin_rate, totals * self.margin_rate
