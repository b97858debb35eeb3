from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from tests.churn.retention.offer_problems import best_by_trying, large, tasks

from telcrm.churn.retention.allocate import allocate
from telcrm.churn.retention.exact_choice import improve_exactly
from telcrm.churn.retention.offer_choice import NOBODY, OfferChoice
from telcrm.churn.retention.shadow_prices import price_limits


@settings(max_examples=25)
@given(tasks(customers=5, offers=2))
def test_from_nothing_to_the_best(task: OfferChoice) -> None:
    if not (task.profit > 0).any() or (task.limits <= 0.01).any():
        return
    task = OfferChoice(
        np.where(task.profit > 0, task.profit, -np.inf),
        task.cost,
        task.budget,
        task.contacts,
        task.capacities,
    )
    prices, bound = price_limits(task)
    nobody = np.full(task.customers, NOBODY)
    found, is_best = improve_exactly(task, prices, bound, nobody)
    assert is_best
    assert task.keeps_limits(found)
    assert task.gained(found) == pytest.approx(best_by_trying(task), rel=1e-9, abs=1e-9)
    again, still = improve_exactly(task, prices, bound, found)
    assert still
    assert task.gained(again) == task.gained(found)


def test_too_many_open_questions_are_left_open() -> None:
    profit, cost = large(5_000, levels=None)
    task = OfferChoice(profit, cost, 500.0, None, (None,) * 5)
    prices, bound = price_limits(task)
    nobody = np.full(5_000, NOBODY)
    found, is_best = improve_exactly(task, prices, bound, nobody)
    assert not is_best
    assert (found == NOBODY).all()


def test_equal_customers_are_proven_without_trying_all_orders() -> None:
    # Of 2 ** 40 choices: who of forty equal customers gets one of twenty-five gifts.
    task = OfferChoice(np.full((1, 40), 3.0), np.full((1, 40), 2.0), 51.0, None, (None,))
    found = allocate(task)
    assert task.gained(found.choice) == 75.0
    assert found.bound == pytest.approx(75.0)
