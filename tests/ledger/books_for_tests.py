"""A ledger on memory with short commands, for tests that need a few entries."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from telcrm.domain import Money
from telcrm.ledger import commands as asked
from telcrm.ledger.allocation import AllocationPolicy
from telcrm.ledger.ledger import Ledger
from telcrm.ledger.receipts import Receipt
from telcrm.ledger.stores.memory import MemoryStore
from telcrm.ledger.stores.protocol import LedgerStore

OPENED = date(2026, 1, 1)


def eur(amount: int | str) -> Money:
    return Money(amount, "EUR")


def day(month: int, number: int) -> date:
    return date(2026, month, number)


class SmallBooks:
    """Posts commands with keys of their own, an hour apart."""

    def __init__(self, *account_ids: str, allocation: AllocationPolicy | None = None) -> None:
        self.store: LedgerStore = MemoryStore()
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self._ledger = Ledger(self.store, allocation=allocation, clock=lambda: self.now)
        self._commands = 0
        for account_id in account_ids:
            self.open(account_id)

    def open(self, account_id: str, currency: str = "EUR", **terms: Any) -> Receipt:
        return self.book(
            asked.OpenAccount, account_id=account_id, on=OPENED, currency=currency, **terms
        )

    def book(self, command: type[Any], **fields: Any) -> Receipt:
        self.now += timedelta(hours=1)
        self._commands += 1
        return self._ledger.post(command(key=f"k{self._commands}", **fields))

    def charge(self, account_id: str, amount: Money, on: date, due: date, **fields: Any) -> Receipt:
        return self.book(
            asked.Charge, account_id=account_id, amount=amount, on=on, due_on=due, **fields
        )

    def pay(self, account_id: str, amount: Money, on: date, **fields: Any) -> Receipt:
        return self.book(asked.Pay, account_id=account_id, amount=amount, on=on, **fields)
