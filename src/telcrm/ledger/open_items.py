"""What is open: debts unpaid or contested, credits and deposits with something left."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from telcrm.domain import Money
from telcrm.ledger.journal import ItemKind, entry_name
from telcrm.ledger.rows import Column, ColumnKind, Rows, major_units
from telcrm.ledger.scope import as_known, customer_accounts, existing_accounts
from telcrm.ledger.stores.protocol import AsOf, ItemState, LedgerStore

__all__ = ["OpenItem", "OpenItems", "deposits", "open_items", "unapplied"]

_DEBTS = frozenset(kind.value for kind in ItemKind if kind.is_debt)
_CREDITS = frozenset({ItemKind.CREDIT.value})
_DEPOSITS = frozenset({ItemKind.DEPOSIT.value})


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A debt, a credit or a deposit of which something is left."""

    account_id: str
    item_id: str
    kind: ItemKind
    document: str | None
    on: date
    due_on: date | None
    """None for a credit or a deposit."""
    amount: Money
    """At first."""
    open: Money
    """Of a debt what is open and not contested; of a credit or deposit what is left."""
    disputed: Money
    days_past_due: int | None
    """0 until the due date, 1 on the day after it; None without a day to count to, and for a
    credit or a deposit.
    """


class _Row(NamedTuple):
    item: ItemState
    currency: str


class OpenItems(Rows[OpenItem]):
    """Open items, by account and number."""

    def __init__(self, rows: Iterator[_Row], as_of: date | None) -> None:
        super().__init__(rows)
        self.as_of = as_of

    def _record(self, raw: Any) -> OpenItem:
        item, currency = raw
        return OpenItem(
            account_id=item.account_id,
            item_id=entry_name(item.account_id, item.seq),
            kind=ItemKind(item.kind),
            document=item.document,
            on=item.on,
            due_on=item.due_on,
            amount=Money.from_minor(item.amount, currency),
            open=Money.from_minor(item.open, currency),
            disputed=Money.from_minor(item.disputed, currency),
            days_past_due=self._days_past_due(item.due_on),
        )

    def _columns(self, raw: Sequence[Any]) -> Mapping[str, Column]:
        items: list[ItemState] = [row.item for row in raw]
        codes = [row.currency for row in raw]
        text, day, whole = ColumnKind.TEXT, ColumnKind.DAY, ColumnKind.WHOLE
        return {
            "account_id": Column(text, [item.account_id for item in items]),
            "item_id": Column(text, [entry_name(item.account_id, item.seq) for item in items]),
            "kind": Column(text, [item.kind for item in items]),
            "document": Column(text, [item.document for item in items]),
            "on": Column(day, [item.on for item in items]),
            "due_on": Column(day, [item.due_on for item in items]),
            "currency": Column(text, codes),
            "amount": major_units((item.amount for item in items), codes),
            "open": major_units((item.open for item in items), codes),
            "disputed": major_units((item.disputed for item in items), codes),
            "days_past_due": Column(whole, [self._days_past_due(item.due_on) for item in items]),
        }

    def _days_past_due(self, due_on: date | None) -> int | None:
        if due_on is None or self.as_of is None:
            return None
        return max(0, (self.as_of - due_on).days)


def open_items(
    store: LedgerStore,
    account_ids: Sequence[str] | None = None,
    *,
    as_of: date | None = None,
    recorded: datetime | None = None,
) -> OpenItems:
    """Return the debts of which something is open or contested.

    Parameters
    ----------
    store : LedgerStore
    account_ids : sequence of str, optional
        None is all accounts.
    as_of : date, optional
        What takes effect on or before this day counts, and days past due are counted to it.
    recorded : datetime, optional
        What was recorded at or before this instant counts.

    Returns
    -------
    OpenItems
        What is open adds up to the receivable of an account, what is contested to its disputed.

    Raises
    ------
    UnknownAccountError
    ParameterError
    """
    return _left(store, account_ids, _DEBTS, as_of=as_of, known=as_known(as_of, recorded))


def unapplied(
    store: LedgerStore,
    account_ids: Sequence[str] | None = None,
    *,
    as_of: date | None = None,
    recorded: datetime | None = None,
) -> OpenItems:
    """Return the credits that are not matched with debts in full.

    Parameters
    ----------
    store : LedgerStore
    account_ids : sequence of str, optional
    as_of : date, optional
    recorded : datetime, optional

    Returns
    -------
    OpenItems

    Raises
    ------
    UnknownAccountError
    ParameterError
    """
    return _left(store, account_ids, _CREDITS, as_of=as_of, known=as_known(as_of, recorded))


def deposits(
    store: LedgerStore,
    account_ids: Sequence[str] | None = None,
    *,
    as_of: date | None = None,
    recorded: datetime | None = None,
) -> OpenItems:
    """Return the deposits that are not used or returned in full.

    Parameters
    ----------
    store : LedgerStore
    account_ids : sequence of str, optional
    as_of : date, optional
    recorded : datetime, optional

    Returns
    -------
    OpenItems

    Raises
    ------
    UnknownAccountError
    ParameterError
    """
    return _left(store, account_ids, _DEPOSITS, as_of=as_of, known=as_known(as_of, recorded))


def _left(
    store: LedgerStore,
    account_ids: Sequence[str] | None,
    kinds: Collection[str],
    *,
    as_of: date | None,
    known: AsOf,
) -> OpenItems:
    states = [
        state
        for state in store.item_states(existing_accounts(store, account_ids), known)
        if state.kind in kinds and (state.open or state.disputed)
    ]
    accounts = customer_accounts(store, [state.account_id for state in states])
    rows = (_Row(state, accounts[state.account_id].currency) for state in states)
    return OpenItems(rows, as_of)
