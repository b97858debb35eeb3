"""How much to spend on winning customers and how much on keeping them: Blattberg and Deighton."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

from telcrm.domain.arguments import require_not_negative
from telcrm.errors import DivergentValueError
from telcrm.value.equity.customer_equity import customer_equity
from telcrm.value.equity.response_curve import ResponseCurve

__all__ = ["OptimalSpending", "optimal_spending"]


@dataclass(frozen=True, slots=True)
class OptimalSpending:
    """The spending that makes customer equity greatest.

    Attributes
    ----------
    acquisition_cost : float
        To spend per prospect, major units.
    acquisition_rate : float
        Share of prospects who are won by it.
    retention_cost : float
        To spend per customer and period.
    retention : float
        Share of customers who stay by it.
    customer_value : float
        Present value of a customer once won, its first margin included.
    equity_per_prospect : float
        Customer equity over prospects.
    """

    acquisition_cost: float
    acquisition_rate: float
    retention_cost: float
    retention: float
    customer_value: float
    equity_per_prospect: float

    def __repr__(self) -> str:
        return (
            f"OptimalSpending({self.acquisition_cost:,.2f} per prospect wins "
            f"{self.acquisition_rate:.1%}, {self.retention_cost:,.2f} per customer and period "
            f"keeps {self.retention:.1%}, a customer is worth {self.customer_value:,.2f})"
        )


def optimal_spending(
    *,
    margin: float,
    discount_rate: float,
    acquisition: ResponseCurve,
    retention: ResponseCurve,
    add_on_margin: float = 0.0,
) -> OptimalSpending:
    """Return the spending on acquisition and on retention that makes customer equity greatest.

    Parameters
    ----------
    margin : float, 0 or more
        Per customer and period, before spending on retention.
    discount_rate : float, 0 or more
        Per period.
    acquisition : ResponseCurve
        Share of prospects who are won, by spending per prospect.
    retention : ResponseCurve
        Share of customers who stay, by spending per customer and period.
    add_on_margin : float, 0 or more
        Per customer and period after the first.

    Returns
    -------
    OptimalSpending

    Raises
    ------
    DivergentValueError
        The ceiling of retention is 1, and the future is not discounted.
    ParameterError
        An argument is outside its range.

    Notes
    -----
    The equity of :func:`customer_equity` over all future periods. A customer once won is worth

        ``V(R) = m + ((m + o) r(R) - R) / (1 + i - r(R))``

    whatever it cost to win, so the best ``R`` maximises ``V`` alone. The slope of ``V`` has the
    sign of ``r'(R) ((m + o)(1 + i) - R) - (1 + i - r(R))``, which falls all the way: its one root
    is the maximum, and if it is negative from the start, nothing is to be spent. Then the best
    ``A`` has ``a'(A) V = 1``. At an optimum inside the curves the last customer won costs exactly
    what a customer is worth, ``V``, and the last one kept ``V + o`` (Pfeifer 2005, without add-on).

    References
    ----------
    R. C. Blattberg, J. Deighton (1996), "Manage Marketing by the Customer Equity Test", Harvard
    Business Review 74(4), 136-144. P. E. Pfeifer (2005), "The optimal ratio of acquisition and
    retention costs", Journal of Targeting, Measurement and Analysis for Marketing 13(2), 179-188.

    Examples
    --------
    >>> best = optimal_spending(
    ...     margin=50.0,
    ...     discount_rate=0.1,
    ...     acquisition=ResponseCurve.through(spending=1.0, rate=0.04, ceiling=0.1),
    ...     retention=ResponseCurve.through(spending=8.0, rate=0.6, ceiling=0.8),
    ... )
    >>> best
    OptimalSpending(3.40 per prospect wins 8.2%, 15.80 per customer and period keeps 74.8%, ...
    """
    require_not_negative(discount_rate=discount_rate, margin=margin, add_on_margin=add_on_margin)
    if retention.ceiling >= 1.0 + discount_rate:
        raise DivergentValueError(
            "optimal_spending: where everybody may stay for ever and the future is not discounted, "
            "no spending is best. Set a ceiling of retention below 1, or a discount rate.",
            ceiling=retention.ceiling,
            discount_rate=discount_rate,
        )
    keeping = _best_retention_cost(margin + add_on_margin, discount_rate, retention)
    kept = retention.rate(keeping)
    value = customer_equity(
        prospects=1.0,
        acquisition_rate=1.0,
        acquisition_cost=0.0,
        margin=margin,
        retention=kept,
        discount_rate=discount_rate,
        retention_cost=keeping,
        add_on_margin=add_on_margin,
    ).total
    winning = _best_acquisition_cost(value, acquisition)
    won = acquisition.rate(winning)
    return OptimalSpending(
        acquisition_cost=winning,
        acquisition_rate=won,
        retention_cost=keeping,
        retention=kept,
        customer_value=value,
        equity_per_prospect=won * value - winning,
    )


def _best_retention_cost(margin: float, discount_rate: float, curve: ResponseCurve) -> float:
    from scipy.optimize import brentq

    discount = 1.0 + discount_rate

    def slope(spending: float) -> float:
        left = (curve.ceiling - curve.floor) * exp(-curve.steepness * spending)
        return curve.steepness * left * (margin * discount - spending) - (
            discount - curve.ceiling + left
        )

    # At the upper end all margin is spent, and the slope is negative.
    if margin == 0.0 or slope(0.0) <= 0.0:
        return 0.0
    return float(brentq(slope, 0.0, margin * discount, xtol=1e-12, rtol=1e-14))


def _best_acquisition_cost(value: float, curve: ResponseCurve) -> float:
    first = (curve.ceiling - curve.floor) * curve.steepness * value
    return log(first) / curve.steepness if first > 1.0 else 0.0
