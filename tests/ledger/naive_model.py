"""The ledger once more, as simple as can be: what its tests compare it with.

Nothing here is posted and nothing is added up on the way. An account is a list of things (debts,
credits, deposits) and a list of facts about them; each holds from a day on, and may have an end.
What is open on a day is counted anew whenever somebody asks. It was written from the docstrings
and from what the ledger is meant to do, not from the rules of booking.

A command is refused for any of the reasons that hold: which of several is named first is nobody's
promise, so :class:`Refused` carries all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple

from telcrm.domain import InvoiceLine, Money
from telcrm.ledger import commands as asked
from telcrm.ledger.allocation import AllocationMethod, AllocationPolicy, TaxOrder
from telcrm.ledger.commands import LedgerCommand, Target
from telcrm.ledger.journal import to_micros

BOOKS = "~books"
DEBTS = ("service", "fee", "interest")

OVER = "OverAllocationError"
DATE = "PostingDateError"
CURRENCY = "CurrencyMismatchError"
NO_ITEM = "UnknownItemError"


class Refused(Exception):  # noqa: N818 - it is an answer, not a slip
    """The command is refused, for any of some reasons: names of errors."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = set(reasons)
        super().__init__(*reasons)


@dataclass(frozen=True)
class End:
    on: date
    recorded: int


@dataclass(frozen=True)
class Thing:
    """A debt, a credit or a deposit; a credit has no tax."""

    number: int
    kind: str
    document: str | None
    on: date
    due: date | None
    net: int
    tax: int
    recorded: int
    end: End | None = None

    @property
    def amount(self) -> int:
        return self.net + self.tax

    @property
    def age_key(self) -> tuple[date, date, int]:
        return (self.due or self.on, self.on, self.number)


@dataclass(frozen=True)
class Fact:
    """Something that an entry says about a thing, and of a match about the other thing."""

    entry: int
    what: str
    thing: int
    other: int | None
    net: int
    tax: int
    on: date
    recorded: int
    end: End | None = None

    @property
    def amount(self) -> int:
        return self.net + self.tax


class Part(NamedTuple):
    """What one debt gets."""

    thing: Thing
    net: int
    tax: int

    @property
    def amount(self) -> int:
        return self.net + self.tax


@dataclass(frozen=True)
class Event:
    """An entry, told without its postings."""

    account: str
    number: int
    kind: str
    key: str
    step: int
    on: date
    recorded: int
    opens: bool = False
    between_accounts: bool = False
    reverses: int | None = None


@dataclass
class Customer:
    """One account."""

    name: str
    currency: str
    opened: date
    party: str | None = None
    customer_class: str | None = None
    limit: int | None = None
    closed: date | None = None
    things: list[Thing] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def holds(one: Thing | Fact, on: date | None, recorded: int | None) -> bool:
    """Whether it had begun and not ended, seen on a day with what was known at an instant."""

    def seen(day: date, instant: int) -> bool:
        return (on is None or day <= on) and (recorded is None or instant <= recorded)

    return seen(one.on, one.recorded) and not (one.end and seen(one.end.on, one.end.recorded))


# What is left of a thing.

_TAKES = {"match": 1, "unmatch": -1, "contest": 1, "release": -1, "loss": 1, "forgiven": 1}
_TAKES["moved"] = 1


class View:
    """An account on a day, with what was known at an instant; None is no limit."""

    def __init__(
        self, customer: Customer, on: date | None = None, recorded: int | None = None
    ) -> None:
        self.things = [one for one in customer.things if holds(one, on, recorded)]
        self.facts = [one for one in customer.facts if holds(one, on, recorded)]

    def open(self, thing: Thing) -> tuple[int, int]:
        """Net and tax that are open and not contested; of a credit or deposit what is left."""
        there = any(one.number == thing.number for one in self.things)
        net, tax = (thing.net, thing.tax) if there else (0, 0)
        for fact in self.facts:
            if fact.thing == thing.number and fact.what in _TAKES:
                net -= _TAKES[fact.what] * fact.net
                tax -= _TAKES[fact.what] * fact.tax
            if fact.other == thing.number:
                net -= _TAKES[fact.what] * fact.amount
            if fact.thing == thing.number and fact.what == "given":
                net -= fact.net
        return net, tax

    def contested(self, thing: Thing) -> tuple[int, int]:
        net, tax = 0, 0
        for fact in self.facts:
            if fact.thing == thing.number and fact.what in ("contest", "release"):
                sign = 1 if fact.what == "contest" else -1
                net, tax = net + sign * fact.net, tax + sign * fact.tax
        return net, tax

    def lost(self, thing: Thing) -> int:
        return self._sum("loss", thing)

    def regained(self, thing: Thing) -> int:
        return self._sum("recovery", thing)

    def _sum(self, what: str, thing: Thing) -> int:
        return sum(
            fact.amount for fact in self.facts if fact.thing == thing.number and fact.what == what
        )

    def pairs(self, thing: Thing) -> dict[tuple[int, int], tuple[int, int]]:
        """By debt and credit, net and tax that they are matched for."""
        found: dict[tuple[int, int], tuple[int, int]] = {}
        for fact in self.facts:
            if fact.other is not None and thing.number in (fact.thing, fact.other):
                net, tax = found.get((fact.thing, fact.other), (0, 0))
                sign = _TAKES[fact.what]
                found[fact.thing, fact.other] = (net + sign * fact.net, tax + sign * fact.tax)
        return {pair: parts for pair, parts in found.items() if parts != (0, 0)}

    # Sums of the account.

    def total_open(self, *kinds: str) -> int:
        return sum(sum(self.open(one)) for one in self.things if one.kind in kinds)

    @property
    def receivable(self) -> int:
        return self.total_open(*DEBTS)

    @property
    def disputed(self) -> int:
        return sum(sum(self.contested(one)) for one in self.things)

    @property
    def unapplied(self) -> int:
        return self.total_open("credit")

    @property
    def deposit(self) -> int:
        return self.total_open("deposit")

    @property
    def written_off(self) -> int:
        return sum(self.lost(one) - self.regained(one) for one in self.things)

    @property
    def balance(self) -> int:
        return self.receivable + self.disputed - self.unapplied


def divide(units: int, shares: Sequence[int]) -> list[int]:
    """Largest remainders, the earlier share first among equals."""
    quotas = [Fraction(units * share, sum(shares)) for share in shares]
    parts = [floor(quota) for quota in quotas]
    while sum(parts) < units:
        gaps = [quota - part for quota, part in zip(quotas, parts, strict=True)]
        parts[gaps.index(max(gaps))] += 1
    return parts


class NaiveLedger:
    """The books of one operator.

    ``now`` is the instant of recording; the test moves it.
    """

    def __init__(self, policy: AllocationPolicy) -> None:
        self.policy = policy
        self.now = 0
        self.customers: dict[str, Customer] = {}
        self.closed_through: date | None = None
        self.commands: dict[str, LedgerCommand] = {}
        self._made: list[Event] = []
        self._key = ""
        self._recorded_at: int | None = None

    # Commands in, events out.

    def post(self, command: LedgerCommand) -> list[Event]:
        """Return what the command makes; nothing if it was there before; raise Refused."""
        first = self.commands.get(command.key)
        if first is not None:
            if first == command:
                return []
            raise Refused("KeyConflictError")
        before = self.snapshot()
        self._made, self._key = [], command.key
        self._recorded_at = None if command.recorded_at is None else to_micros(command.recorded_at)
        try:
            _RULES[type(command)](self, command)
        except Refused as refused:
            self.restore(before)
            raise Refused(*refused.reasons, *self._gates(command)) from None
        finally:
            self._recorded_at = None
        self.commands[command.key] = command
        return self._made

    def _gates(self, command: LedgerCommand) -> set[str]:
        if not isinstance(command, asked.AccountCommand):
            return set()
        known = [self.customers[one] for one in command.accounts() if one in self.customers]
        recovery = command.kind == "recovery"
        return {why for one in known for why in self.gate(one, command.on, recovery=recovery)}

    def snapshot(self) -> Any:
        customers = {
            name: replace(
                one, things=list(one.things), facts=list(one.facts), events=list(one.events)
            )
            for name, one in self.customers.items()
        }
        return customers, self.closed_through, dict(self.commands)

    def restore(self, snapshot: Any) -> None:
        self.customers, self.closed_through, self.commands = snapshot

    def view(self, name: str, on: date | None = None, recorded: int | None = None) -> View:
        return View(self.customers[name], on, recorded)

    # What stands in the way.

    def customer(self, name: str) -> Customer:
        if name not in self.customers:
            raise Refused("UnknownAccountError")
        return self.customers[name]

    def gate(self, customer: Customer, on: date, *, recovery: bool = False) -> set[str]:
        """Reasons for which nothing may be booked to an account on a day."""
        reasons = set()
        if on < customer.opened:
            reasons.add(DATE)
        if customer.closed and not recovery:
            reasons.add("ClosedAccountError")
        if self.closed_through and on <= self.closed_through and customer.name != BOOKS:
            reasons.add("ClosedPeriodError")
        last = customer.events[-1].recorded if customer.events else None
        if self._recorded_at is not None and last is not None and self._recorded_at < last:
            reasons.add(DATE)
        return reasons

    def last_moved(self, customer: Customer, thing: Thing) -> date:
        """Latest day on which anything happened to a thing."""
        days = [thing.on]
        for fact in customer.facts:
            if thing.number in (fact.thing, fact.other):
                days.append(fact.on)
                if fact.end:
                    days.append(fact.end.on)
        return max(days)

    def too_early(self, customer: Customer, on: date, things: Iterable[Thing]) -> set[str]:
        return {DATE for thing in things if self.last_moved(customer, thing) > on}

    # Writing down.

    def event(self, customer: Customer, kind: str, on: date, **rest: Any) -> Event:
        reasons = self.gate(customer, on, recovery=kind in ("recovery", "open_account"))
        if reasons:
            raise Refused(*reasons)
        last = customer.events[-1].recorded if customer.events else 0
        recorded = max(self.now, last) if self._recorded_at is None else self._recorded_at
        number = len(customer.events) + 1
        made = Event(customer.name, number, kind, self._key, len(self._made), on, recorded, **rest)
        customer.events.append(made)
        self._made.append(made)
        return made

    def open_thing(
        self,
        customer: Customer,
        event: Event,
        kind: str,
        *,
        net: int,
        tax: int = 0,
        document: str | None = None,
        due: date | None = None,
    ) -> Thing:
        thing = Thing(event.number, kind, document, event.on, due, net, tax, event.recorded)
        customer.things.append(thing)
        return thing

    def say(
        self,
        customer: Customer,
        event: Event,
        what: str,
        thing: Thing,
        parts: tuple[int, int],
        other: Thing | None = None,
    ) -> None:
        number = None if other is None else other.number
        customer.facts.append(
            Fact(event.number, what, thing.number, number, *parts, event.on, event.recorded)
        )

    # Finding.

    def units(self, customer: Customer, money: Money) -> int:
        if money.currency.code != customer.currency:
            raise Refused(CURRENCY)
        return money.minor_units

    def find(self, customer: Customer, reference: str, *kinds: str) -> Thing:
        """A thing by its name or by its document, of those kinds, even one that is settled."""
        prefix = customer.name + ":"
        rest = reference.removeprefix(prefix)
        if reference.startswith(prefix) and rest.isascii() and rest.isdigit():
            fitting = [one for one in customer.things if one.number == int(rest)]
            fitting = [one for one in fitting if one.kind in kinds]
        else:
            fitting = [
                one for one in customer.things if one.document == reference and one.kind in kinds
            ]
        if len(fitting) != 1:
            raise Refused(NO_ITEM)
        return fitting[0]

    def debts(self, customer: Customer) -> list[Thing]:
        """Debts that something is open of, in the order in which money meets them."""
        view = View(customer)
        found = [one for one in view.things if one.kind in DEBTS and sum(view.open(one)) > 0]
        return sorted(found, key=lambda one: (self.rank(one), *one.age_key))

    def rank(self, thing: Thing) -> int:
        kinds = [kind.value for kind in self.policy.order]
        return kinds.index(thing.kind) if thing.kind in kinds else len(kinds)

    def sources(
        self, customer: Customer, reference: str | None, kind: str = "credit"
    ) -> list[Thing]:
        """Credits or deposits that something is left of, the oldest first; or the one named."""
        if reference is not None:
            return [self.find(customer, reference, kind)]
        view = View(customer)
        found = [one for one in view.things if one.kind == kind and view.open(one)[0]]
        return sorted(found, key=lambda one: (one.on, one.number))

    def left(self, customer: Customer, things: Iterable[Thing]) -> int:
        view = View(customer)
        return sum(sum(view.open(one)) for one in things)

    # Dividing.

    def split(self, customer: Customer, thing: Thing, amount: int) -> Part:
        """Net and tax of a part payment."""
        net, tax = View(customer).open(thing)
        if self.policy.tax is TaxOrder.FIRST:
            for_tax = min(amount, tax)
        elif self.policy.tax is TaxOrder.LAST:
            for_tax = amount - min(amount, net)
        else:
            # In proportion; half a unit goes to the net part.
            for_tax = ceil(Fraction(amount * tax, net + tax) - Fraction(1, 2))
        return Part(thing, amount - for_tax, for_tax)

    def choose(self, customer: Customer, pot: int) -> list[Part]:
        """What the policy settles with a pot."""
        view = View(customer)
        debts = self.debts(customer)
        parts = []
        for rank in sorted({self.rank(one) for one in debts}):
            group = [one for one in debts if self.rank(one) == rank]
            owed = [sum(view.open(one)) for one in group]
            if self.policy.method is AllocationMethod.PRO_RATA and 0 < pot < sum(owed):
                gets = divide(pot, owed)
            else:
                gets = []
                for much in owed:
                    gets.append(min(much, pot - sum(gets)))
            parts += [
                self.split(customer, one, get) for one, get in zip(group, gets, strict=True) if get
            ]
            pot -= sum(gets)
        return parts

    def meant(self, customer: Customer, pot: int, targets: tuple[Target, ...] | None) -> list[Part]:
        """What a command settles: the debts it names, or as the policy says."""
        if targets is None:
            return self.choose(customer, pot)
        view = View(customer)
        gets: dict[int, int] = {}
        things = {}
        for target in targets:
            thing = self.find(customer, target.item, *DEBTS)
            still = sum(view.open(thing)) - gets.get(thing.number, 0)
            if target.amount is None:
                get = min(still, pot)
            else:
                get = self.units(customer, target.amount)
                if get > min(still, pot):
                    raise Refused(OVER)
            if get:
                things[thing.number] = thing
                gets[thing.number] = gets.get(thing.number, 0) + get
                pot -= get
        return [self.split(customer, things[number], get) for number, get in gets.items()]

    def pair_up(
        self, customer: Customer, credits_: list[Thing], parts: list[Part]
    ) -> list[tuple[Thing, Part]]:
        """Divide parts among credits, the first credit and the first debt first, net before tax."""
        view = View(customer)
        left = {one.number: sum(view.open(one)) for one in credits_}
        pairs: list[tuple[Thing, Part]] = []
        for part in parts:
            net, tax = part.net, part.tax
            for credit in credits_:
                take_net = min(net, left[credit.number])
                take_tax = min(tax, left[credit.number] - take_net)
                if take_net + take_tax:
                    pairs.append((credit, Part(part.thing, take_net, take_tax)))
                    left[credit.number] -= take_net + take_tax
                    net, tax = net - take_net, tax - take_tax
        return pairs

    # Matching.

    def settle_when_possible(
        self, customer: Customer, credit: Thing, parts: Iterable[Part], on: date
    ) -> None:
        """Match on the first day that both sides allow; one entry for each day."""
        by_day: dict[date, list[Part]] = {}
        for part in parts:
            both = (part.thing, credit)
            day = max(on, *(self.last_moved(customer, one) for one in both))
            by_day.setdefault(day, []).append(part)
        for day in sorted(by_day):
            event = self.event(customer, "allocation", day)
            for part in by_day[day]:
                self.say(customer, event, "match", part.thing, (part.net, part.tax), credit)

    def apply_credit(self, customer: Customer, on: date) -> None:
        """Unapplied credit meets open debts by itself."""
        if not self.policy.auto_apply:
            return
        for credit in self.sources(customer, None):
            pot = self.left(customer, [credit])
            self.settle_when_possible(customer, credit, self.choose(customer, pot), on)

    # Rules, one per command.

    def open_account(self, command: asked.OpenAccount) -> None:
        if command.account_id in self.customers:
            raise Refused("AccountExistsError")
        customer = Customer(command.account_id, command.currency.code, command.on)
        self.event(customer, "open_account", command.on)
        self.customers[customer.name] = customer
        self._terms(customer, command)

    def change_account(self, command: asked.ChangeAccount) -> None:
        customer = self.customer(command.account_id)
        if command.credit_limit is not None:
            self.units(customer, command.credit_limit)
        self.event(customer, "change_account", command.on)
        self._terms(customer, command)

    def _terms(self, customer: Customer, command: asked.OpenAccount | asked.ChangeAccount) -> None:
        customer.party = command.party_id
        customer.customer_class = command.customer_class
        limit = command.credit_limit
        customer.limit = None if limit is None else limit.minor_units

    def close_account(self, command: asked.CloseAccount) -> None:
        customer = self.customer(command.account_id)
        reasons = set()
        view = View(customer)
        if view.receivable or view.disputed or view.unapplied or view.deposit:
            reasons.add("AccountNotSettledError")
        if any(event.on > command.on for event in customer.events):
            reasons.add(DATE)
        if reasons:
            raise Refused(*reasons)
        self.event(customer, "close_account", command.on)
        customer.closed = command.on

    def charge(self, command: asked.Charge) -> None:
        customer = self.customer(command.account_id)
        units = self.units(customer, command.amount)
        if command.about is not None:
            self.find(customer, command.about, *DEBTS)
        tax = _tax(command.tax, command.lines)
        event = self.event(customer, "charge", command.on, opens=True)
        self.open_thing(
            customer,
            event,
            command.nature.value,
            net=units - tax,
            tax=tax,
            document=command.document,
            due=command.due_on,
        )
        self.apply_credit(customer, command.on)

    def credit_note(self, command: asked.CreditNote) -> None:
        self._credit("credit_note", command)

    def payment(self, command: asked.Pay) -> None:
        customer, parts = self._credit("payment", command)
        tolerance = sum(
            money.minor_units
            for money in self.policy.tolerance
            if money.currency.code == customer.currency
        )
        for part in parts:
            view = View(customer)
            rest = view.open(part.thing)
            if 0 < sum(rest) <= tolerance and not sum(view.contested(part.thing)):
                day = self.last_moved(customer, part.thing)
                event = self.event(customer, "small_balance", day)
                self.say(customer, event, "forgiven", part.thing, rest)

    def _credit(
        self, kind: str, command: asked.Pay | asked.CreditNote
    ) -> tuple[Customer, list[Part]]:
        customer = self.customer(command.account_id)
        units = self.units(customer, command.amount)
        parts = self.meant(customer, units, command.to)
        event = self.event(customer, kind, command.on, opens=True)
        credit = self.open_thing(customer, event, "credit", net=units, document=command.document)
        later = []
        for part in parts:
            if self.last_moved(customer, part.thing) <= command.on:
                self.say(customer, event, "match", part.thing, (part.net, part.tax), credit)
            else:
                later.append(part)
        self.settle_when_possible(customer, credit, later, command.on)
        return customer, parts

    def refund(self, command: asked.Refund) -> None:
        self._give_back("refund", command, "credit")

    def return_deposit(self, command: asked.ReturnDeposit) -> None:
        self._give_back("deposit_returned", command, "deposit")

    def _give_back(self, kind: str, command: asked.Refund | asked.ReturnDeposit, what: str) -> None:
        customer = self.customer(command.account_id)
        units = self.units(customer, command.amount)
        sources = self.sources(customer, command.of, what)
        if units > self.left(customer, sources):
            raise Refused(OVER)
        self._give(customer, kind, sources, units, command.on)

    def _give(
        self,
        customer: Customer,
        kind: str,
        sources: list[Thing],
        units: int,
        on: date,
        **rest: Any,
    ) -> None:
        given = []
        for source in sources:
            part = min(units, self.left(customer, [source]))
            if part:
                given.append((source, part))
                units -= part
        reasons = self.too_early(customer, on, [source for source, _ in given])
        if reasons:
            raise Refused(*reasons)
        event = self.event(customer, kind, on, **rest)
        for source, part in given:
            self.say(customer, event, "given", source, (part, 0))

    def take_deposit(self, command: asked.TakeDeposit) -> None:
        customer = self.customer(command.account_id)
        units = self.units(customer, command.amount)
        event = self.event(customer, "deposit_taken", command.on, opens=True)
        self.open_thing(customer, event, "deposit", net=units, document=command.document)

    def use_deposit(self, command: asked.UseDeposit) -> None:
        customer = self.customer(command.account_id)
        units = self.units(customer, command.amount)
        deposits = self.sources(customer, command.of, "deposit")
        parts = self.meant(customer, units, command.to)
        if units > min(self.left(customer, deposits), sum(part.amount for part in parts)):
            raise Refused(OVER)
        self._match(customer, "deposit_used", deposits, parts, command.on)

    def _match(
        self,
        customer: Customer,
        kind: str,
        sources: list[Thing],
        parts: list[Part],
        on: date,
    ) -> None:
        pairs = self.pair_up(customer, sources, parts)
        touched = [one for source, part in pairs for one in (source, part.thing)]
        reasons = self.too_early(customer, on, touched)
        if reasons:
            raise Refused(*reasons)
        event = self.event(customer, kind, on)
        for source, part in pairs:
            self.say(customer, event, "match", part.thing, (part.net, part.tax), source)

    def allocate(self, command: asked.Allocate) -> None:
        customer = self.customer(command.account_id)
        sources = self.sources(customer, command.of)
        parts = self.meant(customer, self.left(customer, sources), command.to)
        if not parts:
            raise Refused(OVER)
        self._match(customer, "allocation", sources, parts, command.on)

    def unallocate(self, command: asked.Unallocate) -> None:
        customer = self.customer(command.account_id)
        credit = self.find(customer, command.of, "credit")
        only = None if command.to is None else self.find(customer, command.to, *DEBTS).number
        pairs = {
            debt: parts
            for (debt, _), parts in View(customer).pairs(credit).items()
            if only in (None, debt)
        }
        matched = sum(net + tax for net, tax in pairs.values())
        amount = matched if command.amount is None else self.units(customer, command.amount)
        if not matched or amount > matched:
            raise Refused(OVER)
        # The debt due last is set free first.
        things = [one for one in customer.things if one.number in pairs]
        undone = []
        for thing in sorted(things, key=lambda one: (one.due or one.on, one.number), reverse=True):
            net, tax = pairs[thing.number]
            part = min(amount, net + tax)
            if part:
                tax_part = floor(Fraction(part * tax, net + tax))
                undone.append(Part(thing, part - tax_part, tax_part))
                amount -= part
        reasons = self.too_early(customer, command.on, [credit, *(one.thing for one in undone)])
        if reasons:
            raise Refused(*reasons)
        event = self.event(customer, "unallocation", command.on)
        for one in undone:
            self.say(customer, event, "unmatch", one.thing, (one.net, one.tax), credit)

    def offset(self, command: asked.Offset) -> None:
        customer = self.customer(command.account_id)
        lender = self.customer(command.credit_account_id or command.account_id)
        if lender is not customer:
            if lender.currency != customer.currency:
                raise Refused(CURRENCY)
            if customer.party is None or customer.party != lender.party:
                raise Refused("PartyMismatchError")
        sources = self.sources(lender, None)
        most = min(self.left(lender, sources), View(customer).receivable)
        amount = most if command.amount is None else self.units(customer, command.amount)
        if not most or amount > most:
            raise Refused(OVER)
        parts = self.choose(customer, amount)
        if lender is customer:
            self._match(customer, "offset", sources, parts, command.on)
            return
        reasons = self.too_early(customer, command.on, [part.thing for part in parts])
        if reasons:
            raise Refused(*reasons)
        event = self.event(customer, "offset", command.on, opens=True, between_accounts=True)
        credit = self.open_thing(customer, event, "credit", net=amount)
        for part in parts:
            self.say(customer, event, "match", part.thing, (part.net, part.tax), credit)
        self._give(lender, "offset", sources, amount, command.on, between_accounts=True)

    def transfer(self, command: asked.Transfer) -> None:
        source = self.customer(command.account_id)
        to = self.customer(command.to_account_id)
        if source.currency != to.currency:
            raise Refused(CURRENCY)
        for target in command.items:
            thing = self.find(source, target.item, *DEBTS)
            owed = self.left(source, [thing])
            units = owed if target.amount is None else self.units(source, target.amount)
            if not units or units > owed:
                raise Refused(OVER)
            reasons = self.too_early(source, command.on, [thing])
            if reasons:
                raise Refused(*reasons)
            part = self.split(source, thing, units)
            event = self.event(source, "transfer", command.on, between_accounts=True)
            self.say(source, event, "moved", thing, (part.net, part.tax))
            arrival = self.event(to, "transfer", command.on, opens=True, between_accounts=True)
            self.open_thing(
                to,
                arrival,
                thing.kind,
                net=part.net,
                tax=part.tax,
                document=thing.document,
                due=thing.due,
            )

    def write_off(self, command: asked.WriteOff) -> None:
        customer = self.customer(command.account_id)
        asked_for = None if command.amount is None else self.units(customer, command.amount)
        pot = View(customer).receivable if asked_for is None else asked_for
        parts = self.meant(customer, pot, command.to)
        found = sum(part.amount for part in parts)
        if not found or (asked_for is not None and found < asked_for):
            raise Refused(OVER)
        reasons = self.too_early(customer, command.on, [part.thing for part in parts])
        if reasons:
            raise Refused(*reasons)
        event = self.event(customer, "write_off", command.on)
        for part in parts:
            self.say(customer, event, "loss", part.thing, (part.net, part.tax))

    def recover(self, command: asked.Recover) -> None:
        customer = self.customer(command.account_id)
        units = self.units(customer, command.amount)
        view = View(customer)
        if command.to is None:
            debts = [one for one in view.things if one.kind in DEBTS]
            debts.sort(key=lambda one: (one.due or one.on, one.number))
        else:
            debts = [self.find(customer, command.to, *DEBTS)]
        lost = [view.lost(one) - view.regained(one) for one in debts]
        if units > sum(lost):
            raise Refused(OVER)
        back = []
        for debt, much in zip(debts, lost, strict=True):
            part = min(units, much)
            if part:
                back.append((debt, part))
                units -= part
        reasons = self.too_early(customer, command.on, [debt for debt, _ in back])
        if reasons:
            raise Refused(*reasons)
        event = self.event(customer, "recovery", command.on)
        for debt, part in back:
            self.say(customer, event, "recovery", debt, (part, 0))

    def dispute(self, command: asked.Dispute) -> None:
        self._contest("dispute", "contest", command, View.open)

    def release(self, command: asked.ReleaseDispute) -> None:
        self._contest("dispute_release", "release", command, View.contested)

    def _contest(
        self,
        kind: str,
        what: str,
        command: asked.Dispute | asked.ReleaseDispute,
        of: Callable[[View, Thing], tuple[int, int]],
    ) -> None:
        customer = self.customer(command.account_id)
        thing = self.find(customer, command.item, *DEBTS)
        net, tax = of(View(customer), thing)
        units = net + tax if command.amount is None else self.units(customer, command.amount)
        if not units or units > net + tax:
            raise Refused(OVER)
        reasons = self.too_early(customer, command.on, [thing])
        if reasons:
            raise Refused(*reasons)
        event = self.event(customer, kind, command.on)
        net_part, tax_part = divide(units, [net, tax])
        self.say(customer, event, what, thing, (net_part, tax_part))

    def promise(self, command: asked.PromiseToPay) -> None:
        self._agree("promise", command, [command.amount], lambda said, owed: said <= owed)

    def instalments(self, command: asked.AgreeInstalments) -> None:
        amounts = [part.amount for part in command.instalments]
        self._agree("instalment_plan", command, amounts, lambda said, owed: said == owed)

    def hold(self, command: asked.HoldDunning) -> None:
        self._agree("dunning_hold", command, [], lambda _, owed: command.items is None or owed > 0)

    def _agree(
        self,
        kind: str,
        command: asked.PromiseToPay | asked.AgreeInstalments | asked.HoldDunning,
        amounts: list[Money],
        fits: Callable[[int, int], bool],
    ) -> None:
        customer = self.customer(command.account_id)
        if command.items is None:
            things = self.debts(customer)
        else:
            found = [self.find(customer, name, *DEBTS) for name in command.items]
            things = list({one.number: one for one in found}.values())
        reasons = {CURRENCY for money in amounts if money.currency.code != customer.currency}
        said = sum(money.minor_units for money in amounts)
        owed = self.left(customer, things)
        if not fits(said, owed) or (amounts and not owed):
            reasons.add(OVER)
        if reasons:
            raise Refused(*reasons)
        self.event(customer, kind, command.on)

    def close_period(self, command: asked.ClosePeriod) -> None:
        books = self.open_books()
        if self.closed_through and command.through < self.closed_through:
            raise Refused(DATE)
        self.event(books, "period_close", command.on)
        self.closed_through = command.through

    def reopen_period(self, command: asked.ReopenPeriod) -> None:
        books = self.open_books()
        closed = self.closed_through
        if closed is None or (command.through is not None and command.through >= closed):
            raise Refused(DATE)
        self.event(books, "period_reopen", command.on)
        self.closed_through = command.through

    def open_books(self) -> Customer:
        if BOOKS not in self.customers:
            # The account begins with its first entry, recorded when that one is.
            recorded = self.now if self._recorded_at is None else self._recorded_at
            books = Customer(BOOKS, "XXX", date.min)
            books.events.append(Event(BOOKS, 1, "open_account", BOOKS, 0, date.min, recorded))
            self.customers[BOOKS] = books
        return self.customers[BOOKS]

    # Taking back.

    def reverse(self, command: asked.Reverse) -> None:
        name, colon, digits = command.entry_id.rpartition(":")
        if not (colon and name and digits.isascii() and digits.isdigit()):
            raise Refused("UnknownEntryError")
        customer = self.customer(name)
        if not 1 <= int(digits) <= len(customer.events):
            raise Refused("UnknownEntryError")
        event = customer.events[int(digits) - 1]
        if event.between_accounts:
            event = self.steps(event.key)[0]
        if event.kind in FINAL:
            raise Refused("NotReversibleError")
        if self._reversal_of(event):
            raise Refused("AlreadyReversedError")
        group = [event]
        if event.step == 0:
            group += [
                step
                for step in self.steps(event.key)[1:]
                if step.kind not in FINAL
                and step.kind != "allocation"
                and not self._reversal_of(step)
            ]
        reasons: set[str] = set()
        for step in group:
            reasons |= self.gate(self.customer(step.account), command.on)
            if step.on > command.on:
                reasons.add(DATE)
        self._take_all_back(group, command.on, reasons)
        if command.fee is not None:
            units = self.units(customer, command.fee)
            fee = self.event(customer, "charge", command.on, opens=True)
            self.open_thing(customer, fee, "fee", net=units, due=command.fee_due_on)
        if any(step.opens for step in group):
            for account in sorted({step.account for step in group}):
                self.apply_credit(self.customer(account), command.on)

    def steps(self, key: str) -> list[Event]:
        events = [event for one in self.customers.values() for event in one.events]
        return sorted((one for one in events if one.key == key), key=lambda one: one.step)

    def _reversal_of(self, event: Event) -> Event | None:
        for one in self.customer(event.account).events:
            if one.reverses == event.number:
                return one
        return None

    def _take_all_back(self, group: Iterable[Event], on: date, reasons: set[str]) -> None:
        for step in group:
            # What stands in the way of one step does not hide what stands in the way of the next.
            try:
                self._take_back(step, on, reasons)
            except Refused as refused:
                reasons |= refused.reasons
        if reasons:
            raise Refused(*reasons)

    def _take_back(self, event: Event, on: date, reasons: set[str]) -> None:
        customer = self.customer(event.account)
        mine = [fact for fact in customer.facts if fact.entry == event.number]
        ends = mine
        touched = [
            one
            for one in customer.things
            if any(one.number in (fact.thing, fact.other) for fact in mine)
        ]
        if event.opens:
            (thing,) = (one for one in customer.things if one.number == event.number)
            view = View(customer)
            pairs = view.pairs(thing)
            matched = sum(net + tax for net, tax in pairs.values())
            if matched + sum(view.open(thing)) != thing.amount:
                raise Refused("EntryInUseError", *reasons)
            others = {number for pair in pairs for number in pair}
            touched = [one for one in customer.things if one.number in {*others, thing.number}]
            ends = [
                fact
                for fact in customer.facts
                if (fact.thing, fact.other) in pairs and not fact.end
            ]
        elif any(fact.end for fact in mine):
            raise Refused("EntryInUseError", *reasons)
        reasons |= self.too_early(customer, on, touched)
        reversal = Event(event.account, 0, "", "", 0, on, 0)
        if not reasons:
            reversal = self.event(
                customer,
                "reversal",
                on,
                reverses=event.number,
                between_accounts=event.between_accounts,
            )
        end = End(on, reversal.recorded)
        customer.facts = [
            replace(fact, end=end) if fact in ends else fact for fact in customer.facts
        ]
        if event.opens:
            customer.things = [
                replace(one, end=end) if one.number == event.number else one
                for one in customer.things
            ]
        if not self._all_there(customer, touched):
            raise Refused("EntryInUseError", *reasons)
        if reasons:
            raise Refused(*reasons)

    def _all_there(self, customer: Customer, things: list[Thing]) -> bool:
        """Whether of none of the things less than nothing is left, in any respect."""
        view = View(customer)
        return all(
            min(
                *view.open(thing),
                *view.contested(thing),
                view.lost(thing) - view.regained(thing),
                *(min(parts) for parts in view.pairs(thing).values()),
            )
            >= 0
            for thing in things
        )


FINAL = (
    "open_account",
    "change_account",
    "close_account",
    "reversal",
    "dunning",
    "dunning_policy",
    "period_close",
    "period_reopen",
)

_RULES: dict[type, Callable[[NaiveLedger, Any], None]] = {
    asked.OpenAccount: NaiveLedger.open_account,
    asked.ChangeAccount: NaiveLedger.change_account,
    asked.CloseAccount: NaiveLedger.close_account,
    asked.Charge: NaiveLedger.charge,
    asked.CreditNote: NaiveLedger.credit_note,
    asked.Pay: NaiveLedger.payment,
    asked.Refund: NaiveLedger.refund,
    asked.Reverse: NaiveLedger.reverse,
    asked.Allocate: NaiveLedger.allocate,
    asked.Unallocate: NaiveLedger.unallocate,
    asked.TakeDeposit: NaiveLedger.take_deposit,
    asked.UseDeposit: NaiveLedger.use_deposit,
    asked.ReturnDeposit: NaiveLedger.return_deposit,
    asked.Offset: NaiveLedger.offset,
    asked.Transfer: NaiveLedger.transfer,
    asked.WriteOff: NaiveLedger.write_off,
    asked.Recover: NaiveLedger.recover,
    asked.Dispute: NaiveLedger.dispute,
    asked.ReleaseDispute: NaiveLedger.release,
    asked.PromiseToPay: NaiveLedger.promise,
    asked.AgreeInstalments: NaiveLedger.instalments,
    asked.HoldDunning: NaiveLedger.hold,
    asked.ClosePeriod: NaiveLedger.close_period,
    asked.ReopenPeriod: NaiveLedger.reopen_period,
}


def _tax(tax: Money | None, lines: tuple[InvoiceLine, ...]) -> int:
    return tax.minor_units if tax is not None else sum(line.tax.minor_units for line in lines)
