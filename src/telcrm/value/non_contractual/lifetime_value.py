"""What customers without a contract will be worth: expected purchases times expected spending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import exp
from numbers import Real
from typing import Any, Final, TypeVar

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.domain.arguments import require_positive
from telcrm.errors import ParameterError
from telcrm.tables.door import ColumnKind, OpenFrame, require_columns, require_kinds
from telcrm.tables.row_checks import amount_checks, check_rows
from telcrm.value.non_contractual.cells import Cells
from telcrm.value.non_contractual.gamma_gamma import GammaGammaModel, spend_given
from telcrm.value.non_contractual.purchase_model import PurchaseModel
from telcrm.value.non_contractual.quadrature import legendre
from telcrm.value.scoring import Arrays, refuse_taken, score
from telcrm.value.time import DiscountRate

__all__ = ["lifetime_value"]

FrameT = TypeVar("FrameT")
Floats = NDArray[np.float64]

_TIMES: Final = 16
_RESULT: Final = ("discounted_purchases", "expected_spend", "lifetime_value")


def lifetime_value(
    frame: FrameT,
    *,
    purchases: PurchaseModel,
    spend: GammaGammaModel | str | float,
    discount_rate: float | DiscountRate,
    horizon: float | timedelta | None = None,
    discount_every: float | None = None,
    margin_rate: float = 1.0,
) -> FrameT:
    """Return what each customer is expected to be worth from now on.

    Parameters
    ----------
    frame : dataframe
        One row per customer, as the models take them.
    purchases : PurchaseModel
        Fitted.
    spend : GammaGammaModel, str or float
        The amount of a purchase: expected by a fitted model, from a column, or the same for all.
    discount_rate : float or DiscountRate
        A number is per ``time_unit`` of the model, compounded continuously where purchases may come
        at any time, once a period for BG/BB and wherever ``discount_every`` is given.
    horizon : float or timedelta, optional
        In units of ``time_unit``; by default all time to come.
    discount_every : float, optional
        Discount the purchases of each stretch of this length, in units of ``time_unit``, from the
        end of the stretch, at ``discount_rate`` per stretch. By default each purchase is discounted
        from its own time.
    margin_rate : float
        Share of an amount that is kept, below 0 for a loss: applied to the spending, never fitted.

    Returns
    -------
    dataframe
        The caller's rows with three more columns, all Float64:

        ``discounted_purchases``
            Expected purchases of the horizon, each discounted to now.
        ``expected_spend``
            Expected amount of a purchase, before the margin.
        ``lifetime_value``
            Their product, times ``margin_rate``: the residual value. What the customer brought
            before is not in it, nor is what winning the customer cost.

    Raises
    ------
    NotFittedError
        A model is not fitted.
    MissingColumnsError, ColumnTypeError, InvalidTableError
        As :meth:`~telcrm.value.BetaGeoModel.fit` does.
    DivergentValueError
        The rate is 0 and the horizon endless, and the sum is infinite.
    ParameterError
        A number is out of its range, ``discount_every`` is given without a horizon, or the frame
        has a column of the result already.

    Notes
    -----
    ``E[spend] * (exp(-d h) E[Y(h)] + d * integral of exp(-d t) E[Y(t)] dt)``: purchases and amounts
    are independent in these models. With ``discount_every`` it is the sum over stretches that
    ``lifetimes`` computes, there with months of 4.345 weeks.

    References
    ----------
    P. S. Fader, B. G. S. Hardie, K. L. Lee (2005), "RFM and CLV: Using Iso-Value Curves for
    Customer Base Analysis", Journal of Marketing Research 42(4), 415-430.

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
    >>> rate = DiscountRate(annual=0.15)
    >>> valued = lifetime_value(
    ...     customers, purchases=model, spend=10.0, discount_rate=rate, horizon=52
    ... )
    >>> valued["lifetime_value"].round(1)[3]
    18.3
    """
    plan = _Plan.of(purchases, discount_rate, horizon, discount_every)
    money = _Money.of(spend, margin_rate)
    opened, known = _open(frame, purchases, money, _RESULT)
    estimates = np.array(purchases.estimates_)

    def answer(arrays: Arrays) -> Arrays:
        cells = purchases.columns.of(arrays)
        bought = plan.discounted(purchases, estimates, cells)
        amount = money.expected(arrays, bought.size)
        value = bought * amount * margin_rate
        return dict(zip(_RESULT, (bought, amount, value), strict=True))

    found: FrameT = score(opened, known, answer, distinct=False)
    return found


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which expected purchases are added up, and with what weights."""

    horizon: float | None
    rate: float
    weights: Sequence[tuple[float, float]]

    @classmethod
    def of(
        cls,
        purchases: PurchaseModel,
        discount_rate: float | DiscountRate,
        horizon: float | timedelta | None,
        every: float | None,
    ) -> _Plan:
        purchases.require_fitted()
        length = None if horizon is None else purchases.length_of(horizon)
        if every is None and not purchases.process.whole_periods:
            rate = purchases.rate_of(discount_rate)
            return cls(length, rate, [] if length is None else _continuous(length, rate))
        if length is None and every is None:
            return cls(None, purchases.rate_of(discount_rate), [])
        if length is None:
            raise ParameterError(
                "discount_every is given without a horizon. Pass the length of time that is to be "
                "cut into stretches.",
                discount_every=every,
            )
        stretch = 1.0 if every is None else every
        require_positive(discount_every=stretch)
        return cls(
            length, 0.0, _stepwise(length, stretch, _per_stretch(purchases, discount_rate, stretch))
        )

    def discounted(self, purchases: PurchaseModel, estimates: Floats, cells: Cells) -> Floats:
        """Return the discounted purchases of each cell."""
        parameters = purchases.parameters_of(cells, estimates)
        if self.horizon is None:
            return purchases.process.residual(parameters, cells, self.rate)
        return purchases.process.weighted(parameters, cells, self.weights)


def _per_stretch(
    purchases: PurchaseModel, discount_rate: float | DiscountRate, stretch: float
) -> float:
    if isinstance(discount_rate, DiscountRate):
        return exp(discount_rate.continuous(purchases.unit) * stretch) - 1.0
    return purchases.rate_of(discount_rate)


def _continuous(horizon: float, rate: float) -> list[tuple[float, float]]:
    points, weights = legendre(_TIMES)
    inner = [
        (
            horizon * float(point),
            rate * horizon * float(weight) * exp(-rate * horizon * float(point)),
        )
        for point, weight in zip(points, weights, strict=True)
    ]
    return [*(inner if rate > 0 and horizon > 0 else []), (horizon, exp(-rate * horizon))]


def _stepwise(horizon: float, stretch: float, rate: float) -> list[tuple[float, float]]:
    # A last stretch of a hair's breadth is one of rounding.
    whole = int(horizon / stretch + 1e-9)
    ends = [stretch * number for number in range(1, whole + 1)]
    if horizon - stretch * whole > 1e-9 * stretch:
        ends.append(horizon)
    factors = [(1.0 + rate) ** -(number + 1) for number in range(len(ends))]
    following = [*factors[1:], 0.0]
    return [(end, own - after) for end, own, after in zip(ends, factors, following, strict=True)]


@dataclass(frozen=True, slots=True)
class _Money:
    """Where the amount of a purchase comes from."""

    model: GammaGammaModel | None
    column: str | None
    amount: float

    @classmethod
    def of(cls, spend: GammaGammaModel | str | float, margin_rate: float) -> _Money:
        for name, number in (("spend", spend), ("margin_rate", margin_rate)):
            is_number = isinstance(number, Real) and not isinstance(number, bool)
            other = name == "spend" and isinstance(number, GammaGammaModel | str)
            if not other and not (is_number and np.isfinite(float(number))):  # type: ignore[arg-type]
                raise ParameterError(
                    f"{name} is {number!r:.60}, and has to be a finite number"
                    + (", a column, or a GammaGammaModel." if name == "spend" else "."),
                    parameter=name,
                )
        if isinstance(spend, GammaGammaModel):
            spend.mean_spend  # noqa: B018 (refused before anything is computed)
            return cls(spend, None, 0.0)
        if isinstance(spend, str):
            return cls(None, spend, 0.0)
        return cls(None, None, float(spend))

    def expected(self, arrays: Arrays, size: int, estimates: Floats | None = None) -> Floats:
        """Return the expected amount of a purchase of each."""
        if self.model is not None:
            own = np.array(self.model.estimates_) if estimates is None else estimates
            return spend_given(own, arrays["_often"], arrays["_mean"])
        if self.column is not None:
            return arrays["_amount"]
        return np.full(size, self.amount)


def _open(
    frame: Any, purchases: PurchaseModel, money: _Money, results: Sequence[str]
) -> tuple[OpenFrame, dict[str, nw.Expr]]:
    columns = purchases.columns
    opened = columns.open(frame, weighted=False)
    known = {name: nw.col(name) for name in columns.known}
    if money.model is not None:
        money.model.open(frame, weighted=False)
        amounts = money.model.known_amounts()
        known |= {"_often": amounts["often"], "_mean": amounts["mean"]}
    if money.column is not None:
        require_columns(opened, {"spend": money.column})
        require_kinds(opened, {money.column: ColumnKind.NUMBER})
        check_rows(opened, amount_checks(opened, money.column), keys=[money.column])
        known["_amount"] = nw.col(money.column)
    refuse_taken(opened, *results)
    return opened, known
