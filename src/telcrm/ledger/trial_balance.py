"""The trial balance: every general ledger account with its debits and credits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from telcrm.domain import Money
from telcrm.errors import ParameterError
from telcrm.ledger.journal import GlAccount
from telcrm.ledger.rows import Column, ColumnKind, Rows, major_units
from telcrm.ledger.scope import as_known, check_day
from telcrm.ledger.stores.protocol import GlSum, LedgerStore

__all__ = ["TrialBalance", "TrialBalanceLine", "trial_balance"]


@dataclass(frozen=True, slots=True)
class TrialBalanceLine:
    """What was posted to a general ledger account in one currency."""

    gl: GlAccount
    detail: str
    """What divides the account: ``net`` and ``tax`` of what is owed, the kind of revenue."""
    debit: Money
    """Sum of the debits, 0 or more."""
    credit: Money
    """Sum of the credits, 0 or more."""

    @property
    def balance(self) -> Money:
        """``debit - credit``."""
        return self.debit - self.credit


class TrialBalance(Rows[TrialBalanceLine]):
    """Lines by account, detail and currency; in each currency debits and credits are equal."""

    def balance(self, gl: GlAccount | str, currency: str) -> Money:
        """Return the balance of a general ledger account, all its details together.

        Parameters
        ----------
        gl : GlAccount
        currency : str

        Returns
        -------
        Money
            Below zero for a credit balance; zero where nothing was posted.
        """
        units = sum(
            row.debit - row.credit for row in self._raw if (row.gl, row.currency) == (gl, currency)
        )
        return Money.from_minor(units, currency)

    @property
    def totals(self) -> dict[str, Money]:
        """Sum of the debits by currency, which is that of the credits."""
        units: dict[str, int] = {}
        for row in self._raw:
            units[row.currency] = units.get(row.currency, 0) + row.debit
        return {code: Money.from_minor(amount, code) for code, amount in sorted(units.items())}

    def _record(self, raw: Any) -> TrialBalanceLine:
        row: GlSum = raw
        return TrialBalanceLine(
            gl=GlAccount(row.gl),
            detail=row.detail,
            debit=Money.from_minor(row.debit, row.currency),
            credit=Money.from_minor(row.credit, row.currency),
        )

    def _columns(self, raw: Sequence[Any]) -> Mapping[str, Column]:
        rows: Sequence[GlSum] = raw
        codes = [row.currency for row in rows]
        return {
            "gl": Column(ColumnKind.TEXT, [row.gl for row in rows]),
            "detail": Column(ColumnKind.TEXT, [row.detail for row in rows]),
            "currency": Column(ColumnKind.TEXT, codes),
            "debit": major_units((row.debit for row in rows), codes),
            "credit": major_units((row.credit for row in rows), codes),
            "balance": major_units((row.debit - row.credit for row in rows), codes),
        }


def trial_balance(
    store: LedgerStore,
    *,
    as_of: date | None = None,
    since: date | None = None,
    recorded: datetime | None = None,
) -> TrialBalance:
    """Return what was posted to every general ledger account.

    Parameters
    ----------
    store : LedgerStore
    as_of : date, optional
        What takes effect on or before this day counts; None sets no limit.
    since : date, optional
        What takes effect before this day is left out: the turnover of a period, not its balance.
    recorded : datetime, optional
        What was recorded at or before this instant counts; None sets no limit.

    Returns
    -------
    TrialBalance

    Raises
    ------
    ParameterError
        ``since`` is after ``as_of``, or a day or instant is none.
    """
    known = as_known(as_of, recorded)
    if since is not None:
        check_day("since", since)
        if as_of is not None and since > as_of:
            raise ParameterError(
                f"since={since} is after as_of={as_of}: a period ends after it begins.",
                since=since,
                as_of=as_of,
            )
    return TrialBalance(store.gl_sums(known, since=since))
