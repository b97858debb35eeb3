"""Bills, payments and accounts of the books as TM Forum JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from telcrm.domain import AccountState, BillingAccount, Currency, Money, PaymentMode
from telcrm.domain.tmf import write_billing_account, write_customer_bill, write_payment
from telcrm.domain.tmf.amounts import tmf_money
from telcrm.errors import UnknownAccountError, UnknownEntryError, UnknownItemError
from telcrm.ledger.export.documents import bills, payments, record_key
from telcrm.ledger.export.history import customer_of, history, terms_of
from telcrm.ledger.journal import Entry, EntryKind, GlAccount, split_entry_name
from telcrm.ledger.matches import Match, matches
from telcrm.ledger.scope import as_known
from telcrm.ledger.stores.protocol import AsOf, LedgerStore

__all__ = ["account_balance", "bill", "payment"]

_MONEY: Final = frozenset({EntryKind.PAYMENT, EntryKind.DEPOSIT_TAKEN})
_BALANCES: Final = {
    "ReceivableBalance": (GlAccount.RECEIVABLE, GlAccount.DISPUTED, GlAccount.UNAPPLIED),
    "DisputedBalance": (GlAccount.DISPUTED,),
    "UnappliedBalance": (GlAccount.UNAPPLIED,),
    "DepositBalance": (GlAccount.DEPOSIT,),
}
"""What is owed is positive; credit and deposits are negative."""


def bill(
    store: LedgerStore,
    item_id: str,
    *,
    as_of: date | None = None,
    recorded: datetime | None = None,
) -> dict[str, Any]:
    """Return a debt or a credit note as a TMF678 CustomerBill.

    Parameters
    ----------
    store : LedgerStore
    item_id : str
        Name of the item: that of the entry which opened it.
    as_of : date, optional
        Entries with effect up to this day; None is all of them.
    recorded : datetime, optional
        Entries recorded up to this instant, aware; None is all of them.

    Returns
    -------
    dict
        Ready for ``json.dumps``. ``id`` is the item's name, ``billNo`` its document,
        ``remainingAmount`` what is open, contested or not; ``appliedPayment`` lists payments and
        deposits, not credit notes. Of a credit note all amounts are negative.

    Raises
    ------
    UnknownAccountError, UnknownEntryError, UnknownItemError
        There is none of this name, it is no debt and no credit note, or it was taken back.
    ParameterError
        ``as_of`` is no day, or ``recorded`` no aware instant.
    TmfError
        An amount has no exact JSON number.

    Examples
    --------
    >>> from telcrm.ledger.ledger import Ledger
    >>> books = Ledger.open("memory://")
    >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
    >>> invoice = books.charge(
    ...     "A-1", Money("30", "EUR"), on=date(2026, 2, 1), due=date(2026, 2, 15), key="INV-1"
    ... )
    >>> _ = books.pay("A-1", Money("10", "EUR"), on=date(2026, 2, 9), key="bank-1")
    >>> written = bill(books.store, invoice.item_id)
    >>> written["state"], written["remainingAmount"]
    ('partiallyPaid', {'unit': 'EUR', 'value': 20})
    """
    entries = _entries(store, item_id, as_known(as_of, recorded))
    row = next((row for row in bills(entries) if row.entry_id == item_id), None)
    if row is None:
        raise UnknownItemError(
            f"{item_id} is no debt and no credit note, or was taken back: open_items and the "
            "journal name those that are there.",
            item=item_id,
        )
    settled = matches(store, row.account_id, item=item_id, as_of=as_of, recorded=recorded)
    applied = [
        {
            "appliedAmount": tmf_money(match.amount),
            "payment": {"id": record_key(match.credit_id), "@referredType": "Payment"},
        }
        for match in settled
        if match.credit_kind in _MONEY
    ]
    beside: dict[str, Any] = {"appliedPayment": applied} if applied else {}
    if row.document is not None:
        beside["billNo"] = row.document
    return write_customer_bill(row.to_record(record_key(item_id)), unknown=beside)


def payment(
    store: LedgerStore,
    entry_id: str,
    *,
    as_of: date | None = None,
    recorded: datetime | None = None,
) -> dict[str, Any]:
    """Return a payment, or what was recovered of written-off debts, as a TMF676 Payment.

    Parameters
    ----------
    store : LedgerStore
    entry_id : str
    as_of : date, optional
        Entries with effect up to this day; None is all of them.
    recorded : datetime, optional
        Entries recorded up to this instant, aware; None is all of them.

    Returns
    -------
    dict
        Ready for ``json.dumps``. A payment that was taken back is ``canceled``; ``paymentItem``
        lists the debts that it settles.

    Raises
    ------
    UnknownAccountError, UnknownEntryError
        There is none of this name, or it is no payment.
    ParameterError
        ``as_of`` is no day, or ``recorded`` no aware instant.
    TmfError
        An amount has no exact JSON number.

    Examples
    --------
    >>> from telcrm.ledger.ledger import Ledger
    >>> books = Ledger.open("memory://")
    >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
    >>> paid = books.pay(
    ...     "A-1", Money("10", "EUR"), on=date(2026, 2, 9), key="bank-1", method="cash"
    ... )
    >>> payment(books.store, paid.entry_id)["paymentMethod"]
    {'@referredType': 'Cash'}
    """
    entries = _entries(store, entry_id, as_known(as_of, recorded))
    row = next((row for row in payments(entries) if row.entry_id == entry_id), None)
    if row is None:
        raise UnknownEntryError(
            f"{entry_id} is no payment: the journal tells what it is.", entry=entry_id
        )
    settled: tuple[Match, ...] = ()
    if row.kind == EntryKind.PAYMENT:
        settled = matches(store, row.account_id, item=entry_id, as_of=as_of, recorded=recorded)
    items = [
        {
            "amount": tmf_money(match.amount),
            "item": {"id": record_key(match.debt_id), "@referredType": "CustomerBill"},
        }
        for match in settled
    ]
    return write_payment(row.to_record(), unknown={"paymentItem": items} if items else None)


def account_balance(
    store: LedgerStore,
    account_id: str,
    *,
    as_of: date | None = None,
    recorded: datetime | None = None,
) -> dict[str, Any]:
    """Return an account with its balances as a TMF666 BillingAccount.

    Parameters
    ----------
    store : LedgerStore
    account_id : str
    as_of : date, optional
        Entries with effect up to this day; None is all of them.
    recorded : datetime, optional
        Entries recorded up to this instant, aware; None is all of them.

    Returns
    -------
    dict
        Ready for ``json.dumps``. ``ReceivableBalance`` is the balance: what is owed, contested or
        not, less unapplied credit. ``DisputedBalance`` and ``UnappliedBalance`` (negative) are
        parts of it, ``DepositBalance`` (negative) stands beside it.

    Raises
    ------
    UnknownAccountError
        There is no such account, or it was not yet opened.
    ParameterError
        ``as_of`` is no day, or ``recorded`` no aware instant.
    TmfError
        An amount has no exact JSON number.

    Examples
    --------
    >>> from telcrm.ledger.ledger import Ledger
    >>> books = Ledger.open("memory://")
    >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
    >>> _ = books.pay("A-1", Money("10", "EUR"), on=date(2026, 2, 9), key="bank-1")
    >>> account_balance(books.store, "A-1")["accountBalance"][0]
    {'balanceType': 'ReceivableBalance', 'amount': {'unit': 'EUR', 'value': -10}}
    """
    entries = _known(store, account_id, as_known(as_of, recorded))
    opening, terms = entries[0], terms_of(entries)
    limit = terms.get("credit_limit")
    closed_on = next((entry.on for entry in entries if entry.kind == EntryKind.CLOSE_ACCOUNT), None)
    record = BillingAccount(
        account_id=account_id,
        customer_id=customer_of(entries),
        name=account_id,
        payment_mode=PaymentMode.POSTPAID,
        currency=Currency(opening.currency),
        state=AccountState.ACTIVE if closed_on is None else AccountState.CLOSED,
        credit_limit=None if limit is None else Money(limit["amount"], limit["currency"]),
        opened_on=opening.on,
        closed_on=closed_on,
    )
    balances = [
        {"balanceType": name, "amount": tmf_money(_held(entries, accounts))}
        for name, accounts in _BALANCES.items()
    ]
    return write_billing_account(record, unknown={"accountBalance": balances})


def _entries(store: LedgerStore, entry_id: str, as_of: AsOf) -> list[Entry]:
    account_id, _ = split_entry_name(entry_id)
    return _known(store, account_id, as_of)


def _known(store: LedgerStore, account_id: str, as_of: AsOf) -> list[Entry]:
    entries = history(store, account_id, as_of)
    if not entries:
        raise UnknownAccountError(
            f"there is no account {account_id!r:.80}, or it was not yet opened then.",
            account=account_id,
        )
    return entries


def _held(entries: Sequence[Entry], accounts: Sequence[GlAccount]) -> Money:
    return Money.sum((entry.total(*accounts) for entry in entries), currency=entries[0].currency)
