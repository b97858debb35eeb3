"""Random books, step by step, against the naive model: on every store, with every command."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from pydantic import ValidationError
from tests.ledger.naive_model import BOOKS, DEBTS, FINAL, Event, NaiveLedger, Refused, Thing, View

from telcrm.domain import Currency, InvoiceLine, Money
from telcrm.errors import TelcrmError
from telcrm.ledger.allocation import AllocationMethod, AllocationPolicy, TaxOrder
from telcrm.ledger.booking.dunning import DunningMemory
from telcrm.ledger.commands import (
    AgreeInstalments,
    Allocate,
    ChangeAccount,
    Charge,
    CloseAccount,
    ClosePeriod,
    CreditNote,
    Dispute,
    HoldDunning,
    Instalment,
    LedgerCommand,
    Offset,
    OpenAccount,
    Pay,
    PromiseToPay,
    Recover,
    Refund,
    ReleaseDispute,
    ReopenPeriod,
    ReturnDeposit,
    Reverse,
    TakeDeposit,
    Target,
    Transfer,
    Unallocate,
    UseDeposit,
    WriteOff,
)
from telcrm.ledger.dunning.case import ActionKind, DunningAction, DunningState
from telcrm.ledger.dunning.policy import DunningPolicy, ServiceState
from telcrm.ledger.journal import Account, Entry, Item, apply, chain_hash, chain_start, to_micros
from telcrm.ledger.ledger import Ledger
from telcrm.ledger.receipts import PostingStatus, actions_in
from telcrm.ledger.stores.memory import MemoryStore
from telcrm.ledger.stores.protocol import AgingSums, AsOf, LedgerStore
from telcrm.ledger.stores.sql_store import SqlStore, open_sql_store

pytestmark = pytest.mark.slow

T = TypeVar("T")

FIRST_DAY = date(2026, 1, 1)
MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
CURRENCY = {"A": "EUR", "B": "EUR", "C": "EUR", "D": "JPY", "E": "EUR", "F": "JPY"}
PARTY = {"A": "P", "B": "P", "C": "Q", "D": "P", "E": None, "F": "P"}
LADDERS = (
    DunningPolicy(),
    DunningPolicy(tolerance=(Money("9", "EUR"),), grace_days=3, write_off_releases=True),
)
SLIPS = (*("",) * 12, "account", "currency", "much", "day", "reference")
POLICIES = (
    AllocationPolicy(),
    AllocationPolicy(order=("fee", "interest", "service"), tax=TaxOrder.FIRST),
    AllocationPolicy(
        method=AllocationMethod.PRO_RATA, tolerance=(Money("0.30", "EUR"), Money(7, "JPY"))
    ),
    AllocationPolicy(order=("interest",), method=AllocationMethod.PRO_RATA, tax=TaxOrder.LAST),
    AllocationPolicy(auto_apply=False, tolerance=(Money("1", "EUR"),)),
)


WANTED = {"Memory": 7_700, "Sqlite": 1_500, "Postgresql": 800}

CHOICE_BYTES = 90

STEPS: Counter[str] = Counter()
"""Steps that were run, by store."""

_tenant_numbers = count(1)


class Chance:
    """The choices of one step, read from bytes: to draw them one by one takes longer than to book.

    Zeros, to which Hypothesis shrinks, choose what is least or comes first.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.place = 0

    def __repr__(self) -> str:
        return f"Chance({self.content!r})"

    def between(self, lowest: int, highest: int) -> int:
        width = highest - lowest + 1
        number = 0
        for _ in range(2 if width < 1_000 else 4):
            # A step that takes very many choices begins anew.
            number = 256 * number + self.content[self.place % len(self.content)]
            self.place += 1
        return lowest + number % width

    def flip(self) -> bool:
        return bool(self.between(0, 1))

    def pick(self, options: Sequence[T]) -> T:
        return options[self.between(0, len(options) - 1)]


chances = st.builds(Chance, st.binary(min_size=CHOICE_BYTES, max_size=CHOICE_BYTES))


class LedgerMachine(RuleBasedStateMachine):
    """Books kept twice: by the ledger on a store, and by the naive model."""

    kind: ClassVar[str] = "Memory"
    open_store: ClassVar[Callable[[str], LedgerStore]] = MemoryStore

    def __init__(self) -> None:
        super().__init__()
        self.now = MIDNIGHT
        self.numbers = count(1)
        self.documents = count(1)
        self.slip = ""
        self.sent: list[LedgerCommand] = []
        self.tenant = f"machine-{next(_tenant_numbers)}"
        self.store = type(self).open_store(self.tenant)
        self.seen: dict[str, tuple[Account, dict[int, Item], list[Entry]]] = {}
        self.pairs: dict[str, Counter[tuple[int, int]]] = defaultdict(Counter)
        self.dunned: dict[str, DunningState] = {}
        self.dump = self.dumped()

    @initialize(policy=st.sampled_from(POLICIES), ladder=st.sampled_from(LADDERS))
    def begin(self, policy: AllocationPolicy, ladder: DunningPolicy) -> None:
        self.ladder = ladder
        self.model = NaiveLedger(policy)
        self.ledger = Ledger(self.store, allocation=policy, clock=lambda: self.now)
        for name in ("A", "B"):
            command = OpenAccount(
                key=self.new_key(),
                account_id=name,
                on=FIRST_DAY - timedelta(days=30),
                currency=CURRENCY[name],
                party_id=PARTY[name],
            )
            self.ledger.post(command)
            self.model.now = to_micros(self.now)
            self.model.post(command)
        self.check_journals()

    def teardown(self) -> None:
        try:
            if hasattr(self, "ledger"):
                assert self.ledger.verify().first_break is None
        finally:
            self.store.close()

    # Drawing. Most commands are good; a slip makes one of them bad in one respect.

    def new_key(self) -> str:
        return f"k{next(self.numbers)}"

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def names(self) -> list[str]:
        return sorted(name for name in self.model.customers if name != BOOKS)

    def day(self, data: Chance) -> date:
        if self.slip == "day":
            return self.today + timedelta(data.pick((-90, -45, -10, 40)))
        return self.today + timedelta(data.pick((0, 0, 0, 0, 0, 0, 0, 0, -1, -6, 15)))

    def head(self, data: Chance, name: str) -> dict[str, Any]:
        """What every command on an account has."""
        return {"key": self.new_key(), "account_id": name, "on": self.day(data)}

    def account(self, data: Chance, fits: Callable[[View], Any] = bool) -> str:
        """An account that fits, if there is one."""
        if self.slip == "account":
            return data.pick((*self.names, "nobody"))
        usable = [name for name in self.names if self.model.customers[name].closed is None]
        fitting = [name for name in usable if fits(self.model.view(name))]
        return data.pick(fitting or usable or self.names)

    def view(self, name: str) -> View:
        return self.model.view(name if name in self.model.customers else self.names[0])

    def money(self, data: Chance, name: str, most: int | None = None) -> Money:
        """An amount: all there is, or a part of it; anything where there is no limit."""
        currency = CURRENCY.get(name, "EUR")
        if self.slip == "currency":
            currency = "USD"
        if self.slip == "much" and most is not None:
            units = most + data.pick((1, 5_000))
        elif most and data.flip():
            units = most
        else:
            units = data.between(1, most or 12_000)
        return Money.from_minor(units, currency)

    def maybe(self, data: Chance, draw: Callable[[], Any]) -> Any:
        return draw() if data.flip() else None

    def reference(
        self, data: Chance, name: str, fits: Callable[[View, Thing], Any]
    ) -> tuple[str, int]:
        """The name or the document of a thing that fits, and how much is open of it."""
        view = self.view(name)
        things = self.model.customers[name].things if name in self.model.customers else []
        fitting = [one for one in things if fits(view, one)]
        if self.slip == "reference" or not fitting:
            fitting = things
        if not fitting or (self.slip == "reference" and data.flip()):
            return data.pick((f"{name}:1", f"{name}:999", "nothing", "B:2")), 1
        thing = data.pick(fitting)
        by_document = thing.document is not None and data.flip()
        named = str(thing.document) if by_document else f"{name}:{thing.number}"
        return named, sum(view.open(thing))

    def targets(self, data: Chance, name: str, pot: int | None = None) -> tuple[Target, ...] | None:
        """Debts to be settled: none named, or up to two; within the pot."""
        many = data.pick((None, None, None, 1, 1, 2, 0))
        if many is None:
            return None
        found = []
        for _ in range(many):
            item, owed = self.reference(data, name, is_open_debt)
            most = owed if pot is None else min(owed, pot)
            amount = None
            if most and data.flip():
                amount = self.money(data, name, most)
                pot = pot and max(pot - amount.minor_units, 0)
            found.append(Target(item=item, amount=amount))
        return tuple(found)

    def with_targets(self, kind: type[Any], data: Chance, fields: dict[str, Any]) -> LedgerCommand:
        """A command with targets; without where the record itself refuses them."""
        amount = fields["amount"]
        pot = None if amount is None else amount.minor_units
        try:
            command: LedgerCommand = kind(
                **fields, to=self.targets(data, fields["account_id"], pot)
            )
        except ValidationError:
            command = kind(**fields)
        return command

    def items(self, data: Chance, name: str) -> tuple[tuple[str, ...] | None, int]:
        """Debts that an agreement covers, and what is open of them."""
        view = self.view(name)
        many = data.pick((None, 1, 2))
        if many is None:
            return None, view.receivable
        found = dict(self.reference(data, name, is_open_debt) for _ in range(many))
        return tuple(found), sum(found.values())

    def document(self, data: Chance) -> str | None:
        return data.pick((None, f"doc-{next(self.documents)}", "doc-1"))

    def draw_open_account(self, data: Chance) -> LedgerCommand:
        free = [name for name in CURRENCY if name not in self.model.customers]
        name = data.pick(free or sorted(CURRENCY))
        limit = Money.from_minor(data.between(0, 9_000), CURRENCY[name])
        return OpenAccount(
            **self.head(data, name),
            currency=CURRENCY[name],
            party_id=PARTY[name],
            customer_class=self.maybe(data, lambda: "hospital"),
            credit_limit=self.maybe(data, lambda: limit),
        )

    def draw_change_account(self, data: Chance) -> LedgerCommand:
        name = self.account(data)
        return ChangeAccount(
            **self.head(data, name),
            party_id=data.pick((PARTY.get(name), "Q", None)),
            customer_class=self.maybe(data, lambda: "key"),
            credit_limit=self.maybe(data, lambda: self.money(data, name)),
        )

    def draw_close_account(self, data: Chance) -> LedgerCommand:
        return CloseAccount(**self.head(data, self.account(data, is_settled)))

    def draw_charge(self, data: Chance) -> LedgerCommand:
        waiting = data.flip()
        head = self.head(data, self.account(data, lambda view: view.unapplied if waiting else True))
        amount = self.money(data, head["account_id"])
        code, units = amount.currency, amount.minor_units
        details: dict[str, Any] = {}
        tax = Money.from_minor(units * data.pick((0, 5, 17, 100)) // 100, code)
        match data.between(0, 2):
            case 0:
                details["tax"] = tax
            case 1:
                less = Money.from_minor(-(units // 10), code)
                kind = data.pick(("usage", "fee", "interest"))
                details["lines"] = (
                    InvoiceLine(kind=kind, description="x", net=amount - tax - less, tax=tax),
                    InvoiceLine(kind="discount", description="y", net=less, tax=Money.zero(code)),
                )
        if data.between(0, 7) == 7:
            details["about"], _ = self.reference(data, head["account_id"], is_open_debt)
        return Charge(
            **head,
            amount=amount,
            due_on=head["on"] + timedelta(data.pick((0, 14, 14, 30))),
            nature=data.pick(("service", "service", "fee", "interest")),
            document=self.document(data),
            **details,
        )

    def draw_credit_note(self, data: Chance) -> LedgerCommand:
        name = self.account(data, lambda view: view.receivable)
        amount = self.money(data, name, self.view(name).receivable)
        tax = Money.from_minor(amount.minor_units // 6, amount.currency)
        fields = {
            **self.head(data, name),
            "amount": amount,
            "tax": self.maybe(data, lambda: tax),
            "document": self.document(data),
        }
        return self.with_targets(CreditNote, data, fields)

    def draw_pay(self, data: Chance) -> LedgerCommand:
        name = self.account(data, lambda view: view.receivable)
        most = self.maybe(data, lambda: self.view(name).receivable)
        fields = {
            **self.head(data, name),
            "amount": self.money(data, name, most),
            "document": self.document(data),
        }
        return self.with_targets(Pay, data, fields)

    def draw_refund(self, data: Chance) -> LedgerCommand:
        name, of, most = self.held(data, "credit")
        return Refund(**self.head(data, name), amount=self.money(data, name, most), of=of)

    def held(self, data: Chance, kind: str) -> tuple[str, str | None, int]:
        """An account with something left of a credit or deposit, which one, and how much."""
        name = self.account(data, lambda view: view.total_open(kind))
        if data.flip():
            return name, None, self.view(name).total_open(kind)
        of, left = self.reference(
            data, name, lambda view, one: one.kind == kind and sum(view.open(one))
        )
        return name, of, left

    def draw_reverse(self, data: Chance) -> LedgerCommand:
        name = self.account(data, lambda view: view.things)
        if self.slip == "account" and data.flip():
            name = BOOKS
        events = self.model.customers[name].events if name in self.model.customers else []
        gone = {event.reverses for event in events}
        good = [one for one in events if one.kind not in FINAL and one.number not in gone]
        if self.slip == "reference" or not good:
            good = events
        number = data.pick(good[-12:]).number if good else 1
        if self.slip == "much":
            number = len(events) + 1
        on = self.day(data)
        fee = self.maybe(data, lambda: self.money(data, name, 500))
        return Reverse(
            key=self.new_key(),
            entry_id=f"{name}:{number}",
            on=on,
            fee=fee,
            fee_due_on=fee and on + timedelta(14),
        )

    def draw_allocate(self, data: Chance) -> LedgerCommand:
        name = self.account(data, lambda view: view.unapplied and view.receivable)
        of, left = None, self.view(name).unapplied
        if data.flip():
            of, left = self.reference(
                data, name, lambda view, one: one.kind == "credit" and sum(view.open(one))
            )
        return Allocate(**self.head(data, name), of=of, to=self.targets(data, name, left))

    def draw_unallocate(self, data: Chance) -> LedgerCommand:
        name = self.account(data, has_pairs)
        head = self.head(data, name)
        of, _ = self.reference(
            data, name, lambda view, one: one.kind == "credit" and view.pairs(one)
        )
        view = self.view(name)
        found = [one for one in view.things if of in (f"{name}:{one.number}", one.document)]
        pairs = view.pairs(found[0]) if found else {}
        to: int | None = None
        if data.flip() and pairs:
            to = data.pick(sorted(debt for debt, _ in pairs))
        most = sum(sum(parts) for (debt, _), parts in pairs.items() if to in (None, debt))
        return Unallocate(
            **head,
            of=of,
            to=None if to is None else f"{name}:{to}",
            amount=self.maybe(data, lambda: self.money(data, name, most)),
        )

    def draw_take_deposit(self, data: Chance) -> LedgerCommand:
        head = self.head(data, self.account(data))
        amount = self.money(data, head["account_id"])
        return TakeDeposit(**head, amount=amount, document=self.document(data))

    def draw_use_deposit(self, data: Chance) -> LedgerCommand:
        name, of, left = self.held(data, "deposit")
        most = min(left, self.view(name).receivable)
        fields = {**self.head(data, name), "amount": self.money(data, name, most), "of": of}
        return self.with_targets(UseDeposit, data, fields)

    def draw_return_deposit(self, data: Chance) -> LedgerCommand:
        name, of, most = self.held(data, "deposit")
        return ReturnDeposit(**self.head(data, name), amount=self.money(data, name, most), of=of)

    def draw_offset(self, data: Chance) -> LedgerCommand:
        name = self.account(data, lambda view: view.receivable)
        lender = None
        if data.between(0, 3):
            lender = self.account(data, lambda view: view.unapplied)
        most = min(self.view(name).receivable, self.view(lender or name).unapplied)
        amount = self.maybe(data, lambda: self.money(data, name, most))
        return Offset(**self.head(data, name), credit_account_id=lender, amount=amount)

    def draw_transfer(self, data: Chance) -> LedgerCommand:
        name = self.account(data, lambda view: view.receivable)
        others = [one for one in self.names if one != name and CURRENCY[one] == CURRENCY.get(name)]
        if self.slip == "reference" or not others:
            others = [one for one in ("C", "D", "nobody") if one != name]
        items = self.targets(data, name)
        if not items:
            items = (Target(item=self.reference(data, name, is_open_debt)[0]),)
        to = data.pick(others)
        return Transfer(**self.head(data, name), to_account_id=to, items=items)

    def draw_write_off(self, data: Chance) -> LedgerCommand:
        name = self.account(data, lambda view: view.receivable)
        most = self.view(name).receivable
        amount = self.maybe(data, lambda: self.money(data, name, most))
        fields = {**self.head(data, name), "reason": "lost", "approver": "board", "amount": amount}
        return self.with_targets(WriteOff, data, fields)

    def draw_recover(self, data: Chance) -> LedgerCommand:
        # A closed account takes recoveries too.
        lost = [name for name in self.names if self.model.view(name).written_off]
        name = data.pick(lost) if lost else self.account(data)
        view = self.view(name)
        to, most = None, view.written_off
        if data.flip():
            to, _ = self.reference(data, name, lambda view, one: view.lost(one))
            most = max(1, most // 2)
        return Recover(**self.head(data, name), amount=self.money(data, name, most), to=to)

    def draw_dispute(self, data: Chance) -> LedgerCommand:
        name = self.account(data, lambda view: view.receivable)
        item, owed = self.reference(data, name, is_open_debt)
        amount = self.maybe(data, lambda: self.money(data, name, owed))
        return Dispute(**self.head(data, name), item=item, amount=amount)

    def draw_release(self, data: Chance) -> LedgerCommand:
        name = self.account(data, lambda view: view.disputed)
        item, _ = self.reference(data, name, lambda view, one: any(view.contested(one)))
        amount = self.maybe(data, lambda: self.money(data, name, 1 + self.view(name).disputed // 2))
        return ReleaseDispute(**self.head(data, name), item=item, amount=amount)

    def draw_promise(self, data: Chance) -> LedgerCommand:
        name = self.account(data, lambda view: view.receivable)
        head = self.head(data, name)
        items, owed = self.items(data, name)
        by = head["on"] + timedelta(data.between(0, 20))
        return PromiseToPay(**head, amount=self.money(data, name, owed), by=by, items=items)

    def draw_instalments(self, data: Chance) -> LedgerCommand:
        name = self.account(data, lambda view: view.receivable)
        head = self.head(data, name)
        items, owed = self.items(data, name)
        whole = Money.from_minor(owed or 1, CURRENCY.get(name, "EUR"))
        if self.slip in ("much", "currency"):
            whole = self.money(data, name, owed)
        parts = [part for part in whole.split(data.between(1, 3)) if part]
        plan = [
            Instalment(due_on=head["on"] + timedelta(30 * number), amount=part)
            for number, part in enumerate(parts)
        ]
        return AgreeInstalments(**head, instalments=tuple(plan), items=items)

    def draw_hold(self, data: Chance) -> LedgerCommand:
        name = self.account(data)
        head = self.head(data, name)
        until = head["on"] + timedelta(data.between(0, 20))
        return HoldDunning(**head, until=until, items=self.items(data, name)[0])

    def draw_close_period(self, data: Chance) -> LedgerCommand:
        through = self.today - timedelta(data.between(4, 40))
        return ClosePeriod(key=self.new_key(), on=self.day(data), through=through)

    def draw_reopen_period(self, data: Chance) -> LedgerCommand:
        closed = self.model.closed_through or self.today
        through = self.maybe(data, lambda: closed - timedelta(data.between(0, 40)))
        return ReopenPeriod(key=self.new_key(), on=self.day(data), through=through, reason="late")

    def draw_command(self, data: Chance) -> LedgerCommand:
        """Some command; more often one that finds something to work on."""
        self.slip = data.pick(SLIPS)
        views = [self.model.view(name) for name in self.names]
        owed, credit = any(v.receivable for v in views), any(v.unapplied for v in views)
        deposit, disputed = any(v.deposit for v in views), any(v.disputed for v in views)
        lost, pairs = any(v.written_off for v in views), any(has_pairs(v) for v in views)
        least = 1 if self.slip else 0
        weights = {
            self.draw_charge: 6 if owed else 12,
            self.draw_pay: 6 if owed else 2,
            self.draw_reverse: 8,
            self.draw_credit_note: 2 if owed else 1,
            self.draw_take_deposit: 1 if deposit else 2,
            self.draw_open_account: 1 if len(self.names) < len(CURRENCY) else least,
            self.draw_change_account: 1,
            self.draw_close_account: 1 if any(map(is_settled, views)) else least,
            self.draw_hold: 1,
            self.draw_close_period: 1,
            self.draw_reopen_period: 2 if self.model.closed_through else least,
            self.draw_allocate: 8 if owed and credit else least,
            self.draw_refund: 2 if credit else least,
            self.draw_offset: 5 if owed and credit else least,
            self.draw_unallocate: 5 if pairs else least,
            self.draw_use_deposit: 6 if owed and deposit else least,
            self.draw_return_deposit: 1 if deposit else least,
            self.draw_transfer: 2 if owed else least,
            self.draw_write_off: 3 if owed else least,
            self.draw_recover: 3 if lost else least,
            self.draw_dispute: 3 if owed else least,
            self.draw_release: 4 if disputed else least,
            self.draw_promise: 1 if owed else least,
            self.draw_instalments: 1 if owed else least,
        }
        urn = [draw for draw, weight in weights.items() for _ in range(weight)]
        return data.pick(urn)(data)

    # Booking, and looking at what came of it.

    def book(self, data: Chance, command: LedgerCommand) -> None:
        """Post one command on both sides and compare."""
        self.step()
        self.sent.append(command)
        expected, reasons = self.expect(command)
        if reasons:
            with pytest.raises(TelcrmError) as refusal:
                self.ledger.post(command)
            assert refusal.type.__name__ in reasons, refusal.value
        else:
            receipt = self.ledger.post(command)
            assert receipt.replayed == (not expected)
            if expected:
                self.adopt_dunning(receipt.entries[len(expected) :])
                self.check_released(command, expected)
            made = self.model.steps(command.key)
            assert [event_of(entry) for entry in receipt.entries] == made
        if expected:
            self.check_journals()
        else:
            assert self.dumped() == self.dump
        self.check_a_day(data)

    def expect(self, command: LedgerCommand) -> tuple[list[Event], set[str]]:
        self.model.now = to_micros(self.now)
        try:
            return self.model.post(command), set()
        except Refused as refused:
            return [], refused.reasons

    def adopt_dunning(self, entries: Sequence[Entry]) -> None:
        """Dunning is not foretold: what it did is taken over, and checked by what has to hold."""
        for entry in entries:
            assert entry.kind == "dunning"
            assert not entry.postings
            self.model.customers[entry.account_id].events.append(event_of(entry))
            before = self.dunned.get(entry.account_id, DunningState())
            after = DunningState.from_dict(entry.facts["state"])
            check_actions(before, after, [one.action for one in actions_in(entry)])
            self.dunned[entry.account_id] = after

    def overdue(self, name: str, day: date) -> int:
        """What is overdue on a day, above the tolerance; holds and promises are left aside."""
        customer = self.model.customers[name]
        view = View(customer)
        limit = day - timedelta(days=self.ladder.grace_days)
        owed = sum(
            sum(view.open(thing))
            for thing in customer.things
            if thing.kind in DEBTS and thing.on <= day and (thing.due or thing.on) < limit
        )
        return max(0, owed - self.ladder.tolerance_minor(Currency(customer.currency)))

    def latched(self, name: str) -> bool:
        """Whether a written-off debt keeps the account where it is."""
        lost = self.model.view(name).written_off
        tolerance = self.ladder.tolerance_minor(Currency(CURRENCY[name]))
        return lost > tolerance and not self.ladder.write_off_releases

    def check_released(self, command: LedgerCommand, made: Sequence[Event]) -> None:
        """Who is listed after a command on the account owes something overdue."""
        for name in {event.account for event in made} & set(self.dunned):
            account = self.store.account(name)
            memory = DunningMemory.of(account) if account else None
            assert memory is not None
            assert memory.state == self.dunned[name]
            day = max(command.on, memory.on)
            if memory.state.listed:
                assert self.overdue(name, day) or self.latched(name)
            elif command.kind == "reversal" and not self.has_agreements(name):
                assert not self.overdue(name, day)

    def has_agreements(self, name: str) -> bool:
        kinds = ("promise", "instalment_plan", "dunning_hold")
        return any(event.kind in kinds for event in self.model.customers[name].events)

    def step(self) -> None:
        STEPS[self.kind] += 1
        self.now += timedelta(hours=9)

    def dumped(self) -> Any:
        return list(self.store.journals()), self.store.closed_through()

    def check_journals(self) -> None:
        """Fold what is new in every journal; compare it with what is kept and with the model."""
        self.dump = self.dumped()
        accounts, closed_through = self.dump
        assert closed_through == self.model.closed_through
        assert [account.account_id for account, _, _ in accounts] == sorted(self.model.customers)
        for account, entries, items in accounts:
            self.fold(account.account_id, entries)
            folded, folded_items, _ = self.seen[account.account_id]
            assert replace(account, number=None) == folded
            assert items == [folded_items[number] for number in sorted(folded_items)]
            self.check_items(account, items)
            self.check_pairs(account.account_id, items)

    def fold(self, name: str, entries: Sequence[Entry]) -> None:
        if name not in self.seen:
            first = entries[0]
            new = Account(name, first.currency, first.on, hash=chain_start(self.tenant, name))
            self.seen[name] = (new, {}, [])
        account, items, known = self.seen[name]
        assert list(entries[: len(known)]) == known
        for entry in entries[len(known) :]:
            assert sum(posting.amount for posting in entry.postings) == 0
            assert all(posting.amount for posting in entry.postings)
            assert entry.currency == account.currency
            assert entry.seq == account.seq + 1
            assert entry.hash == chain_hash(account.hash, entry)
            assert entry.recorded_us >= account.recorded_us
            apply(entry, account, items)
            assert entry.balance == account.balance
            for posting in entry.postings:
                if posting.gl == "receivable" and posting.counter is not None:
                    self.pairs[name][posting.counter, int(posting.item or 0)] -= posting.amount
            known.append(entry)
        events = self.model.customers[name].events
        assert [event_of(entry) for entry in known] == events

    def check_items(self, account: Account, items: Sequence[Item]) -> None:
        customer = self.model.customers[account.account_id]
        view = View(customer)
        assert (account.party_id, account.customer_class, account.credit_limit) == (
            customer.party,
            customer.customer_class,
            customer.limit,
        )
        assert account.closed_on == customer.closed
        assert [item.seq for item in items] == [thing.number for thing in customer.things]
        for item, thing in zip(items, customer.things, strict=True):
            assert (item.kind, item.document, item.on, item.due_on, item.amount) == (
                thing.kind,
                thing.document,
                thing.on,
                thing.due,
                thing.amount,
            )
            assert (item.open_net, item.open_tax) == view.open(thing)
            assert (item.disputed_net, item.disputed_tax) == view.contested(thing)
            assert (item.written_off, item.recovered) == (view.lost(thing), view.regained(thing))
            parts = (item.open_net, item.open_tax, item.disputed_net, item.disputed_tax)
            assert min(*parts, item.written_off - item.recovered, item.recovered) >= 0
            assert sum(parts) <= item.amount
            if item.is_live:
                assert item.last_on == self.model.last_moved(customer, thing)

    def check_pairs(self, name: str, items: Sequence[Item]) -> None:
        """Nothing is matched with more than it is, and no pair with less than nothing."""
        amounts = {item.seq: item.amount for item in items}
        assert min(self.pairs[name].values(), default=0) >= 0
        for place in (0, 1):
            matched: Counter[int] = Counter()
            for pair, amount in self.pairs[name].items():
                matched[pair[place]] += amount
            for number, amount in matched.items():
                assert amount <= amounts[number]

    def check_a_day(self, data: Chance) -> None:
        """Look back (or ahead) to some day, with what was known then or is known now."""
        day = self.today + timedelta(data.between(-70, 40))
        known = to_micros(self.now - timedelta(days=data.pick((0, 1, 20))))
        as_of = data.pick((AsOf(), AsOf(day), AsOf(day), AsOf(day, known)))
        names = [name for name in self.names if self.opened(name, as_of)]
        views = {name: self.model.view(name, as_of.on, as_of.recorded_us) for name in names}
        sums = self.store.sums(self.names, as_of)
        assert [one.account_id for one in sums] == names
        for one, view in zip(sums, views.values(), strict=True):
            assert one.currency == CURRENCY[one.account_id]
            assert one[2:] == (
                view.receivable,
                view.disputed,
                view.unapplied,
                view.deposit,
                view.written_off,
            )
        self.check_states(as_of, views)
        self.check_aging(as_of, views)
        self.check_trial_balance(as_of)

    def opened(self, name: str, as_of: AsOf) -> bool:
        first = self.model.customers[name].events[0]
        return (as_of.on is None or first.on <= as_of.on) and (
            as_of.recorded_us is None or first.recorded <= as_of.recorded_us
        )

    def check_states(self, as_of: AsOf, views: dict[str, View]) -> None:
        states = self.store.item_states(sorted(views), as_of, live=False)
        begun = {
            (name, thing.number)
            for name in views
            for thing in self.model.customers[name].things
            if (as_of.on is None or thing.on <= as_of.on)
            and (as_of.recorded_us is None or thing.recorded <= as_of.recorded_us)
        }
        assert [(state.account_id, state.seq) for state in states] == sorted(begun)
        for state in states:
            view = views[state.account_id]
            things = self.model.customers[state.account_id].things
            (thing,) = (one for one in things if one.number == state.seq)
            assert state.open == sum(view.open(thing))
            assert state.disputed == sum(view.contested(thing))
            assert state.written_off == view.lost(thing) - view.regained(thing)
            parts = (state.open, state.disputed, state.written_off)
            assert min(parts) >= 0
            assert sum(parts) <= state.amount == thing.amount
        live = self.store.item_states(sorted(views), as_of)
        assert live == [one for one in states if one.open or one.disputed or one.written_off]

    def check_aging(self, as_of: AsOf, views: dict[str, View]) -> None:
        day = as_of.on or self.today
        edges = [day - timedelta(days=back) for back in (0, 30, 60, 90)]
        rows = self.store.aging(edges, sorted(views), as_of)
        expected = [
            row
            for name, view in views.items()
            if (row := aged(name, CURRENCY[name], view, edges)) is not None
        ]
        assert rows == expected
        for row in rows:
            total = sum(row.buckets) + row.disputed - row.unapplied
            assert total == views[row.account_id].balance

    def check_trial_balance(self, as_of: AsOf) -> None:
        sums: Counter[str] = Counter()
        for line in self.store.gl_sums(as_of):
            sums[line.currency] += line.debit - line.credit
            if line.gl == "clearing":
                assert line.debit == line.credit
        assert set(sums.values()) <= {0}

    # Steps.

    @rule(data=chances)
    def post(self, data: Chance) -> None:
        self.book(data, self.draw_command(data))

    @rule(data=chances)
    def post_another(self, data: Chance) -> None:
        self.book(data, self.draw_command(data))

    @rule(data=chances)
    def post_a_third(self, data: Chance) -> None:
        self.book(data, self.draw_command(data))

    @rule(days=st.integers(1, 20))
    def time_passes(self, days: int) -> None:
        self.step()
        self.now += timedelta(days=days)

    @rule(days=st.sampled_from((0, 0, 0, 3)))
    def run_dunning(self, days: int) -> None:
        """A daily run lists who is overdue, and nobody else; a second one does nothing."""
        self.step()
        self.model.now = to_micros(self.now)
        as_of = self.today + timedelta(days=days)
        run = self.ledger.run_dunning(self.ladder, as_of=as_of)
        if BOOKS not in self.model.customers:
            self.model.open_books()
        self.dump = self.dumped()
        for account, entries, _ in self.dump[0]:
            new = entries[len(self.model.customers[account.account_id].events) :]
            if account.account_id == BOOKS:
                assert [entry.kind for entry in new] in ([], ["dunning_policy"])
                self.model.customers[BOOKS].events += [event_of(entry) for entry in new]
            else:
                assert len(new) <= 1
                self.adopt_dunning(new)
        self.check_journals()
        for name in self.names:
            events = self.model.customers[name].events
            if self.has_agreements(name) or any(event.on > as_of for event in events):
                continue
            listed = name in self.dunned and self.dunned[name].listed
            assert listed == bool(self.overdue(name, as_of)) or (listed and self.latched(name))
        again = self.ledger.run_dunning(self.ladder, as_of=as_of)
        assert again.actions == ()
        assert again.policy == run.policy
        assert self.dumped() == self.dump

    @rule(data=chances)
    def send_again(self, data: Chance) -> None:
        """The same content: a retry where it was booked, another attempt where it was refused."""
        if self.sent:
            self.book(data, data.pick(self.sent[-20:]))

    @rule(data=chances)
    def send_other_content(self, data: Chance) -> None:
        """A key that was used, with other content, of the same or another kind."""
        used = [command for command in self.sent if command.key in self.model.commands]
        if not used:
            return
        first = data.pick(used[-20:])
        other: LedgerCommand = first.replace(actor="somebody else")
        if data.flip():
            other = self.draw_pay(data).replace(key=first.key)
        self.book(data, other)

    @rule(data=chances)
    def take_over(self, data: Chance) -> None:
        """A command that was recorded elsewhere, earlier or (wrongly) later than now."""
        back = data.pick((timedelta(0), timedelta(minutes=3), timedelta(days=2)))
        make = data.pick((self.draw_charge, self.draw_pay, self.draw_open_account))
        self.book(data, make(data).replace(recorded_at=self.now - back))

    @rule(data=chances, whole=st.booleans())
    def post_chunk(self, data: Chance, whole: bool) -> None:
        """Several commands in one transaction."""
        self.step()
        commands = [self.draw_command(data) for _ in range(data.between(2, 4))]
        if data.flip():
            commands.append(data.pick(commands))
        # Numbers of entries cannot be foretold in a chunk that dunning has a part in.
        whole = whole and not self.dunned
        outcomes = list(self.ledger.post_each(commands, whole_chunks=whole))
        assert [outcome.index for outcome in outcomes] == list(range(len(commands)))
        lost = whole and any(one.status is PostingStatus.REFUSED for one in outcomes)
        before = self.model.snapshot()
        for command, outcome in zip(commands, outcomes, strict=True):
            expected, reasons = self.expect(command)
            if reasons:
                assert outcome.status is PostingStatus.REFUSED
                assert type(outcome.error).__name__ in reasons, (outcome.error, reasons)
            elif lost and command.key not in before[2]:
                assert outcome.status is PostingStatus.ROLLED_BACK
                assert outcome.receipt is None
            else:
                status = PostingStatus.POSTED if expected else PostingStatus.REPLAYED
                assert outcome.status is status
            if expected and outcome.receipt:
                self.adopt_dunning(outcome.receipt.entries[len(expected) :])
        if lost:
            self.model.restore(before)
        else:
            self.sent += commands
        self.check_journals()
        self.check_a_day(data)


def check_actions(
    before: DunningState, after: DunningState, actions: Sequence[DunningAction]
) -> None:
    """Each action comes once and in its place: listed, step by step, restored, off the list."""
    assert actions
    listed, level, barred = before.listed, before.level, before.barred
    steps = 0
    for action in actions:
        match action.kind:
            case ActionKind.LISTED:
                assert not listed
                listed, level = True, 0
            case ActionKind.RESTORED:
                assert barred
                barred = False
            case ActionKind.DELISTED:
                assert listed
                assert not barred
                listed, level = False, 0
            case _:
                assert listed
                # What would change nothing is passed over: a bar after the service has ended.
                ended = before.service is ServiceState.TERMINATED
                assert action.level is not None
                assert action.level == level + 1 or (ended and action.level > level)
                level, steps = action.level, steps + 1
                barred = barred or action.kind in (ActionKind.ONE_WAY_BAR, ActionKind.TWO_WAY_BAR)
                barred = barred and action.kind is not ActionKind.TERMINATION
    assert steps <= 1
    assert (after.listed, after.level, after.barred) == (listed, level, barred)
    assert after.listed or not after.barred


def is_open_debt(view: View, thing: Thing) -> bool:
    return thing.kind in DEBTS and sum(view.open(thing)) > 0


def is_settled(view: View) -> bool:
    return not (view.receivable or view.disputed or view.unapplied or view.deposit)


def has_pairs(view: View) -> bool:
    return any(view.pairs(one) for one in view.things if one.kind == "credit")


def event_of(entry: Entry) -> Event:
    return Event(
        entry.account_id,
        entry.seq,
        entry.kind,
        entry.key,
        entry.step,
        entry.on,
        entry.recorded_us,
        opens=entry.opens is not None,
        between_accounts=any(posting.gl == "clearing" for posting in entry.postings),
        reverses=entry.reverses,
    )


def aged(name: str, currency: str, view: View, edges: Sequence[date]) -> AgingSums | None:
    """An account's row of the aging, counted one debt at a time."""
    buckets = [0] * (len(edges) + 1)
    past_due = []
    for thing in view.things:
        owed = sum(view.open(thing))
        if thing.kind in DEBTS and owed:
            due = thing.due or thing.on
            place = len([edge for edge in edges if due < edge])
            buckets[place] += owed
            if place:
                past_due.append(due)
    if not any((*buckets, view.disputed, view.unapplied)):
        return None
    oldest = min(past_due, default=None)
    return AgingSums(name, currency, tuple(buckets), view.disputed, view.unapplied, oldest)


def run(kind: str, open_store: Callable[[str], LedgerStore]) -> None:
    """Run the machine on a store until there were enough steps; each example has its tenant."""
    for number in count(1):
        missing = WANTED[kind] - STEPS[kind]
        if missing <= 0:
            break
        # In CI Hypothesis draws from the name: a name of its own gives a round examples of its own.
        machine = type(
            f"LedgerMachineOn{kind}{number}",
            (LedgerMachine,),
            {"kind": kind, "open_store": staticmethod(open_store)},
        )
        run_state_machine_as_test(
            machine,
            settings=settings(
                # An example takes about 35 steps; a round that ends short is followed by another.
                max_examples=1 + missing // 35,
                stateful_step_count=50,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_memory() -> None:
    run("Memory", MemoryStore)


class KeptOpen(SqlStore):
    """The books of another tenant in a database that stays open: to open it takes many steps."""

    def close(self) -> None:
        pass


def run_sql(kind: str, url: str) -> None:
    database = open_sql_store(url, "nobody")
    assert isinstance(database, SqlStore)
    backend = database._backend
    try:
        run(kind, lambda tenant: KeptOpen(backend, tenant))
    finally:
        database.close()


def test_sqlite(tmp_path: Path) -> None:
    run_sql("Sqlite", f"sqlite:///{tmp_path / 'books.db'}")


def test_postgresql(postgres_url: str) -> None:
    run_sql("Postgresql", postgres_url)


def test_there_were_enough_steps() -> None:
    if set(STEPS) != set(WANTED):
        pytest.skip("counts the steps of the three tests above, which did not all run here")
    assert sum(STEPS.values()) >= 10_000
