"""What accounts owe and hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from telcrm.domain import Money
from telcrm.ledger.booking.open_books import BOOKS_ACCOUNT
from telcrm.ledger.rows import Column, ColumnKind, Rows, major_units
from telcrm.ledger.scope import as_known, customer_account, existing_accounts, is_whole
from telcrm.ledger.stores.protocol import AccountSums, LedgerStore

__all__ = ["AccountBalance", "Balances", "balance", "balances"]

_AMOUNTS = ("receivable", "disputed", "unapplied", "deposit", "written_off")


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What one account owes and holds."""

    account_id: str
    receivable: Money
    """Owed and not contested."""
    disputed: Money
    """Owed and contested."""
    unapplied: Money
    """Credit that no debt was matched with yet."""
    deposit: Money
    """Security, which is not part of the balance."""
    written_off: Money
    """Given up and not recovered, which is not part of the balance."""

    @property
    def balance(self) -> Money:
        """``receivable + disputed - unapplied``."""
        return self.receivable + self.disputed - self.unapplied


class Balances(Rows[AccountBalance]):
    """What accounts owe and hold, by name."""

    def _record(self, raw: Any) -> AccountBalance:
        row: AccountSums = raw
        return AccountBalance(
            row.account_id,
            *(Money.from_minor(getattr(row, name), row.currency) for name in _AMOUNTS),
        )

    def _columns(self, raw: Sequence[Any]) -> Mapping[str, Column]:
        rows: Sequence[AccountSums] = raw
        codes = [row.currency for row in rows]
        balance_units = [row.receivable + row.disputed - row.unapplied for row in rows]
        return {
            "account_id": Column(ColumnKind.TEXT, [row.account_id for row in rows]),
            "currency": Column(ColumnKind.TEXT, codes),
            "balance": major_units(balance_units, codes),
            **{name: major_units((getattr(row, name) for row in rows), codes) for name in _AMOUNTS},
        }


def balance(
    store: LedgerStore,
    account_id: str,
    *,
    as_of: date | None = None,
    recorded: datetime | None = None,
) -> Money:
    """Return what an account owes, less what is in credit.

    Parameters
    ----------
    store : LedgerStore
    account_id : str
    as_of : date, optional
        What takes effect on or before this day counts; None sets no limit.
    recorded : datetime, optional
        What was recorded at or before this instant counts.

    Returns
    -------
    Money
        Below zero where the account is in credit; zero before it was opened.

    Raises
    ------
    UnknownAccountError
    ParameterError

    Notes
    -----
    Where nothing came later the answer is kept with the account; otherwise postings are added up.
    """
    known = as_known(as_of, recorded)
    account = customer_account(store, account_id)
    if is_whole(account, known):
        return Money.from_minor(account.balance, account.currency)
    units = sum(
        row.receivable + row.disputed - row.unapplied for row in store.sums([account_id], known)
    )
    return Money.from_minor(units, account.currency)


def balances(
    store: LedgerStore,
    account_ids: Sequence[str] | None = None,
    *,
    as_of: date | None = None,
    recorded: datetime | None = None,
) -> Balances:
    """Return what accounts owe and hold.

    Parameters
    ----------
    store : LedgerStore
    account_ids : sequence of str, optional
        None is all accounts.
    as_of : date, optional
    recorded : datetime, optional

    Returns
    -------
    Balances
        By name; an account that was not open by then has no row.

    Raises
    ------
    UnknownAccountError
    ParameterError
    """
    known = as_known(as_of, recorded)
    found = store.sums(existing_accounts(store, account_ids), known)
    return Balances(row for row in found if row.account_id != BOOKS_ACCOUNT)
