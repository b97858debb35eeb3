"""How well receivables are collected: days outstanding, effectiveness, recoveries, bad debt.

Every measure is a Decimal: computed exactly and rounded once, to 28 significant digits.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from telcrm.domain.exact import whole_number
from telcrm.domain.moments import Period
from telcrm.domain.money import Money
from telcrm.domain.money_bounds import NonNegativeMoney
from telcrm.domain.record import Record
from telcrm.errors import ParameterError
from telcrm.ledger.measures.ratio import quotient, require_not_negative, require_positive

__all__ = [
    "MonthlySales",
    "average_days_delinquent",
    "bad_debt_ratio",
    "best_possible_dso",
    "collection_effectiveness_index",
    "dso",
    "dso_count_back",
    "recovery_rate",
]


class MonthlySales(Record):
    """What was sold on credit in one month.

    Examples
    --------
    >>> from datetime import date
    >>> from telcrm.domain import Money
    >>> MonthlySales(period=date(2024, 2, 1), sales=Money("100", "EUR")).length_days
    29
    """

    period: Period
    """The month, named by its first day."""
    sales: NonNegativeMoney
    """Invoiced on credit in the month, with tax if the receivables hold tax."""
    days: Annotated[int, Field(strict=True, ge=1)] | None = None
    """Days to count for the month instead of those of the calendar: 30 for a year of equal months,
    28 or 35 for months of whole weeks."""

    @property
    def length_days(self) -> int:
        """Days that the month counts."""
        return self.days or monthrange(self.period.year, self.period.month)[1]


def dso(receivables: Money, credit_sales: Money, *, days: int) -> Decimal:
    """Days sales outstanding: how many days of sales are still unpaid.

    Parameters
    ----------
    receivables : Money
        Open at the end of the period, 0 or more. Leave credit balances out: they are owed to the
        customer and collect nothing.
    credit_sales : Money
        Invoiced on credit in the period, above 0; with tax if the receivables hold tax.
    days : int
        Days in the period, 1 or more.

    Returns
    -------
    Decimal
        Days, 0 or more.

    Raises
    ------
    ParameterError
        An argument is out of its range. Without sales there is nothing to measure by.
    CurrencyMismatchError
        The amounts are in two currencies.

    Notes
    -----
    ``receivables / credit_sales * days``, the simple method of the Credit Research Foundation. It
    assumes even sales; :func:`dso_count_back` does not.

    Examples
    --------
    >>> from telcrm.domain import Money
    >>> dso(Money("15000", "USD"), Money("10000", "USD"), days=30)
    Decimal('45')
    """
    require_not_negative("receivables", receivables, credit_sales.currency)
    return _per_sales(receivables, credit_sales, days)


def dso_count_back(receivables: Money, sales: Sequence[MonthlySales]) -> Decimal:
    """Days sales outstanding by counting back through the months that explain the receivables.

    Parameters
    ----------
    receivables : Money
        Open at the end of the newest month, 0 or more.
    sales : sequence of MonthlySales
        One month after the other without a gap, newest first, as many as it takes to reach the
        receivables. More do no harm.

    Returns
    -------
    Decimal
        Days, 0 or more.

    Raises
    ------
    ParameterError
        The receivables are negative, or more than all the sales given: how old the rest is nobody
        can tell, so there is no result. Or the months are not consecutive and newest first.
    CurrencyMismatchError
        The amounts are in two currencies.

    Notes
    -----
    The sales of the newest month are taken off the receivables, then those of the month before,
    and so on. A month that is taken off whole counts all its days, the last one counts
    ``rest / sales * days``. Also called the exhaustion method.

    Examples
    --------
    >>> from datetime import date
    >>> from telcrm.domain import Money
    >>> months = [
    ...     MonthlySales(period=date(2025, month, 1), sales=Money(sold, "EUR"))
    ...     for month, sold in [(6, 100), (5, 80), (4, 60)]
    ... ]
    >>> dso_count_back(Money(200, "EUR"), months)  # 30 days of June, 31 of May, 20 / 60 of April
    Decimal('71')
    """
    require_not_negative("receivables", receivables, receivables.currency)
    _require_consecutive(sales)
    rest, whole_days = receivables, 0
    for month in sales:
        if rest < month.sales:
            # One division, so that nothing is rounded twice.
            units = month.sales.minor_units
            return quotient(whole_days * units + rest.minor_units * month.length_days, units)
        if not rest:
            break
        rest -= month.sales
        whole_days += month.length_days
    if rest:
        raise ParameterError(
            f"receivables of {receivables} exceed the sales of all {len(sales)} months by {rest}: "
            f"give earlier months too.",
            rest=rest,
            months=len(sales),
        )
    return Decimal(whole_days)


def best_possible_dso(current_receivables: Money, credit_sales: Money, *, days: int) -> Decimal:
    """Days sales outstanding if every customer paid on the due date.

    Parameters
    ----------
    current_receivables : Money
        The part of the receivables that is not yet due, 0 or more.
    credit_sales : Money
        Invoiced on credit in the period, above 0.
    days : int
        Days in the period, 1 or more.

    Returns
    -------
    Decimal
        Days, 0 or more: what the terms of payment alone cause.

    Raises
    ------
    ParameterError
        An argument is out of its range.
    CurrencyMismatchError
        The amounts are in two currencies.

    Notes
    -----
    ``current_receivables / credit_sales * days`` (Credit Research Foundation).

    Examples
    --------
    >>> from telcrm.domain import Money
    >>> best_possible_dso(Money("4000", "USD"), Money("10000", "USD"), days=30)
    Decimal('12')
    """
    require_not_negative("current_receivables", current_receivables, credit_sales.currency)
    return _per_sales(current_receivables, credit_sales, days)


def average_days_delinquent(
    receivables: Money, credit_sales: Money, *, current_receivables: Money, days: int
) -> Decimal:
    """How many of the days outstanding are due to late payment.

    Parameters
    ----------
    receivables : Money
        Open at the end of the period.
    credit_sales : Money
        Invoiced on credit in the period, above 0.
    current_receivables : Money
        The part of the receivables that is not yet due, from 0 to all of them.
    days : int
        Days in the period, 1 or more.

    Returns
    -------
    Decimal
        Days, 0 or more.

    Raises
    ------
    ParameterError
        An argument is out of its range.
    CurrencyMismatchError
        The amounts are in two currencies.

    Notes
    -----
    ``dso - best_possible_dso`` (Credit Research Foundation).

    Examples
    --------
    >>> from telcrm.domain import Money
    >>> total, current, sales = (Money(amount, "USD") for amount in (15000, 4000, 10000))
    >>> average_days_delinquent(total, sales, current_receivables=current, days=30)
    Decimal('33')
    """
    require_not_negative("current_receivables", current_receivables, credit_sales.currency)
    overdue = receivables - current_receivables
    require_not_negative("receivables - current_receivables", overdue, credit_sales.currency)
    return _per_sales(overdue, credit_sales, days)


def collection_effectiveness_index(
    *, beginning: Money, sales: Money, ending_total: Money, ending_current: Money
) -> Decimal:
    """Percentage of what could be collected in a period that was collected.

    Parameters
    ----------
    beginning : Money
        Receivables open when the period began, 0 or more.
    sales : Money
        Invoiced on credit in the period, 0 or more.
    ending_total : Money
        Receivables open when the period ended, at most ``beginning + sales``.
    ending_current : Money
        The part of ``ending_total`` that is not yet due, from 0 to all of it.

    Returns
    -------
    Decimal
        Percent, 0 to 100; 100 when nothing is left overdue.

    Raises
    ------
    ParameterError
        An amount is out of its range, or nothing could be collected: all receivables and sales are
        still current.
    CurrencyMismatchError
        The amounts are in more than one currency.

    Notes
    -----
    ``(beginning + sales - ending_total) / (beginning + sales - ending_current) * 100``, by
    Venkat Srinivasan with the Credit Research Foundation.

    Examples
    --------
    >>> from telcrm.domain import Money
    >>> index = collection_effectiveness_index(
    ...     beginning=Money("6200", "USD"),
    ...     sales=Money("10890", "USD"),
    ...     ending_total=Money("6340", "USD"),
    ...     ending_current=Money("3590", "USD"),
    ... )
    >>> round(index, 2)
    Decimal('79.63')
    """
    for name, amount in (
        ("beginning", beginning),
        ("sales", sales),
        ("ending_current", ending_current),
    ):
        require_not_negative(name, amount, sales.currency)
    require_not_negative(
        "ending_total - ending_current", ending_total - ending_current, sales.currency
    )
    collected = beginning + sales - ending_total
    require_not_negative("beginning + sales - ending_total", collected, sales.currency)
    collectable = beginning + sales - ending_current
    require_positive("beginning + sales - ending_current", collectable, sales.currency)
    return quotient(100 * collected.minor_units, collectable.minor_units)


def recovery_rate(recovered: Money, written_off: Money) -> Decimal:
    """Share of written-off debt that was paid after all.

    Parameters
    ----------
    recovered : Money
        Paid on debt that had been written off, 0 or more, before the collector's fee.
    written_off : Money
        Above 0. For a share that cannot pass 1, take the write-offs that the recoveries belong to.

    Returns
    -------
    Decimal
        Share, 0 or more. Above 1 is possible where the amounts are of one calendar period: its
        recoveries come from the write-offs of earlier ones.

    Raises
    ------
    ParameterError
        An amount is out of its range.
    CurrencyMismatchError
        The amounts are in two currencies.

    Examples
    --------
    >>> from telcrm.domain import Money
    >>> recovery_rate(Money("1200", "EUR"), Money("8000", "EUR"))
    Decimal('0.15')
    """
    require_not_negative("recovered", recovered, recovered.currency)
    require_positive("written_off", written_off, recovered.currency)
    return quotient(recovered.minor_units, written_off.minor_units)


def bad_debt_ratio(written_off_net: Money, credit_sales: Money) -> Decimal:
    """Share of sales that was lost as bad debt.

    Parameters
    ----------
    written_off_net : Money
        Written off in the period less what was recovered in it. Negative if recoveries were more.
    credit_sales : Money
        Invoiced on credit in the period, above 0.

    Returns
    -------
    Decimal
        Share of sales; negative if recoveries were more than write-offs.

    Raises
    ------
    ParameterError
        There were no sales.
    CurrencyMismatchError
        The amounts are in two currencies.

    Examples
    --------
    >>> from telcrm.domain import Money
    >>> bad_debt_ratio(Money("6800", "EUR"), Money("400000", "EUR"))
    Decimal('0.017')
    """
    require_positive("credit_sales", credit_sales, written_off_net.currency)
    return quotient(written_off_net.minor_units, credit_sales.minor_units)


def _per_sales(amount: Money, credit_sales: Money, days: int) -> Decimal:
    require_positive("credit_sales", credit_sales, amount.currency)
    count = whole_number(days)
    if count is None or count < 1:
        raise ParameterError(
            f"days must be a whole number of 1 or more, not {days!r:.60}.", days=days
        )
    return quotient(amount.minor_units * count, credit_sales.minor_units)


def _require_consecutive(sales: Sequence[MonthlySales]) -> None:
    for newer, older in pairwise(month.period for month in sales):
        if 12 * newer.year + newer.month != 12 * older.year + older.month + 1:
            raise ParameterError(
                f"{older} follows {newer} in sales: give every month, newest first, with sales of "
                f"0 where there were none.",
                newer=newer,
                older=older,
            )
