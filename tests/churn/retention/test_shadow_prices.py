"""Prices of limits, and the bound on the profit that they prove."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from tests.churn.retention.offer_problems import best_by_program, large

from telcrm.churn.retention.offer_choice import NOBODY, OfferChoice
from telcrm.churn.retention.shadow_prices import price_limits


def test_a_sample_gives_prices_that_the_whole_table_confirms() -> None:
    profit, cost = large(60_000, levels=None)
    task = OfferChoice(profit, cost, 15_000.0, 3_000, (None,) * 5)
    (exact, bound), twice = price_limits(task), task.sample(np.arange(0, 60_000, 2))
    _, half = price_limits(twice)
    assert bound == pytest.approx(2 * half, rel=0.02)
    assert exact.budget > 0


def test_the_bound_is_never_below_what_any_choice_brings() -> None:
    profit, cost = large(500, levels=None)
    task = OfferChoice(profit, cost, 120.0, 30, (None, 5, None, 5, None))
    _, bound = price_limits(task)
    chance = np.random.default_rng(3)
    for _ in range(200):
        choice = np.full(500, NOBODY)
        some = chance.choice(500, 20, replace=False)
        choice[some] = np.argmax(profit[:, some], axis=0)
        if task.keeps_limits(choice):
            assert task.gained(choice) <= bound
    assert bound == pytest.approx(best_by_program(task), rel=0.05)


def test_the_bound_is_the_value_of_the_linear_relaxation() -> None:
    profit, cost = large(300, levels=None)
    task = OfferChoice(profit, cost, 90.0, 20, (3, 3, 6, None, None))
    _, bound = price_limits(task)
    each = np.tile(np.eye(300), 5)
    offer = np.kron(np.eye(5), np.ones(300))[:3]
    limits = np.vstack([cost.ravel(), np.ones(1_500), offer])
    found = linprog(
        -profit.ravel(),
        A_ub=np.vstack([each, limits]),
        b_ub=np.concatenate([np.ones(300), [90, 20, 3, 3, 6]]),
    )
    assert found.fun is not None
    assert bound == pytest.approx(-found.fun, rel=1e-6)


def test_without_limits_everything_is_free() -> None:
    profit, cost = large(100, levels=None)
    prices, bound = price_limits(OfferChoice(profit, cost, None, None, (None,) * 5))
    assert prices.budget == 0.0
    assert not prices.contact.any()
    assert bound == pytest.approx(np.maximum(profit.max(axis=0), 0).sum())
