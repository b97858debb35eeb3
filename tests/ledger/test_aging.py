"""How old debts are."""

import sys
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from pydantic import ValidationError
from tests.ledger.books_for_tests import SmallBooks, day, eur
from tests.ledger.random_history import RandomHistory

from telcrm.domain import Money
from telcrm.errors import (
    CurrencyMismatchError,
    MissingExtraError,
    ParameterError,
    UnknownAccountError,
)
from telcrm.ledger.aging import AgingBuckets, aging
from telcrm.ledger.balances import balance, balances
from telcrm.ledger.commands import Dispute
from telcrm.ledger.open_items import open_items

BUCKETS = st.sets(st.integers(1, 200), min_size=1, max_size=5).map(
    lambda days: AgingBuckets(days=tuple(sorted(days)))
)


def test_a_debt_grows_older_on_the_day_after_each_edge() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(1, 1), day(1, 1))
    names = AgingBuckets().names

    def bucket(days: int) -> str:
        found = aging(books.store, as_of=day(1, 1) + timedelta(days=days))[0]
        (place,) = [place for place, amount in enumerate(found.buckets) if amount]
        assert found.days_past_due == days
        return names[place]

    expected = {
        "current": (0,),
        "1-30": (1, 30),
        "31-60": (31, 60),
        "61-90": (61, 90),
        "90+": (91, 5000),
    }
    for name, ages in expected.items():
        assert {bucket(days) for days in ages} == {name}


def test_a_row_has_all_that_the_account_owes_and_has_in_credit() -> None:
    books = SmallBooks("A-1", "A-2")
    books.charge("A-1", eur(30), day(1, 1), day(1, 10))
    contested = books.charge("A-1", eur(20), day(1, 5), day(1, 20))
    books.charge("A-1", eur(10), day(2, 20), day(3, 20))
    books.book(Dispute, account_id="A-1", item=contested.item_id, on=day(1, 6))
    books.pay("A-1", eur(7), day(3, 1), to=())
    found = aging(books.store, as_of=day(3, 1), buckets=(30, 60))
    (row,) = found
    assert row.buckets == (eur(10), eur(0), eur(30), eur(0))
    assert (row.disputed, row.unapplied, row.balance) == (eur(20), eur(7), eur(53))
    assert (row.overdue, row.oldest_due_on, row.days_past_due) == (eur(30), day(1, 10), 50)
    assert found.to_frame().to_dicts() == [
        {
            "account_id": "A-1",
            "currency": "EUR",
            "current": 10.0,
            "1-30": 0.0,
            "31-60": 30.0,
            "60+": 0.0,
            "disputed": 20.0,
            "unapplied": 7.0,
            "balance": 53.0,
            "oldest_due_on": day(1, 10),
            "days_past_due": 50,
        }
    ]
    assert repr(found) == "Aging(as of 2026-03-01: 1 accounts, balance 53.00 EUR)"


def test_nothing_past_due_has_no_oldest_debt() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(1, 1), day(1, 10))
    (row,) = aging(books.store, as_of=day(1, 10))
    assert (row.oldest_due_on, row.days_past_due, row.overdue) == (None, 0, eur(0))


def test_totals_are_by_currency() -> None:
    books = SmallBooks("A-1", "A-2")
    books.open("J-1", currency="JPY")
    books.charge("A-1", eur(30), day(1, 1), day(1, 10))
    books.charge("A-2", eur(5), day(1, 1), day(1, 10))
    books.charge("J-1", Money(500, "JPY"), day(1, 1), day(3, 10))
    found = aging(books.store, as_of=day(2, 1))
    assert [(one.currency, one.accounts, str(one.balance)) for one in found.totals] == [
        ("EUR", 2, "35.00 EUR"),
        ("JPY", 1, "500 JPY"),
    ]
    assert found.total("EUR").overdue == eur(35)
    assert found.total("JPY").overdue == Money(0, "JPY")
    assert found.total("USD").buckets == (Money(0, "USD"),) * 5
    assert [row.account_id for row in aging(books.store, ["A-2"], as_of=day(2, 1))] == ["A-2"]


def test_what_was_recorded_later_is_not_known_earlier() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(1, 1), day(1, 10))
    before = books.now
    books.pay("A-1", eur(30), day(1, 5))
    assert len(aging(books.store, as_of=day(2, 1))) == 0
    assert aging(books.store, as_of=day(2, 1), recorded=before)[0].overdue == eur(30)


@pytest.mark.parametrize("days", [(), (0,), (30, 30), (60, 30), (1.5,), (True,)])
def test_buckets_are_rising_whole_days(days: tuple[Any, ...]) -> None:
    with pytest.raises(ValidationError):
        AgingBuckets(days=days)


def test_ages_reach_back_to_the_first_day_there_is() -> None:
    assert AgingBuckets().edges(date(1, 1, 5)) == (date(1, 1, 5), *[date(1, 1, 1)] * 3)


def test_unknown_accounts_and_no_days_are_refused() -> None:
    books = SmallBooks("A-1")
    with pytest.raises(UnknownAccountError):
        aging(books.store, ["A-9"], as_of=day(2, 1))
    with pytest.raises(ParameterError, match="no day"):
        aging(books.store, as_of=None)  # type: ignore[arg-type]


def test_a_plot_has_a_bar_for_each_bucket_and_for_what_is_contested() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(1, 1), day(1, 10))
    found = aging(books.store, as_of=day(2, 1))
    axes = found.plot()
    assert [bar.get_height() for bar in axes.patches] == [0, 30, 0, 0, 0, 0]  # type: ignore[attr-defined]
    given_axes = Figure().subplots()
    assert found.plot(ax=given_axes, currency="JPY") is given_axes
    assert given_axes.get_ylabel() == "JPY"


def test_a_plot_is_of_one_currency() -> None:
    books = SmallBooks("A-1")
    books.open("J-1", currency="JPY")
    for name, amount in (("A-1", eur(1)), ("J-1", Money(1, "JPY"))):
        books.charge(name, amount, day(1, 1), day(1, 10))
    with pytest.raises(CurrencyMismatchError, match="EUR, JPY: name the currency"):
        aging(books.store, as_of=day(2, 1)).plot()
    with pytest.raises(CurrencyMismatchError, match="none"):
        aging(books.store, as_of=date(2025, 1, 1)).plot()


def test_a_plot_needs_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"telcrm\[plot\]"):
        aging(SmallBooks("A-1").store, as_of=day(2, 1)).plot(currency="EUR")


@settings(max_examples=10)
@given(st.integers(0, 10**6), BUCKETS)
def test_buckets_contested_and_unapplied_add_up_to_the_balance(
    seed: int, buckets: AgingBuckets
) -> None:
    history = RandomHistory(seed)
    history.post(50)
    for on in history.days:
        found = aging(history.store, as_of=on, buckets=buckets)
        rows = {row.account_id: row for row in found}
        for one in balances(history.store, as_of=on):
            code = one.balance.currency
            if one.account_id not in rows:
                assert one.receivable + one.disputed + one.unapplied == Money.zero(code)
                continue
            row = rows[one.account_id]
            assert Money.sum(row.buckets, currency=code) == one.receivable
            assert row.balance == balance(history.store, one.account_id, as_of=on)
            assert (row.disputed, row.unapplied) == (one.disputed, one.unapplied)
        for total in found.totals:
            mine = [row for row in found if row.balance.currency.code == total.currency]
            assert total.accounts == len(mine)
            assert total.balance == Money.sum(
                (row.balance for row in mine), currency=total.currency
            )
            assert total.balance == (
                Money.sum(total.buckets, currency=total.currency) + total.disputed - total.unapplied
            )


@settings(max_examples=8)
@given(st.integers(0, 10**6), BUCKETS)
def test_each_open_item_is_in_the_bucket_of_its_age(seed: int, buckets: AgingBuckets) -> None:
    history = RandomHistory(seed)
    history.post(50)
    for on in history.days:
        expected: dict[tuple[str, int], int] = {}
        for item in open_items(history.store, as_of=on):
            late = item.days_past_due or 0
            place = 0 if late == 0 else 1 + sum(late > edge for edge in buckets.days)
            at = (item.account_id, place)
            expected[at] = expected.get(at, 0) + item.open.minor_units
        found = {
            (row.account_id, place): amount.minor_units
            for row in aging(history.store, as_of=on, buckets=buckets)
            for place, amount in enumerate(row.buckets)
            if amount
        }
        assert found == {at: units for at, units in expected.items() if units}
