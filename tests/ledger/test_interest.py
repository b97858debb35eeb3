"""Interest by the day and late fees by the debt: what is charged, and that it is charged once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm.domain import Money
from telcrm.errors import ParameterError, UnknownAccountError
from telcrm.ledger import InterestPolicy, ItemKind, LateFeePolicy, Ledger

DAY = date(2026, 1, 1)
DUE = date(2026, 1, 15)
NINE = InterestPolicy(annual_rate=Decimal("0.09"))
FEE = LateFeePolicy(amount=(Money(5, "EUR"),), days_past_due=10)


def eur(amount: int | str) -> Money:
    return Money(amount, "EUR")


def owing(amount: int = 1000, **terms: Any) -> Ledger:
    books = Ledger.open("memory://")
    books.open_account("A", currency="EUR", on=DAY)
    books.charge("A", eur(amount), on=DAY, due=DUE, key="I", document="I", **terms)
    return books


def charged(books: Ledger, policy: InterestPolicy, through: date) -> list[Money]:
    return [one.amount for one in books.interest_charges(policy, through=through)]


def test_interest_by_hand() -> None:
    books = owing()
    books.pay("A", eur(400), on=date(2026, 2, 10), key="p")
    # 26 days at 1,000 (16 January to 9 February, and the due day bears none), then 600.
    days = (date(2026, 2, 10) - date(2026, 1, 16)).days * 1000 + 19 * 600
    (charge,) = books.interest_charges(NINE, through=date(2026, 2, 28))
    assert charge.amount == eur(f"{days * 0.09 / 365:.2f}")
    assert (charge.nature, charge.about, charge.on) == (
        ItemKind.INTEREST,
        "A:2",
        date(2026, 2, 28),
    )
    assert charge.due_on == date(2026, 3, 14)


@pytest.mark.parametrize(
    ("policy", "through", "expected"),
    [
        (NINE, DUE, []),
        (NINE, DUE + timedelta(days=1), ["0.25"]),
        (NINE.replace(grace_days=10), date(2026, 1, 25), []),
        (NINE.replace(grace_days=10), date(2026, 1, 26), ["0.25"]),
        (NINE.replace(days_of_year=360), date(2026, 2, 14), ["7.50"]),
        (NINE.replace(cap=Decimal("0.001")), date(2026, 6, 1), ["1.00"]),
        (NINE.replace(minimum=(eur(8),)), date(2026, 2, 14), []),
        (NINE.replace(minimum=(eur(7),)), date(2026, 2, 14), ["7.40"]),
        (NINE.replace(minimum=(Money(8, "USD"),)), date(2026, 2, 14), ["7.40"]),
        (NINE.replace(rounding="up"), DUE + timedelta(days=2), ["0.50"]),
        (NINE.replace(rounding="down"), DUE + timedelta(days=2), ["0.49"]),
    ],
)
def test_what_the_policy_changes(
    policy: InterestPolicy, through: date, expected: list[str]
) -> None:
    assert charged(owing(), policy, through) == [eur(amount) for amount in expected]


def test_interest_bears_no_interest_unless_asked() -> None:
    books = owing()
    books.post_many(books.interest_charges(NINE, through=date(2026, 3, 31)))
    later = date(2027, 3, 31)
    simple = list(books.interest_charges(NINE, through=later))
    assert [one.about for one in simple] == ["A:2"]
    compound = list(books.interest_charges(NINE.replace(on_fees_and_interest=True), through=later))
    assert [one.about for one in compound] == ["A:2", "A:3"]


def test_what_was_charged_before_is_taken_off_and_a_reversed_charge_is_not() -> None:
    books = owing()
    through = date(2026, 2, 14)
    (first,) = books.interest_charges(NINE, through=through)
    posted = books.post(first)
    assert charged(books, NINE, through) == []
    books.reverse(posted.entry_id, key="r", on=through)
    (again,) = books.interest_charges(NINE, through=through)
    assert again.amount == first.amount
    assert books.post(again).replayed is False
    assert charged(books, NINE, through) == []


def test_what_is_contested_bears_none() -> None:
    books = owing()
    books.dispute("A", "I", money=eur(999), key="d", on=DUE)
    assert charged(books, NINE, date(2026, 1, 16)) == []


def test_what_was_paid_late_bears_interest_for_the_days_it_was_late() -> None:
    books = owing()
    books.pay("A", eur(1000), on=date(2026, 2, 14), key="p")
    days = (date(2026, 2, 14) - date(2026, 1, 16)).days
    assert charged(books, NINE, date(2026, 3, 31)) == [eur(f"{1000 * days * 0.09 / 365:.2f}")]


def test_an_invoice_that_was_wrong_bears_none() -> None:
    books = owing()
    books.reverse("A:2", on=date(2026, 2, 14), key="r")
    assert charged(books, NINE, date(2026, 3, 31)) == []


def test_accounts_can_be_chosen() -> None:
    books = owing()
    books.open_account("B", currency="EUR", on=DAY)
    through = date(2026, 2, 14)
    assert list(books.interest_charges(NINE, through=through, account_ids=["B"])) == []
    assert list(books.late_fee_charges(FEE, as_of=through, account_ids=["B"])) == []


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 300)), max_size=5), st.integers(1, 9))
def test_interest_month_by_month_is_the_interest_of_all_the_time(
    payments: list[tuple[int, int]], months: int
) -> None:
    books = owing()
    day = DUE
    balance = {DUE: 100_000}
    owed = 100_000
    for number, (wait, amount) in enumerate(payments):
        day += timedelta(days=wait)
        units = min(amount * 100, owed)
        if units:
            books.pay("A", Money.from_minor(units, "EUR"), on=day, key=f"p{number}", to="I")
        owed -= units
        balance[day] = owed
    end = DUE + timedelta(days=30 * months)
    for month in range(1, months + 1):
        through = DUE + timedelta(days=30 * month)
        books.post_many(books.interest_charges(NINE, through=through))
    total = 0
    current = DUE + timedelta(days=1)
    while current <= end:
        total += balance[max(known for known in balance if known <= current)]
        current += timedelta(days=1)
    exact = Fraction(total) * Fraction(9, 100) / 365
    booked = -books.trial_balance(as_of=end).balance("interest_income", "EUR").minor_units
    assert abs(booked - exact) <= Fraction(1, 2)


def test_each_debt_has_one_late_fee() -> None:
    books = owing()
    assert list(books.late_fee_charges(FEE, as_of=date(2026, 1, 24))) == []
    (fee,) = books.late_fee_charges(FEE, as_of=date(2026, 1, 25))
    assert (fee.amount, fee.nature, fee.about) == (eur(5), ItemKind.FEE, "A:2")
    books.post(fee)
    assert list(books.late_fee_charges(FEE, as_of=date(2026, 3, 25))) == []


@pytest.mark.parametrize(
    ("policy", "fees"),
    [
        (FEE.replace(minimum=(eur(1001),)), 0),
        (FEE.replace(minimum=(eur(1000),)), 1),
        (FEE.replace(amount=(Money(5, "USD"),)), 0),
    ],
)
def test_when_there_is_a_fee(policy: LateFeePolicy, fees: int) -> None:
    assert len(list(owing().late_fee_charges(policy, as_of=date(2026, 3, 1)))) == fees


def test_policies_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ValidationError, match="at least one currency"):
        LateFeePolicy(amount=(), days_past_due=1)
    with pytest.raises(ValidationError, match="float"):
        InterestPolicy(annual_rate=0.09)


def test_unknown_accounts_and_instants_are_refused_at_once() -> None:
    books = owing()
    with pytest.raises(UnknownAccountError, match="B"):
        books.interest_charges(NINE, through=DUE, account_ids=["A", "B"])
    with pytest.raises(UnknownAccountError, match="B"):
        books.late_fee_charges(FEE, as_of=DUE, account_ids=["B"])
    noon: Any = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with pytest.raises(ParameterError, match="through"):
        books.interest_charges(NINE, through=noon)
    with pytest.raises(ParameterError, match="as_of"):
        books.late_fee_charges(FEE, as_of=noon)
