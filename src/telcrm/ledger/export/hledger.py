"""The books as an hledger journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from urllib.parse import quote

from telcrm.domain import Currency, Money
from telcrm.ledger.export.plain_text import Line, described, written_books
from telcrm.ledger.journal import Entry, entry_name
from telcrm.ledger.stores.protocol import LedgerStore

__all__ = ["to_hledger"]


def to_hledger(
    store: LedgerStore, *, as_of: date | None = None, recorded: datetime | None = None
) -> Iterator[str]:
    r"""Yield the books as the lines of an hledger journal.

    Parameters
    ----------
    store : LedgerStore
    as_of : date, optional
        Entries with effect up to this day; None is all of them.
    recorded : datetime, optional
        Entries recorded up to this instant, aware; None is all of them.

    Yields
    ------
    str
        A line without its line break. No more than one account's journal is held in memory.

    Raises
    ------
    ParameterError
        ``as_of`` is no day, ``recorded`` no aware instant, or an entry takes effect on the last
        day of the calendar.

    Notes
    -----
    Like :func:`to_beancount`, and with the same names of accounts. The entry's name, key and kind
    are tags, in which anything but letters, digits and ``-_.:/+@#`` is percent-encoded. Balance
    assertions stand in transactions without amounts on the day after an account's last entry.

    Examples
    --------
    >>> from telcrm.ledger.ledger import Ledger
    >>> books = Ledger.open("memory://")
    >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
    >>> _ = books.charge(
    ...     "A-1", Money("30", "EUR"), on=date(2026, 2, 1), due=date(2026, 2, 15), key="INV-1"
    ... )
    >>> print(*list(to_hledger(books.store))[5:11], sep="\n")
    2026-02-01 * charge
        ; entry: A-1:2
        ; key: INV-1
        ; kind: charge
        Assets:Receivable:A-1:Net  30.00 EUR
        Income:Revenue:Service  -30.00 EUR
    """
    return written_books(store, _Hledger(), as_of, recorded)


class _Hledger:
    def heading(self, remarks: Iterable[str]) -> Iterator[str]:
        for remark in remarks:
            yield f"; {remark}"
        yield "decimal-mark ."

    def opened(self, account: str, _currencies: Iterable[str], _on: date) -> Iterator[str]:
        yield f"account {account}"

    def transaction(self, entry: Entry, lines: Iterable[Line]) -> Iterator[str]:
        yield ""
        yield f"{entry.on} * {_quoted(described(entry))}"
        yield f"    ; entry: {_quoted(entry.entry_id)}"
        yield f"    ; key: {_quoted(entry.key)}"
        yield f"    ; kind: {entry.kind}"
        if entry.reverses is not None:
            reversed_id = entry_name(entry.account_id, entry.reverses)
            yield f"    ; reverses: {_quoted(reversed_id)}"
        for account, units in lines:
            yield f"    {account}  {Money.from_minor(units, entry.currency)}"

    def asserted(self, account: str, balances: Iterable[Money], on: date) -> Iterator[str]:
        yield f"{on} * balance"
        for money in balances:
            yield f"    {account}  0 {money.currency} = {money}"

    def currencies(self, used: Iterable[Currency]) -> Iterator[str]:
        for currency in used:
            yield f"commodity 1.{'0' * (currency.exponent or 0)} {currency}"


def _quoted(text: str) -> str:
    return quote(text, safe=" -_.:/+@#")
