"""The measures of collection, taken out of the books."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.books_for_tests import SmallBooks, day, eur
from tests.ledger.random_history import RandomHistory

from telcrm.domain import Money, Rounding
from telcrm.errors import ParameterError, UnknownCurrencyError
from telcrm.ledger.aging import AgingBuckets, aging
from telcrm.ledger.commands import CreditNote, Dispute, Recover, Reverse, WriteOff
from telcrm.ledger.measures.from_books import BookMeasures
from telcrm.ledger.measures.provision import ProvisionMatrix, expected_credit_loss

LOST = {"reason": "lost", "approver": "boss"}


def measures(books: SmallBooks) -> BookMeasures:
    return BookMeasures(books.store, currency="EUR")


def test_the_published_index_comes_out_of_books() -> None:
    """The reference example of the collection effectiveness index: 79.63 %."""
    books = SmallBooks("A-1")
    books.charge("A-1", eur(6200), day(1, 1), day(1, 20))
    books.charge("A-1", eur(10890 - 3590), day(2, 1), day(2, 10))
    books.charge("A-1", eur(3590), day(2, 2), day(3, 10))
    books.pay("A-1", eur(10750), day(2, 20))
    found = measures(books).collection_effectiveness_index(day(2, 1), day(2, 28))
    assert round(found, 2) == Decimal("79.63")


def test_the_published_roll_rate_comes_out_of_books() -> None:
    """OCC, Retail Lending Examination Procedures, appendix G: 200,000 of 1,000,000 roll."""
    books = SmallBooks("A-1")
    books.charge("A-1", eur(1_000_000), day(1, 1), day(1, 31))
    books.pay("A-1", eur(800_000), day(3, 15))
    found = measures(books).roll_rates([day(3, 2), day(4, 1)])
    assert found == (None, Decimal("0.2"), None, None)
    with pytest.raises(ParameterError, match="days must rise"):
        measures(books).roll_rates([day(4, 1), day(3, 2)])


def test_sales_are_with_tax_and_less_what_was_taken_back() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(120), day(2, 1), day(2, 15), tax=eur(20))
    books.charge("A-1", eur(50), day(2, 2), day(2, 15))
    books.charge("A-1", eur(7), day(2, 2), day(2, 15), nature="fee")
    books.book(Reverse, entry_id="A-1:3", on=day(2, 5))
    books.book(CreditNote, account_id="A-1", amount=eur(12), tax=eur(2), on=day(2, 6))
    books.pay("A-1", eur(30), day(2, 7))
    books.book(Reverse, entry_id="A-1:7", on=day(2, 8))
    asked = measures(books)
    assert asked.sales(day(2, 1), day(2, 28)) == eur(115)
    assert asked.sales(day(2, 3), day(2, 28)) == eur(-62)
    assert asked.receivables(day(2, 28)) == eur(115)
    assert asked.receivables(day(2, 1)) == eur(120)


def test_credit_is_not_taken_off_receivables_and_contested_debt_is_one() -> None:
    books = SmallBooks("A-1", "A-2")
    bill = books.charge("A-1", eur(100), day(2, 1), day(2, 15))
    books.book(Dispute, account_id="A-1", item=bill.item_id, on=day(2, 2), amount=eur(40))
    books.pay("A-2", eur(70), day(2, 3))
    asked = measures(books)
    assert asked.receivables(day(2, 28)) == eur(100)
    assert asked.dso(day(2, 1), day(2, 28)) == Decimal(28)
    assert asked.best_possible_dso(day(2, 1), day(2, 10)) == Decimal(6)
    assert asked.average_days_delinquent(day(2, 1), day(2, 10)) == Decimal(4)


def test_counting_back_takes_month_after_month() -> None:
    """The example of :func:`telcrm.ledger.measures.collections.dso_count_back`."""
    books = SmallBooks("A-1")
    for month, sold in ((4, 60), (5, 80), (6, 100)):
        books.charge("A-1", eur(sold), day(month, 1), day(month, 20))
    books.pay("A-1", eur(40), day(6, 30))
    asked = measures(books)
    assert asked.dso_count_back(day(6, 30)) == Decimal(71)
    assert asked.dso_count_back(day(6, 15)) == Decimal(15 + 31 + 30)
    with pytest.raises(ParameterError, match="earlier months"):
        asked.dso_count_back(day(6, 30), months=2)


def test_a_bad_month_long_ago_is_no_obstacle_to_counting_back() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(50), day(1, 2), day(1, 20))
    books.book(CreditNote, account_id="A-1", amount=eur(50), on=day(2, 2))
    books.charge("A-1", eur(30), day(4, 2), day(4, 20))
    assert measures(books).dso_count_back(day(4, 30)) == Decimal(30)
    with pytest.raises(ParameterError, match=r"sales of 2026-02 are -50\.00 EUR"):
        measures(books).monthly_sales(day(4, 30), months=3)


def test_months_come_newest_first_and_the_newest_counts_its_days() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(50), day(2, 2), day(2, 20))
    found = measures(books).monthly_sales(day(3, 10), months=3)
    assert [(one.period, one.sales, one.length_days) for one in found] == [
        (day(3, 1), eur(0), 10),
        (day(2, 1), eur(50), 28),
        (day(1, 1), eur(0), 31),
    ]
    assert len(measures(books).monthly_sales(date(1, 2, 3), months=24)) == 2


@pytest.mark.parametrize("months", [0, -1, 1.5])
def test_a_number_of_months_is_one_or_more(months: int) -> None:
    with pytest.raises(ParameterError, match="1 or more"):
        measures(SmallBooks("A-1")).monthly_sales(day(3, 10), months=months)


def test_losses_are_less_what_was_recovered_or_reversed() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(400), day(2, 1), day(2, 15))
    for amount in (10, 5):
        books.book(WriteOff, account_id="A-1", amount=eur(amount), on=day(3, 1), **LOST)
    books.book(Reverse, entry_id="A-1:4", on=day(3, 2))
    books.book(Recover, account_id="A-1", amount=eur(2), on=day(3, 3))
    asked = measures(books)
    span = (day(2, 1), day(3, 31))
    assert (asked.written_off(*span), asked.recovered(*span)) == (eur(10), eur(2))
    assert asked.bad_debt_ratio(*span) == Decimal("0.02")
    assert asked.recovery_rate(*span) == Decimal("0.2")


def test_exposures_are_what_a_provision_matrix_takes() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(1000), day(2, 1), day(2, 15))
    books.charge("A-1", eur(500), day(2, 1), day(4, 15))
    contested = books.charge("A-1", eur(70), day(2, 1), day(2, 15))
    books.book(Dispute, account_id="A-1", item=contested.item_id, on=day(2, 2))
    buckets = AgingBuckets(days=(30,))
    found = measures(books).exposures(day(3, 1), buckets=buckets)
    assert found == {"current": eur(500), "1-30": eur(1000), "30+": eur(0)}
    rates = dict(zip(buckets.names, ("0.01", "0.1", "1"), strict=True))
    matrix = ProvisionMatrix.from_rates(rates, basis="test")
    assert expected_credit_loss(matrix, found, rounding=Rounding.HALF_UP).loss == eur(105)


def test_sales_are_followed_to_their_losses() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(100), day(2, 1), day(2, 15))
    found = measures(books).loss_history(day(2, 1), day(2, 28), as_of=day(12, 31))
    assert (found.sales, found.lost) == (eur(100), eur(100))


def test_what_was_recorded_later_is_not_known_earlier() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(100), day(2, 1), day(2, 15))
    before = books.now
    books.pay("A-1", eur(100), day(2, 9))
    asked = BookMeasures(books.store, currency="EUR", recorded=before)
    assert asked.receivables(day(2, 28)) == eur(100)
    assert measures(books).receivables(day(2, 28)) == eur(0)


def test_bad_questions_are_refused() -> None:
    books = SmallBooks("A-1")
    with pytest.raises(UnknownCurrencyError):
        BookMeasures(books.store, currency="EURO")
    with pytest.raises(ParameterError, match="ends after it begins"):
        measures(books).sales(day(2, 2), day(2, 1))
    with pytest.raises(ParameterError, match="credit_sales"):
        measures(books).dso(day(2, 1), day(2, 2))
    assert "EUR" in repr(measures(books))


@settings(max_examples=8)
@given(st.integers(0, 10**6))
def test_measures_agree_with_aging_and_with_each_other(seed: int) -> None:
    history = RandomHistory(seed)
    history.post(50)
    asked = BookMeasures(history.store, currency="EUR")
    before: date | None = None
    for on in history.days:
        total = aging(history.store, as_of=on).total("EUR")
        exposed = asked.exposures(on)
        assert tuple(exposed.values()) == total.buckets
        owed = Money.sum(exposed.values(), currency="EUR") + total.disputed
        assert asked.receivables(on) == owed
        if before is not None and before < on:
            first = date.fromordinal(before.toordinal() + 1)
            whole = asked.sales(date(2025, 1, 1), on)
            assert whole == asked.sales(date(2025, 1, 1), before) + asked.sales(first, on)
        before = on
