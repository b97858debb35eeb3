"""Promises, plans and holds: kept, broken, cancelled, ended."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.domain import Money
from telcrm.ledger import Agreement, AgreementStatus, EntryKind, Instalment, Ledger, Receipt
from telcrm.ledger.stores import ItemMovement

DAY = date(2026, 3, 1)
BY = date(2026, 3, 15)


def eur(amount: int | str) -> Money:
    return Money(amount, "EUR")


@pytest.fixture
def books() -> Ledger:
    books = Ledger.open("memory://")
    books.open_account("A", currency="EUR", on=date(2026, 1, 1))
    for number in (1, 2):
        books.charge(
            "A",
            eur(40),
            on=date(2026, 2, 1),
            due=date(2026, 2, 15),
            key=f"c{number}",
            document=f"I{number}",
        )
    return books


def status(books: Ledger, as_of: date) -> str:
    (state,) = books.agreements("A", as_of=as_of)
    return state.status.value


def promise(books: Ledger, amount: int = 40) -> Receipt:
    return books.promise("A", eur(amount), by=BY, items=["I1"], on=DAY, key="promise")


def test_a_promise_is_kept_by_money_that_comes_in_time(books: Ledger) -> None:
    promise(books)
    assert status(books, BY) == "pending"
    books.pay("A", eur(40), on=BY, key="p", to="I1")
    assert (status(books, BY), status(books, date(2026, 5, 1))) == ("kept", "kept")


def test_a_promise_is_broken_on_the_day_after(books: Ledger) -> None:
    promise(books)
    books.pay("A", eur(39), on=BY, key="p", to="I1")
    assert status(books, BY + timedelta(1)) == "broken"
    books.pay("A", eur(1), on=BY + timedelta(1), key="q", to="I1")
    assert status(books, BY + timedelta(1)) == "broken"


def test_money_for_other_debts_keeps_no_promise(books: Ledger) -> None:
    promise(books)
    books.pay("A", eur(40), on=BY, key="p", to="I2")
    assert status(books, BY + timedelta(1)) == "broken"


def test_a_bounced_payment_breaks_what_it_had_kept(books: Ledger) -> None:
    promise(books)
    paid = books.pay("A", eur(40), on=DAY, key="p", to="I1")
    assert status(books, DAY) == "kept"
    books.reverse(paid.entry_id, on=date(2026, 3, 10), key="r")
    assert status(books, BY) == "pending"
    assert status(books, BY + timedelta(1)) == "broken"


def test_a_reversed_promise_is_cancelled(books: Ledger) -> None:
    made = promise(books)
    books.reverse(made.entry_id, on=date(2026, 3, 5), key="r")
    assert (status(books, date(2026, 3, 4)), status(books, date(2026, 3, 5))) == (
        "pending",
        "cancelled",
    )


def test_a_promise_without_items_covers_what_is_open(books: Ledger) -> None:
    books.promise("A", eur(80), by=BY, on=DAY, key="promise")
    (state,) = books.agreements("A", as_of=DAY)
    assert state.agreement.covers == {2: 4000, 3: 4000}
    assert (state.agreement.amount, state.agreement.entry_id) == (eur(80), "A:4")


def plan(books: Ledger) -> None:
    days = (date(2026, 3, 15), date(2026, 4, 15))
    parts = [Instalment(due_on=day, amount=eur(20)) for day in days]
    books.agree_instalments("A", parts, items=["I1"], on=DAY, key="plan")


def test_a_plan_is_kept_instalment_by_instalment(books: Ledger) -> None:
    plan(books)
    books.pay("A", eur(20), on=date(2026, 3, 15), key="p", to="I1")
    assert status(books, date(2026, 4, 15)) == "pending"
    books.pay("A", eur(20), on=date(2026, 4, 15), key="q", to="I1")
    assert status(books, date(2026, 4, 15)) == "kept"


def test_a_plan_is_broken_by_the_first_instalment_that_is_missing(books: Ledger) -> None:
    plan(books)
    assert status(books, date(2026, 3, 16)) == "broken"


def test_paying_ahead_keeps_a_plan(books: Ledger) -> None:
    plan(books)
    books.pay("A", eur(40), on=DAY, key="p", to="I1")
    assert status(books, date(2026, 3, 2)) == "kept"


def test_a_hold_ends_after_its_last_day(books: Ledger) -> None:
    books.hold_dunning("A", until=BY, on=DAY, key="h")
    assert status(books, BY) == "pending"
    assert status(books, BY + timedelta(1)) == "ended"
    (state,) = books.agreements("A", as_of=BY)
    assert (state.agreement.kind, state.agreement.covers) == (EntryKind.DUNNING_HOLD, None)


DAYS = st.integers(0, 40).map(lambda n: DAY + timedelta(days=n))
MOVES = st.lists(st.tuples(DAYS, st.integers(-3000, 1500)), max_size=8)


@given(MOVES, DAYS)
def test_once_broken_it_stays_broken(moves: list[tuple[date, int]], day: date) -> None:
    due = ((date(2026, 3, 10), 1000), (date(2026, 3, 20), 2000))
    one = Agreement(
        "A", 1, EntryKind.INSTALMENT_PLAN, "EUR", DAY, {1: 3000}, due, date(2026, 3, 20)
    )
    movements = [
        ItemMovement("A", 1, place + 2, "payment", on, units)
        for place, (on, units) in enumerate(sorted(moves))
    ]
    now = one.status(movements, as_of=day)
    later = one.status(movements, as_of=day + timedelta(days=9))
    if now is AgreementStatus.BROKEN:
        assert later is AgreementStatus.BROKEN
    assert (
        one.status([*movements, ItemMovement("B", 1, 9, "payment", day, -9999)], as_of=day) is now
    )
    assert (
        one.status([*movements, ItemMovement("A", 7, 9, "payment", day, -9999)], as_of=day) is now
    )
