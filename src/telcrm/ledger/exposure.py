"""How much credit accounts use, and of what limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from telcrm.domain import Money
from telcrm.ledger.account_terms import AccountTerms, terms_as_of
from telcrm.ledger.booking.open_books import BOOKS_ACCOUNT
from telcrm.ledger.rows import Column, ColumnKind, Rows, major_units
from telcrm.ledger.scope import as_known, customer_accounts, existing_accounts
from telcrm.ledger.stores.protocol import AccountSums, LedgerStore

__all__ = ["CreditExposure", "CreditExposures", "credit_exposures", "over_limit"]


@dataclass(frozen=True, slots=True)
class CreditExposure:
    """How much credit an account uses, and of what limit."""

    account_id: str
    party_id: str | None
    used: Money
    """The balance: what is owed, contested or not, less unapplied credit."""
    limit: Money | None
    """None is no limit."""
    deposit: Money
    """Security held; it is not taken off what is used."""

    @property
    def available(self) -> Money | None:
        """``limit - used``, below zero where the limit is passed; None without a limit."""
        return None if self.limit is None else self.limit - self.used

    @property
    def over(self) -> Money:
        """How much the limit is passed by; zero where it is not, or where there is none."""
        available = self.available
        if available is None or available.minor_units >= 0:
            return Money.zero(self.used.currency)
        return -available


class _Row(NamedTuple):
    sums: AccountSums
    terms: AccountTerms

    @property
    def used(self) -> int:
        return self.sums.receivable + self.sums.disputed - self.sums.unapplied

    @property
    def available(self) -> int | None:
        limit = self.terms.credit_limit
        return None if limit is None else limit - self.used

    @property
    def over(self) -> int:
        return max(0, -(self.available or 0))


class CreditExposures(Rows[CreditExposure]):
    """How much credit accounts use."""

    def _record(self, raw: Any) -> CreditExposure:
        row: _Row = raw
        code, limit = row.sums.currency, row.terms.credit_limit
        return CreditExposure(
            account_id=row.sums.account_id,
            party_id=row.terms.party_id,
            used=Money.from_minor(row.used, code),
            limit=None if limit is None else Money.from_minor(limit, code),
            deposit=Money.from_minor(row.sums.deposit, code),
        )

    def _columns(self, raw: Sequence[Any]) -> Mapping[str, Column]:
        rows: Sequence[_Row] = raw
        codes = [row.sums.currency for row in rows]
        return {
            "account_id": Column(ColumnKind.TEXT, [row.sums.account_id for row in rows]),
            "party_id": Column(ColumnKind.TEXT, [row.terms.party_id for row in rows]),
            "currency": Column(ColumnKind.TEXT, codes),
            "used": major_units((row.used for row in rows), codes),
            "limit": major_units((row.terms.credit_limit for row in rows), codes),
            "available": major_units((row.available for row in rows), codes),
            "over": major_units((row.over for row in rows), codes),
            "deposit": major_units((row.sums.deposit for row in rows), codes),
        }


def credit_exposures(
    store: LedgerStore,
    account_ids: Sequence[str] | None = None,
    *,
    as_of: date | None = None,
    recorded: datetime | None = None,
) -> CreditExposures:
    """Return how much credit accounts use, and of what limit.

    Parameters
    ----------
    store : LedgerStore
    account_ids : sequence of str, optional
        None is all accounts.
    as_of : date, optional
        What takes effect on or before this day counts, limits too; None sets no limit.
    recorded : datetime, optional
        What was recorded at or before this instant counts.

    Returns
    -------
    CreditExposures
        By name; an account that was not open by then has no row.

    Raises
    ------
    UnknownAccountError
    ParameterError

    Notes
    -----
    The exposure is the balance. A deposit lowers what may be lost, not what is owed, so it is
    shown beside.
    """
    return CreditExposures(_rows(store, account_ids, as_of=as_of, recorded=recorded))


def over_limit(
    store: LedgerStore,
    account_ids: Sequence[str] | None = None,
    *,
    as_of: date | None = None,
    recorded: datetime | None = None,
) -> CreditExposures:
    """Return the accounts that use more credit than they have.

    Parameters
    ----------
    store : LedgerStore
    account_ids : sequence of str, optional
    as_of : date, optional
    recorded : datetime, optional

    Returns
    -------
    CreditExposures
        By currency, the one that is furthest over its limit first.

    Raises
    ------
    UnknownAccountError
    ParameterError
    """
    rows = _rows(store, account_ids, as_of=as_of, recorded=recorded)
    over = [row for row in rows if row.over]
    over.sort(key=lambda row: (row.sums.currency, -row.over, row.sums.account_id))
    return CreditExposures(over)


def _rows(
    store: LedgerStore,
    account_ids: Sequence[str] | None,
    *,
    as_of: date | None,
    recorded: datetime | None,
) -> list[_Row]:
    known = as_known(as_of, recorded)
    sums = [
        row
        for row in store.sums(existing_accounts(store, account_ids), known)
        if row.account_id != BOOKS_ACCOUNT
    ]
    terms = terms_as_of(store, customer_accounts(store, [row.account_id for row in sums]), known)
    return [_Row(row, terms[row.account_id]) for row in sums]
