"""What a question is about."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from tests.ledger.books_for_tests import SmallBooks, day, eur

from telcrm.errors import ParameterError, UnknownAccountError
from telcrm.ledger.commands import ClosePeriod
from telcrm.ledger.scope import (
    as_known,
    counts,
    customer_account,
    customer_accounts,
    existing_accounts,
    is_whole,
)
from telcrm.ledger.stores.protocol import AsOf


def test_no_limits_are_no_limits() -> None:
    assert as_known(None, None) == AsOf(None, None)


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    east = datetime(2026, 3, 31, 7, tzinfo=timezone(timedelta(hours=7)))
    assert as_known(None, east) == as_known(None, datetime(2026, 3, 31, tzinfo=UTC))


@pytest.mark.parametrize("recorded", [datetime(2026, 3, 31), date(2026, 3, 31), "2026-03-31"])
def test_what_is_no_aware_instant_is_refused(recorded: Any) -> None:
    with pytest.raises(ParameterError, match="time zone"):
        as_known(None, recorded)


@pytest.mark.parametrize("as_of", [datetime(2026, 3, 31, tzinfo=UTC), "2026-03-31", 20260331])
def test_what_is_no_day_is_refused(as_of: Any) -> None:
    with pytest.raises(ParameterError, match=r"as_of=.* is no day"):
        as_known(as_of, None)


def test_an_unknown_account_is_named() -> None:
    with pytest.raises(UnknownAccountError, match="there is no account 'A-9'") as caught:
        customer_account(SmallBooks("A-1").store, "A-9")
    assert caught.value.context == {"account": "A-9"}


@pytest.mark.parametrize("others", [0, 200])
def test_an_unknown_account_among_few_or_many_is_refused(others: int) -> None:
    names = ["A-1", "A-9", *(f"A-{number}" for number in range(10, 10 + others))]
    with pytest.raises(UnknownAccountError):
        existing_accounts(SmallBooks("A-1").store, names)


def test_telcrms_own_account_is_none_of_a_customer() -> None:
    books = SmallBooks("A-1")
    books.book(ClosePeriod, on=day(2, 1), through=day(1, 31))
    assert books.store.account("~books") is not None
    assert list(customer_accounts(books.store)) == ["A-1"]
    with pytest.raises(UnknownAccountError):
        customer_account(books.store, "~books")
    with pytest.raises(UnknownAccountError):
        existing_accounts(books.store, ["~books"])


def test_names_come_once_and_in_order() -> None:
    books = SmallBooks("B", "A", *(f"C-{number}" for number in range(150)))
    assert existing_accounts(books.store, ["B", "A", "B"]) == ["A", "B"]
    many = [f"C-{number}" for number in range(150)]
    assert existing_accounts(books.store, many[::-1]) == sorted(many)
    assert existing_accounts(books.store, []) == []
    assert existing_accounts(books.store, None) is None


def test_one_text_is_no_list_of_names() -> None:
    with pytest.raises(ParameterError, match="put it into a list"):
        existing_accounts(SmallBooks("A").store, "A")


def test_accounts_of_a_party() -> None:
    books = SmallBooks("A-3")
    books.open("A-1", party_id="P-1")
    books.open("A-2", party_id="P-2")
    assert list(customer_accounts(books.store, party_id="P-1")) == ["A-1"]
    assert list(customer_accounts(books.store, ["A-2", "A-3"], party_id="P-2")) == ["A-2"]


def test_an_account_is_whole_when_each_of_its_entries_counts() -> None:
    books = SmallBooks("A-1")
    receipt = books.pay("A-1", eur(5), day(3, 1))
    account = customer_account(books.store, "A-1")
    entry = receipt.entry
    for known, whole in (
        (AsOf(), True),
        (AsOf(day(3, 1)), True),
        (AsOf(day(2, 28)), False),
        (AsOf(None, entry.recorded_us), True),
        (AsOf(None, entry.recorded_us - 1), False),
    ):
        assert is_whole(account, known) is whole
        assert counts(entry, known) is whole
