"""Books kept at random through the ledger: what the reading side is asked about."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from random import Random

from telcrm.domain import Money
from telcrm.errors import TelcrmError
from telcrm.ledger import commands as asked
from telcrm.ledger.allocation import AllocationPolicy
from telcrm.ledger.dunning.policy import DunningPolicy
from telcrm.ledger.dunning.run import run_dunning
from telcrm.ledger.journal import ItemKind
from telcrm.ledger.ledger import Ledger
from telcrm.ledger.questions import Questions
from telcrm.ledger.stores.memory import MemoryStore
from telcrm.ledger.stores.protocol import LedgerStore

ACCOUNTS = {"A-1": "EUR", "A-2": "EUR", "A-3": "EUR", "J-1": "JPY"}
START = date(2026, 1, 1)


class Asked(Questions):
    """Questions to a store."""

    def __init__(self, store: LedgerStore) -> None:
        self.store = store


class RandomHistory:
    """Posts commands at random on days that jump back and forth; refusals are passed over."""

    def __init__(self, seed: int, store: LedgerStore | None = None) -> None:
        self.store = MemoryStore() if store is None else store
        self.now = datetime(2026, 1, 1, 12, tzinfo=UTC)
        self.today = START
        self.asked = Asked(self.store)
        tolerance = (Money.from_minor(50, "EUR"),)
        self.ledger = Ledger(
            self.store, allocation=AllocationPolicy(tolerance=tolerance), clock=lambda: self.now
        )
        self._random = Random(seed)  # noqa: S311
        self._commands = 0
        for account_id, currency in ACCOUNTS.items():
            party = None if account_id == "A-3" else "P-1"
            self._post(
                asked.OpenAccount(
                    key=self._key(),
                    account_id=account_id,
                    on=START,
                    currency=currency,
                    party_id=party,
                    customer_class=self._random.choice((None, "hospital")),
                    credit_limit=Money(100, currency),
                )
            )

    def post(self, commands: int) -> None:
        """Post a number of commands, and dun at times; some are refused."""
        for _ in range(commands):
            self.now += timedelta(seconds=1)
            self.today += timedelta(days=self._random.choice((0, 0, 1, 5, 12)))
            if self._random.random() < 0.08:
                self._dun()
            else:
                self._post(self._any())

    @property
    def days(self) -> list[date]:
        """Days worth asking about: before, in between, and after everything."""
        span = (self.today - START).days
        inside = [START + timedelta(days=span * part // 4) for part in range(5)]
        return [START - timedelta(days=1), *inside, self.today + timedelta(days=400)]

    def _dun(self) -> None:
        run_dunning(self.store, DunningPolicy(), as_of=self.today, clock=lambda: self.now)

    def _post(self, command: asked.LedgerCommand) -> None:
        with suppress(TelcrmError):
            self.ledger.post(command)

    def _key(self) -> str:
        self._commands += 1
        return f"k{self._commands}"

    def _any(self) -> asked.LedgerCommand:
        pick = self._random
        name, key = pick.choice(list(ACCOUNTS)), self._key()
        on = max(START, self.today - timedelta(days=pick.choice((0, 0, 0, 3, 30))))
        code = ACCOUNTS[name]

        def money(most: int) -> Money:
            return Money.from_minor(pick.randint(1, most), code)

        charged, much, part, bit = money(30_000), money(30_000), money(4_000), money(900)
        others = [other for other in ACCOUNTS if other != name]
        item = f"{name}:{pick.randint(2, 15)}"
        some = pick.choice((None, part))
        of = {"key": key, "account_id": name, "on": on}
        commands: list[tuple[int, Callable[[], asked.LedgerCommand]]] = [
            (
                5,
                lambda: asked.Charge(
                    **of,
                    amount=charged,
                    tax=Money.from_minor(charged.minor_units // 6, code),
                    due_on=on + timedelta(days=pick.choice((0, 14, 30))),
                    nature=pick.choice((ItemKind.SERVICE, ItemKind.SERVICE, ItemKind.FEE)),
                    document=f"INV-{self._commands}",
                ),
            ),
            (3, lambda: asked.Pay(**of, amount=much, document="bank")),
            (1, lambda: asked.Pay(**of, amount=part, to=())),
            (1, lambda: asked.CreditNote(**of, amount=part)),
            (1, lambda: asked.WriteOff(**of, amount=some, reason="lost", approver="boss")),
            (1, lambda: asked.Recover(**of, amount=bit)),
            (1, lambda: asked.Refund(**of, amount=bit)),
            (1, lambda: asked.TakeDeposit(**of, amount=part)),
            (1, lambda: asked.UseDeposit(**of, amount=bit)),
            (1, lambda: asked.ReturnDeposit(**of, amount=bit)),
            (1, lambda: asked.Offset(**of, credit_account_id=pick.choice(others))),
            (
                1,
                lambda: asked.Transfer(
                    **of, to_account_id=pick.choice(others), items=(asked.Target(item=item),)
                ),
            ),
            (1, lambda: asked.Dispute(**of, item=item, amount=some)),
            (1, lambda: asked.ReleaseDispute(**of, item=item)),
            (1, lambda: asked.Unallocate(**of, of=item)),
            (1, lambda: asked.PromiseToPay(**of, amount=bit, by=on + timedelta(days=7))),
            (
                1,
                lambda: asked.ChangeAccount(
                    **of, party_id="P-1", customer_class="shop", credit_limit=much
                ),
            ),
            (2, lambda: asked.Reverse(key=key, on=on, entry_id=item)),
        ]
        weights = [weight for weight, _ in commands]
        return pick.choices([make for _, make in commands], weights=weights)[0]()
