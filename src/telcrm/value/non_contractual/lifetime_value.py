"""What customers without a contract will be worth: expected purchases times expected spending."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, TypeVar

import numpy as np

from telcrm.value.non_contractual.gamma_gamma import GammaGammaModel
from telcrm.value.non_contractual.purchase_model import PurchaseModel
from telcrm.value.non_contractual.value_terms import DiscountPlan, SpendSource, ValuedCustomers
from telcrm.value.scoring import Arrays
from telcrm.value.time import DiscountRate

__all__ = ["lifetime_value"]

FrameT = TypeVar("FrameT")

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
    plan = DiscountPlan.of(purchases, discount_rate, horizon, discount_every)
    money = SpendSource.of(spend, margin_rate)
    valued = ValuedCustomers.of(frame, purchases, money, _RESULT)
    estimates = np.array(purchases.estimates_)

    def answer(arrays: Arrays) -> Arrays:
        cells = purchases.columns.of(arrays)
        bought = plan.discounted(purchases, estimates, cells)
        amount = money.expected(arrays, bought.size)
        value = bought * amount * margin_rate
        return dict(zip(_RESULT, (bought, amount, value), strict=True))

    found: FrameT = valued.score(answer, distinct=False)
    return found
