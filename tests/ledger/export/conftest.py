"""Books that somebody kept at random, through the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import pytest

from telcrm.domain import InvoiceLine, InvoiceLineKind, Money, PaymentMethod
from telcrm.errors import TelcrmError
from telcrm.ledger import commands as asked
from telcrm.ledger.allocation import AllocationPolicy
from telcrm.ledger.journal import ItemKind
from telcrm.ledger.ledger import Ledger

# Names that two escapes might make equal, or that a file of accounts cannot hold.
ACCOUNTS = {
    "A-1": "EUR",
    "a-1": "EUR",
    "A 1": "EUR",
    'O"Neil\\,;|': "EUR",
    "VN.17": "KWD",
    "VN--2E17": "KWD",
    "-": "JPY",
}
_PARTY = {"EUR": "P-1", "KWD": "P-2", "JPY": None}
_START = date(2026, 1, 1)


class Bookkeeper:
    """Posts commands at random; those that the ledger refuses are passed over."""

    def __init__(self, seed: int) -> None:
        tolerance = tuple(Money.from_minor(400, code) for code in ("EUR", "KWD", "JPY"))
        policy = AllocationPolicy(tolerance=tolerance)
        self.ledger = Ledger.open("memory://", tenant=f"seed {seed}", allocation=policy)
        self._random = Random(seed)  # noqa: S311
        self._commands = 0
        self._entries: list[str] = []
        self._today = _START
        for account_id, currency in ACCOUNTS.items():
            party = _PARTY[currency]
            self.ledger.open_account(account_id, currency=currency, on=_START, party_id=party)

    def work(self, commands: int) -> Ledger:
        """Post until so many commands were accepted."""
        self._until_there_is_something_to_move()
        accepted = 0
        while accepted < commands:
            accepted += self._post(self._any())
        return self.ledger

    def _until_there_is_something_to_move(self) -> None:
        for account_id in ACCOUNTS:
            for _ in range(2):
                self._post(self._charge(account_id))

    def _post(self, command: asked.LedgerCommand) -> bool:
        try:
            receipt = self.ledger.post(command)
        except TelcrmError:
            return False
        self._entries += [entry.entry_id for entry in receipt.entries if entry.postings]
        return True

    def _amount(self, account_id: str, most: int = 30_000) -> Money:
        return Money.from_minor(self._random.randint(1, most), ACCOUNTS[account_id])

    def _key(self) -> str:
        self._commands += 1
        return f'"k\\{self._commands}",;|^#{self._commands}'

    def _charge(self, account_id: str) -> asked.Charge:
        money = self._amount(account_id)
        tax = Money.from_minor(money.minor_units // 6, money.currency)
        lines: tuple[InvoiceLine, ...] = ()
        kind = self._random.choice(list(InvoiceLineKind))
        if self._random.random() < 0.5:
            nothing = Money.zero(money.currency)
            rebate = InvoiceLine(
                kind=InvoiceLineKind.DISCOUNT, description="rebate", net=-tax, tax=nothing
            )
            first = InvoiceLine(kind=kind, description="line", net=money, tax=tax)
            lines = (first, rebate)
        return asked.Charge(
            key=self._key(),
            account_id=account_id,
            on=self._today,
            amount=money,
            due_on=self._today + timedelta(days=14),
            nature=self._random.choice((ItemKind.SERVICE, ItemKind.FEE, ItemKind.INTEREST)),
            tax=tax,
            lines=lines,
            # Some documents come twice, and some look like the name of an entry.
            document=self._random.choice(("INV-1", f"INV-{self._commands}", "A-1:3", None)),
        )

    def _any(self) -> asked.LedgerCommand:
        pick = self._random
        self._today += timedelta(days=pick.choice((0, 0, 1, 3)))
        name, key, on = pick.choice(list(ACCOUNTS)), self._key(), self._today
        others = [other for other in ACCOUNTS if other != name]
        money, part, bit = (self._amount(name, most) for most in (30_000, 4_000, 900))
        some = pick.choice((None, part))
        item = f"{name}:{pick.randint(2, 12)}"
        moved = (asked.Target(item=item, amount=some),)
        tax = Money.from_minor(part.minor_units // 6, part.currency)
        method = pick.choice([None, *PaymentMethod])
        fee = {"fee": part, "fee_due_on": on} if pick.random() < 0.3 else {}
        of = {"key": key, "account_id": name, "on": on}
        commands: list[Callable[[], asked.LedgerCommand]] = [
            lambda: self._charge(name),
            lambda: asked.Pay(**of, amount=money, method=method, document="bank"),
            lambda: asked.Pay(**of, amount=part, to=()),
            lambda: asked.CreditNote(**of, amount=part, tax=tax, document="CN"),
            lambda: asked.WriteOff(**of, amount=part, reason="lost", approver="boss"),
            lambda: asked.Recover(**of, amount=bit),
            lambda: asked.Refund(**of, amount=bit),
            lambda: asked.TakeDeposit(**of, amount=part),
            lambda: asked.UseDeposit(**of, amount=bit),
            lambda: asked.ReturnDeposit(**of, amount=bit),
            lambda: asked.Offset(**of, credit_account_id=pick.choice(others)),
            lambda: asked.Transfer(**of, to_account_id=pick.choice(others), items=moved),
            lambda: asked.Dispute(**of, item=item, amount=some),
            lambda: asked.ReleaseDispute(**of, item=item),
            lambda: asked.Allocate(**of),
            lambda: asked.Reverse(key=key, on=on, entry_id=pick.choice(self._entries), **fee),
        ]
        return pick.choices(commands, weights=(3, 2, *[1] * 14))[0]()


@pytest.fixture(scope="session")
def busy_ledger() -> Callable[[int], Ledger]:
    """Books of 150 commands of every kind on seven accounts in three currencies, by seed."""
    kept: dict[int, Ledger] = {}

    def ledger(seed: int) -> Ledger:
        if seed not in kept:
            kept[seed] = Bookkeeper(seed).work(150)
        return kept[seed]

    return ledger
