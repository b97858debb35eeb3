"""Which credit settled which debt, and by how much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from telcrm.domain import Money
from telcrm.errors import UnknownItemError
from telcrm.ledger.journal import Entry, EntryKind, GlAccount, entry_name, split_entry_name
from telcrm.ledger.scope import as_known, customer_account
from telcrm.ledger.stores.protocol import LedgerStore

__all__ = ["Match", "matches"]


@dataclass(frozen=True, slots=True)
class Match:
    """A credit or deposit and a debt that it settled, in part or in full."""

    debt_id: str
    """Name of the debt."""
    debt_document: str | None
    credit_id: str
    """Name of the payment, credit note, offset or deposit."""
    credit_kind: EntryKind
    """Kind of the entry that opened it."""
    credit_document: str | None
    amount: Money
    """Above zero."""
    on: date
    """Effective date of the last entry that changed it."""


def matches(
    store: LedgerStore,
    account_id: str,
    *,
    item: str | None = None,
    as_of: date | None = None,
    recorded: datetime | None = None,
) -> tuple[Match, ...]:
    """Return the matches of an account, or those of one of its items.

    Parameters
    ----------
    store : LedgerStore
    account_id : str
    item : str, optional
        Name of a debt, a credit or a deposit; None is all of them.
    as_of : date, optional
        What takes effect on or before this day counts; None sets no limit.
    recorded : datetime, optional
        What was recorded at or before this instant counts.

    Returns
    -------
    tuple of Match
        By number of the debt, then of the credit. What was undone is not there.

    Raises
    ------
    UnknownAccountError, UnknownItemError, UnknownEntryError
    ParameterError
    """
    known = as_known(as_of, recorded)
    account = customer_account(store, account_id)
    journal = store.entries(account_id, known)
    openings = {entry.seq: entry for entry in journal if entry.opens}
    only = None
    if item is not None:
        _, only = split_entry_name(item)
        if item != entry_name(account_id, only) or only not in openings:
            raise UnknownItemError(
                f"account {account_id} has no item {item!r:.80}: charges, payments, credit notes "
                "and deposits make items.",
                account=account_id,
                item=item,
            )
    return tuple(
        Match(
            debt_id=entry_name(account_id, debt),
            debt_document=_document(openings[debt]),
            credit_id=entry_name(account_id, credit),
            credit_kind=EntryKind(openings[credit].kind),
            credit_document=_document(openings[credit]),
            amount=Money.from_minor(units, account.currency),
            on=on,
        )
        for (debt, credit), (units, on) in sorted(_pairs(journal).items())
        if only in (None, debt, credit)
    )


def _pairs(journal: Iterable[Entry]) -> dict[tuple[int, int], tuple[int, date]]:
    units: defaultdict[tuple[int, int], int] = defaultdict(int)
    changed: dict[tuple[int, int], date] = {}
    for entry in journal:
        for posting in entry.postings:
            if posting.gl == GlAccount.RECEIVABLE and posting.item and posting.counter:
                pair = (posting.item, posting.counter)
                units[pair] -= posting.amount
                changed[pair] = entry.on
    return {pair: (amount, changed[pair]) for pair, amount in units.items() if amount}


def _document(entry: Entry) -> str | None:
    return entry.opens.document if entry.opens else None
