"""Credit used, and of what limit."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.books_for_tests import SmallBooks, day, eur
from tests.ledger.random_history import RandomHistory

from telcrm.domain import Money
from telcrm.ledger.balances import balance
from telcrm.ledger.commands import ChangeAccount, Dispute, TakeDeposit
from telcrm.ledger.exposure import credit_exposures, over_limit


def test_what_is_contested_is_used_and_what_is_deposited_is_not_taken_off() -> None:
    books = SmallBooks()
    books.open("A-1", credit_limit=eur(100), party_id="P-1")
    bill = books.charge("A-1", eur(120), day(2, 1), day(2, 15))
    books.book(Dispute, account_id="A-1", item=bill.item_id, on=day(2, 2), amount=eur(40))
    books.book(TakeDeposit, account_id="A-1", amount=eur(50), on=day(2, 3))
    (found,) = credit_exposures(books.store)
    assert (found.used, found.limit, found.deposit) == (eur(120), eur(100), eur(50))
    assert (found.available, found.over, found.party_id) == (eur(-20), eur(20), "P-1")


def test_credit_makes_more_available_and_no_limit_is_never_passed() -> None:
    books = SmallBooks("A-2")
    books.open("A-1", credit_limit=eur(0))
    books.pay("A-1", eur(5), day(2, 1))
    books.charge("A-2", eur(10**6), day(2, 1), day(2, 15))
    first, second = credit_exposures(books.store)
    assert (first.used, first.available, first.over) == (eur(-5), eur(5), eur(0))
    assert (second.limit, second.available, second.over) == (None, None, eur(0))
    assert credit_exposures(books.store).to_frame()["limit"].to_list() == [0.0, None]
    assert len(over_limit(books.store)) == 0


def test_those_over_their_limit_are_listed_the_furthest_first() -> None:
    books = SmallBooks()
    for name, amount in (("A-1", 101), ("A-2", 150), ("A-3", 100)):
        books.open(name, credit_limit=eur(100))
        books.charge(name, eur(amount), day(2, 1), day(2, 15))
    found = over_limit(books.store)
    assert [(row.account_id, row.over) for row in found] == [("A-2", eur(50)), ("A-1", eur(1))]
    assert [row.account_id for row in over_limit(books.store, ["A-1", "A-3"])] == ["A-1"]
    assert found.to_frame()["over"].to_list() == [50.0, 1.0]


def test_the_limit_is_that_of_the_day() -> None:
    books = SmallBooks()
    books.open("A-1", credit_limit=eur(10))
    books.charge("A-1", eur(20), day(2, 1), day(2, 15))
    books.book(ChangeAccount, account_id="A-1", on=day(3, 1), credit_limit=eur(30))
    assert len(over_limit(books.store)) == 0
    assert [row.over for row in over_limit(books.store, as_of=day(2, 28))] == [eur(10)]
    assert len(credit_exposures(books.store, as_of=date(2025, 12, 31))) == 0


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_what_is_used_is_the_balance(seed: int) -> None:
    history = RandomHistory(seed)
    history.post(50)
    for on in history.days:
        over = {row.account_id for row in over_limit(history.store, as_of=on)}
        for row in credit_exposures(history.store, as_of=on):
            assert row.used == balance(history.store, row.account_id, as_of=on)
            assert row.limit is not None
            assert row.available == row.limit - row.used
            assert (row.account_id in over) is (row.used > row.limit)
            assert row.over == max(row.used - row.limit, Money.zero(row.used.currency))
