"""The books as canonical tables, for KPIs, segments and reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from telcrm.domain import Invoice, Payment
from telcrm.ledger.export.documents import BillRow, PaymentRow, bills, payments, record_key
from telcrm.ledger.export.history import histories
from telcrm.ledger.rows import Backend, Column, ColumnKind, Rows, major_units
from telcrm.ledger.scope import as_known
from telcrm.ledger.stores.protocol import LedgerStore

__all__ = ["to_tables"]


def to_tables(
    store: LedgerStore,
    *,
    as_of: date | None = None,
    recorded: datetime | None = None,
    backend: Backend | str = Backend.POLARS,
) -> dict[str, Any]:
    """Return the books as the canonical tables ``invoices`` and ``payments``.

    Parameters
    ----------
    store : LedgerStore
    as_of : date, optional
        Entries with effect up to this day; None is all of them.
    recorded : datetime, optional
        Entries recorded up to this instant, aware; None is all of them.
    backend : {"polars", "pandas", "pyarrow"}

    Returns
    -------
    dict of str to frame
        They keep the contracts of :mod:`telcrm.tables`; with accounts in several currencies,
        validate them with ``allow_mixed_currencies=True``. Amounts are floats in major units.

    Raises
    ------
    ParameterError
        ``as_of`` is no day, ``recorded`` no aware instant, or the backend is not known.
    MissingExtraError
        The backend is not installed.

    Notes
    -----
    ``customer_id`` is the account's party, or the account where it has none. An invoice is a debt;
    its ``invoice_id`` is its document if no other row has it, else the name of its entry.
    ``open_amount`` is what is open, contested or not; what was written off is not, and leaves the
    invoice unsettled. A credit note is an invoice with negative amounts, due when it is issued.
    A debt that was moved to another account counts there with what was moved, and here with the
    rest. Charges and credit notes that were taken back are left out; payments that were taken back
    are ``canceled``. Recoveries of written-off debts are payments; deposits are none.

    Examples
    --------
    >>> from telcrm.domain import Money
    >>> from telcrm.ledger.ledger import Ledger
    >>> books = Ledger.open("memory://")
    >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
    >>> _ = books.charge(
    ...     "A-1", Money("30", "EUR"), on=date(2026, 2, 1), due=date(2026, 2, 15), key="INV-1"
    ... )
    >>> _ = books.pay("A-1", Money("10", "EUR"), on=date(2026, 2, 9), key="bank-1")
    >>> to_tables(books.store)["invoices"].select("invoice_id", "total", "open_amount").row(0)
    ('A-1:2', 30.0, 20.0)
    """
    invoices: list[BillRow] = []
    received: list[PaymentRow] = []
    for entries in histories(store, as_known(as_of, recorded)):
        invoices += (row for row in map(BillRow.as_it_stands, bills(entries)) if row.total)
        received += payments(entries)
    return {
        "invoices": _Invoices(_with_keys(invoices)).to_frame(backend=backend),
        "payments": _Payments(received).to_frame(backend=backend),
    }


def _with_keys(rows: Iterable[BillRow]) -> Iterator[tuple[str, BillRow]]:
    used: set[str] = set()
    for row in rows:
        name = record_key(row.entry_id)
        key = row.document if row.document and row.document not in used else name
        if key in used:
            # The document of another row is spelled like the name of this one's entry.
            key = record_key(row.entry_id.ljust(65, "~"))
        used.add(key)
        yield key, row


class _Invoices(Rows[Invoice]):
    def _record(self, raw: tuple[str, BillRow]) -> Invoice:
        key, row = raw
        return row.to_record(key)

    def _columns(self, raw: Sequence[tuple[str, BillRow]]) -> Mapping[str, Column]:
        rows = [row for _, row in raw]
        currencies = [row.currency for row in rows]
        return {
            "invoice_id": Column(ColumnKind.TEXT, [key for key, _ in raw]),
            "account_id": Column(ColumnKind.TEXT, [row.account_id for row in rows]),
            "customer_id": Column(ColumnKind.TEXT, [row.customer_id for row in rows]),
            "issued_on": Column(ColumnKind.DAY, [row.issued_on for row in rows]),
            "due_on": Column(ColumnKind.DAY, [row.due_on for row in rows]),
            "total": major_units((row.total for row in rows), currencies),
            "tax": major_units((row.tax for row in rows), currencies),
            "open_amount": major_units((row.open for row in rows), currencies),
            "status": Column(ColumnKind.TEXT, [row.status.value for row in rows]),
            "currency": Column(ColumnKind.TEXT, currencies),
        }


class _Payments(Rows[Payment]):
    def _record(self, raw: PaymentRow) -> Payment:
        return raw.to_record()

    def _columns(self, raw: Sequence[PaymentRow]) -> Mapping[str, Column]:
        currencies = [row.currency for row in raw]
        return {
            "payment_id": Column(ColumnKind.TEXT, [record_key(row.entry_id) for row in raw]),
            "account_id": Column(ColumnKind.TEXT, [row.account_id for row in raw]),
            "customer_id": Column(ColumnKind.TEXT, [row.customer_id for row in raw]),
            "paid_on": Column(ColumnKind.DAY, [row.paid_on for row in raw]),
            "amount": major_units((row.amount for row in raw), currencies),
            "method": Column(ColumnKind.TEXT, [row.method for row in raw]),
            "status": Column(ColumnKind.TEXT, [row.status.value for row in raw]),
            "currency": Column(ColumnKind.TEXT, currencies),
        }
