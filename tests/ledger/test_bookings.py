"""Each method makes the command of its name, and says what is wrong with one that is none."""

import inspect
from datetime import date
from typing import Any

import pytest

from telcrm.domain import InvoiceLine, InvoiceLineKind, Money
from telcrm.errors import InvalidCommandError, MoneyError
from telcrm.ledger import Instalment, Ledger, LedgerCommand, Receipt, Target
from telcrm.ledger import commands as asked
from telcrm.ledger.bookings import Bookings

DAY = date(2026, 3, 1)
LATER = date(2026, 3, 31)
MONEY = Money("12", "EUR")

CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any], type[Any], dict[str, Any]]] = {
    "open_account": (
        ("A",),
        {"currency": "EUR", "party_id": "P", "customer_class": "gold", "credit_limit": MONEY},
        asked.OpenAccount,
        {"account_id": "A", "party_id": "P", "customer_class": "gold", "credit_limit": MONEY},
    ),
    "change_account": (
        ("A",),
        {"party_id": "P", "customer_class": "gold", "credit_limit": MONEY},
        asked.ChangeAccount,
        {"party_id": "P", "customer_class": "gold", "credit_limit": MONEY},
    ),
    "close_account": (("A",), {}, asked.CloseAccount, {"account_id": "A"}),
    "close_period": ((LATER,), {}, asked.ClosePeriod, {"through": LATER}),
    "reopen_period": ((None,), {"reason": "late"}, asked.ReopenPeriod, {"through": None}),
    "charge": (
        ("A", MONEY),
        {"due": LATER, "document": "I", "tax": Money(2, "EUR"), "nature": "fee", "about": "A:2"},
        asked.Charge,
        {"amount": MONEY, "due_on": LATER, "document": "I", "tax": Money(2, "EUR"), "about": "A:2"},
    ),
    "credit_note": (
        ("A", MONEY),
        {"to": "I", "tax": Money(2, "EUR"), "document": "CN"},
        asked.CreditNote,
        {"to": (Target(item="I"),), "tax": Money(2, "EUR"), "document": "CN"},
    ),
    "transfer": (
        ("A", "B"),
        {"items": ["I", Target(item="J", amount=MONEY)]},
        asked.Transfer,
        {"to_account_id": "B", "items": (Target(item="I"), Target(item="J", amount=MONEY))},
    ),
    "pay": (
        ("A", MONEY),
        {"to": (), "method": "cash", "document": "D"},
        asked.Pay,
        {"to": (), "method": "cash", "document": "D"},
    ),
    "refund": (("A", MONEY), {"of": "P"}, asked.Refund, {"of": "P", "amount": MONEY}),
    "allocate": (("A",), {"of": "P", "to": "I"}, asked.Allocate, {"to": (Target(item="I"),)}),
    "unallocate": (
        ("A",),
        {"of": "P", "to": "I", "money": MONEY},
        asked.Unallocate,
        {"of": "P", "to": "I", "amount": MONEY},
    ),
    "offset": (
        ("A",),
        {"against": "B", "money": MONEY},
        asked.Offset,
        {"credit_account_id": "B", "amount": MONEY},
    ),
    "take_deposit": (("A", MONEY), {"document": "D"}, asked.TakeDeposit, {"document": "D"}),
    "use_deposit": (
        ("A", MONEY),
        {"of": "D", "to": "I"},
        asked.UseDeposit,
        {"of": "D", "to": (Target(item="I"),)},
    ),
    "return_deposit": (("A", MONEY), {"of": "D"}, asked.ReturnDeposit, {"of": "D"}),
    "write_off": (
        ("A", MONEY),
        {"approver": "boss", "reason": "gone", "to": "I"},
        asked.WriteOff,
        {"approver": "boss", "reason": "gone", "amount": MONEY, "to": (Target(item="I"),)},
    ),
    "recover": (("A", MONEY), {"to": "I"}, asked.Recover, {"to": "I", "amount": MONEY}),
    "dispute": (("A", "I"), {"money": MONEY}, asked.Dispute, {"item": "I", "amount": MONEY}),
    "release_dispute": (
        ("A", "I"),
        {"money": MONEY},
        asked.ReleaseDispute,
        {"item": "I", "amount": MONEY},
    ),
    "promise": (
        ("A", MONEY),
        {"by": LATER, "items": ["I"]},
        asked.PromiseToPay,
        {"by": LATER, "items": ("I",), "amount": MONEY},
    ),
    "agree_instalments": (
        ("A", [Instalment(due_on=LATER, amount=MONEY)]),
        {"items": ["I"]},
        asked.AgreeInstalments,
        {"items": ("I",), "instalments": (Instalment(due_on=LATER, amount=MONEY),)},
    ),
    "hold_dunning": (
        ("A",),
        {"until": LATER, "items": ["I"]},
        asked.HoldDunning,
        {"until": LATER, "items": ("I",)},
    ),
    "reverse": (
        ("A:2",),
        {"fee": MONEY, "fee_due": LATER},
        asked.Reverse,
        {"entry_id": "A:2", "fee": MONEY, "fee_due_on": LATER},
    ),
}


class Recorder(Bookings):
    """Keeps the command instead of posting it."""

    def __init__(self) -> None:
        self.command: LedgerCommand | None = None

    def post(self, command: LedgerCommand) -> Receipt:
        self.command = command
        return Receipt(command.key, ())


@pytest.mark.parametrize("name", CALLS)
def test_every_argument_arrives_in_the_command(name: str) -> None:
    positional, named, kind, expected = CALLS[name]
    recorder = Recorder()
    details = {"actor": "tests", "metadata": {"batch": 7}}
    getattr(recorder, name)(*positional, key="k", on=DAY, **named, **details)
    command: Any = recorder.command
    assert type(command) is kind
    assert (command.key, command.on, command.actor) == ("k", DAY, "tests")
    assert command.metadata == {"batch": 7}
    assert {field: getattr(command, field) for field in expected} == expected


def test_every_command_has_its_method() -> None:
    methods = {
        name
        for name, value in inspect.getmembers(Bookings, inspect.isfunction)
        if not name.startswith("_") and name != "post"
    }
    assert methods == set(CALLS)
    kinds = {kind for _, _, kind, _ in CALLS.values()}
    every = {
        value
        for value in vars(asked).values()
        if inspect.isclass(value)
        and issubclass(value, asked.Command)
        and "kind" in value.model_fields
    }
    assert kinds == every


def test_lines_arrive_in_the_command() -> None:
    line = InvoiceLine(
        kind=InvoiceLineKind.USAGE, description="calls", net=Money(10, "EUR"), tax=Money(2, "EUR")
    )
    recorder = Recorder()
    recorder.charge("A", MONEY, due=LATER, on=DAY, key="k", lines=[line])
    assert isinstance(recorder.command, asked.Charge)
    assert recorder.command.lines == (line,)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"money": Money(0, "EUR")}, "amount: .*not above 0"),
        ({"money": Money(-5, "EUR")}, "amount: .*not above 0"),
        ({"money": Money(10**13, "EUR")}, "amount: .*look for a slip"),
        ({"money": 5}, "amount: .*pass a Money"),
        ({"due": date(2026, 2, 1)}, "due_on 2026-02-01 is before 2026-03-01"),
        ({"key": " blank"}, "key: "),
        ({"key": "~own"}, "key: "),
        ({"key": ""}, "key: "),
        ({"nature": "credit"}, "nature is service, fee or interest"),
        ({"tax": Money(13, "EUR")}, "tax 13.00 EUR lies outside 0 to the amount"),
        ({"tax": Money(1, "USD")}, "all in EUR"),
        ({"on": "yesterday"}, "on: "),
    ],
)
def test_what_is_no_command_is_refused_in_words(fields: dict[str, Any], said: str) -> None:
    books = Ledger.open("memory://")
    books.open_account("A", currency="EUR", on=DAY)
    call: dict[str, Any] = {"money": MONEY, "due": LATER, "key": "k", "on": DAY, **fields}
    with pytest.raises(InvalidCommandError, match=f"this is no Charge: .*{said}") as caught:
        books.charge("A", call.pop("money"), **call)
    assert caught.value.context["errors"]
    assert len(books.journal("A")) == 1
    assert books.verify().ok


def test_an_amount_finer_than_the_currency_is_refused_before_it_is_a_command() -> None:
    with pytest.raises(MoneyError):
        Money("1.005", "EUR")


def test_an_account_of_ours_is_not_opened_by_others() -> None:
    with pytest.raises(InvalidCommandError, match="tilde"):
        Ledger.open("memory://").open_account("~books", currency="EUR", on=DAY)


def test_a_currency_without_minor_unit_is_refused() -> None:
    with pytest.raises(InvalidCommandError, match="no minor unit"):
        Ledger.open("memory://").open_account("A", currency="XAU", on=DAY)
