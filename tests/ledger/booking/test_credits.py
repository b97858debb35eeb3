"""Money in and out: payments, refunds, deposits, recoveries."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.booking.posted import item, left, posted, refused
from tests.ledger.books_for_tests import SmallBooks, day, eur

from telcrm.domain import Money
from telcrm.errors import (
    CurrencyMismatchError,
    OverAllocationError,
    PostingDateError,
    UnknownItemError,
)
from telcrm.ledger.allocation import AllocationPolicy
from telcrm.ledger.commands import (
    CloseAccount,
    CreditNote,
    Dispute,
    Pay,
    Recover,
    Refund,
    ReturnDeposit,
    TakeDeposit,
    Target,
    UseDeposit,
    WriteOff,
)
from telcrm.ledger.stores.protocol import AsOf


def two_debts(**policy: Any) -> SmallBooks:
    """A:2 of 30 due in March, A:3 of 20 due in February."""
    books = SmallBooks("A", allocation=AllocationPolicy(**policy))
    books.charge("A", eur(30), day(2, 1), day(3, 15), document="I-2")
    books.charge("A", eur(20), day(2, 1), day(2, 15), document="I-3")
    return books


def test_a_payment_settles_the_oldest_due_first() -> None:
    books = two_debts()
    receipt = books.pay("A", eur(25), day(2, 9))
    assert posted(receipt.entry) == [
        "cash +2500",
        "receivable.net 3/4 -2000",
        "receivable.net 2/4 -500",
    ]
    assert receipt.balance == eur(25)


def test_tax_is_settled_in_proportion() -> None:
    books = SmallBooks("A")
    books.charge("A", eur(120), day(2, 1), day(2, 15), tax=eur(20))
    receipt = books.pay("A", eur(50), day(2, 9))
    # 50 of 120 is 41.67 net and 8.33 tax.
    assert posted(receipt.entry)[1:] == ["receivable.net 2/3 -4167", "receivable.tax 2/3 -833"]


def test_what_is_paid_too_much_is_unapplied() -> None:
    receipt = two_debts().pay("A", eur(60), day(2, 9))
    assert posted(receipt.entry)[-1] == "unapplied 4 -1000"
    assert receipt.balance == eur(-10)


def test_a_payment_without_any_debt_is_unapplied() -> None:
    receipt = SmallBooks("A").pay("A", eur(60), day(2, 9))
    assert posted(receipt.entry) == ["cash +6000", "unapplied 2 -6000"]


def test_a_payment_settles_what_it_names() -> None:
    books = two_debts()
    to = (Target(item="I-2", amount=eur(12)), Target(item="A:3"))
    books.book(Pay, account_id="A", amount=eur(15), on=day(2, 9), to=to)
    assert (left(books, "A:2"), left(books, "A:3"), left(books, "A:4")) == (1800, 1700, 0)


def test_a_payment_for_nothing_stays_unapplied_though_debts_are_open() -> None:
    books = two_debts()
    books.book(Pay, account_id="A", amount=eur(15), on=day(2, 9), to=())
    assert left(books, "A:4") == 1500


def test_a_debt_named_twice_gets_both_amounts_and_no_more_than_is_open() -> None:
    books = two_debts()
    pay = {"account_id": "A", "amount": eur(40), "on": day(2, 9)}
    twice = (Target(item="I-3", amount=eur(15)), Target(item="A:3", amount=eur(6)))
    refused(books, OverAllocationError, Pay, **pay, to=twice)
    books.book(Pay, **pay, to=(Target(item="I-3", amount=eur(15)), Target(item="A:3")))
    assert (left(books, "A:3"), left(books, "A:4")) == (0, 2000)


def test_targets_that_take_more_than_the_payment_are_refused() -> None:
    # The record sees only the amounts that are stated; what the first target takes is known here.
    to = (Target(item="I-2"), Target(item="I-3", amount=eur(1)))
    refused(
        two_debts(), OverAllocationError, Pay, account_id="A", amount=eur(30), on=day(2, 9), to=to
    )


@pytest.mark.parametrize("named", ["I-9", "A:9", "A:1", "B:2", "A:99999999999999999999"])
def test_what_names_no_debt_is_refused(named: str) -> None:
    pay = {"account_id": "A", "amount": eur(5), "on": day(2, 9)}
    refused(two_debts(), UnknownItemError, Pay, **pay, to=(Target(item=named),))


def test_the_order_of_kinds_goes_before_the_due_date() -> None:
    books = SmallBooks("A", allocation=AllocationPolicy(order=("fee", "interest", "service")))
    for number, nature in enumerate(("service", "interest", "fee"), start=1):
        books.charge("A", eur(10), day(2, 1), day(2, 10 + number), nature=nature)
    books.pay("A", eur(15), day(2, 9))
    assert [left(books, f"A:{seq}") for seq in (2, 3, 4)] == [1000, 500, 0]


@pytest.mark.parametrize(
    ("tax", "open_after"),
    [("first", (10000, 0)), ("last", (8000, 2000)), ("pro_rata", (8333, 1667))],
)
def test_the_policy_says_what_of_a_taxed_debt_is_settled_first(
    tax: str, open_after: tuple[int, int]
) -> None:
    books = SmallBooks("A", allocation=AllocationPolicy(tax=tax))
    books.charge("A", eur(120), day(2, 1), day(2, 15), tax=eur(20))
    books.pay("A", eur(20), day(2, 9))
    kept = item(books, "A:2")
    assert (kept.open_net, kept.open_tax) == open_after


def test_pro_rata_takes_of_every_debt_and_loses_no_unit() -> None:
    books = two_debts(method="pro_rata")
    books.pay("A", Money("0.07", "EUR"), day(2, 9))
    # 30 to 20 of 7 units is 4.2 to 2.8.
    assert (left(books, "A:2"), left(books, "A:3")) == (2996, 1997)


@given(
    owed=st.lists(st.integers(1, 10**10), min_size=1, max_size=5),
    paid=st.integers(1, 5 * 10**10),
    method=st.sampled_from(["oldest_due_first", "pro_rata"]),
)
def test_whatever_is_paid_is_matched_or_unapplied(owed: list[int], paid: int, method: str) -> None:
    books = SmallBooks("A", allocation=AllocationPolicy(method=method))
    for place, units in enumerate(owed):
        books.charge("A", Money.from_minor(units, "EUR"), day(2, 1), day(2, 10 + place))
    books.pay("A", Money.from_minor(paid, "EUR"), day(2, 9))
    seqs = range(2, 2 + len(owed))
    matched = sum(owed) - sum(left(books, f"A:{seq}") for seq in seqs)
    assert matched + left(books, f"A:{len(owed) + 2}") == paid
    assert matched == min(paid, sum(owed))


def test_money_meets_a_debt_of_a_later_day_on_that_day() -> None:
    books = SmallBooks("A")
    books.charge("A", eur(30), day(3, 1), day(3, 15))
    payment, match = books.pay("A", eur(30), day(2, 9)).entries
    assert posted(payment) == ["cash +3000", "unapplied 3 -3000"]
    assert (match.kind, match.on) == ("allocation", day(3, 1))
    assert posted(match) == ["unapplied 3/2 +3000", "receivable.net 2/3 -3000"]
    (state,) = books.store.item_states(["A"], AsOf(day(2, 28)))
    assert (state.kind, state.open) == ("credit", 3000)


def cents(count: int) -> Money:
    return Money.from_minor(count, "EUR")


def test_what_is_too_little_to_ask_for_is_forgiven() -> None:
    books = SmallBooks("A", allocation=AllocationPolicy(tolerance=(cents(5),)))
    books.charge("A", eur(12), day(2, 1), day(2, 15), tax=eur(2))
    payment, forgiven = books.pay("A", cents(1195), day(2, 9)).entries
    assert (payment.kind, forgiven.kind, forgiven.step) == ("payment", "small_balance", 1)
    assert posted(forgiven) == ["receivable.net 2 -4", "receivable.tax 2 -1", "small_balance 2 +5"]
    assert forgiven.balance == 0


@pytest.mark.parametrize(("paid", "open_after"), [(1195, 0), (1194, 6)])
def test_the_tolerance_itself_is_still_forgiven(paid: int, open_after: int) -> None:
    books = SmallBooks("A", allocation=AllocationPolicy(tolerance=(cents(5),)))
    books.charge("A", eur(12), day(2, 1), day(2, 15))
    books.pay("A", cents(paid), day(2, 9))
    assert left(books, "A:2") == open_after


def test_the_tolerance_is_of_one_currency() -> None:
    books = SmallBooks("A", allocation=AllocationPolicy(tolerance=(Money("0.05", "USD"),)))
    books.charge("A", eur(12), day(2, 1), day(2, 15))
    books.pay("A", cents(1199), day(2, 9))
    assert left(books, "A:2") == 1


def test_nothing_is_forgiven_of_a_debt_that_the_payment_did_not_meet_or_that_is_contested() -> None:
    books = SmallBooks("A", allocation=AllocationPolicy(tolerance=(cents(5),)))
    books.charge("A", eur(12), day(2, 1), day(2, 15))
    books.charge("A", cents(3), day(2, 1), day(2, 16))
    books.book(Dispute, account_id="A", on=day(2, 2), item="A:2", amount=eur(2))
    books.pay("A", cents(998), day(2, 9))
    assert [left(books, name) for name in ("A:2", "A:3")] == [2, 3]


def test_a_credit_note_forgives_nothing() -> None:
    books = SmallBooks("A", allocation=AllocationPolicy(tolerance=(cents(5),)))
    books.charge("A", eur(12), day(2, 1), day(2, 15))
    books.book(CreditNote, account_id="A", amount=cents(1198), on=day(2, 9))
    assert left(books, "A:2") == 2


def credits_of(*units: int) -> SmallBooks:
    books = SmallBooks("A")
    for place, much in enumerate(units):
        books.pay("A", cents(much), day(2, 1 + place), document=f"P-{place}")
    return books


def test_a_refund_takes_the_oldest_credit_first() -> None:
    books = credits_of(500, 700)
    receipt = books.book(Refund, account_id="A", amount=eur(6), on=day(2, 9))
    assert posted(receipt.entry) == ["cash -600", "unapplied 2 +500", "unapplied 3 +100"]


def test_a_refund_takes_the_credit_that_it_names() -> None:
    books = credits_of(500, 700)
    books.book(Refund, account_id="A", amount=eur(6), on=day(2, 9), of="P-1")
    assert (left(books, "A:2"), left(books, "A:3")) == (500, 100)


def test_no_more_is_refunded_than_is_left() -> None:
    books = credits_of(500, 700)
    error = refused(
        books, OverAllocationError, Refund, account_id="A", amount=cents(1201), on=day(2, 9)
    )
    assert error.context["available"] == 1200
    refused(
        books, OverAllocationError, Refund, account_id="A", amount=eur(6), on=day(2, 9), of="A:2"
    )


def test_nothing_is_refunded_before_it_came() -> None:
    books = credits_of(500)
    fields = {"account_id": "A", "amount": eur(5), "on": day(1, 31)}
    refused(books, PostingDateError, Refund, **fields)


def test_a_deposit_settles_nothing_until_it_is_used() -> None:
    books = two_debts()
    taken = books.book(TakeDeposit, account_id="A", amount=eur(25), on=day(2, 9), document="D")
    assert posted(taken.entry) == ["cash +2500", "deposit 4 -2500"]
    assert taken.balance == eur(50)
    used = books.book(UseDeposit, account_id="A", amount=eur(22), on=day(2, 10))
    assert posted(used.entry) == [
        "deposit 4/3 +2000",
        "receivable.net 3/4 -2000",
        "deposit 4/2 +200",
        "receivable.net 2/4 -200",
    ]
    returned = books.book(ReturnDeposit, account_id="A", amount=eur(3), on=day(2, 11), of="D")
    assert posted(returned.entry) == ["cash -300", "deposit 4 +300"]
    assert left(books, "A:4") == 0


def test_a_deposit_is_used_for_the_debts_that_are_named() -> None:
    books = two_debts()
    books.book(TakeDeposit, account_id="A", amount=eur(25), on=day(2, 9))
    use = {"account_id": "A", "on": day(2, 10), "to": (Target(item="I-2"),)}
    books.book(UseDeposit, amount=eur(25), **use)
    assert (left(books, "A:2"), left(books, "A:3")) == (500, 2000)


def test_no_more_of_a_deposit_is_used_than_is_left_or_owed() -> None:
    books = two_debts()
    books.book(TakeDeposit, account_id="A", amount=eur(60), on=day(2, 9))
    use = {"account_id": "A", "on": day(2, 10)}
    error = refused(books, OverAllocationError, UseDeposit, amount=cents(5001), **use)
    assert error.context["available"] == 5000
    refused(books, OverAllocationError, UseDeposit, amount=cents(6001), **use)
    refused(books, OverAllocationError, ReturnDeposit, amount=cents(6001), **use)
    refused(books, UnknownItemError, UseDeposit, amount=eur(1), of="A:2", **use)
    fields = {"account_id": "A", "on": day(2, 8), "amount": eur(1)}
    refused(books, PostingDateError, UseDeposit, **fields)


def test_a_deposit_is_no_credit_and_a_credit_no_deposit() -> None:
    books = SmallBooks("A")
    books.book(TakeDeposit, account_id="A", amount=eur(5), on=day(2, 1))
    books.pay("A", eur(5), day(2, 1))
    fields = {"account_id": "A", "amount": eur(1), "on": day(2, 2)}
    refused(books, UnknownItemError, Refund, **fields, of="A:2")
    refused(books, UnknownItemError, ReturnDeposit, **fields, of="A:3")


def lost_debts() -> SmallBooks:
    books = two_debts()
    books.book(WriteOff, account_id="A", on=day(4, 1), reason="gone", approver="board")
    return books


def test_a_recovery_is_income_and_goes_to_the_debt_due_first() -> None:
    books = lost_debts()
    receipt = books.book(Recover, account_id="A", amount=eur(25), on=day(5, 1))
    assert posted(receipt.entry) == ["cash +2500", "recovery 3 -2000", "recovery 2 -500"]
    assert receipt.balance == eur(0)
    account = books.store.account("A")
    assert account is not None
    assert account.written_off == 2500


def test_a_recovery_is_for_the_debt_that_it_names() -> None:
    books = lost_debts()
    books.book(Recover, account_id="A", amount=eur(25), on=day(5, 1), to="I-2")
    assert (item(books, "A:2").recovered, item(books, "A:3").recovered) == (2500, 0)
    refused(
        books, OverAllocationError, Recover, account_id="A", amount=eur(6), on=day(5, 1), to="I-2"
    )


def test_no_more_is_recovered_than_was_lost() -> None:
    fields = {"account_id": "A", "on": day(5, 1)}
    error = refused(lost_debts(), OverAllocationError, Recover, amount=cents(5001), **fields)
    assert error.context["available"] == 5000
    refused(two_debts(), OverAllocationError, Recover, amount=cents(1), **fields)
    fields["on"] = day(3, 31)
    refused(lost_debts(), PostingDateError, Recover, amount=cents(1), **fields)


def test_a_closed_account_still_takes_recoveries() -> None:
    books = lost_debts()
    books.book(CloseAccount, account_id="A", on=day(4, 2))
    assert books.book(Recover, account_id="A", amount=eur(1), on=day(5, 1)).balance == eur(0)


@pytest.mark.parametrize("command", [Pay, Refund, TakeDeposit, UseDeposit, ReturnDeposit, Recover])
def test_another_currency_is_refused(command: type[Any]) -> None:
    books = lost_debts()
    books.pay("A", eur(5), day(5, 1))
    books.book(TakeDeposit, account_id="A", amount=eur(5), on=day(5, 1))
    fields = {"account_id": "A", "amount": Money(1, "USD"), "on": day(5, 2)}
    refused(books, CurrencyMismatchError, command, **fields)
