"""How debt ages: the share of each bucket that rolls into the next one, and on to the loss.

A rate is a Decimal, rounded once, to 28 significant digits. So the flow to loss can be the loss
rates of a :class:`~telcrm.ledger.ProvisionMatrix`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from telcrm.domain.exact import exact_decimal
from telcrm.domain.money import Money
from telcrm.errors import ParameterError
from telcrm.ledger.measures.ratio import ROUNDED, quotient, require_not_negative

__all__ = ["average_roll_rates", "flow_to_loss", "roll_rates"]


def roll_rates(earlier: Sequence[Money], later: Sequence[Money]) -> tuple[Decimal | None, ...]:
    """Share of each bucket of debt that moved into the next one from one date to another.

    Parameters
    ----------
    earlier, later : sequence of Money
        Balances by bucket, the youngest bucket first, 0 or more; two buckets at least. The time
        between the two dates must be the width of a bucket, for example a month.

    Returns
    -------
    tuple of Decimal or None
        One rate for each bucket but the last: ``later[n + 1] / earlier[n]``. None where the
        earlier bucket was empty. Above 1 if the later bucket holds debt that did not come from the
        earlier one.

    Raises
    ------
    ParameterError
        The two have different numbers of buckets, fewer than two, or a negative balance.
    CurrencyMismatchError
        The balances are in more than one currency.

    Notes
    -----
    Office of the Comptroller of the Currency, Comptroller's Handbook, Retail Lending Examination
    Procedures, appendix G, step 1.

    Examples
    --------
    >>> from telcrm.domain import Money
    >>> march = [Money(1_000_000, "USD"), Money(0, "USD"), Money(50_000, "USD")]
    >>> april = [Money(900_000, "USD"), Money(200_000, "USD"), Money(10_000, "USD")]
    >>> roll_rates(march, april)
    (Decimal('0.2'), None)
    """
    return average_roll_rates([earlier, later])


def average_roll_rates(snapshots: Sequence[Sequence[Money]]) -> tuple[Decimal | None, ...]:
    """Roll rates over several periods, each weighted by the debt that could roll.

    Parameters
    ----------
    snapshots : sequence of sequences of Money
        Balances by bucket at two or more dates, the oldest date first, one bucket width apart.

    Returns
    -------
    tuple of Decimal or None
        One rate for each bucket but the last. None where the bucket was always empty.

    Raises
    ------
    ParameterError
        Fewer than two dates or buckets, different numbers of buckets, or a negative balance.
    CurrencyMismatchError
        The balances are in more than one currency.

    Notes
    -----
    The ratio of sums, ``sum(later[n + 1]) / sum(earlier[n])`` over all pairs of neighbouring dates.
    The mean of the ratios would let a month with little debt count as much as one with a lot.

    Examples
    --------
    >>> from telcrm.domain import Money
    >>> balances = [(1000, 0), (3000, 100), (5000, 700)]
    >>> average_roll_rates([[Money(amount, "USD") for amount in date] for date in balances])
    (Decimal('0.2'),)
    """
    widths = {len(snapshot) for snapshot in snapshots}
    if len(snapshots) < 2 or len(widths) > 1 or min(widths) < 2:
        raise ParameterError(
            f"roll rates compare two or more dates with the same two or more buckets: found "
            f"{len(snapshots)} dates with {sorted(widths)} buckets.",
            dates=len(snapshots),
            buckets=sorted(widths),
        )
    currency = snapshots[0][0].currency
    for date, snapshot in enumerate(snapshots):
        for bucket, balance in enumerate(snapshot):
            require_not_negative(
                f"the balance of bucket {bucket} at date {date}", balance, currency
            )
    rates: list[Decimal | None] = []
    for bucket in range(min(widths) - 1):
        rolled = sum(later[bucket + 1].minor_units for later in snapshots[1:])
        could_roll = sum(earlier[bucket].minor_units for earlier in snapshots[:-1])
        rates.append(quotient(rolled, could_roll) if could_roll else None)
    return tuple(rates)


def flow_to_loss(rates: Sequence[Decimal | None]) -> tuple[Decimal | None, ...]:
    """Share of each bucket that ends as a loss, if debt keeps rolling at these rates.

    Parameters
    ----------
    rates : sequence of Decimal or None
        Roll rates as :func:`roll_rates` returns them, 0 or more. The last bucket is the loss, or
        is given up whole.

    Returns
    -------
    tuple of Decimal or None
        One share for each bucket, so one more than there are rates; the last is 1. None where a
        rate on the way is None.

    Raises
    ------
    ParameterError
        A rate is negative.
    MoneyError
        A rate is not an exact number.

    Notes
    -----
    ``flow[n] = rates[n] * rates[n + 1] * ... * rates[-1]``, each product rounded to 28 digits.
    Office of the Comptroller of the Currency, Comptroller's Handbook, Retail Lending Examination
    Procedures, appendix G, step 2 (loss factors).

    Examples
    --------
    >>> flow_to_loss([Decimal("0.05"), Decimal("0.4"), Decimal("0.7")])
    (Decimal('0.0140'), Decimal('0.28'), Decimal('0.7'), Decimal('1'))
    """
    exact = [None if rate is None else exact_decimal(rate, "roll rate") for rate in rates]
    for bucket, rate in enumerate(exact):
        if rate is not None and rate < 0:
            raise ParameterError(
                f"the roll rate of bucket {bucket} is {rate}: a rate is 0 or more.", bucket=bucket
            )
    flows: list[Decimal | None] = [Decimal(1)]
    for rate in reversed(exact):
        beyond = flows[-1]
        flows.append(None if rate is None or beyond is None else ROUNDED.multiply(rate, beyond))
    return tuple(reversed(flows))
