"""What became of the sales of a period: how much reached each age, and how much was lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from telcrm.domain import Currency, Money
from telcrm.errors import ParameterError
from telcrm.ledger.aging import AgingBuckets
from telcrm.ledger.journal import EntryKind
from telcrm.ledger.measures.debt_history import DebtHistory, MoveKind, debt_histories
from telcrm.ledger.measures.provision import ProvisionMatrix
from telcrm.ledger.scope import as_known, check_day, counts
from telcrm.ledger.stores.protocol import AsOf, LedgerStore

__all__ = ["LossHistory", "loss_history"]


@dataclass(frozen=True, slots=True)
class LossHistory:
    """What became of the sales of a period."""

    start: date
    end: date
    """First and last day of the sales."""
    as_of: date
    """Day up to which they were followed."""
    buckets: tuple[str, ...]
    """Names, the youngest debt first."""
    sales: Money
    """Charged in the period, less what was credited or moved to another account."""
    unpaid: tuple[Money, ...]
    """What of it was unpaid at the end of each bucket but the last, or later."""
    lost: Money
    """What was never paid: given up, or unpaid on the last day."""

    def matrix(
        self, *, forward_looking_factor: Decimal | int | str = Decimal(1)
    ) -> ProvisionMatrix:
        """Make a provision matrix of it.

        Parameters
        ----------
        forward_looking_factor : Decimal, int or str
            Above 0, at most 100.

        Returns
        -------
        ProvisionMatrix

        Raises
        ------
        ParameterError
            No sale reached one of the buckets.
        """
        return ProvisionMatrix.from_history(
            buckets=self.buckets,
            sales=self.sales,
            unpaid=self.unpaid,
            lost=self.lost,
            basis=f"sales of {self.start} to {self.end}, followed to {self.as_of}",
            forward_looking_factor=forward_looking_factor,
        )


def loss_history(
    store: LedgerStore,
    *,
    currency: Currency | str,
    start: date,
    end: date,
    as_of: date,
    recorded: datetime | None = None,
    buckets: AgingBuckets | None = None,
) -> LossHistory:
    """Follow the sales of a period through the ages of debt.

    Parameters
    ----------
    store : LedgerStore
    currency : Currency or str
        Sales in other currencies are left out.
    start, end : date
        First and last effective day of the charges.
    as_of : date
        Day up to which they are followed: every one must have passed the last bucket's beginning.
    recorded : datetime, optional
        What was recorded at or before this instant counts; None sets no limit.
    buckets : AgingBuckets, optional

    Returns
    -------
    LossHistory

    Raises
    ------
    ParameterError
        The days are out of order, or a charge was due too late to be followed through all buckets.

    Notes
    -----
    A charge counts with its tax, fees and interest too. What a credit note took off it, or a
    transfer moved away, is no sale; what a small balance forgave is one that was settled. Money
    that came in for a debt that was given up lowers what is lost. Where a payment bounced, what
    was unpaid later counts as unpaid before, so that the amounts never rise with age.

    All journals are read.
    """
    ages = AgingBuckets() if buckets is None else buckets
    code = (currency if isinstance(currency, Currency) else Currency(currency)).code
    _check_days(start, end, as_of)
    sold = lost = 0
    unpaid = [0] * (len(ages.days) + 1)
    for account_id, debt in _sales(store, code, as_known(as_of, recorded), start, end):
        if (as_of - debt.due_on).days <= ages.days[-1]:
            raise ParameterError(
                f"{account_id}:{debt.seq} is due on {debt.due_on}, so on {as_of} it has not been "
                f"past due for more than {ages.days[-1]} days: follow the sales further, or take "
                "an earlier period.",
                account=account_id,
                due_on=debt.due_on,
            )
        ends = [debt.due_on + timedelta(days=days) for days in (0, *ages.days)]
        amount = debt.amount - debt.total(MoveKind.CREDITED, MoveKind.TRANSFERRED)
        sold += amount
        settled = (MoveKind.PAID, MoveKind.FORGIVEN)
        reached = max(0, amount - debt.total(*settled, MoveKind.RECOVERED))
        lost += reached
        for place in reversed(range(len(ends))):
            reached = max(reached, min(amount, amount - debt.total(*settled, until=ends[place])))
            unpaid[place] += reached
    return LossHistory(
        start=start,
        end=end,
        as_of=as_of,
        buckets=ages.names,
        sales=Money.from_minor(sold, code),
        unpaid=tuple(Money.from_minor(units, code) for units in unpaid),
        lost=Money.from_minor(lost, code),
    )


def _sales(
    store: LedgerStore, currency: str, known: AsOf, start: date, end: date
) -> Iterator[tuple[str, DebtHistory]]:
    for account, entries, _ in store.journals():
        if account.currency != currency:
            continue
        for debt in debt_histories([entry for entry in entries if counts(entry, known)]):
            if debt.opened_by is EntryKind.CHARGE and start <= debt.on <= end:
                yield account.account_id, debt


def _check_days(start: date, end: date, as_of: date) -> None:
    for name, day in (("start", start), ("end", end), ("as_of", as_of)):
        check_day(name, day)
    if not start <= end <= as_of:
        raise ParameterError(
            f"start={start}, end={end} and as_of={as_of} are out of order: the sales end after "
            "they start, and are followed after they end.",
            start=start,
            end=end,
            as_of=as_of,
        )
