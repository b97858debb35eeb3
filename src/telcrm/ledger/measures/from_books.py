"""The measures of collection, taken out of the books.

:mod:`telcrm.ledger.measures.collections`, :mod:`telcrm.ledger.roll_rates` and
:mod:`telcrm.ledger.measures.provision` hold the formulas; here is what they are fed with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Final

from telcrm.domain import Currency, Money
from telcrm.domain.exact import whole_number
from telcrm.domain.moments import month_start
from telcrm.errors import ParameterError
from telcrm.ledger.aging import AgingBuckets, AgingTotal, aging
from telcrm.ledger.journal import GlAccount
from telcrm.ledger.measures.collections import (
    MonthlySales,
    average_days_delinquent,
    bad_debt_ratio,
    best_possible_dso,
    collection_effectiveness_index,
    dso,
    dso_count_back,
    recovery_rate,
)
from telcrm.ledger.measures.loss_history import LossHistory, loss_history
from telcrm.ledger.measures.roll_rates import average_roll_rates
from telcrm.ledger.scope import as_known, check_day
from telcrm.ledger.stores.protocol import LedgerStore

__all__ = ["BookMeasures"]

_SALES: Final = (
    GlAccount.REVENUE,
    GlAccount.TAX,
    GlAccount.FEE_INCOME,
    GlAccount.INTEREST_INCOME,
)
_OWED: Final = (GlAccount.RECEIVABLE, GlAccount.DISPUTED)
_ONE_DAY: Final = timedelta(days=1)


class BookMeasures:
    """How well what was charged in one currency is collected, by the books.

    Parameters
    ----------
    store : LedgerStore
    currency : Currency or str
        No measure mixes currencies; accounts in others are left out.
    recorded : datetime, optional
        What was recorded at or before this instant counts; aware. None sets no limit.

    Raises
    ------
    UnknownCurrencyError, ParameterError

    Notes
    -----
    *Sales* are charges, late fees and interest with tax, less credit notes and reversed charges, by
    effective date. *Receivables* are debts, contested or not; unapplied credit is not taken off,
    because it is owed to customers. *Current* is what is neither due nor contested.

    Examples
    --------
    >>> from telcrm.ledger.ledger import Ledger
    >>> books = Ledger.open("memory://")
    >>> day = date(2026, 6, 1)
    >>> _ = books.open_account("A-1", currency="EUR", on=day)
    >>> for number, amount in enumerate((100, 50)):
    ...     _ = books.charge("A-1", Money(amount, "EUR"), on=day, due=day, key=f"INV-{number}")
    >>> _ = books.pay("A-1", Money(100, "EUR"), on=day, key="bank-1")
    >>> measures = BookMeasures(books.store, currency="EUR")
    >>> measures.dso(day, date(2026, 6, 30))  # 50 of 150, 30 days
    Decimal('10')
    """

    def __init__(
        self,
        store: LedgerStore,
        *,
        currency: Currency | str,
        recorded: datetime | None = None,
    ) -> None:
        as_known(None, recorded)
        self.store = store
        self.currency = (currency if isinstance(currency, Currency) else Currency(currency)).code
        self.recorded = recorded

    def __repr__(self) -> str:
        return f"BookMeasures({self.store!r}, currency={self.currency!r})"

    # Amounts.

    def sales(self, start: date, end: date) -> Money:
        """Return what was sold on credit from a day to a day, both included.

        Parameters
        ----------
        start, end : date

        Returns
        -------
        Money
            Below zero where more was taken back than charged.

        Raises
        ------
        ParameterError
        """
        return -self._posted(_SALES, start, end)

    def receivables(self, as_of: date) -> Money:
        """Return what was owed at the end of a day, contested or not, credit not taken off.

        Parameters
        ----------
        as_of : date

        Returns
        -------
        Money

        Raises
        ------
        ParameterError
        """
        return self._posted(_OWED, None, as_of)

    def written_off(self, start: date, end: date) -> Money:
        """Return what was given up from a day to a day, less write-offs that were reversed.

        Parameters
        ----------
        start, end : date

        Returns
        -------
        Money

        Raises
        ------
        ParameterError
        """
        return self._posted((GlAccount.BAD_DEBT,), start, end)

    def recovered(self, start: date, end: date) -> Money:
        """Return what came in from a day to a day for debts that had been given up.

        Parameters
        ----------
        start, end : date

        Returns
        -------
        Money

        Raises
        ------
        ParameterError
        """
        return -self._posted((GlAccount.RECOVERY,), start, end)

    def monthly_sales(self, as_of: date, *, months: int) -> tuple[MonthlySales, ...]:
        """Return the sales of the months up to a day, the newest first.

        Parameters
        ----------
        as_of : date
            The newest month ends on it, and counts its days up to it.
        months : int
            1 or more.

        Returns
        -------
        tuple of MonthlySales

        Raises
        ------
        ParameterError
            In one of the months more was taken back than charged.
        """
        return tuple(islice(self._months(as_of), _count(months)))

    # Measures.

    def dso(self, start: date, end: date) -> Decimal:
        """Return days sales outstanding at the end of a period, by its sales.

        Parameters
        ----------
        start, end : date

        Returns
        -------
        Decimal
            Days; see :func:`telcrm.ledger.dso`.

        Raises
        ------
        ParameterError
            Nothing was sold in the period.
        """
        return dso(self.receivables(end), self.sales(start, end), days=_days(start, end))

    def best_possible_dso(self, start: date, end: date) -> Decimal:
        """Return days sales outstanding if nothing were overdue.

        Parameters
        ----------
        start, end : date

        Returns
        -------
        Decimal
            Days; see :func:`telcrm.ledger.best_possible_dso`.

        Raises
        ------
        ParameterError
            Nothing was sold in the period.
        """
        sales = self.sales(start, end)
        return best_possible_dso(self._current(end), sales, days=_days(start, end))

    def average_days_delinquent(self, start: date, end: date) -> Decimal:
        """Return how many of the days outstanding are due to late payment and disputes.

        Parameters
        ----------
        start, end : date

        Returns
        -------
        Decimal
            Days; see :func:`telcrm.ledger.average_days_delinquent`.

        Raises
        ------
        ParameterError
            Nothing was sold in the period.
        """
        return average_days_delinquent(
            self.receivables(end),
            self.sales(start, end),
            current_receivables=self._current(end),
            days=_days(start, end),
        )

    def dso_count_back(self, as_of: date, *, months: int = 24) -> Decimal:
        """Return days sales outstanding by counting back through the months before a day.

        Parameters
        ----------
        as_of : date
        months : int
            How far to go back at most.

        Returns
        -------
        Decimal
            Days; see :func:`telcrm.ledger.dso_count_back`.

        Raises
        ------
        ParameterError
            The receivables are more than the sales of all these months.
        """
        receivables = self.receivables(as_of)
        taken: list[MonthlySales] = []
        explained = Money.zero(self.currency)
        # No further back than it takes: a month of many credit notes long ago is no obstacle.
        for month in islice(self._months(as_of), _count(months)):
            taken.append(month)
            explained += month.sales
            if explained >= receivables:
                break
        return dso_count_back(receivables, taken)

    def collection_effectiveness_index(self, start: date, end: date) -> Decimal:
        """Return the percentage of what could be collected in a period that was collected.

        Parameters
        ----------
        start, end : date

        Returns
        -------
        Decimal
            Percent; see :func:`telcrm.ledger.collection_effectiveness_index`.

        Raises
        ------
        ParameterError
            Nothing could be collected, or more became open again than was sold.
        """
        sold = self.sales(start, end)
        total = self.receivables(end)
        return collection_effectiveness_index(
            beginning=self.receivables(start - _ONE_DAY),
            sales=sold,
            ending_total=total,
            ending_current=self._current(end),
        )

    def bad_debt_ratio(self, start: date, end: date) -> Decimal:
        """Return the share of sales that was lost: given up in a period, less what was recovered.

        Parameters
        ----------
        start, end : date

        Returns
        -------
        Decimal
            See :func:`telcrm.ledger.bad_debt_ratio`.

        Raises
        ------
        ParameterError
            Nothing was sold in the period.
        """
        lost = self.written_off(start, end) - self.recovered(start, end)
        return bad_debt_ratio(lost, self.sales(start, end))

    def recovery_rate(self, start: date, end: date) -> Decimal:
        """Return what was recovered in a period as a share of what was given up in it.

        Parameters
        ----------
        start, end : date

        Returns
        -------
        Decimal
            See :func:`telcrm.ledger.recovery_rate`.

        Raises
        ------
        ParameterError
            Nothing was given up in the period.
        """
        return recovery_rate(self.recovered(start, end), self.written_off(start, end))

    # By age.

    def exposures(self, as_of: date, *, buckets: AgingBuckets | None = None) -> dict[str, Money]:
        """Return what is open and not contested by age, for a provision matrix.

        Parameters
        ----------
        as_of : date
        buckets : AgingBuckets, optional

        Returns
        -------
        dict of str to Money
            By name of the bucket, the youngest debt first: what
            :func:`~telcrm.ledger.expected_credit_loss` takes. Contested debts
            are assessed one by one.

        Raises
        ------
        ParameterError
        """
        ages = AgingBuckets() if buckets is None else buckets
        return dict(zip(ages.names, self._aged(as_of, ages).buckets, strict=True))

    def roll_rates(
        self, days: Sequence[date], *, buckets: AgingBuckets | None = None
    ) -> tuple[Decimal | None, ...]:
        """Return the share of each bucket that rolled into the next from day to day.

        Parameters
        ----------
        days : sequence of date
            Two or more, rising, one bucket width apart: month ends for buckets of 30 days.
        buckets : AgingBuckets, optional

        Returns
        -------
        tuple of Decimal or None
            See :func:`telcrm.ledger.average_roll_rates`.

        Raises
        ------
        ParameterError
            Fewer than two days, or they do not rise.
        """
        if list(days) != sorted(set(days)):
            raise ParameterError(
                f"days must rise, found {', '.join(map(str, days))}.", parameter="days"
            )
        ages = AgingBuckets() if buckets is None else buckets
        return average_roll_rates([self._aged(day, ages).buckets for day in days])

    def loss_history(
        self, start: date, end: date, *, as_of: date, buckets: AgingBuckets | None = None
    ) -> LossHistory:
        """Follow the sales of a period through the ages of debt; it makes a provision matrix.

        Parameters
        ----------
        start, end : date
        as_of : date
            Day up to which they are followed.
        buckets : AgingBuckets, optional

        Returns
        -------
        LossHistory
            See :func:`telcrm.ledger.measures.loss_history.loss_history`.

        Raises
        ------
        ParameterError
        """
        return loss_history(
            self.store,
            currency=self.currency,
            start=start,
            end=end,
            as_of=as_of,
            recorded=self.recorded,
            buckets=buckets,
        )

    def _months(self, as_of: date) -> Iterator[MonthlySales]:
        check_day("as_of", as_of)
        units = self._by_month(_SALES, as_of)
        period = month_start(as_of)
        days: int | None = as_of.day
        while True:
            sold = Money.from_minor(-units.get(period, 0), self.currency)
            if sold.minor_units < 0:
                raise ParameterError(
                    f"sales of {period:%Y-%m} are {sold}: more was taken back than charged, which "
                    "explains no receivables.",
                    period=period,
                )
            yield MonthlySales(period=period, sales=sold, days=days)
            days = None
            if period == date.min:
                return
            period = month_start(period - _ONE_DAY)

    def _current(self, as_of: date) -> Money:
        return self._aged(as_of, AgingBuckets()).buckets[0]

    def _aged(self, as_of: date, buckets: AgingBuckets) -> AgingTotal:
        found = aging(self.store, as_of=as_of, recorded=self.recorded, buckets=buckets)
        return found.total(self.currency)

    def _posted(self, accounts: Sequence[GlAccount], start: date | None, end: date) -> Money:
        check_day("end", end)
        if start is not None:
            check_day("start", start)
            if start > end:
                raise ParameterError(
                    f"start={start} is after end={end}: a period ends after it begins.",
                    start=start,
                    end=end,
                )
        sums = self.store.gl_sums(as_known(end, self.recorded), since=start)
        units = sum(
            row.debit - row.credit
            for row in sums
            if row.gl in accounts and row.currency == self.currency
        )
        return Money.from_minor(units, self.currency)

    def _by_month(self, accounts: Sequence[GlAccount], end: date) -> dict[date, int]:
        units: dict[date, int] = {}
        found = self.store.gl_months(accounts, as_known(end, self.recorded))
        for (code, _, month), amount in found.items():
            if code == self.currency:
                units[month] = units.get(month, 0) + amount
        return units


def _count(months: int) -> int:
    count = whole_number(months)
    if count is None or count < 1:
        raise ParameterError(
            f"months must be a whole number of 1 or more, not {months!r:.60}.", months=months
        )
    return count


def _days(start: date, end: date) -> int:
    return (end - start).days + 1
