"""Charges and credit notes, line by line."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.booking.posted import item, left, posted, refused
from tests.ledger.books_for_tests import SmallBooks, day, eur

from telcrm.domain import InvoiceLine, Money
from telcrm.errors import (
    ClosedAccountError,
    ClosedPeriodError,
    CurrencyMismatchError,
    OverAllocationError,
    PostingDateError,
    UnknownAccountError,
    UnknownItemError,
)
from telcrm.ledger.allocation import AllocationPolicy
from telcrm.ledger.commands import Charge, CloseAccount, ClosePeriod, CreditNote, Target
from telcrm.ledger.stores.protocol import AsOf

DUE = day(2, 15)


def line(kind: str, net: str, tax: str = "0") -> InvoiceLine:
    return InvoiceLine(kind=kind, description=kind, net=eur(net), tax=eur(tax))


def test_a_charge_is_owed_and_earned() -> None:
    receipt = SmallBooks("A").charge("A", eur("30"), day(2, 1), DUE)
    assert posted(receipt.entry) == ["receivable.net 2 +3000", "revenue.service -3000"]
    assert (receipt.entry_id, receipt.item_id, receipt.balance) == ("A:2", "A:2", eur(30))


def test_tax_is_owed_by_the_customer_and_to_the_state() -> None:
    receipt = SmallBooks("A").charge("A", eur("120"), day(2, 1), DUE, tax=eur(20))
    assert posted(receipt.entry) == [
        "receivable.net 2 +10000",
        "receivable.tax 2 +2000",
        "revenue.service -10000",
        "tax -2000",
    ]


def test_a_charge_may_be_all_tax() -> None:
    receipt = SmallBooks("A").charge("A", eur("20"), day(2, 1), DUE, tax=eur(20))
    assert posted(receipt.entry) == ["receivable.tax 2 +2000", "tax -2000"]


@pytest.mark.parametrize(
    ("nature", "income"), [("fee", "fee_income -500"), ("interest", "interest_income -500")]
)
def test_the_nature_decides_what_is_earned(nature: str, income: str) -> None:
    receipt = SmallBooks("A").charge("A", eur("5"), day(2, 1), DUE, nature=nature)
    assert posted(receipt.entry) == ["receivable.net 2 +500", income]


def test_lines_are_earned_by_kind_and_a_discount_is_negative() -> None:
    lines = (
        line("recurring", "20", "4"),
        line("usage", "7", "1.40"),
        line("usage", "3", "0.60"),
        line("fee", "2"),
        line("interest", "1"),
        line("discount", "-5", "-1"),
    )
    receipt = SmallBooks("A").charge("A", eur("33"), day(2, 1), DUE, lines=lines)
    assert posted(receipt.entry) == [
        "receivable.net 2 +2800",
        "receivable.tax 2 +500",
        "revenue.recurring -2000",
        "revenue.usage -1000",
        "fee_income -200",
        "interest_income -100",
        "revenue.discount +500",
        "tax -500",
    ]


def test_credit_that_waits_meets_the_new_debt_in_the_same_transaction() -> None:
    books = SmallBooks("A")
    books.pay("A", eur(50), day(1, 10))
    charge, match = books.charge("A", eur(30), day(2, 1), DUE).entries
    assert (match.kind, match.key, match.step, match.on) == (
        "allocation",
        charge.key,
        1,
        day(2, 1),
    )
    assert posted(match) == ["unapplied 2/3 +3000", "receivable.net 3/2 -3000"]
    assert (left(books, "A:2"), left(books, "A:3")) == (2000, 0)


def test_without_auto_apply_credit_waits_on() -> None:
    books = SmallBooks("A", allocation=AllocationPolicy(auto_apply=False))
    books.pay("A", eur(50), day(1, 10))
    receipt = books.charge("A", eur(30), day(2, 1), DUE)
    assert len(receipt.entries) == 1
    assert receipt.balance == eur(-20)
    assert left(books, "A:2") == 5000


def test_a_charge_of_an_earlier_day_is_met_on_the_first_day_that_the_credit_allows() -> None:
    books = SmallBooks("A")
    books.pay("A", eur(50), day(3, 10))
    _, match = books.charge("A", eur(30), day(2, 1), DUE).entries
    assert match.on == day(3, 10)
    ((before,), (after,)) = (
        books.store.item_states(["A"], AsOf(on), live=True) for on in (day(3, 9), day(3, 10))
    )
    assert (before.kind, before.open) == ("service", 3000)
    assert (after.kind, after.open) == ("credit", 2000)


def test_the_debt_that_a_fee_is_for_has_to_be_there() -> None:
    books = SmallBooks("A")
    books.charge("A", eur(30), day(2, 1), DUE, document="I-1")
    assert books.charge("A", eur(5), day(3, 1), day(3, 15), nature="fee", about="I-1").entry
    fields = {"account_id": "A", "amount": eur(5), "on": day(3, 1), "due_on": day(3, 15)}
    refused(books, UnknownItemError, Charge, **fields, about="I-2")
    refused(books, UnknownItemError, Charge, **fields, about="A:1")


GOOD: dict[str, Any] = {"account_id": "A", "amount": eur(5), "on": day(2, 1), "due_on": DUE}


def test_another_currency_is_refused() -> None:
    fields = {**GOOD, "amount": Money(5, "USD")}
    error = refused(SmallBooks("A"), CurrencyMismatchError, Charge, **fields)
    assert error.context["currencies"] == ("EUR", "USD")


def test_an_unknown_account_is_refused() -> None:
    refused(SmallBooks("A"), UnknownAccountError, Charge, **{**GOOD, "account_id": "B"})


def test_a_closed_account_is_refused() -> None:
    books = SmallBooks("A")
    books.book(CloseAccount, account_id="A", on=day(1, 31))
    refused(books, ClosedAccountError, Charge, **GOOD)


def test_a_day_before_the_account_opened_is_refused() -> None:
    fields = {**GOOD, "on": date(2025, 12, 31)}
    error = refused(SmallBooks("A"), PostingDateError, Charge, **fields)
    assert error.context["earliest"] == date(2026, 1, 1)


def test_a_closed_period_is_refused_to_its_last_day() -> None:
    books = SmallBooks("A")
    books.book(ClosePeriod, on=day(2, 5), through=day(2, 1))
    refused(books, ClosedPeriodError, Charge, **GOOD)
    assert books.charge("A", eur(5), day(2, 2), DUE)


def test_a_credit_note_takes_back_what_was_sold_and_taxed() -> None:
    books = SmallBooks("A")
    books.charge("A", eur(120), day(2, 1), DUE, tax=eur(20))
    receipt = books.book(CreditNote, account_id="A", on=day(2, 3), amount=eur(60), tax=eur(10))
    assert posted(receipt.entry) == [
        "revenue.adjustment +5000",
        "tax +1000",
        "receivable.net 2/3 -5000",
        "receivable.tax 2/3 -1000",
    ]


def test_lines_of_a_credit_note_say_what_is_taken_back() -> None:
    receipt = SmallBooks("A").book(
        CreditNote,
        account_id="A",
        on=day(2, 3),
        amount=eur("7.20"),
        lines=(line("usage", "5", "1.20"), line("fee", "1")),
    )
    assert posted(receipt.entry) == [
        "revenue.usage +500",
        "fee_income +100",
        "tax +120",
        "unapplied 2 -720",
    ]


def test_what_is_left_of_a_credit_note_waits_for_the_next_debt() -> None:
    books = SmallBooks("A")
    books.charge("A", eur(10), day(2, 1), DUE)
    books.book(CreditNote, account_id="A", on=day(2, 3), amount=eur(25))
    assert left(books, "A:3") == 1500
    books.charge("A", eur(40), day(2, 4), DUE)
    assert (left(books, "A:3"), left(books, "A:4")) == (0, 2500)


def test_a_credit_note_is_for_the_debt_that_it_names() -> None:
    books = SmallBooks("A")
    books.charge("A", eur(10), day(2, 1), DUE, document="I-1")
    books.charge("A", eur(10), day(2, 1), DUE, document="I-2")
    note = {"account_id": "A", "on": day(2, 3), "amount": eur(12)}
    too_much = (Target(item="I-2", amount=eur(11)),)
    refused(books, OverAllocationError, CreditNote, **note, to=too_much)
    books.book(CreditNote, **note, to=(Target(item="I-2"),))
    assert (left(books, "A:2"), left(books, "A:3"), left(books, "A:4")) == (1000, 0, 200)


def test_tax_of_the_lines_is_never_more_than_the_amount() -> None:
    books = SmallBooks("A")
    lines = (line("usage", "2", "10"), line("discount", "-8"))
    with pytest.raises(ValueError, match="tax"):
        books.charge("A", eur(4), day(2, 1), DUE, lines=lines)


def test_a_line_is_no_larger_than_an_amount_may_be() -> None:
    lines = (line("usage", "1" + "0" * 30), line("discount", "-1" + "0" * 30), line("fee", "1"))
    with pytest.raises(ValueError, match="minor units"):
        Charge(key="k", **{**GOOD, "amount": eur(1)}, lines=lines)


@given(
    net=st.integers(1, 10**12),
    tax=st.integers(0, 10**12),
    waiting=st.lists(st.integers(1, 10**12), max_size=3),
)
def test_whatever_is_charged_is_open_or_met(net: int, tax: int, waiting: list[int]) -> None:
    books = SmallBooks("A")
    for units in waiting:
        books.pay("A", Money.from_minor(units, "EUR"), day(1, 10))
    name = f"A:{len(waiting) + 2}"
    amount, tax_amount = Money.from_minor(net + tax, "EUR"), Money.from_minor(tax, "EUR")
    receipt = books.charge("A", amount, day(2, 1), DUE, tax=tax_amount)
    kept = item(books, name)
    assert kept.open == max(0, net + tax - sum(waiting))
    assert 0 <= kept.open_net <= net
    assert 0 <= kept.open_tax <= tax
    assert receipt.balance == Money.from_minor(net + tax - sum(waiting), "EUR")
