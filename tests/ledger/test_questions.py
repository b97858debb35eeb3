"""What can be asked of the books, on memory and in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.books_for_tests import SmallBooks, day, eur
from tests.ledger.random_history import ACCOUNTS, START, Asked, RandomHistory

from telcrm.domain import Money
from telcrm.errors import (
    ParameterError,
    UnknownAccountError,
    UnknownEntryError,
    UnknownItemError,
)
from telcrm.ledger.commands import ClosePeriod
from telcrm.ledger.dunning.case import ActionKind
from telcrm.ledger.dunning.policy import DunningPolicy
from telcrm.ledger.dunning.run import run_dunning
from telcrm.ledger.journal import EntryKind
from telcrm.ledger.stores.sql_store import open_sql_store


def answers(asked: Asked, on: date, recorded: datetime | None = None) -> Iterator[tuple[str, Any]]:
    """Ask everything that takes a day and an instant."""
    limits: dict[str, Any] = {"as_of": on, "recorded": recorded}
    yield "balances", asked.balances(**limits)
    yield "open_items", asked.open_items(**limits)
    yield "unapplied", asked.unapplied(**limits)
    yield "deposits", asked.deposits(**limits)
    yield "aging", asked.aging(**limits)
    yield "debtors", asked.debtors(**limits)
    yield "exposures", asked.exposures(**limits)
    yield "over_limit", asked.over_limit(**limits)
    yield "trial_balance", asked.trial_balance(**limits)
    yield "payment_behaviours", asked.payment_behaviours(**limits)
    measures = asked.measures(currency="EUR", recorded=recorded)
    yield "receivables", measures.receivables(on)
    yield "exposures by age", measures.exposures(on)
    for name in ACCOUNTS:
        yield f"balance {name}", asked.balance(name, **limits)
        yield f"journal {name}", asked.journal(name, **limits)
        sent = asked.statement(name, start=min(START, on), end=on, recorded=recorded)
        yield f"statement {name}", sent
        for entry in asked.journal(name, **limits):
            if entry.opens:
                yield f"matches {entry.entry_id}", asked.matches(entry.entry_id, **limits)


@settings(max_examples=8)
@given(st.integers(0, 10**6))
def test_what_was_known_then_is_what_was_answered_then(seed: int) -> None:
    history = RandomHistory(seed)
    history.post(30)
    days, then = history.days, history.now
    answered = {on: dict(answers(history.asked, on)) for on in days}
    history.post(30)
    for on in days:
        assert dict(answers(history.asked, on, then)) == answered[on]


@settings(max_examples=12)
@given(st.integers(0, 10**6))
def test_limits_that_leave_nothing_out_change_nothing(seed: int) -> None:
    history = RandomHistory(seed)
    history.post(40)
    asked = history.asked
    last = history.days[-1]
    assert asked.balances() == asked.balances(as_of=last, recorded=history.now)
    assert asked.exposures() == asked.exposures(as_of=last, recorded=history.now)
    assert asked.trial_balance() == asked.trial_balance(as_of=last, recorded=history.now)
    for name in ACCOUNTS:
        assert asked.balance(name) == asked.balance(name, as_of=last, recorded=history.now)
        assert asked.journal(name) == asked.journal(name, as_of=last)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sqlite_answers_as_memory_does(seed: int, tmp_path: Path) -> None:
    history = RandomHistory(seed)
    store = open_sql_store(f"sqlite:///{tmp_path / 'books.db'}", "default")
    same = RandomHistory(seed, store)
    history.post(40)
    then = history.now
    history.post(40)
    same.post(80)
    for on in history.days:
        for recorded in (None, then):
            found = dict(answers(same.asked, on, recorded))
            assert found == dict(answers(history.asked, on, recorded))
    assert same.asked.entries(limit=10_000).entries == history.asked.entries(limit=10_000).entries
    for name in ACCOUNTS:
        assert replace(same.asked.account(name), number=None) == history.asked.account(name)
    store.close()


def test_an_account_and_its_parties() -> None:
    books = SmallBooks("A-2")
    books.open("A-1", party_id="P-1", credit_limit=eur(50))
    books.book(ClosePeriod, on=day(2, 1), through=day(1, 31))
    asked = Asked(books.store)
    assert asked.account("A-1").credit_limit == 5000
    assert [one.account_id for one in asked.accounts()] == ["A-1", "A-2"]
    assert [one.account_id for one in asked.accounts(party_id="P-1")] == ["A-1"]
    assert asked.exposure("A-1").available == eur(50)


def test_questions_about_one_account_leave_the_others_out() -> None:
    books = SmallBooks("A-1", "A-2")
    for name in ("A-1", "A-2"):
        books.charge(name, eur(30), day(2, 1), day(2, 15))
    asked = Asked(books.store)
    assert [item.account_id for item in asked.open_items("A-2")] == ["A-2"]
    assert [row.account_id for row in asked.aging(as_of=day(3, 1), account_ids=["A-2"])] == ["A-2"]
    found = asked.debtors(as_of=day(3, 1), account_ids=["A-1"], tolerance=eur(29))
    assert [row.account_id for row in found] == ["A-1"]
    assert len(asked.balances(["A-2"])) == 1


@pytest.mark.parametrize(
    "question",
    [
        lambda asked: asked.account("A-9"),
        lambda asked: asked.balance("A-9"),
        lambda asked: asked.balances(["A-9"]),
        lambda asked: asked.open_items("A-9"),
        lambda asked: asked.unapplied("A-9"),
        lambda asked: asked.deposits("A-9"),
        lambda asked: asked.matches("A-9:1"),
        lambda asked: asked.statement("A-9", start=START, end=START),
        lambda asked: asked.aging(as_of=START, account_ids=["A-9"]),
        lambda asked: asked.debtors(as_of=START, account_ids=["A-9"]),
        lambda asked: asked.exposure("A-9"),
        lambda asked: asked.payment_behaviour("A-9", as_of=START),
        lambda asked: asked.journal("A-9"),
    ],
)
def test_an_unknown_account_is_refused(question: Any) -> None:
    with pytest.raises(UnknownAccountError, match="'A-9'"):
        question(Asked(SmallBooks("A-1").store))


NAIVE = datetime(2026, 2, 1)


@pytest.mark.parametrize(
    "question",
    [
        lambda asked: asked.balance("A-1", recorded=NAIVE),
        lambda asked: asked.balances(recorded=NAIVE),
        lambda asked: asked.open_items(recorded=NAIVE),
        lambda asked: asked.matches("A-1:1", recorded=NAIVE),
        lambda asked: asked.statement("A-1", start=START, end=START, recorded=NAIVE),
        lambda asked: asked.aging(as_of=START, recorded=NAIVE),
        lambda asked: asked.debtors(as_of=START, recorded=NAIVE),
        lambda asked: asked.exposures(recorded=NAIVE),
        lambda asked: asked.trial_balance(recorded=NAIVE),
        lambda asked: asked.measures(currency="EUR", recorded=NAIVE),
        lambda asked: asked.payment_behaviours(as_of=START, recorded=NAIVE),
        lambda asked: asked.journal("A-1", recorded=NAIVE),
    ],
)
def test_an_instant_without_a_zone_is_refused(question: Any) -> None:
    with pytest.raises(ParameterError, match="time zone"):
        question(Asked(SmallBooks("A-1").store))


def test_what_is_asked_of_one_account_before_it_was_open_is_refused_or_nothing() -> None:
    asked = Asked(SmallBooks("A-1").store)
    before = date(2025, 12, 31)
    assert asked.balance("A-1", as_of=before) == eur(0)
    assert asked.statement("A-1", start=before, end=before).closing == Money(0, "EUR")
    for ask in (asked.exposure, asked.payment_behaviour):
        with pytest.raises(ParameterError, match="was not open on 2025-12-31"):
            ask("A-1", as_of=before)
    with pytest.raises(ParameterError, match="was not open"):
        asked.exposure("A-1", recorded=datetime(2025, 1, 1, tzinfo=UTC))


def test_entries_come_in_pages_with_their_actions() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(1, 1), day(1, 5))
    run_dunning(books.store, DunningPolicy(), as_of=day(1, 20), clock=lambda: books.now)
    asked = Asked(books.store)
    seen, cursor, actions = [], None, []
    while (page := asked.entries(after=cursor, limit=2)).entries:
        assert len(page.entries) <= 2
        seen += [entry.entry_id for entry in page.entries]
        actions += [one.action.kind for one in page.actions]
        cursor = page.cursor
    assert page.cursor == cursor
    assert seen == ["A-1:1", "A-1:2", "~books:1", "~books:2", "A-1:3"]
    assert actions == [ActionKind.LISTED, ActionKind.REMINDER]
    only = asked.entries(kinds=["charge", EntryKind.DUNNING])
    assert [entry.entry_id for entry in only.entries] == ["A-1:2", "A-1:3"]


@pytest.mark.parametrize("bad", [{"limit": 0}, {"limit": 1.5}, {"kinds": ["bill"]}])
def test_pages_are_of_one_entry_or_more_and_of_known_kinds(bad: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        Asked(SmallBooks("A-1").store).entries(**bad)


def test_an_entry_by_name() -> None:
    books = SmallBooks("A-1")
    bill = books.charge("A-1", eur(30), day(2, 1), day(2, 15))
    asked = Asked(books.store)
    assert asked.entry(bill.entry_id) == bill.entry
    for name in ("A-1:0", "A-1:3", "A-9:1", "A-1"):
        with pytest.raises(UnknownEntryError):
            asked.entry(name)
    with pytest.raises(UnknownItemError):
        asked.matches("A-1:1")
