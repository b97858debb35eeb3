"""The statement of an account: what it owed, what happened, what it owes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from html import escape
from itertools import accumulate
from typing import Any, Final, NamedTuple

from telcrm.domain import Money
from telcrm.errors import ParameterError
from telcrm.ledger.journal import Entry, EntryKind, GlAccount
from telcrm.ledger.rows import Backend, Column, ColumnKind, Rows, major_units
from telcrm.ledger.scope import as_known, check_day, customer_account
from telcrm.ledger.stores.protocol import LedgerStore

__all__ = ["Statement", "StatementGroup", "StatementLine", "StatementLines", "statement"]


class StatementGroup(StrEnum):
    """Which sum of the statement a line belongs to; a reversal belongs to what it takes back."""

    CHARGE = "charge"
    """Charges, late fees and interest."""
    PAYMENT = "payment"
    """Payments, refunds, deposits used."""
    ADJUSTMENT = "adjustment"
    """Credit notes, write-offs, small balances, debts and credit moved between accounts."""


_GROUPS: Final = {
    EntryKind.CHARGE: StatementGroup.CHARGE,
    EntryKind.PAYMENT: StatementGroup.PAYMENT,
    EntryKind.REFUND: StatementGroup.PAYMENT,
    EntryKind.DEPOSIT_USED: StatementGroup.PAYMENT,
    # Moves the balance only where a deposit that was used is taken back.
    EntryKind.DEPOSIT_TAKEN: StatementGroup.PAYMENT,
}
_BALANCE: Final = frozenset({GlAccount.RECEIVABLE, GlAccount.DISPUTED, GlAccount.UNAPPLIED})


@dataclass(frozen=True, slots=True)
class StatementLine:
    """An entry that moved the balance."""

    entry_id: str
    on: date
    """Effective date."""
    recorded_at: datetime
    kind: EntryKind
    group: StatementGroup
    document: str | None
    """The invoice or other paper; of a reversal that of what it takes back."""
    text: str
    """The reason that was given, or the invoice lines; empty where nothing was said."""
    amount: Money
    """Below zero where the customer owes less for it."""
    balance: Money
    """What was owed after it."""


class _Row(NamedTuple):
    entry: Entry
    group: StatementGroup
    document: str | None
    amount: int
    balance: int


class StatementLines(Rows[StatementLine]):
    """The lines of a statement, by effective date and number."""

    def __init__(self, rows: Iterable[_Row], *, currency: str) -> None:
        super().__init__(rows)
        self._currency = currency

    def _record(self, raw: Any) -> StatementLine:
        row: _Row = raw
        entry = row.entry
        return StatementLine(
            entry_id=entry.entry_id,
            on=entry.on,
            recorded_at=entry.recorded_at,
            kind=EntryKind(entry.kind),
            group=row.group,
            document=row.document,
            text=_text(entry),
            amount=Money.from_minor(row.amount, self._currency),
            balance=Money.from_minor(row.balance, self._currency),
        )

    def _columns(self, raw: Sequence[Any]) -> Mapping[str, Column]:
        rows: Sequence[_Row] = raw
        codes = [self._currency] * len(rows)
        text = ColumnKind.TEXT
        return {
            "entry_id": Column(text, [row.entry.entry_id for row in rows]),
            "on": Column(ColumnKind.DAY, [row.entry.on for row in rows]),
            "recorded_at": Column(ColumnKind.INSTANT, [row.entry.recorded_at for row in rows]),
            "kind": Column(text, [row.entry.kind for row in rows]),
            "group": Column(text, [row.group.value for row in rows]),
            "document": Column(text, [row.document for row in rows]),
            "text": Column(text, [_text(row.entry) for row in rows]),
            "currency": Column(text, codes),
            "amount": major_units((row.amount for row in rows), codes),
            "balance": major_units((row.balance for row in rows), codes),
        }


@dataclass(frozen=True, slots=True)
class Statement:
    """What an account owed, what happened from a day to a day, and what it owes.

    ``opening + charges + payments + adjustments`` is ``closing``, which is the opening of the
    statement that begins on the day after ``end``.
    """

    account_id: str
    start: date
    """First effective date."""
    end: date
    """Last effective date."""
    opening: Money
    """Owed, less credit, when ``start`` began."""
    charges: Money
    """Sum of the charges, less those that were reversed."""
    payments: Money
    """Sum of payments, refunds and deposits used; below zero where money came in."""
    adjustments: Money
    """Sum of credit notes, write-offs and what else is no charge and no payment."""
    closing: Money
    """Owed, less credit, when ``end`` was over."""
    lines: StatementLines

    @property
    def currency(self) -> str:
        """Of all amounts."""
        return self.opening.currency.code

    def __repr__(self) -> str:
        return (
            f"Statement({self.account_id!r}, {self.start} to {self.end}, opening {self.opening}, "
            f"{len(self.lines)} lines, closing {self.closing})"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.lines._repr_html_()}"

    def to_frame(self, *, backend: Backend | str = Backend.POLARS) -> Any:
        """Return the lines as a frame.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            Amounts are floats in major units, beside a column ``currency``.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        return self.lines.to_frame(backend=backend)


def statement(
    store: LedgerStore,
    account_id: str,
    *,
    start: date,
    end: date,
    recorded: datetime | None = None,
) -> Statement:
    """Return what happened to the balance of an account from a day to a day.

    Parameters
    ----------
    store : LedgerStore
    account_id : str
    start, end : date
        First and last effective date.
    recorded : datetime, optional
        What was recorded at or before this instant counts; None sets no limit. A statement that
        was sent is had again with the instant at which it was made.

    Returns
    -------
    Statement
        A line for each entry that moved the balance. Matches, disputes, deposits taken, promises
        and dunning do not.

    Raises
    ------
    UnknownAccountError
    ParameterError
        The end is before the start, or a day or instant is none.
    """
    check_day("start", start)
    check_day("end", end)
    if end < start:
        raise ParameterError(
            f"the statement of {account_id} ends on {end}, before it starts on {start}.",
            start=start,
            end=end,
        )
    known = as_known(end, recorded)
    account = customer_account(store, account_id)

    def money(units: int) -> Money:
        return Money.from_minor(units, account.currency)

    journal = store.entries(account_id, known)
    by_number = {entry.seq: entry for entry in journal}
    moved = [(entry, amount) for entry in journal if (amount := _moved(entry))]
    opening = sum(amount for entry, amount in moved if entry.on < start)
    shown = sorted(
        ((entry, amount) for entry, amount in moved if entry.on >= start),
        key=lambda pair: (pair[0].on, pair[0].seq),
    )
    running = accumulate((amount for _, amount in shown), initial=opening)
    next(running)
    rows = [
        _Row(entry, _group(source), _document(source), amount, balance)
        for (entry, amount), balance in zip(shown, running, strict=True)
        for source in [_source(entry, by_number)]
    ]
    sums = dict.fromkeys(StatementGroup, 0)
    for row in rows:
        sums[row.group] += row.amount
    return Statement(
        account_id=account_id,
        start=start,
        end=end,
        opening=money(opening),
        charges=money(sums[StatementGroup.CHARGE]),
        payments=money(sums[StatementGroup.PAYMENT]),
        adjustments=money(sums[StatementGroup.ADJUSTMENT]),
        closing=money(opening + sum(sums.values())),
        lines=StatementLines(rows, currency=account.currency),
    )


def _moved(entry: Entry) -> int:
    return sum(posting.amount for posting in entry.postings if posting.gl in _BALANCE)


def _source(entry: Entry, by_number: Mapping[int, Entry]) -> Entry:
    return by_number.get(entry.reverses or entry.seq, entry)


def _group(entry: Entry) -> StatementGroup:
    return _GROUPS.get(EntryKind(entry.kind), StatementGroup.ADJUSTMENT)


def _document(entry: Entry) -> str | None:
    return entry.opens.document if entry.opens else None


def _text(entry: Entry) -> str:
    said = entry.command
    if said is None:
        return str(entry.facts.get("because", ""))
    if said.get("reason"):
        return str(said["reason"])
    return "; ".join(line["description"] for line in said.get("lines", ()))
