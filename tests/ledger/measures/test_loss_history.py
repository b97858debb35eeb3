"""What became of the sales of a period."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.books_for_tests import SmallBooks, day, eur
from tests.ledger.random_history import RandomHistory

from telcrm.domain import Money, Rounding
from telcrm.errors import ParameterError
from telcrm.ledger.aging import AgingBuckets
from telcrm.ledger.commands import CreditNote, Recover, Reverse, Transfer, WriteOff
from telcrm.ledger.measures.loss_history import LossHistory, loss_history
from telcrm.ledger.measures.provision import expected_credit_loss

START, END_OF_SALES, END = day(1, 1), day(1, 31), date(2026, 12, 31)


def followed(
    books: SmallBooks,
    *,
    start: date = START,
    end: date = END_OF_SALES,
    as_of: date = END,
) -> LossHistory:
    return loss_history(books.store, currency="EUR", start=start, end=end, as_of=as_of)


def test_the_entity_a_example_comes_out_of_books() -> None:
    """IFRScommunity, "Simplified approach", Entity A: a provision of 27,567."""
    books = SmallBooks("A-1")
    books.charge("A-1", eur(100_000), day(1, 1), day(1, 31))
    for amount, on in (
        (50_000, day(1, 31)),
        (27_000, day(2, 20)),
        (15_000, day(3, 20)),
        (6_000, day(4, 20)),
    ):
        books.pay("A-1", eur(amount), on)
    books.book(
        WriteOff, account_id="A-1", amount=eur(2000), on=day(9, 1), reason="lost", approver="boss"
    )
    found = followed(books)
    assert found.buckets == AgingBuckets().names
    assert (found.sales, found.lost) == (eur(100_000), eur(2_000))
    assert found.unpaid == (eur(50_000), eur(23_000), eur(8_000), eur(2_000))
    matrix = found.matrix()
    assert list(matrix.loss_rates.values()) == [
        Fraction(2, 100),
        Fraction(4, 100),
        Fraction(2, 23),
        Fraction(1, 4),
        Fraction(1),
    ]
    exposures = dict(
        zip(
            matrix.loss_rates,
            map(eur, (300_000, 140_000, 60_000, 23_000, 5_000)),
            strict=True,
        )
    )
    loss = expected_credit_loss(matrix, exposures, rounding=Rounding.HALF_UP).loss
    assert round(loss.amount) == 27_567
    assert matrix.basis == "sales of 2026-01-01 to 2026-01-31, followed to 2026-12-31"


def test_what_is_still_open_is_lost_and_what_was_recovered_is_not() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(100), day(1, 1), day(1, 31))
    books.book(
        WriteOff, account_id="A-1", amount=eur(70), on=day(9, 1), reason="lost", approver="boss"
    )
    books.book(Recover, account_id="A-1", amount=eur(20), on=day(10, 1))
    assert followed(books).lost == eur(80)
    assert followed(books, as_of=day(9, 30)).lost == eur(100)


def test_credit_notes_and_transfers_are_no_sales_and_reversed_charges_neither() -> None:
    books = SmallBooks("A-1", "A-2")
    books.charge("A-1", eur(100), day(1, 1), day(1, 31))
    books.charge("A-1", eur(40), day(1, 2), day(1, 31))
    books.book(CreditNote, account_id="A-1", amount=eur(10), on=day(2, 1), to=({"item": "A-1:2"},))
    moved = ({"item": "A-1:2", "amount": eur(20)},)
    books.book(Transfer, account_id="A-1", to_account_id="A-2", items=moved, on=day(2, 1))
    books.book(Reverse, entry_id="A-1:3", on=day(2, 2))
    found = followed(books)
    assert (found.sales, found.lost) == (eur(70), eur(70))


def test_a_payment_that_bounced_was_never_one() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(100), day(1, 1), day(1, 31))
    books.pay("A-1", eur(100), day(1, 20))
    books.book(Reverse, entry_id="A-1:3", on=day(3, 15))
    books.pay("A-1", eur(100), day(4, 15))
    found = followed(books)
    assert found.unpaid == (eur(100), eur(100), eur(100), eur(0))


def test_other_periods_and_currencies_are_left_out() -> None:
    books = SmallBooks("A-1")
    books.open("J-1", currency="JPY")
    books.charge("J-1", Money(100, "JPY"), day(1, 5), day(1, 31))
    books.charge("A-1", eur(100), day(2, 1), day(2, 28))
    assert followed(books).sales == eur(0)
    with pytest.raises(ParameterError, match="says nothing of its losses"):
        followed(books).matrix()


def test_sales_must_be_followed_through_all_buckets() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(100), day(1, 1), day(1, 31))
    last = date.fromordinal(day(1, 31).toordinal() + 90)
    with pytest.raises(ParameterError, match="A-1:2 is due on 2026-01-31"):
        followed(books, as_of=last)
    assert followed(books, as_of=date.fromordinal(last.toordinal() + 1)).lost == eur(100)


def test_days_out_of_order_are_refused() -> None:
    for asked in ({"end": day(12, 1), "start": day(12, 2)}, {"as_of": day(1, 30)}):
        with pytest.raises(ParameterError, match="out of order"):
            followed(SmallBooks("A-1"), **asked)


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_amounts_never_rise_with_age(seed: int) -> None:
    history = RandomHistory(seed)
    history.post(60)
    found = loss_history(
        history.store,
        currency="EUR",
        start=date(2026, 1, 1),
        end=history.today,
        as_of=history.days[-1],
    )
    falling = [found.sales, *found.unpaid, found.lost]
    assert falling == sorted(falling, reverse=True)
    assert found.lost >= eur(0)
