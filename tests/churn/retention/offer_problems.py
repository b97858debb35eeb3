"""Problems of who gets which offer, and their best answers found another way."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from telcrm.churn.retention.offer_choice import NOBODY, OfferChoice


@st.composite
def tasks(draw: st.DrawFn, customers: int = 8, offers: int = 3) -> OfferChoice:
    """Small problems with losses, ties, free offers and limits of every kind, 0 included."""
    n, m = draw(st.integers(1, customers)), draw(st.integers(1, offers))
    chance = np.random.default_rng(draw(st.integers(0, 10_000)))
    if draw(st.booleans()):
        profit = chance.integers(-3, 9, (m, n)).astype(float)
        cost = chance.integers(0, 4, (m, n)).astype(float)
    else:
        profit, cost = chance.normal(3.0, 4.0, (m, n)), chance.gamma(2.0, 1.0, (m, n))
    profit[chance.random((m, n)) < 0.1] = -np.inf
    budget = draw(st.none() | st.floats(0.0, 2.0 * n))
    counts = st.none() | st.integers(0, n)
    return OfferChoice(profit, cost, budget, draw(counts), tuple(draw(counts) for _ in range(m)))


def best_by_program(task: OfferChoice) -> float:
    """The best profit, by HiGHS on the whole problem in its plain form."""
    m, n = task.profit.shape
    gain = np.where(np.isfinite(task.profit), task.profit, -1e6).ravel()
    rows: list[tuple[NDArray[np.float64], float]] = [
        (np.tile(np.eye(n)[at], m), 1.0) for at in range(n)
    ]
    if task.budget is not None:
        rows.append((task.cost.ravel(), task.budget))
    if task.contacts is not None:
        rows.append((np.ones(m * n), task.contacts))
    rows += [
        (np.repeat(np.eye(m)[at], n), capacity)
        for at, capacity in enumerate(task.capacities)
        if capacity is not None
    ]
    matrix, high = np.array([row for row, _ in rows]), np.array([limit for _, limit in rows])
    found = milp(
        -gain,
        integrality=np.ones(m * n),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, -np.inf, high),
        options={"mip_rel_gap": 0.0},
    )
    assert found.fun is not None
    return -float(found.fun)


def best_by_trying(task: OfferChoice) -> float:
    m, n = task.profit.shape
    choices = (np.array(each) for each in product(range(NOBODY, m), repeat=n))
    return max(task.gained(each) for each in choices if task.keeps_limits(each))


def large(n: int, *, levels: int | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Profits and costs of five offers; with levels, customers of few kinds, so that many tie."""
    chance = np.random.default_rng(1)
    p, value = chance.beta(1.2, 6, n), chance.gamma(2, 150, n)
    if levels:
        p, value = np.round(p * levels) / levels, np.round(value / 200) * 200
    incentive, contact = np.array([5, 10, 20, 40, 60.0]), np.array([0.5, 1, 1, 3, 5])
    accepts = np.array([0.1, 0.2, 0.3, 0.45, 0.5])[:, None]
    cost = contact[:, None] + incentive[:, None] * (accepts * p + 0.3 * (1 - p))
    return accepts * p * value - cost, cost
