"""The choice of offers against integer programming, brute force, and its own promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from tests.churn.retention.offer_problems import best_by_program, best_by_trying, large, tasks

from telcrm.churn.retention.allocate import allocate
from telcrm.churn.retention.offer_choice import NOBODY, OfferChoice

CLOSE = 1e-6


@settings(max_examples=60)
@given(tasks())
def test_small_tables_are_decided_as_well_as_by_integer_programming(task: OfferChoice) -> None:
    found = allocate(task)
    assert task.keeps_limits(found.choice)
    gained, best = task.gained(found.choice), best_by_program(task)
    assert gained == pytest.approx(best, abs=CLOSE)
    assert gained <= found.bound * (1 + CLOSE)
    assert best <= found.bound + CLOSE


@settings(max_examples=20)
@given(tasks(customers=5, offers=2))
def test_tiny_tables_are_decided_as_well_as_by_trying_everything(task: OfferChoice) -> None:
    assert task.gained(allocate(task).choice) == pytest.approx(best_by_trying(task), abs=CLOSE)


@settings(max_examples=15)
@given(tasks(customers=80, offers=4))
def test_the_best_lies_between_the_plan_and_its_bound(task: OfferChoice) -> None:
    found = allocate(task)
    best = best_by_program(task)
    assert task.keeps_limits(found.choice)
    assert task.gained(found.choice) <= best + CLOSE
    assert best <= found.bound + CLOSE


@settings(max_examples=20)
@given(tasks(customers=40, offers=4))
def test_no_offer_that_pays_and_fits_is_left_over(task: OfferChoice) -> None:
    choice = allocate(task).choice
    for who in np.flatnonzero(choice == NOBODY):
        for offer in range(len(task.capacities)):
            if task.profit[offer, who] > 0:
                more = choice.copy()
                more[who] = offer
                assert not task.keeps_limits(more)


@given(tasks())
def test_offers_that_lose_money_are_never_made(task: OfferChoice) -> None:
    choice = allocate(task).choice
    made = np.flatnonzero(choice != NOBODY)
    assert (task.profit[choice[made], made] > 0).all()


@pytest.mark.parametrize("levels", [None, 10])
@pytest.mark.parametrize("limited", ["budget", "contacts", "offers", "everything"])
def test_large_tables_miss_next_to_nothing(levels: int | None, limited: str) -> None:
    n = 30_000
    profit, cost = large(n, levels=levels)
    everything = limited == "everything"
    task = OfferChoice(
        profit,
        cost,
        budget=0.25 * n if everything or limited == "budget" else None,
        contacts=n // 20 if everything or limited == "contacts" else None,
        capacities=(n // 100, n // 50, n // 50, n // 200, None)
        if everything or limited == "offers"
        else (None,) * 5,
    )
    found = allocate(task)
    assert task.keeps_limits(found.choice)
    missed = 1.0 - task.gained(found.choice) / found.bound
    # Without a budget the relaxation has whole solutions: it is a flow.
    assert missed <= (2e-3 if task.budget is not None else 1e-7)
