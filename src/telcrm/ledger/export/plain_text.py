"""Books as plain-text accounting: what beancount and hledger have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol

from telcrm.domain import Currency, Money
from telcrm.errors import ParameterError
from telcrm.ledger.export.chart import account_name, shared
from telcrm.ledger.export.history import histories
from telcrm.ledger.journal import Entry
from telcrm.ledger.scope import as_known
from telcrm.ledger.stores.protocol import LedgerStore

__all__ = ["Dialect", "Line", "described", "written_books"]

_DAY = timedelta(days=1)


class Line(NamedTuple):
    """One line of a transaction."""

    account: str
    units: int
    """Minor units; a debit is positive."""


class Dialect(Protocol):
    """How one program wants it written."""

    def heading(self, remarks: Iterable[str]) -> Iterator[str]:
        """Yield what stands at the top."""

    def opened(self, account: str, currencies: Iterable[str], on: date) -> Iterator[str]:
        """Yield the declaration of an account."""

    def transaction(self, entry: Entry, lines: Iterable[Line]) -> Iterator[str]:
        """Yield an entry."""

    def asserted(self, account: str, balances: Iterable[Money], on: date) -> Iterator[str]:
        """Yield the claim that an account holds some amounts when a day begins."""

    def currencies(self, used: Iterable[Currency]) -> Iterator[str]:
        """Yield the declaration of the currencies of the books."""


def written_books(
    store: LedgerStore, dialect: Dialect, as_of: date | None, recorded: datetime | None
) -> Iterator[str]:
    """Yield the lines of the books, each without its line break.

    Parameters
    ----------
    store : LedgerStore
    dialect : Dialect
    as_of : date or None
    recorded : datetime or None

    Yields
    ------
    str

    Raises
    ------
    ParameterError
        ``as_of`` is no day, ``recorded`` no aware instant, or an entry takes effect on the last
        day of the calendar.
    """
    knowledge = as_known(as_of, recorded)
    remarks = [f"Ledger of telcrm, tenant {store.tenant!a}"]
    if as_of is not None:
        remarks.append(f"Entries with effect up to {as_of}")
    if recorded is not None:
        remarks.append(f"Entries recorded up to {recorded.isoformat()}")
    yield from dialect.heading(remarks)
    of_all = _Sums()
    for entries in histories(store, knowledge):
        own = _Sums()
        posted = []
        for entry in sorted(entries, key=lambda entry: (entry.on, entry.seq)):
            lines = []
            for posting in entry.postings:
                line = Line(account_name(posting, entry.account_id), posting.amount)
                (of_all if shared(posting) else own).add(line, entry)
                lines.append(line)
            if lines:
                posted.append((entry, lines))
        if posted:
            yield from own.opened(dialect)
            for entry, lines in posted:
                yield from dialect.transaction(entry, lines)
            yield from own.asserted(dialect)
    yield from of_all.opened(dialect)
    yield from of_all.asserted(dialect)
    yield ""
    yield from dialect.currencies(of_all.currencies())


def described(entry: Entry) -> str:
    """Return in a few words what an entry is: its kind, and the document that it is known by."""
    words = entry.kind.replace("_", " ")
    return f"{words} {entry.opens.document}" if entry.opens and entry.opens.document else words


class _Sums:
    """What some accounts hold, and the days of their first and last entries."""

    def __init__(self) -> None:
        self._units: dict[str, dict[str, int]] = {}
        self._first: dict[str, date] = {}
        self._last: dict[str, date] = {}

    def add(self, line: Line, entry: Entry) -> None:
        account, on = line.account, entry.on
        units = self._units.setdefault(account, {})
        units[entry.currency] = units.get(entry.currency, 0) + line.units
        self._first[account] = min(on, self._first.get(account, on))
        self._last[account] = max(on, self._last.get(account, on))

    def currencies(self) -> list[Currency]:
        codes = {code for units in self._units.values() for code in units}
        return [Currency(code) for code in sorted(codes)]

    def opened(self, dialect: Dialect) -> Iterator[str]:
        yield ""
        for account in sorted(self._units):
            yield from dialect.opened(account, sorted(self._units[account]), self._first[account])

    def asserted(self, dialect: Dialect) -> Iterator[str]:
        yield ""
        for account, units in sorted(self._units.items()):
            last = self._last[account]
            if last == date.max:
                raise ParameterError(
                    f"{account} has an entry with effect on {last}, and no day after it to state "
                    "its balance on. Export the books as of an earlier day.",
                    account=account,
                )
            balances = [Money.from_minor(units[currency], currency) for currency in sorted(units)]
            yield from dialect.asserted(account, balances, last + _DAY)
