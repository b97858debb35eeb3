"""The commands are valid, refer to what was booked, and reach every kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import Phase, find, given, settings

from telcrm.domain import Money
from telcrm.errors import ParameterError
from telcrm.ledger.commands import (
    AgreeInstalments,
    Allocate,
    Charge,
    CreditNote,
    Dispute,
    LedgerCommand,
    OpenAccount,
    Pay,
    Reverse,
    TakeDeposit,
    Transfer,
    Unallocate,
    WriteOff,
    read_command,
)
from telcrm.testing import books, ledger_accounts, ledger_commands
from telcrm.testing.command_shapes import KINDS

GENERATE = settings(phases=[Phase.generate], max_examples=2_000, database=None)
NAMES = ("A-1", "A-2")


@given(ledger_accounts())
def test_openings_are_commands(opening: OpenAccount) -> None:
    assert read_command(opening.model_dump_json()) == opening
    assert opening.key == f"open-{opening.account_id}"


@given(ledger_accounts(account_ids=NAMES, currency="CLF", on=date(2025, 5, 5)))
def test_openings_keep_to_what_is_asked_for(opening: OpenAccount) -> None:
    assert opening.account_id in NAMES
    assert opening.currency.code == "CLF"
    assert opening.on == date(2025, 5, 5)


@given(ledger_commands(NAMES, currency="KWD", max_minor=700, last=date(2026, 1, 31)))
def test_commands_keep_to_what_is_asked_for(command: LedgerCommand) -> None:
    assert read_command(command.model_dump_json()) == command
    assert date(2026, 1, 1) <= command.on <= date(2026, 1, 31)
    if not isinstance(command, Reverse) and hasattr(command, "accounts"):
        assert set(command.accounts()) <= set(NAMES)
    amount = getattr(command, "amount", None)
    if amount is not None:
        assert Money.from_minor(1, "KWD") <= amount <= Money.from_minor(700, "KWD")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_alone(kind: str) -> None:
    @settings(max_examples=10)
    @given(ledger_commands(NAMES, kinds=[kind]))
    def check(command: LedgerCommand) -> None:
        assert command.kind == kind

    check()
    assert find(ledger_commands(NAMES, kinds=[kind]), lambda it: it.kind == kind, settings=GENERATE)


@given(ledger_commands(["A-1"], references={"A-1": ["INV-7"]}, kinds=["dispute", "unallocation"]))
def test_references_are_those_given(command: LedgerCommand) -> None:
    assert isinstance(command, (Dispute, Unallocate))
    assert (command.item if isinstance(command, Dispute) else command.of) == "INV-7"


@given(ledger_commands(["A-1"], references={}, kinds=["dispute_release", "transfer", "recovery"]))
def test_what_has_nothing_to_refer_to_is_in_the_end_a_charge(command: LedgerCommand) -> None:
    assert isinstance(command, Charge)


def test_no_account_is_refused() -> None:
    with pytest.raises(ParameterError, match="names no account"):
        ledger_commands([])


@pytest.mark.parametrize("strategy", [books, lambda **kinds: ledger_commands(NAMES, **kinds)])
def test_unknown_kinds_are_refused(strategy: Callable[..., object]) -> None:
    with pytest.raises(ParameterError, match="kinds holds gift: choose from charge, "):
        strategy(kinds=["charge", "gift"])
    with pytest.raises(ParameterError, match="kinds holds nothing"):
        strategy(kinds=[])


@given(books(max_accounts=2, min_commands=3, max_commands=12))
def test_histories_run_forward_and_keys_are_unique(history: list[LedgerCommand]) -> None:
    assert [read_command(command.model_dump_json()) for command in history] == history
    assert len({command.key for command in history}) == len(history)
    days = [command.on for command in history]
    assert days == sorted(days)
    opened = [command for command in history if isinstance(command, OpenAccount)]
    assert history[: len(opened)] == opened
    assert 1 <= len(opened) <= 2
    assert 3 <= len(history) - len(opened) <= 12


@given(books())
def test_histories_refer_to_what_came_before(history: list[LedgerCommand]) -> None:
    debts: set[tuple[str, str]] = set()
    credited: set[tuple[str, str]] = set()
    for command in history:
        match command:
            case Dispute():
                assert (command.account_id, command.item) in debts
            case Unallocate() | Allocate(of=str()):
                assert (command.account_id, command.of) in credited
            case Transfer():
                moved = {target.item for target in command.items}
                assert {(command.account_id, item) for item in moved} <= debts
                debts |= {(command.to_account_id, item) for item in moved}
            case Charge():
                debts.add((command.account_id, str(command.document)))
            case Pay() | CreditNote():
                credited.add((command.account_id, str(command.document)))


def has(wanted: Callable[[LedgerCommand], bool]) -> Callable[[list[LedgerCommand]], bool]:
    return lambda history: any(wanted(command) for command in history)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("charge", lambda it: isinstance(it, Charge) and it.tax is not None),
        ("charge", lambda it: isinstance(it, Charge) and len(it.lines) > 1),
        ("charge", lambda it: isinstance(it, Charge) and it.about is not None),
        ("credit_note", lambda it: isinstance(it, CreditNote) and bool(it.to)),
        ("payment", lambda it: isinstance(it, Pay) and it.to is None),
        ("payment", lambda it: isinstance(it, Pay) and it.to == ()),
        ("payment", lambda it: isinstance(it, Pay) and len(it.to or ()) > 1),
        ("reversal", lambda it: isinstance(it, Reverse) and it.fee is not None),
        ("write_off", lambda it: isinstance(it, WriteOff) and it.to is not None),
        (
            "instalment_plan",
            lambda it: isinstance(it, AgreeInstalments) and bool(it.instalments[2:]),
        ),
        ("transfer", lambda it: isinstance(it, Transfer)),
        ("deposit_taken", lambda it: isinstance(it, TakeDeposit) and bool(it.metadata)),
    ],
)
def test_histories_reach(kind: str, wanted: Callable[[LedgerCommand], bool]) -> None:
    assert find(books(kinds={"charge", kind}), has(wanted), settings=GENERATE)


def test_histories_shrink_to_what_matters() -> None:
    found = find(
        books(max_commands=3, kinds=["charge", "payment", "dispute"]),
        has(lambda command: isinstance(command, Dispute)),
        settings=settings(max_examples=200, database=None),
    )
    assert [command.kind for command in found] == ["open_account", "charge", "dispute"]
    assert found[1].on == found[2].on == date(2026, 1, 1)


def test_an_instalment_plan_covers_the_charge_it_is_for() -> None:
    @settings(max_examples=30)
    @given(books(max_accounts=1, kinds=["charge", "instalment_plan"]))
    def check(history: list[LedgerCommand]) -> None:
        charged = {one.document: one.amount for one in history if isinstance(one, Charge)}
        for plan in history:
            if isinstance(plan, AgreeInstalments) and plan.items:
                parts = [part.amount for part in plan.instalments]
                assert Money.sum(parts, currency="EUR") == charged[plan.items[0]]
                assert plan.instalments[0].due_on == plan.on + timedelta(days=30)

    check()


@given(books(max_accounts=1, kinds=["dispute_release"]))
def test_a_release_comes_after_its_dispute(history: list[LedgerCommand]) -> None:
    kinds = [command.kind for command in history[:4]]
    assert kinds == ["open_account", "charge", "dispute", "dispute_release"][: len(history)]
