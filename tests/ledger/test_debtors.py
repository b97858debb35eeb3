"""Who is overdue."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.books_for_tests import SmallBooks, day, eur
from tests.ledger.random_history import RandomHistory

from telcrm.domain import Money
from telcrm.errors import ParameterError, UnknownAccountError
from telcrm.ledger.aging import aging
from telcrm.ledger.commands import Dispute
from telcrm.ledger.debtors import debtors
from telcrm.ledger.dunning.policy import DunningPolicy, ServiceState
from telcrm.ledger.dunning.run import run_dunning


def books_with_three_debtors() -> SmallBooks:
    books = SmallBooks()
    books.open("A-1", party_id="P-1", customer_class="shop")
    books.open("A-2")
    books.open("J-1", currency="JPY")
    books.charge("A-1", eur(30), day(1, 1), day(1, 10))
    books.charge("A-2", eur(50), day(1, 1), day(1, 20))
    books.charge("J-1", Money(9000, "JPY"), day(1, 1), day(1, 15))
    return books


def test_the_largest_amount_comes_first_within_its_currency() -> None:
    books = books_with_three_debtors()
    found = debtors(books.store, as_of=day(2, 1))
    assert [(row.account_id, str(row.overdue)) for row in found] == [
        ("A-2", "50.00 EUR"),
        ("A-1", "30.00 EUR"),
        ("J-1", "9000 JPY"),
    ]
    assert found.overdue == {"EUR": eur(80), "JPY": Money(9000, "JPY")}
    assert repr(found) == "Debtors(as of 2026-02-01: 3 accounts, 80.00 EUR, 9000 JPY overdue)"
    assert repr(debtors(books.store, as_of=date(2025, 1, 1))).endswith(
        "0 accounts, nothing overdue)"
    )


def test_a_row_says_who_how_much_since_when_and_what_dunning_did() -> None:
    books = books_with_three_debtors()
    contested = books.charge("A-1", eur(8), day(1, 2), day(1, 12))
    books.book(Dispute, account_id="A-1", item=contested.item_id, on=day(1, 3))
    books.pay("A-1", eur(3), day(1, 20), to=())
    for number in (13, 14, 20, 31):
        run_dunning(books.store, DunningPolicy(), as_of=day(1, number), clock=lambda: books.now)
    (row,) = debtors(books.store, ["A-1"], as_of=day(2, 1))
    assert (row.party_id, row.customer_class) == ("P-1", "shop")
    assert (row.overdue, row.disputed, row.unapplied, row.balance) == (
        eur(30),
        eur(8),
        eur(3),
        eur(35),
    )
    assert (row.oldest_due_on, row.days_past_due) == (day(1, 10), 22)
    assert row.dunning_level > 0
    assert row.service is ServiceState.ACTIVE
    (shown,) = debtors(books.store, ["A-1"], as_of=day(2, 1)).to_frame().to_dicts()
    assert shown == {
        "account_id": "A-1",
        "party_id": "P-1",
        "customer_class": "shop",
        "currency": "EUR",
        "overdue": 30.0,
        "oldest_due_on": day(1, 10),
        "days_past_due": 22,
        "disputed": 8.0,
        "unapplied": 3.0,
        "balance": 35.0,
        "dunning_level": row.dunning_level,
        "service": "active",
    }


def test_a_bar_shows() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(300), day(1, 1), day(1, 2))
    on = day(1, 3)
    seen = []
    while on < day(5, 1):
        run_dunning(books.store, DunningPolicy(), as_of=on, clock=lambda: books.now)
        seen.append(debtors(books.store, as_of=on)[0].service)
        on = date.fromordinal(on.toordinal() + 1)
    assert list(dict.fromkeys(seen))[:3] == [
        ServiceState.ACTIVE,
        ServiceState.ONE_WAY_BARRED,
        ServiceState.TWO_WAY_BARRED,
    ]


@pytest.mark.parametrize(
    ("tolerance", "names"),
    [
        (None, ["A-2", "A-1", "J-1"]),
        (eur("29.99"), ["A-2", "A-1", "J-1"]),
        (eur(30), ["A-2", "J-1"]),
        ([eur(30), Money(9000, "JPY")], ["A-2"]),
    ],
)
def test_who_owes_no_more_than_the_tolerance_is_no_debtor(
    tolerance: Money | Sequence[Money] | None, names: list[str]
) -> None:
    found = debtors(books_with_three_debtors().store, as_of=day(2, 1), tolerance=tolerance)
    assert [row.account_id for row in found] == names


@pytest.mark.parametrize("tolerance", [[eur(1), eur(2)], eur(-1)])
def test_a_tolerance_is_one_amount_of_zero_or_more_per_currency(
    tolerance: Money | Sequence[Money],
) -> None:
    with pytest.raises(ParameterError, match="at most one amount per currency"):
        debtors(SmallBooks("A-1").store, as_of=day(2, 1), tolerance=tolerance)


def test_an_unknown_account_is_refused() -> None:
    with pytest.raises(UnknownAccountError):
        debtors(SmallBooks("A-1").store, ["A-9"], as_of=day(2, 1))


@settings(max_examples=10)
@given(st.integers(0, 10**6), st.integers(0, 20_000))
def test_debtors_are_the_rows_of_the_aging_that_are_overdue(seed: int, units: int) -> None:
    history = RandomHistory(seed)
    history.post(50)
    allowed = Money.from_minor(units, "EUR")
    for on in history.days:
        expected = {
            row.account_id: (row.overdue, row.oldest_due_on, row.balance)
            for row in aging(history.store, as_of=on)
            if row.overdue.minor_units > (units if row.overdue.currency.code == "EUR" else 0)
        }
        found = debtors(history.store, as_of=on, tolerance=allowed)
        assert {
            row.account_id: (row.overdue, row.oldest_due_on, row.balance) for row in found
        } == expected
