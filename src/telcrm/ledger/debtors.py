"""Who is overdue, by how much, since when, and what dunning did about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from telcrm.domain import Money
from telcrm.errors import ParameterError
from telcrm.ledger.account_terms import AccountTerms, terms_as_of
from telcrm.ledger.dunning.policy import ServiceState
from telcrm.ledger.rows import Column, ColumnKind, Rows, major_units
from telcrm.ledger.scope import as_known, check_day, customer_accounts, existing_accounts
from telcrm.ledger.stores.protocol import AgingSums, LedgerStore

__all__ = ["Debtor", "Debtors", "debtors"]


@dataclass(frozen=True, slots=True)
class Debtor:
    """An account that is overdue."""

    account_id: str
    party_id: str | None
    customer_class: str | None
    overdue: Money
    """Past due and not contested; unapplied credit is not taken off."""
    oldest_due_on: date
    days_past_due: int
    disputed: Money
    unapplied: Money
    balance: Money
    dunning_level: int
    """Place on the ladder of dunning; 0 where no step was taken."""
    service: ServiceState


class _Row(NamedTuple):
    sums: AgingSums
    terms: AccountTerms

    @property
    def overdue(self) -> int:
        return self.sums.buckets[1]

    @property
    def balance(self) -> int:
        return sum(self.sums.buckets) + self.sums.disputed - self.sums.unapplied


class Debtors(Rows[Debtor]):
    """Accounts that are overdue: by currency, the largest amount first.

    Attributes
    ----------
    as_of : date
    """

    def __init__(self, rows: Iterable[_Row], *, as_of: date) -> None:
        super().__init__(rows)
        self.as_of = as_of

    @property
    def overdue(self) -> dict[str, Money]:
        """Sum by currency."""
        units: dict[str, int] = {}
        for row in self._raw:
            units[row.sums.currency] = units.get(row.sums.currency, 0) + row.overdue
        return {code: Money.from_minor(amount, code) for code, amount in units.items()}

    def __repr__(self) -> str:
        sums = ", ".join(str(amount) for amount in self.overdue.values()) or "nothing"
        return f"Debtors(as of {self.as_of}: {len(self)} accounts, {sums} overdue)"

    def _record(self, raw: Any) -> Debtor:
        row: _Row = raw
        code = row.sums.currency
        return Debtor(
            account_id=row.sums.account_id,
            party_id=row.terms.party_id,
            customer_class=row.terms.customer_class,
            overdue=Money.from_minor(row.overdue, code),
            oldest_due_on=self._oldest(row),
            days_past_due=(self.as_of - self._oldest(row)).days,
            disputed=Money.from_minor(row.sums.disputed, code),
            unapplied=Money.from_minor(row.sums.unapplied, code),
            balance=Money.from_minor(row.balance, code),
            dunning_level=row.terms.dunning.level,
            service=row.terms.dunning.service,
        )

    def _oldest(self, row: _Row) -> date:
        return row.sums.oldest_due_on or self.as_of

    def _columns(self, raw: Sequence[Any]) -> Mapping[str, Column]:
        rows: Sequence[_Row] = raw
        codes = [row.sums.currency for row in rows]
        text, whole = ColumnKind.TEXT, ColumnKind.WHOLE
        oldest = [self._oldest(row) for row in rows]
        return {
            "account_id": Column(text, [row.sums.account_id for row in rows]),
            "party_id": Column(text, [row.terms.party_id for row in rows]),
            "customer_class": Column(text, [row.terms.customer_class for row in rows]),
            "currency": Column(text, codes),
            "overdue": major_units((row.overdue for row in rows), codes),
            "oldest_due_on": Column(ColumnKind.DAY, oldest),
            "days_past_due": Column(whole, [(self.as_of - due_on).days for due_on in oldest]),
            "disputed": major_units((row.sums.disputed for row in rows), codes),
            "unapplied": major_units((row.sums.unapplied for row in rows), codes),
            "balance": major_units((row.balance for row in rows), codes),
            "dunning_level": Column(whole, [row.terms.dunning.level for row in rows]),
            "service": Column(text, [row.terms.dunning.service.value for row in rows]),
        }


def debtors(
    store: LedgerStore,
    account_ids: Sequence[str] | None = None,
    *,
    as_of: date,
    recorded: datetime | None = None,
    tolerance: Money | Sequence[Money] | None = None,
) -> Debtors:
    """Return the accounts of which more than a tolerance is overdue.

    Parameters
    ----------
    store : LedgerStore
    account_ids : sequence of str, optional
        None is all accounts.
    as_of : date
        What takes effect on or before this day counts; what was due before it is overdue.
    recorded : datetime, optional
        What was recorded at or before this instant counts; None sets no limit.
    tolerance : Money or sequence of Money, optional
        By currency, 0 or more: an account is a debtor when more than this is overdue. 0 by default,
        and in a currency that is not named.

    Returns
    -------
    Debtors

    Raises
    ------
    UnknownAccountError
    ParameterError
    """
    check_day("as_of", as_of)
    known = as_known(as_of, recorded)
    allowed = _by_currency(tolerance)
    names = existing_accounts(store, account_ids)
    found = [
        row
        for row in store.aging([as_of], names, known)
        if row.buckets[1] > allowed.get(row.currency, 0)
    ]
    found.sort(key=lambda row: (row.currency, -row.buckets[1], row.account_id))
    accounts = customer_accounts(store, [row.account_id for row in found])
    terms = terms_as_of(store, accounts, known)
    rows = (_Row(row, terms[row.account_id]) for row in found)
    return Debtors(rows, as_of=as_of)


def _by_currency(tolerance: Money | Sequence[Money] | None) -> dict[str, int]:
    amounts = [tolerance] if isinstance(tolerance, Money) else list(tolerance or ())
    allowed = {amount.currency.code: amount.minor_units for amount in amounts}
    if len(allowed) < len(amounts) or any(units < 0 for units in allowed.values()):
        shown = ", ".join(str(amount) for amount in amounts)
        raise ParameterError(
            f"tolerance is {shown}: give at most one amount per currency, each 0 or more.",
            parameter="tolerance",
        )
    return allowed
