"""Charges and credit notes: what was sold, and what of it is taken back."""

from __future__ import annotations

from telcrm.domain import InvoiceLine, InvoiceLineKind, Money
from telcrm.ledger.booking.credits import book_credit
from telcrm.ledger.booking.matching import DEBTS, apply_unapplied
from telcrm.ledger.booking.open_books import OpenBooks
from telcrm.ledger.commands import Charge, CreditNote
from telcrm.ledger.journal import EntryKind, GlAccount, ItemKind, ItemOpening, Posting

__all__ = ["book_charge", "book_credit_note", "post_charge"]

_INCOME_OF_NATURE = {
    ItemKind.SERVICE: (GlAccount.REVENUE.value, "service"),
    ItemKind.FEE: (GlAccount.FEE_INCOME.value, ""),
    ItemKind.INTEREST: (GlAccount.INTEREST_INCOME.value, ""),
}
_INCOME_OF_LINE = {
    InvoiceLineKind.FEE: (GlAccount.FEE_INCOME.value, ""),
    InvoiceLineKind.INTEREST: (GlAccount.INTEREST_INCOME.value, ""),
}


def book_charge(books: OpenBooks, command: Charge) -> None:
    """Debit an account; credit that waits there meets the new debt."""
    account = books.account(command.account_id)
    units = books.units(account, command.amount)
    if command.about is not None:
        books.resolve(account.account_id, command.about, *DEBTS)
    tax = _tax(command.tax, command.lines)
    number = account.seq + 1
    postings = []
    if units - tax:
        postings.append(Posting("receivable", "net", number, None, units - tax))
    if tax:
        postings.append(Posting("receivable", "tax", number, None, tax))
    postings += _income(command.lines, *_INCOME_OF_NATURE[command.nature], -(units - tax), -1)
    if tax:
        postings.append(Posting("tax", "", None, None, -tax))
    opens = ItemOpening(command.nature.value, command.document, command.due_on, units)
    books.post(account, EntryKind.CHARGE, postings, on=command.on, opens=opens)
    apply_unapplied(books, account, command.on)


def post_charge(
    books: OpenBooks, account_id: str, amount: Money, *, command: Charge, body: str
) -> None:
    """Post a charge that follows from another command."""
    account = books.account(account_id)
    units = books.units(account, amount)
    gl, detail = _INCOME_OF_NATURE[command.nature]
    postings = [
        Posting("receivable", "net", account.seq + 1, None, units),
        Posting(gl, detail, None, None, -units),
    ]
    opens = ItemOpening(command.nature.value, command.document, command.due_on, units)
    books.post(account, EntryKind.CHARGE, postings, on=command.on, opens=opens, body=body)


def book_credit_note(books: OpenBooks, command: CreditNote) -> None:
    """Take back what was charged; what is left of the note waits for the next debt."""
    account = books.account(command.account_id)
    units = books.units(account, command.amount)
    tax = _tax(command.tax, command.lines)
    contra = _income(command.lines, "revenue", "adjustment", units - tax, 1)
    if tax:
        contra.append(Posting("tax", "", None, None, tax))
    book_credit(books, EntryKind.CREDIT_NOTE, command, contra)


def _tax(tax: Money | None, lines: tuple[InvoiceLine, ...]) -> int:
    if tax is not None:
        return tax.minor_units
    return sum(line.tax.minor_units for line in lines)


def _income(
    lines: tuple[InvoiceLine, ...], gl: str, detail: str, net: int, sign: int
) -> list[Posting]:
    if not lines:
        return [Posting(gl, detail, None, None, net)] if net else []
    sums: dict[tuple[str, str], int] = {}
    for line in lines:
        income = _INCOME_OF_LINE.get(line.kind, ("revenue", line.kind.value))
        sums[income] = sums.get(income, 0) + sign * line.net.minor_units
    return [Posting(*income, None, None, units) for income, units in sums.items() if units]
