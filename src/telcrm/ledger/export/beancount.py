"""The books as a beancount file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from telcrm.domain import Currency, Money
from telcrm.ledger.export.chart import legal_part
from telcrm.ledger.export.plain_text import Line, described, written_books
from telcrm.ledger.journal import Entry, entry_name
from telcrm.ledger.stores.protocol import LedgerStore

__all__ = ["to_beancount"]


def to_beancount(
    store: LedgerStore, *, as_of: date | None = None, recorded: datetime | None = None
) -> Iterator[str]:
    r"""Yield the books as the lines of a beancount file, so that a program of others checks them.

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
    Each entry with postings is one transaction: its kind is a tag, its command's key a link, its
    name and key stand in the metadata. What customers owe and own has an account for each of them,
    such as ``Assets:Receivable:A-1:Net``; in identifiers, what an account's name cannot hold is
    spelled with two dashes and hexadecimal digits. A ``balance`` directive with tolerance 0 states
    what each account holds on the day after its last entry. The ledger's own account of closed
    periods is left out. beancount does not check what is matched with what, due dates or dunning.

    Examples
    --------
    >>> from telcrm.ledger.ledger import Ledger
    >>> books = Ledger.open("memory://")
    >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
    >>> _ = books.charge(
    ...     "A-1", Money("30", "EUR"), on=date(2026, 2, 1), due=date(2026, 2, 15), key="INV-1"
    ... )
    >>> print(*list(to_beancount(books.store))[4:9], sep="\n")
    2026-02-01 * "charge" #charge ^INV-1
      entry: "A-1:2"
      key: "INV-1"
      Assets:Receivable:A-1:Net  30.00 EUR
      Income:Revenue:Service  -30.00 EUR
    """
    return written_books(store, _Beancount(), as_of, recorded)


class _Beancount:
    def heading(self, remarks: Iterable[str]) -> Iterator[str]:
        for remark in remarks:
            yield f"; {remark}"

    def opened(self, account: str, currencies: Iterable[str], on: date) -> Iterator[str]:
        yield f"{on} open {account} {','.join(currencies)}"

    def transaction(self, entry: Entry, lines: Iterable[Line]) -> Iterator[str]:
        yield ""
        title = _quoted(described(entry))
        yield f"{entry.on} * {title} #{entry.kind} ^{legal_part(entry.key)}"
        yield f"  entry: {_quoted(entry.entry_id)}"
        yield f"  key: {_quoted(entry.key)}"
        if entry.reverses is not None:
            yield f"  reverses: {_quoted(entry_name(entry.account_id, entry.reverses))}"
        for account, units in lines:
            yield f"  {account}  {Money.from_minor(units, entry.currency)}"

    def asserted(self, account: str, balances: Iterable[Money], on: date) -> Iterator[str]:
        for money in balances:
            # Without a tolerance of its own beancount lets a balance be off by one unit.
            yield f"{on} balance {account}  {money.amount:f} ~ 0 {money.currency}"

    def currencies(self, used: Iterable[Currency]) -> Iterator[str]:
        for currency in used:
            yield f'option "operating_currency" "{currency}"'


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
