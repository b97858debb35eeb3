"""Customer equity: what winning, keeping and selling more to customers is worth in all."""

from __future__ import annotations

from dataclasses import dataclass

from telcrm.domain.arguments import require_not_negative, require_share
from telcrm.value.equity.arguments import require_numbers
from telcrm.value.equity.margin_multiple import FirstMargin, margin_multiple

__all__ = ["CustomerEquity", "customer_equity"]


@dataclass(frozen=True, slots=True)
class CustomerEquity:
    """Present value of customers by where it comes from, major units.

    Attributes
    ----------
    acquisition : float
        First margins of those who are won, less what was spent on all prospects.
    retention : float
        Margins of the periods after, less what is spent to keep customers.
    add_on : float
        What they buy besides in those periods.
    won : float
        Customers who are won.
    """

    acquisition: float
    retention: float
    add_on: float
    won: float

    @property
    def total(self) -> float:
        """The customer equity: the sum of the three."""
        return self.acquisition + self.retention + self.add_on

    def __repr__(self) -> str:
        return (
            f"CustomerEquity({self.total:,.2f} = acquisition {self.acquisition:,.2f} + retention "
            f"{self.retention:,.2f} + add-on {self.add_on:,.2f}, {self.won:,.1f} won)"
        )


def customer_equity(
    *,
    prospects: float,
    acquisition_rate: float,
    acquisition_cost: float,
    margin: float,
    retention: float,
    discount_rate: float,
    retention_cost: float = 0.0,
    add_on_margin: float = 0.0,
    customers: float = 0.0,
    horizon: int | None = None,
) -> CustomerEquity:
    """Return the customer equity of a market: acquisition, retention and add-on selling.

    Parameters
    ----------
    prospects : float, 0 or more
        People who are addressed once, now.
    acquisition_rate : float in [0, 1]
        Share of them who become customers.
    acquisition_cost : float, 0 or more
        Spent per prospect, won or not. Of a cost per customer won, it is that times the rate.
    margin : float
        Per customer and period, before the spending below.
    retention : float in [0, 1]
        Chance to stay for another period.
    discount_rate : float, 0 or more
        Per period.
    retention_cost : float, 0 or more
        Spent per period on each customer who may leave at its end, whether it stays or not.
    add_on_margin : float
        Per customer and period after the first, from other products, less what selling them cost.
    customers : float, 0 or more
        Those of today, whose renewal is next. Their present margin is not counted.
    horizon : int, optional
        Renewals that are counted; all by default.

    Returns
    -------
    CustomerEquity

    Raises
    ------
    DivergentValueError
        Everybody stays for ever, and the future is not discounted.
    ParameterError
        An argument is outside its range.

    Notes
    -----
    With ``N`` prospects, ``a`` of them won at ``A`` each, margin ``m``, add-on margin ``o``,
    retention ``r`` at a cost of ``R``, and ``C`` customers of today::

        acquisition = N (a m - A)
        retention   = (C + N a) * sum over k >= 1 of r**(k - 1) (r m - R) / (1 + i)**k
        add-on      = (C + N a) * sum over k >= 1 of r**k o / (1 + i)**k

    Per prospect, without add-on, horizon and customers of today, it is the equation of Blattberg
    and Deighton: ``a m - A + a (m - R / r) * r' / (1 - r')`` with ``r' = r / (1 + i)``. The third
    part is that of Blattberg, Getz and Thomas.

    References
    ----------
    R. C. Blattberg, J. Deighton (1996), "Manage Marketing by the Customer Equity Test", Harvard
    Business Review 74(4), 136-144. R. C. Blattberg, G. Getz, J. S. Thomas (2001), *Customer Equity:
    Building and Managing Relationships as Valuable Assets*, Harvard Business School Press.

    Examples
    --------
    >>> customer_equity(
    ...     prospects=1000,
    ...     acquisition_rate=0.1,
    ...     acquisition_cost=5.0,
    ...     margin=100.0,
    ...     retention=0.8,
    ...     retention_cost=10.0,
    ...     discount_rate=0.2,
    ... )
    CustomerEquity(22,500.00 = acquisition 5,000.00 + retention 17,500.00 + add-on 0.00, 100.0 won)
    """
    require_not_negative(
        prospects=prospects,
        acquisition_cost=acquisition_cost,
        retention_cost=retention_cost,
        customers=customers,
    )
    require_share(acquisition_rate=acquisition_rate)
    require_numbers(margin=margin, add_on_margin=add_on_margin)
    renewed = margin_multiple(retention, discount_rate, horizon=horizon)
    at_risk = margin_multiple(
        retention, discount_rate, first_margin=FirstMargin.END, horizon=horizon
    )
    won = prospects * acquisition_rate
    facing_renewal = customers + won
    return CustomerEquity(
        acquisition=won * margin - prospects * acquisition_cost,
        retention=facing_renewal * (margin * renewed - retention_cost * at_risk),
        add_on=facing_renewal * add_on_margin * renewed,
        won=won,
    )
