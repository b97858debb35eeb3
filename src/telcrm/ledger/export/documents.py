"""Bills and payments, read out of an account's entries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Final, NamedTuple

from telcrm.domain import (
    Invoice,
    InvoiceStatus,
    Money,
    Payment,
    PaymentMethod,
    PaymentStatus,
)
from telcrm.ledger.export.history import customer_of
from telcrm.ledger.journal import Entry, EntryKind, GlAccount, ItemKind, ItemOpening

__all__ = ["BillRow", "PaymentRow", "bills", "payments", "record_key"]

_OWED: Final = frozenset({GlAccount.RECEIVABLE.value, GlAccount.DISPUTED.value})
_GIVEN_UP: Final = frozenset({GlAccount.BAD_DEBT.value, GlAccount.RECOVERY.value})
_MONEY_IN: Final = frozenset({EntryKind.PAYMENT.value, EntryKind.RECOVERY.value})
_LONGEST_KEY: Final = 64


class BillRow(NamedTuple):
    """A debt or a credit note, in minor units; all amounts of a credit note are negative."""

    entry_id: str
    document: str | None
    account_id: str
    customer_id: str
    issued_on: date
    due_on: date
    currency: str
    total: int
    tax: int
    moved: int
    """What was moved to other accounts since, below 0."""
    moved_tax: int
    open: int
    """Contested or not."""
    lost: int
    """Written off and not recovered."""

    def as_it_stands(self) -> BillRow:
        """Return the row without what was moved to other accounts."""
        return self._replace(
            total=self.total + self.moved,
            tax=self.tax + self.moved_tax,
            moved=0,
            moved_tax=0,
        )

    def to_record(self, invoice_id: str) -> Invoice:
        """Return the row as a record, under a key."""
        return Invoice(
            invoice_id=invoice_id,
            account_id=self.account_id,
            customer_id=self.customer_id,
            issued_on=self.issued_on,
            due_on=self.due_on,
            total=Money.from_minor(self.total, self.currency),
            tax=Money.from_minor(self.tax, self.currency),
            open_amount=Money.from_minor(self.open, self.currency),
            status=self.status,
        )

    @property
    def status(self) -> InvoiceStatus:
        """Whether it is settled: by money, credit, or a move to another account."""
        if not self.open and not self.lost:
            return InvoiceStatus.SETTLED
        if self.open + self.lost == self.total:
            return InvoiceStatus.SENT
        return InvoiceStatus.PARTIALLY_PAID


class PaymentRow(NamedTuple):
    """Money received, in minor units."""

    entry_id: str
    kind: str
    """Of the entry."""
    document: str | None
    account_id: str
    customer_id: str
    paid_on: date
    currency: str
    amount: int
    method: str | None
    status: PaymentStatus

    def to_record(self) -> Payment:
        """Return the row as a record."""
        return Payment(
            payment_id=record_key(self.entry_id),
            account_id=self.account_id,
            customer_id=self.customer_id,
            paid_on=self.paid_on,
            amount=Money.from_minor(self.amount, self.currency),
            method=None if self.method is None else PaymentMethod(self.method),
            status=self.status,
            reference=self.document,
        )


def bills(entries: Sequence[Entry]) -> Iterator[BillRow]:
    """Yield the debts and credit notes of an account that were not taken back.

    Parameters
    ----------
    entries : sequence of Entry
        Of one account, by number, the opening first.

    Yields
    ------
    BillRow
    """
    sums: defaultdict[tuple[int, str], int] = defaultdict(int)
    kinds = {entry.seq: entry.kind for entry in entries}
    for entry in entries:
        what = kinds.get(entry.reverses, "") if entry.reverses is not None else entry.kind
        transfers = what == EntryKind.TRANSFER
        for gl, detail, item, _, amount in entry.postings:
            if item is None:
                continue
            sums[item, gl] += amount
            if transfers and item != entry.seq and gl == GlAccount.RECEIVABLE:
                sums[item, "moved"] += amount
                if detail == "tax":
                    sums[item, "moved tax"] += amount
    customer_id = customer_of(entries)
    taken_back = {entry.reverses for entry in entries}
    for entry in entries:
        opening = entry.opens
        if opening is None or entry.seq in taken_back:
            continue
        if ItemKind(opening.kind).is_debt:
            yield _debt(entry, opening, customer_id, sums)
        elif entry.kind == EntryKind.CREDIT_NOTE:
            yield _credit_note(entry, opening, customer_id, sums)


def payments(entries: Sequence[Entry]) -> Iterator[PaymentRow]:
    """Yield the payments of an account, and what was recovered of written-off debts.

    Parameters
    ----------
    entries : sequence of Entry
        Of one account, by number, the opening first.

    Yields
    ------
    PaymentRow
        What was taken back is canceled.
    """
    customer_id = customer_of(entries)
    taken_back = {entry.reverses for entry in entries}
    for entry in entries:
        if entry.kind in _MONEY_IN:
            yield PaymentRow(
                entry_id=entry.entry_id,
                kind=entry.kind,
                document=entry.opens.document if entry.opens else None,
                account_id=entry.account_id,
                customer_id=customer_id,
                paid_on=entry.on,
                currency=entry.currency,
                amount=entry.total(GlAccount.CASH).minor_units,
                method=(entry.command or {}).get("method"),
                status=(PaymentStatus.CANCELED if entry.seq in taken_back else PaymentStatus.DONE),
            )


def record_key(name: str) -> str:
    """Return the name of an entry as a key of a record, which has at most 64 characters.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
        The name itself, or its beginning and a digest where it is longer.

    Examples
    --------
    >>> record_key("A-1:7")
    'A-1:7'
    >>> len(record_key("A" * 64 + ":7"))
    64
    """
    if len(name) <= _LONGEST_KEY:
        return name
    digest = sha256(name.encode()).hexdigest()[:16]
    return f"{name[: _LONGEST_KEY - 17]}~{digest}"


_Sums = Mapping[tuple[int, str], int]


def _debt(entry: Entry, opening: ItemOpening, customer_id: str, sums: _Sums) -> BillRow:
    due_on = opening.due_on or entry.on
    return BillRow(
        entry_id=entry.entry_id,
        document=opening.document,
        account_id=entry.account_id,
        customer_id=customer_id,
        # What comes from another account may have been due before it came.
        issued_on=min(entry.on, due_on),
        due_on=due_on,
        currency=entry.currency,
        total=opening.amount,
        tax=sum(
            posting.amount
            for posting in entry.postings
            if posting.gl == GlAccount.RECEIVABLE and posting.detail == "tax"
        ),
        moved=sums[entry.seq, "moved"],
        moved_tax=sums[entry.seq, "moved tax"],
        open=sum(sums[entry.seq, gl] for gl in _OWED),
        lost=sum(sums[entry.seq, gl] for gl in _GIVEN_UP),
    )


def _credit_note(entry: Entry, opening: ItemOpening, customer_id: str, sums: _Sums) -> BillRow:
    return BillRow(
        entry_id=entry.entry_id,
        document=opening.document,
        account_id=entry.account_id,
        customer_id=customer_id,
        issued_on=entry.on,
        due_on=entry.on,
        currency=entry.currency,
        total=-opening.amount,
        tax=-entry.total(GlAccount.TAX).minor_units,
        moved=0,
        moved_tax=0,
        open=sums[entry.seq, GlAccount.UNAPPLIED],
        lost=0,
    )
