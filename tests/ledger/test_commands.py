"""Commands: what is none is refused before the books see it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from tests.ledger.books_for_tests import day, eur

from telcrm.domain import InvoiceLine, Money
from telcrm.errors import InexactAmountError, MinorUnitError
from telcrm.ledger import commands as asked
from telcrm.ledger.commands import (
    MAX_MINOR_UNITS,
    AgreeInstalments,
    Charge,
    CreditNote,
    HoldDunning,
    Instalment,
    LedgerCommand,
    Offset,
    OpenAccount,
    Pay,
    PromiseToPay,
    Recover,
    Refund,
    Reverse,
    TakeDeposit,
    Target,
    Transfer,
    Unallocate,
    UseDeposit,
    WriteOff,
    read_command,
)

ON: dict[str, Any] = {"key": "k", "on": day(2, 1)}
HEAD: dict[str, Any] = {**ON, "account_id": "A"}
GOOD: dict[type[Any], dict[str, Any]] = {
    OpenAccount: {"currency": "EUR"},
    asked.ChangeAccount: {},
    asked.CloseAccount: {},
    Charge: {"amount": eur(12), "due_on": day(2, 15)},
    CreditNote: {"amount": eur(12)},
    Pay: {"amount": eur(12)},
    Refund: {"amount": eur(12)},
    Reverse: {"entry_id": "A:2"},
    asked.Allocate: {},
    Unallocate: {"of": "A:2"},
    TakeDeposit: {"amount": eur(12)},
    UseDeposit: {"amount": eur(12)},
    asked.ReturnDeposit: {"amount": eur(12)},
    Offset: {},
    Transfer: {"to_account_id": "B", "items": (Target(item="A:2"),)},
    WriteOff: {"reason": "x", "approver": "y"},
    Recover: {"amount": eur(12)},
    asked.Dispute: {"item": "A:2"},
    asked.ReleaseDispute: {"item": "A:2"},
    PromiseToPay: {"amount": eur(12), "by": day(2, 9)},
    AgreeInstalments: {"instalments": (Instalment(due_on=day(3, 1), amount=eur(12)),)},
    HoldDunning: {"until": day(2, 9)},
    asked.ClosePeriod: {"through": day(1, 31)},
    asked.ReopenPeriod: {"reason": "x"},
}


def make(kind: type[Any], **changes: Any) -> Any:
    head = HEAD if issubclass(kind, asked.AccountCommand) else ON
    return kind(**{**head, **GOOD[kind], **changes})


def test_every_command_is_here() -> None:
    union = get_args(LedgerCommand)[0]
    assert set(get_args(union)) == set(GOOD)


@pytest.mark.parametrize("kind", GOOD)
def test_a_command_survives_json(kind: type[Any]) -> None:
    command = make(kind, actor="me", metadata={"b": 1, "a": [None, "x"]})
    text = command.model_dump_json(exclude_none=True)
    assert read_command(text) == command
    assert json.loads(text)["kind"] == command.kind
    assert TypeAdapter(LedgerCommand).validate_python(command) is command


AMOUNTS = [
    (kind, field) for kind in GOOD for field in ("amount", "fee") if field in kind.model_fields
]


@pytest.mark.parametrize(("kind", "field"), AMOUNTS)
@pytest.mark.parametrize("units", [0, -1, MAX_MINOR_UNITS])
def test_an_amount_is_above_nothing_and_below_the_largest(
    kind: type[Any], field: str, units: int
) -> None:
    with pytest.raises(ValidationError):
        make(
            kind,
            **{field: Money.from_minor(units, "EUR"), "fee_due_on": day(3, 1)}
            if field == "fee"
            else {field: Money.from_minor(units, "EUR")},
        )


def test_the_largest_amount_is_bookable() -> None:
    assert make(Pay, amount=Money.from_minor(MAX_MINOR_UNITS - 1, "EUR"))


def test_an_amount_has_no_more_decimals_than_its_currency_and_is_no_float() -> None:
    with pytest.raises(MinorUnitError):
        Money("1.005", "EUR")
    with pytest.raises(InexactAmountError):
        Money(1.5, "EUR")  # type: ignore[arg-type]
    for amount in ("1.005", 1.5):
        with pytest.raises(ValidationError):
            make(Pay, amount={"amount": amount, "currency": "EUR"})


@pytest.mark.parametrize("key", ["", " ", "~own", "é", "a\n", "x" * 129, "a\x00"])
def test_a_key_is_short_printable_ascii_and_not_one_of_ours(key: str) -> None:
    with pytest.raises(ValidationError):
        make(Pay, key=key)


@pytest.mark.parametrize("key", ["k", "!", "}x~", "x" * 128, "urn:uuid:0"])
def test_a_key_may_be_what_a_bank_or_a_program_makes(key: str) -> None:
    assert make(Pay, key=key).key == key


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (Pay, {"account_id": ""}),
        (Pay, {"account_id": "é"}),
        (Pay, {"account_id": "x" * 65}),
        (Pay, {"recorded_at": datetime(2026, 1, 1)}),
        (Pay, {"on": datetime(2026, 1, 1, 12, tzinfo=UTC)}),
        (Pay, {"amont": eur(1)}),
        (Pay, {"to": (Target(item="A:2", amount=eur(7)), Target(item="A:3", amount=eur(6)))}),
        (Pay, {"to": (Target(item="A:2", amount=Money(1, "USD")),)}),
        (Pay, {"metadata": {"a": object()}}),
        (OpenAccount, {"account_id": "~books"}),
        (OpenAccount, {"currency": "XXX"}),
        (OpenAccount, {"currency": "ABC"}),
        (OpenAccount, {"credit_limit": Money(-1, "EUR")}),
        (OpenAccount, {"credit_limit": Money(1, "USD")}),
        (Charge, {"due_on": day(1, 31)}),
        (Charge, {"nature": "credit"}),
        (Charge, {"nature": "deposit"}),
        (Charge, {"tax": eur(13)}),
        (Charge, {"tax": Money(-1, "EUR")}),
        (Charge, {"tax": Money(1, "USD")}),
        (CreditNote, {"tax": eur(13)}),
        (Reverse, {"fee": eur(1)}),
        (Reverse, {"fee_due_on": day(3, 1)}),
        (Reverse, {"fee": eur(1), "fee_due_on": day(1, 31)}),
        (Transfer, {"items": ()}),
        (Transfer, {"to_account_id": "A"}),
        (WriteOff, {"reason": " "}),
        (WriteOff, {"reason": None}),
        (WriteOff, {"approver": None}),
        (WriteOff, {"amount": eur(1), "to": (Target(item="A:2", amount=eur(2)),)}),
        (UseDeposit, {"to": (Target(item="A:2", amount=eur(13)),)}),
        (PromiseToPay, {"by": day(1, 31)}),
        (HoldDunning, {"until": day(1, 31)}),
        (AgreeInstalments, {"instalments": ()}),
        (asked.ReopenPeriod, {"reason": None}),
        (Unallocate, {"of": ""}),
        (Unallocate, {"of": "x" * 141}),
    ],
)
def test_what_says_nothing_sensible_is_no_command(kind: type[Any], changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make(kind, **changes)


def line(net: str, tax: str = "0", currency: str = "EUR") -> InvoiceLine:
    return InvoiceLine(
        kind="usage", description="x", net=Money(net, currency), tax=Money(tax, currency)
    )


@pytest.mark.parametrize("kind", [Charge, CreditNote])
@pytest.mark.parametrize(
    ("lines", "tax"),
    [
        ((line("11"),), None),
        ((line("10", "2"),), eur(1)),
        ((line("12", currency="USD"),), None),
        ((line("14", "-2"),), None),
        ((line("10", "2"), line("1")), None),
        ((line("2", "20"), line("-10")), None),
    ],
)
def test_lines_add_up_to_the_amount_and_its_tax(
    kind: type[Any], lines: tuple[InvoiceLine, ...], tax: Money | None
) -> None:
    with pytest.raises(ValidationError):
        make(kind, lines=lines, tax=tax)


@pytest.mark.parametrize("tax", [None, eur(2)])
def test_lines_that_add_up_are_taken(tax: Money | None) -> None:
    assert make(Charge, lines=(line("11", "2.20"), line("-1", "-0.20")), tax=tax)


@pytest.mark.parametrize("days", [[day(3, 1), day(3, 1)], [day(3, 2), day(3, 1)], [day(1, 31)]])
def test_instalments_fall_due_one_after_the_other_from_now_on(days: list[date]) -> None:
    parts = tuple(Instalment(due_on=due, amount=eur(1)) for due in days)
    with pytest.raises(ValidationError):
        make(AgreeInstalments, instalments=parts)


def test_instalments_are_in_one_currency() -> None:
    parts = (
        Instalment(due_on=day(3, 1), amount=eur(1)),
        Instalment(due_on=day(3, 2), amount=Money(1, "USD")),
    )
    with pytest.raises(ValidationError):
        make(AgreeInstalments, instalments=parts)


def test_a_command_says_which_accounts_it_touches() -> None:
    assert make(Pay).accounts() == ("A",)
    assert make(Transfer).accounts() == ("A", "B")
    assert make(Offset).accounts() == ("A",)
    assert make(Offset, credit_account_id="A").accounts() == ("A",)
    assert make(Offset, credit_account_id="B").accounts() == ("A", "B")


def test_a_command_never_changes() -> None:
    with pytest.raises(ValidationError):
        make(Pay).amount = eur(1)


def test_what_is_no_command_is_not_read() -> None:
    for text in ("{}", "nonsense", '{"kind": "gift"}', b"\xff"):
        with pytest.raises(ValidationError):
            read_command(text)


@given(
    st.dictionaries(
        st.text("abc", max_size=3),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text("xyzé\u20ac"),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(st.text("ab", max_size=2), inner, max_size=2)
            ),
            max_leaves=4,
        ),
        max_size=4,
    ),
    st.randoms(),
)
def test_metadata_comes_back_and_its_order_does_not_count(
    metadata: dict[str, Any], random: Any
) -> None:
    command = make(Pay, metadata=metadata)
    text = command.model_dump_json(exclude_none=True)
    assert read_command(text).metadata == metadata

    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            names = list(value)
            random.shuffle(names)
            return {name: shuffled(value[name]) for name in names}
        return [shuffled(one) for one in value] if isinstance(value, list) else value

    other = make(Pay, metadata=shuffled(metadata))
    assert other.model_dump_json(exclude_none=True) == text
